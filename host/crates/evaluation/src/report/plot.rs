//! Plots as inline SVG, drawn without a library so that the page needs nothing else.

use std::fmt::Write;

use super::html::escaped;

const BAR: f64 = 16.0;
const LABEL: f64 = 190.0;
const WIDTH: f64 = 640.0;

/// One row of a bar plot: a label and the values before and after.
pub(super) struct Bars {
    pub(super) label: String,
    pub(super) values: [Option<f64>; 2],
    /// 95% intervals drawn as whiskers.
    pub(super) intervals: [Option<(f64, f64)>; 2],
}

/// Horizontal bars, before above after, on a scale from 0 to `most`.
pub(super) fn bars(rows: &[Bars], most: f64) -> String {
    let span = WIDTH - LABEL - 60.0;
    let x = |value: f64| LABEL + span * (value / most.max(1e-9)).clamp(0.0, 1.0);
    let height = rows.len() as f64 * (2.0 * BAR + 10.0) + 4.0;
    let mut svg = open(WIDTH, height);
    for (at, row) in rows.iter().enumerate() {
        let top = at as f64 * (2.0 * BAR + 10.0) + 4.0;
        let _ = write!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#,
            LABEL - 8.0,
            top + BAR + 4.0,
            escaped(&row.label)
        );
        for side in 0..2 {
            let Some(value) = row.values[side] else { continue };
            let y = top + side as f64 * BAR;
            let class = ["before", "after"][side];
            let _ = write!(
                svg,
                r#"<rect class="{class}" x="{LABEL}" y="{y}" width="{:.1}" height="{}"/><text class="value" x="{:.1}" y="{:.1}">{}</text>"#,
                x(value) - LABEL,
                BAR - 2.0,
                x(row.intervals[side].map_or(value, |(_, high)| high.max(value))) + 5.0,
                y + BAR - 5.0,
                short(value),
            );
            if let Some((low, high)) = row.intervals[side] {
                let middle = y + BAR / 2.0 - 1.0;
                let _ = write!(
                    svg,
                    r#"<path class="whisker" d="M{:.1} {middle}H{:.1}"/>"#,
                    x(low),
                    x(high)
                );
            }
        }
    }
    svg + "</svg>"
}

/// A line through points, with the first and last values written on the axes.
pub(super) fn line(points: &[(u64, f64)]) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let (height, left, bottom) = (220.0, 46.0, 196.0);
    let values = || points.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let x = |step: u64| left + (WIDTH - left - 12.0) * (step - first.0) as f64 / (last.0 - first.0).max(1) as f64;
    let y = |value: f64| bottom - (bottom - 12.0) * (value - low) / (high - low).max(1e-12);
    let path: Vec<String> = points
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(step, value)| format!("{:.1} {:.1}", x(*step), y(*value)))
        .collect();
    let mut svg = open(WIDTH, height);
    let _ = write!(
        svg,
        r#"<path class="axis" d="M{left} 8V{bottom}H{}"/><path class="curve" d="M{}"/>"#,
        WIDTH - 8.0,
        path.join("L")
    );
    for (value, at) in [(low, y(low)), (high, y(high))] {
        let _ = write!(
            svg,
            r#"<text x="{}" y="{:.1}" text-anchor="end">{}</text>"#,
            left - 6.0,
            at + 4.0,
            short(value)
        );
    }
    for step in [first.0, last.0] {
        let _ = write!(
            svg,
            r#"<text x="{:.1}" y="{}" text-anchor="middle">{step}</text>"#,
            x(step),
            bottom + 16.0
        );
    }
    svg + "</svg>"
}

fn open(width: f64, height: f64) -> String {
    format!(r#"<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">"#)
}

fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
