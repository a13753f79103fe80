//! Plots as inline SVG. Colours are placeholders that `page.css` turns into variables, so that plots follow the colour scheme.

use plotters::{
    coord::Shift,
    prelude::*,
    style::{
        register_font,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::training_run::Curve;
use crate::statistics::Interval;

/// Colours that `page.css` replaces; it has one rule for each.
pub(super) mod palette {
    use plotters::style::RGBColor;

    /// The run before.
    pub const BEFORE: RGBColor = RGBColor(0x8A, 0x94, 0xA3);
    /// The run after.
    pub const AFTER: RGBColor = RGBColor(0x2F, 0x6F, 0xDF);
    /// Text and whiskers.
    pub const TEXT: RGBColor = RGBColor(0x1C, 0x27, 0x33);
    /// Axes and grid lines.
    pub const GRID: RGBColor = RGBColor(0xDF, 0xE4, 0xEA);
    /// Runs beside each other, and training and evaluation loss.
    pub const RUNS: [RGBColor; 6] = [
        AFTER,
        RGBColor(0xC9, 0x6A, 0x12),
        RGBColor(0x1F, 0x8A, 0x5B),
        RGBColor(0x9A, 0x3F, 0x96),
        RGBColor(0x7A, 0x6A, 0x00),
        RGBColor(0xB8, 0x34, 0x4E),
    ];
}

const WIDTH: u32 = 480;
const BAR: i32 = 13;
const FONT: &str = "sans-serif";
const FONT_SIZE: u32 = 12;

/// A plot that cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("a plot of the report cannot be drawn: {0}")]
pub struct PlotError(String);

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError(error.to_string())
}

/// One row of a bar plot: a label and the values before and after.
pub(super) struct Bars {
    pub(super) label: String,
    pub(super) values: [Option<f64>; 2],
    /// 95% intervals drawn as whiskers.
    pub(super) intervals: [Option<Interval>; 2],
}

/// Horizontal bars, before above after, on a scale from 0 to `most`.
pub(super) fn bars(rows: &[Bars], most: f64) -> Result<String, PlotError> {
    let sides: Vec<usize> = (0..2)
        .filter(|side| rows.iter().any(|row| row.values[*side].is_some()))
        .collect();
    let row_height = sides.len() as i32 * BAR + 10;
    let height = (rows.len() as i32 * row_height + 30) as u32;
    let longest = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let label_width = (longest as i32 * 7 + 12).clamp(40, 190);
    svg((WIDTH, height), |area| {
        let most = most.max(1e-9);
        let mut chart = ChartBuilder::on(area)
            .margin_right(56)
            .margin_top(4)
            .set_label_area_size(LabelAreaPosition::Left, label_width)
            .set_label_area_size(LabelAreaPosition::Bottom, 24)
            .build_cartesian_2d(0.0..most, 0.0..f64::from(rows.len() as i32 * row_height))
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .light_line_style(TRANSPARENT)
            .bold_line_style(palette::GRID)
            .axis_style(palette::GRID)
            .x_labels(6)
            .x_label_formatter(&|value| tick(*value))
            .label_style((FONT, FONT_SIZE).into_font().color(&palette::TEXT))
            .draw()
            .map_err(failed)?;
        for (at, row) in rows.iter().enumerate() {
            let top = (rows.len() - at) as i32 * row_height - 5;
            let middle = f64::from(top - row_height / 2 + 5);
            let anchor = chart.plotting_area().map_coordinate(&(0.0, middle));
            write(area, &shortened(&row.label), (anchor.0 - 8, anchor.1), HPos::Right)?;
            for (place, side) in sides.iter().enumerate() {
                let Some(value) = row.values[*side] else { continue };
                let upper = f64::from(top - place as i32 * BAR);
                let lower = upper - f64::from(BAR - 2);
                let colour = [palette::BEFORE, palette::AFTER][*side];
                let bar = Rectangle::new([(0.0, lower), (value.clamp(0.0, most), upper)], colour.filled());
                chart.draw_series([bar]).map_err(failed)?;
                let centre = (upper + lower) / 2.0;
                let mut end = value;
                if let Some(interval) = row.intervals[*side] {
                    let whisker = PathElement::new(
                        [
                            (interval.low.clamp(0.0, most), centre),
                            (interval.high.clamp(0.0, most), centre),
                        ],
                        palette::TEXT,
                    );
                    chart.draw_series([whisker]).map_err(failed)?;
                    end = end.max(interval.high);
                }
                let (x, y) = chart.plotting_area().map_coordinate(&(end.clamp(0.0, most), centre));
                write(area, &tick(value), (x + 5, y), HPos::Left)?;
            }
        }
        Ok(())
    })
}

/// A line of a line plot.
pub(super) struct Line<'c> {
    pub(super) points: &'c Curve,
    pub(super) colour: RGBColor,
}

/// Lines over what is named, e.g. steps, with ticks on both axes.
pub(super) fn lines(lines: &[Line], over: &str) -> Result<String, PlotError> {
    let points = || lines.iter().flat_map(|line| line.points.iter());
    let (first, last) = ends(points().map(|point| point.0 as f64));
    let (low, high) = ends(points().map(|point| point.1));
    let margin = ((high - low) * 0.06).max(high.abs() * 1e-3).max(1e-12);
    // Nothing that is plotted is negative, so a margin below zero would only mislead.
    let floor = if low >= 0.0 {
        (low - margin).max(0.0)
    } else {
        low - margin
    };
    svg((WIDTH, 250), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_right(16)
            .margin_top(10)
            .set_label_area_size(LabelAreaPosition::Left, 58)
            .set_label_area_size(LabelAreaPosition::Bottom, 40)
            .build_cartesian_2d(first..last.max(first + 1.0), floor..high + margin)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(palette::GRID)
            .axis_style(palette::GRID)
            .x_desc(over)
            .x_labels(7)
            .y_labels(6)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .label_style((FONT, FONT_SIZE).into_font().color(&palette::TEXT))
            .draw()
            .map_err(failed)?;
        for line in lines {
            let drawn: Vec<(f64, f64)> = line.points.iter().map(|(step, value)| (*step as f64, *value)).collect();
            // A few points are measurements; many are a curve.
            if drawn.len() <= 20 {
                let dots = drawn.iter().map(|point| Circle::new(*point, 3, line.colour.filled()));
                chart.draw_series(dots).map_err(failed)?;
            }
            chart
                .draw_series(LineSeries::new(drawn, line.colour.stroke_width(2)))
                .map_err(failed)?;
        }
        Ok(())
    })
}

/// Draws into an SVG element that has no namespace or size of its own: it is part of the page, which sizes it.
fn svg(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    // The font is compiled in, so that labels are placed the same on every machine.
    register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| failed("the built-in font is not readable"))?;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&area)?;
        area.present().map_err(failed)?;
    }
    let own_size = format!(r#"width="{}" height="{}" "#, size.0, size.1);
    Ok(text
        .replacen(&own_size, "", 1)
        .replacen(r#"xmlns="http://www.w3.org/2000/svg""#, r#"aria-hidden="true""#, 1))
}

fn write(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    text: &str,
    place: (i32, i32),
    side: HPos,
) -> Result<(), PlotError> {
    let style = (FONT, FONT_SIZE)
        .into_font()
        .color(&palette::TEXT)
        .pos(Pos::new(side, VPos::Center));
    area.draw_text(text, &style, place).map_err(failed)
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Labels are cut where they would run out of the plot; the table below has them whole.
fn shortened(label: &str) -> String {
    match label.char_indices().nth(25) {
        Some((end, _)) if label.chars().count() > 26 => format!("{}…", &label[..end]),
        _ => label.to_owned(),
    }
}

/// A number of an axis: as few digits as say it.
fn tick(value: f64) -> String {
    let size = value.abs();
    if size < 1e-12 {
        return "0".to_owned();
    }
    let trimmed = |text: String| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    };
    match size {
        size if size < 1e-3 => {
            let text = format!("{value:.1e}");
            text.replace(".0e", "e")
        }
        size if size < 1.0 => trimmed(format!("{value:.3}")),
        size if size < 10.0 => trimmed(format!("{value:.2}")),
        size if size < 10_000.0 => trimmed(format!("{value:.1}")),
        _ => trimmed(format!("{:.1}", value / 1e3)) + "k",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (2e-4, "2e-4"),
            (0.125, "0.125"),
            (1.5, "1.5"),
            (100.0, "100"),
            (12_345.0, "12.3k"),
        ] {
            assert_eq!(tick(value), text);
        }
    }

    #[test]
    fn labels_are_escaped_and_colours_have_a_rule() {
        let row = Bars {
            label: "<b>&".into(),
            values: [Some(40.0), Some(70.0)],
            intervals: [None, Some(Interval { low: 60.0, high: 80.0 })],
        };
        let plot = bars(&[row], 100.0).unwrap();
        assert!(
            plot.contains("&lt;b&gt;&amp;") && !plot.contains("<b>") && !plot.contains("http"),
            "{plot}"
        );
        let of_bars = [palette::BEFORE, palette::AFTER, palette::TEXT, palette::GRID];
        for RGBColor(red, green, blue) in of_bars.into_iter().chain(palette::RUNS) {
            let colour = format!("\"#{red:02X}{green:02X}{blue:02X}\"");
            let in_bars = of_bars.contains(&RGBColor(red, green, blue));
            assert_eq!(plot.contains(&colour), in_bars, "{colour} in {plot}");
            assert!(
                include_str!("templates/page.css").contains(&colour),
                "{colour} in the style sheet"
            );
        }
    }

    #[test]
    fn curves_have_a_line_and_ticks_on_both_axes() {
        let points: Curve = (1..=50).map(|step| (step, 2.0 / step as f64)).collect();
        let line = Line {
            points: &points,
            colour: palette::BEFORE,
        };
        let plot = lines(&[line], "step").unwrap();
        assert!(
            plot.contains("<polyline") && plot.matches("<text").count() >= 8,
            "{plot}"
        );
    }
}
