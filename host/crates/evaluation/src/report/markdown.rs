//! The report as Markdown: the tables without the browser.

use std::fmt::Write;

use super::{Figure, Reliability, Report};
use crate::statistics::Interval;

/// The whole text.
pub(super) fn page(report: &Report) -> String {
    let mut out = format!(
        "# {}\n\n{} examples, execution match as `{}`.\n\n",
        report.title, report.examples, report.manifest.definition
    );
    out.push_str("| metric | before | after | change | 95% interval | p (test) |\n|---|---|---|---|---|---|\n");
    for metric in &report.metrics {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            metric.name,
            figure(metric.before.as_ref()),
            figure(metric.after.as_ref()),
            metric.change.map_or("-".to_owned(), |change| format!("{change:+.2}")),
            metric.change_interval.map_or("-".to_owned(), ends),
            metric
                .test
                .as_ref()
                .map_or("-".to_owned(), |test| format!("{:.4} ({})", test.p_value, test.name)),
        );
    }
    for breakdown in &report.breakdowns {
        let _ = write!(
            out,
            "\n## By {}\n\n| {} | examples | before | after |\n|---|---|---|---|\n",
            breakdown.dimension, breakdown.dimension
        );
        for group in &breakdown.groups {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                group.name,
                group.rows,
                percent(group.before),
                percent(group.after)
            );
        }
    }
    for (side, reliability) in ["before", "after"].iter().zip(&report.reliability) {
        if let Some(reliability) = reliability {
            write_reliability(&mut out, side, reliability);
        }
    }
    if !report.error_classes.is_empty() {
        out.push_str("\n## Mistakes\n\n| class | before | after | examples |\n|---|---|---|---|\n");
        for class in &report.error_classes {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                class.name,
                class.before,
                class.after,
                class.examples.join(", ")
            );
        }
    }
    if !report.notes.is_empty() {
        out.push_str("\n## Rows left out\n\n");
        for note in &report.notes {
            let _ = writeln!(out, "- {}", note.replace('\n', " "));
        }
    }
    out
}

fn write_reliability(out: &mut String, side: &str, reliability: &Reliability) {
    let _ = write!(
        out,
        "\n## Confidence {side}\n\n{} answers with a confidence, which lies {:.1} points from execution match in the mean.\n\n\
         | confidence | answers | right | as sure or surer | right of these |\n|---|---|---|---|---|\n",
        reliability.answers, reliability.calibration_error
    );
    for bin in &reliability.bins {
        let _ = writeln!(
            out,
            "| {:.0}% | {} | {:.1}% | {:.1}% | {:.1}% |",
            bin.confidence, bin.answers, bin.right, bin.answered, bin.right_of_answered
        );
    }
}

fn figure(figure: Option<&Figure>) -> String {
    match figure.and_then(|figure| Some((figure.value?, figure.interval))) {
        Some((value, Some(interval))) => format!("{value:.2} ({})", ends(interval)),
        Some((value, None)) => format!("{value:.2}"),
        None => "-".to_owned(),
    }
}

fn ends(interval: Interval) -> String {
    format!("{:.2} to {:.2}", interval.low, interval.high)
}

fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.1}"))
}
