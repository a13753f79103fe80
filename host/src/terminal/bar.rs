//! Work that is counted: a bar with its rate and the time left.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Before anything is counted: a spinner and the time so far.
const WAITING: &str = "{prefix:>9} {spinner} {msg}{elapsed}";
/// Once something is counted.
const COUNTING: &str = "{prefix:>9} [{bar:24}] {human_pos}/{human_len} {msg}{rate}{left}";

/// A bar for work that has begun and counted nothing yet.
pub fn waiting(name: &'static str, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style(WAITING));
    bar.set_prefix(name);
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Shows `done` of `total`; nothing done yet is waiting.
pub fn advance(bar: &ProgressBar, done: u64, total: u64, unit: &str) {
    if done == 0 {
        bar.set_message(format!("0 of {total} {unit}, "));
        return;
    }
    if bar.length() != Some(total) {
        bar.set_message("");
        bar.set_style(style(COUNTING));
        bar.set_length(total);
    }
    bar.set_position(done);
}

/// A style whose templates may say `{rate}` and `{left}`.
pub fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&rate(state.per_sec()));
        })
        .with_key("left", |state: &ProgressState, text: &mut dyn Write| {
            let eta = state.eta().as_secs();
            if state.per_sec() > 0.0 && eta > 0 {
                let _ = write!(text, ", {} left", clock(eta as f64));
            }
        })
        .progress_chars("=> ")
}

/// A rate in the unit in which it is a number people read: per second, minute or hour.
pub fn rate(per_second: f64) -> String {
    let (amount, unit) = match per_second {
        rate if !rate.is_finite() || rate <= 0.0 => return String::new(),
        rate if rate >= 0.5 => (rate, "s"),
        rate if rate * 60.0 >= 0.5 => (rate * 60.0, "min"),
        rate => (rate * 3600.0, "h"),
    };
    let digits = usize::from(amount < 10.0);
    format!("{amount:.digits$}/{unit}")
}

/// Hours, minutes and seconds.
pub fn clock(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_a_unit_that_gives_a_readable_number() {
        let rates = [1068.8921, 12.0, 2.345, 0.1, 0.001, 0.0, f64::INFINITY].map(rate);
        assert_eq!(rates, ["1069/s", "12/s", "2.3/s", "6.0/min", "3.6/h", "", ""]);
    }

    #[test]
    fn clocks_have_hours() {
        assert_eq!(clock(3_725.9), "1:02:05");
        assert_eq!(clock(f64::NAN), "0:00:00");
    }
}
