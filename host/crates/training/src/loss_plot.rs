//! `training_loss.svg` and `.png`: the losses, and a smoothed curve through them as LLaMA-Factory draws it.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;

use crate::error::TrainError;
use crate::progress::LogEntry;

const SIZE: (u32, u32) = (900, 540);

/// Draws the history into `folder`; nothing when there are no losses.
///
/// # Errors
/// When a picture cannot be drawn or written.
pub fn write(folder: &Path, history: &[LogEntry]) -> Result<(), TrainError> {
    let curve = |value: fn(&LogEntry) -> Option<f64>| -> Vec<(f64, f64)> {
        history
            .iter()
            .filter_map(|entry| value(entry).map(|loss| (entry.step as f64, loss)))
            .collect()
    };
    let curves = Curves {
        train: curve(|entry| entry.loss),
        evaluation: curve(|entry| entry.eval_loss),
    };
    if curves.train.is_empty() {
        return Ok(());
    }
    let failed = |name: &str, error: String| TrainError::file("draw", &folder.join(name), std::io::Error::other(error));
    // The font is compiled in, so that pictures do not depend on what the machine has installed.
    register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| failed("training_loss.png", "the built-in font is not readable".into()))?;
    let mut svg = String::new();
    curves
        .draw(SVGBackend::with_string(&mut svg, SIZE).into_drawing_area())
        .map_err(|e| failed("training_loss.svg", e))?;
    crate::durable::write(&folder.join("training_loss.svg"), svg.as_bytes())?;
    let path = folder.join("training_loss.png");
    curves
        .draw(BitMapBackend::new(&path, SIZE).into_drawing_area())
        .map_err(|e| failed("training_loss.png", e))
}

/// Points of step and loss.
struct Curves {
    train: Vec<(f64, f64)>,
    evaluation: Vec<(f64, f64)>,
}

impl Curves {
    fn draw<B: DrawingBackend>(&self, area: DrawingArea<B, Shift>) -> Result<(), String> {
        let text = |error: DrawingAreaErrorKind<B::ErrorType>| error.to_string();
        area.fill(&WHITE).map_err(text)?;
        let (steps, losses) = self.ranges();
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .x_label_area_size(40)
            .y_label_area_size(56)
            .build_cartesian_2d(steps, losses)
            .map_err(text)?;
        chart
            .configure_mesh()
            .x_desc("step")
            .y_desc("loss")
            .label_style(("sans-serif", 15))
            .draw()
            .map_err(text)?;
        let faint = RGBColor(31, 119, 180).mix(0.35);
        let mut line = |name: &str, points: Vec<(f64, f64)>, style: ShapeStyle| {
            let series = chart.draw_series(LineSeries::new(points, style)).map_err(text)?;
            series
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
            Ok::<_, String>(())
        };
        line("loss", self.train.clone(), faint.stroke_width(1))?;
        line(
            "smoothed",
            smoothed(&self.train),
            RGBColor(31, 119, 180).stroke_width(2),
        )?;
        if !self.evaluation.is_empty() {
            line(
                "evaluation",
                self.evaluation.clone(),
                RGBColor(214, 39, 40).stroke_width(2),
            )?;
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.4))
            .label_font(("sans-serif", 15))
            .draw()
            .map_err(text)?;
        area.present().map_err(text)
    }

    fn ranges(&self) -> (std::ops::Range<f64>, std::ops::Range<f64>) {
        let all = || self.train.iter().chain(&self.evaluation);
        let last = all().fold(1.0f64, |m, p| m.max(p.0));
        let low = all().fold(f64::INFINITY, |m, p| m.min(p.1));
        let high = all().fold(f64::NEG_INFINITY, |m, p| m.max(p.1));
        let margin = ((high - low) * 0.05).max(1e-3);
        (0.0..last * 1.01, low - margin..high + margin)
    }
}

/// Exponential moving average whose weight follows from the number of points (LLaMA-Factory, `extras/ploting.py`):
/// `1.8 * (1 / (1 + e^(-0.05 n)) - 0.5)`.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let weight = 1.8 * (1.0 / (1.0 + (-0.05 * points.len() as f64).exp()) - 0.5);
    let mut last = points.first().map_or(0.0, |point| point.1);
    points
        .iter()
        .map(|&(step, loss)| {
            last = last * weight + (1.0 - weight) * loss;
            (step, last)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_both_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |step: usize, loss, eval_loss| LogEntry {
            epoch: 0.0,
            grad_norm: None,
            learning_rate: None,
            loss,
            eval_loss,
            step,
        };
        let mut history: Vec<LogEntry> = (1..40).map(|i| entry(i, Some(3.0 / i as f64), None)).collect();
        history.push(entry(40, None, Some(1.0)));
        write(folder.path(), &history).unwrap();
        let svg = std::fs::read_to_string(folder.path().join("training_loss.svg")).unwrap();
        assert!(svg.contains("smoothed") && svg.contains("evaluation") && svg.contains("<polyline"));
        let png = std::fs::read(folder.path().join("training_loss.png")).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 5_000);
    }
}
