//! The report as one HTML page that asks for nothing outside itself.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use minijinja::{Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Curve, Figure, MAIN_METRIC, MetricChange, Reliability, Report,
    plot::{self, Bars, Line, PlotError, palette},
    question::{Change, Question, by_change, question},
    side_by_side::{CURVES, OtherRun, compared},
};
use crate::{manifest::Manifest, statistics::Interval};

const STYLE: &str = include_str!("templates/page.css");
const SCRIPT: &str = include_str!("templates/page.js");

/// Changes less likely than this by chance are coloured.
const SIGNIFICANCE: f64 = 0.05;

/// Most questions on the page, those that changed first: browsers are slow with more, and the other files have all.
const MAX_QUESTIONS: usize = 5_000;

/// Digits shown of a digest; the title of the cell has all.
const SHOWN_DIGITS: usize = 12;

/// A page that cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error("the page of the report cannot be made: {0}")]
    Template(#[from] minijinja::Error),
}

/// The whole page.
pub(super) fn page(report: &Report) -> Result<String, PageError> {
    let mut templates = Environment::new();
    templates.set_trim_blocks(true);
    templates.set_lstrip_blocks(true);
    templates.add_template("page.html", include_str!("templates/page.html"))?;
    templates.add_template("questions.html", include_str!("templates/questions.html"))?;
    let metrics: Vec<Metric> = report.metrics.iter().map(metric).collect();
    let rows = by_change(&report.browser);
    let questions: Vec<Question> = rows.iter().take(MAX_QUESTIONS).map(|(_, row)| question(row)).collect();
    let schemas: Vec<_> = report.schemas.iter().filter(|(_, text)| !text.is_empty()).collect();
    let page = templates.get_template("page.html")?.render(context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        style_hash => Value::from_safe_string(content_hash(STYLE)),
        script_hash => Value::from_safe_string(content_hash(SCRIPT)),
        title => report.title,
        examples => report.examples,
        identity => report.identity,
        definition => report.manifest.definition,
        version => report.manifest.version,
        headline => metrics.iter().find(|metric| metric.name == MAIN_METRIC),
        is_comparison => report.metrics.iter().any(|metric| metric.before.is_some() && metric.after.is_some()),
        metrics => metrics,
        metric_plot => metric_plot(report)?,
        breakdowns => breakdowns(report)?,
        mistakes => mistakes(report)?,
        error_classes => report.error_classes,
        outcomes => report.outcomes.iter().filter(|(_, counts)| **counts != [0, 0]).collect::<Vec<_>>(),
        reliability => reliability(report),
        reliability_plot => reliability_plot(report)?,
        curves => curves(report)?,
        beside => side_by_side(report)?,
        groups => report.configuration.iter().chain(report.training.iter().flat_map(|run| &run.settings)).collect::<Vec<_>>(),
        changes => changes(rows.iter().map(|(change, _)| *change)),
        questions => questions,
        all_questions => rows.len(),
        schemas => schemas,
        notes => report.notes,
        sources => sources(&report.manifest),
        seed => report.manifest.seed,
        manifest => serde_json::to_string_pretty(&report.manifest).unwrap_or_default(),
    })?;
    // HTML has no NUL; a prediction may.
    Ok(page.replace('\0', "\u{fffd}"))
}

/// The source expression of a content security policy for one inline element.
fn content_hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// One metric in words.
#[derive(Serialize)]
struct Metric {
    name: String,
    unit: String,
    before: Option<FigureText>,
    after: Option<FigureText>,
    change: Option<String>,
    change_interval: Option<String>,
    p: Option<String>,
    test: Option<&'static str>,
    /// `better` or `worse` where the change is significant.
    verdict: &'static str,
}

/// A figure and its interval in words.
#[derive(Serialize)]
struct FigureText {
    value: String,
    interval: Option<String>,
    rows: usize,
}

fn metric(metric: &MetricChange) -> Metric {
    let figure = |figure: Figure| {
        Some(FigureText {
            value: format!("{:.2}", figure.value?),
            interval: figure
                .interval
                .map(|ends| format!("{:.2} to {:.2}", ends.low, ends.high)),
            rows: figure.rows,
        })
    };
    Metric {
        name: metric.name.clone(),
        unit: metric.unit.clone(),
        before: metric.before.and_then(figure),
        after: metric.after.and_then(figure),
        change: metric.change.map(|change| format!("{change:+.2}")),
        change_interval: metric
            .change_interval
            .map(|Interval { low, high }| format!("{low:+.2} to {high:+.2}")),
        p: metric.test.as_ref().map(|test| match test.p_value {
            p if p < 1e-4 => "< 0.0001".to_owned(),
            p => format!("= {p:.4}"),
        }),
        test: metric.test.as_ref().map(|test| match test.name.as_str() {
            "mcnemar-exact" => "exact McNemar test",
            _ => "paired bootstrap",
        }),
        verdict: verdict(metric),
    }
}

fn verdict(metric: &MetricChange) -> &'static str {
    let is_significant = metric.test.as_ref().is_some_and(|test| test.p_value < SIGNIFICANCE);
    match metric.change {
        Some(change) if is_significant && change != 0.0 => {
            if (change > 0.0) == (metric.direction == "higher") {
                "better"
            } else {
                "worse"
            }
        }
        _ => "",
    }
}

/// A plot with its heading.
#[derive(Serialize)]
struct Figured {
    title: String,
    /// Class of each colour with its name; empty where one line speaks for itself.
    legend: Vec<(String, String)>,
    plot: Value,
}

/// Bars of the rows that have something to show; `None` where none has.
fn drawn(rows: Vec<Bars>, most: f64) -> Result<Option<Value>, PlotError> {
    let rows: Vec<Bars> = rows
        .into_iter()
        .filter(|row| row.values.iter().any(Option::is_some))
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Value::from_safe_string(plot::bars(&rows, most)?)))
}

fn metric_plot(report: &Report) -> Result<Option<Value>, PlotError> {
    let percent = report.metrics.iter().filter(|metric| metric.unit == "percent");
    let rows = percent.map(|metric| Bars {
        label: metric.name.clone(),
        values: [metric.before, metric.after].map(|figure| figure?.value),
        intervals: [metric.before, metric.after].map(|figure| figure?.interval),
    });
    drawn(rows.collect(), 100.0)
}

/// Breakdowns that say more than the figure of the whole run: those with several groups.
fn breakdowns(report: &Report) -> Result<Vec<Figured>, PlotError> {
    let mut figured = Vec::new();
    for breakdown in report.breakdowns.iter().filter(|breakdown| breakdown.groups.len() > 1) {
        let rows = breakdown.groups.iter().map(|group| Bars {
            label: format!("{} ({})", group.name, group.rows),
            values: [group.before, group.after],
            intervals: [None, None],
        });
        if let Some(plot) = drawn(rows.collect(), 100.0)? {
            figured.push(Figured {
                title: format!("By {}", breakdown.dimension),
                legend: Vec::new(),
                plot,
            });
        }
    }
    Ok(figured)
}

fn mistakes(report: &Report) -> Result<Option<Value>, PlotError> {
    let most = report
        .error_classes
        .iter()
        .map(|class| class.before.max(class.after))
        .max()
        .unwrap_or_default();
    let sides = [0, 1].map(|side: usize| report.browser.iter().any(|row| row.runs[side].is_some()));
    let rows = report.error_classes.iter().map(|class| Bars {
        label: class.name.clone(),
        values: [
            sides[0].then_some(class.before as f64),
            sides[1].then_some(class.after as f64),
        ],
        intervals: [None, None],
    });
    drawn(rows.collect(), most as f64)
}

/// The reliability of each run that has some, with its name.
fn reliability(report: &Report) -> Vec<(&'static str, &Reliability)> {
    let named = ["before", "after"].into_iter().zip(&report.reliability);
    named
        .filter_map(|(name, reliability)| Some((name, reliability.as_ref()?)))
        .collect()
}

/// Execution match over confidence, beside the line on which both are the same.
fn reliability_plot(report: &Report) -> Result<Option<Value>, PlotError> {
    if report.reliability.iter().all(Option::is_none) {
        return Ok(None);
    }
    let curve = |reliability: &Reliability| -> Curve {
        let bins = reliability.bins.iter();
        bins.map(|bin| (bin.confidence.round() as u64, bin.right)).collect()
    };
    let curves = report.reliability.each_ref().map(|side| side.as_ref().map(curve));
    let same = Curve::from([(0, 0.0), (100, 100.0)]);
    let colours = [palette::BEFORE, palette::AFTER];
    let sides = curves.iter().zip(colours).filter_map(|(curve, colour)| {
        Some(Line {
            points: curve.as_ref()?,
            colour,
        })
    });
    let diagonal = Line {
        points: &same,
        colour: palette::GRID,
    };
    let lines: Vec<Line> = std::iter::once(diagonal).chain(sides).collect();
    let plot = plot::lines(&lines, "confidence in percent")?;
    Ok(Some(Value::from_safe_string(plot)))
}

/// The training curves that have points.
fn curves(report: &Report) -> Result<Vec<Figured>, PlotError> {
    let Some(run) = &report.training else {
        return Ok(Vec::new());
    };
    let mut figured = Vec::new();
    let losses = [("training", &run.loss), ("evaluation", &run.evaluation_loss)];
    figured.extend(overlaid("Loss", &losses)?);
    for (title, curve) in CURVES.iter().filter(|(title, _)| !title.ends_with(" loss")) {
        figured.extend(overlaid(title, &[("", curve(run))])?);
    }
    Ok(figured)
}

/// Lines of several names in one plot; `None` where none has a point.
fn overlaid(title: &str, named: &[(&str, &Curve)]) -> Result<Option<Figured>, PlotError> {
    let lines: Vec<(usize, &str, &Curve)> = named
        .iter()
        .enumerate()
        .filter(|(_, (_, points))| !points.is_empty())
        .map(|(at, (name, points))| (at % palette::RUNS.len(), *name, *points))
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let legend = lines.iter().filter(|_| lines.len() > 1);
    Ok(Some(Figured {
        title: title.to_owned(),
        legend: legend
            .map(|(at, name, _)| (format!("run-{at}"), (*name).to_owned()))
            .collect(),
        plot: Value::from_safe_string(plot::lines(
            &lines
                .iter()
                .map(|(at, _, points)| Line {
                    points,
                    colour: palette::RUNS[*at],
                })
                .collect::<Vec<_>>(),
            "step",
        )?),
    }))
}

/// The runs beside each other: a table of figures and settings that differ, and their curves in common plots.
fn side_by_side(report: &Report) -> Result<Option<Value>, PlotError> {
    if report.beside.is_empty() {
        return Ok(None);
    }
    let mut runs = vec![OtherRun::of_report("this run".into(), report)];
    runs.extend(report.beside.iter().cloned());
    let mut curves = Vec::new();
    for (title, curve) in CURVES {
        let named: Vec<(&str, &Curve)> = runs
            .iter()
            .map(|run| (run.name.as_str(), run.training.as_ref().map_or(&NO_POINTS, curve)))
            .collect();
        curves.extend(overlaid(title, &named)?);
    }
    let (rows, same) = compared(&runs);
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    Ok(Some(context! { names, rows, same, curves }))
}

/// The curve of a run that has none.
static NO_POINTS: Curve = Curve::new();

/// How many questions became what, in the order of the page.
fn changes(found: impl Iterator<Item = Change>) -> Vec<(Change, usize)> {
    let mut counts: Vec<(Change, usize)> = Vec::new();
    for change in found {
        match counts.last_mut().filter(|last| last.0 == change) {
            Some(last) => last.1 += 1,
            None => counts.push((change, 1)),
        }
    }
    counts
}

/// What the report was made from: role, path, and the digest short and whole.
#[derive(Serialize)]
struct Source<'m> {
    role: &'m str,
    path: Option<&'m str>,
    short: Option<&'m str>,
    digest: Option<&'m str>,
}

fn sources(manifest: &Manifest) -> Vec<Source<'_>> {
    let roles: BTreeSet<&str> = manifest
        .digests
        .keys()
        .chain(manifest.paths.keys())
        .map(String::as_str)
        .collect();
    let source = |role| {
        let digest = manifest.digests.get(role).map(String::as_str);
        Source {
            role,
            path: manifest.paths.get(role).map(String::as_str),
            short: digest.map(|digest| digest.get(..SHOWN_DIGITS).unwrap_or(digest)),
            digest,
        }
    };
    roles.into_iter().map(source).collect()
}
