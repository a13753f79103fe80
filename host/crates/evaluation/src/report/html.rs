//! The report as one HTML page without any outside resource.

use std::fmt::Write;

use super::{
    Breakdown, Report,
    plot::{Bars, bars, line},
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut body = format!(
        "<h1>{}</h1><p>{} examples · execution match as <code>{}</code> · <span class=\"key before\"></span> before <span class=\"key after\"></span> after</p>",
        escaped(&report.title),
        report.examples,
        escaped(&report.manifest.definition),
    );
    metric_table(&mut body, report);
    section(&mut body, "Metrics", &bars(&metric_bars(report), 100.0));
    section(&mut body, "Training loss", &line(&report.loss));
    for breakdown in &report.breakdowns {
        section(
            &mut body,
            &format!("Execution match by {}", breakdown.dimension),
            &bars(&group_bars(breakdown), 100.0),
        );
    }
    let most = report
        .error_classes
        .iter()
        .map(|class| class.before.max(class.after))
        .max()
        .unwrap_or(1);
    section(&mut body, "Mistakes", &bars(&error_bars(report), most as f64));
    browser(&mut body, report);
    if !report.notes.is_empty() {
        let items: String = report
            .notes
            .iter()
            .map(|note| format!("<li>{}</li>", escaped(note)))
            .collect();
        section(&mut body, "Rows left out", &format!("<ul>{items}</ul>"));
    }
    let manifest = serde_json::to_string_pretty(&report.manifest).unwrap_or_default();
    section(&mut body, "Manifest", &format!("<pre>{}</pre>", escaped(&manifest)));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title><style>{STYLE}</style></head><body>{body}<script>{SCRIPT}</script></body></html>\n",
        escaped(&report.title),
    )
}

/// Text made safe for elements and attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\0' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

fn section(body: &mut String, title: &str, content: &str) {
    if !content.is_empty() && !content.ends_with("role=\"img\"></svg>") {
        let _ = write!(body, "<h2>{}</h2>{content}", escaped(title));
    }
}

fn metric_table(body: &mut String, report: &Report) {
    body.push_str("<table><tr><th>metric</th><th>before</th><th>after</th><th>change</th><th>95% interval</th><th>p</th><th>test</th></tr>");
    for metric in &report.metrics {
        let figure = |figure: &Option<super::Figure>| {
            figure
                .and_then(|figure| figure.value)
                .map_or("–".to_owned(), |value| format!("{value:.2}"))
        };
        let better = metric
            .change
            .is_some_and(|change| (change > 0.0) == (metric.direction == "higher"));
        let class = match metric.change {
            Some(change) if change != 0.0 => {
                if better {
                    "better"
                } else {
                    "worse"
                }
            }
            _ => "",
        };
        let _ = write!(
            body,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&metric.name),
            figure(&metric.before),
            figure(&metric.after),
            metric.change.map_or("–".to_owned(), |change| format!("{change:+.2}")),
            metric.change_interval.map_or("–".to_owned(), |ends| format!(
                "{:+.2} to {:+.2}",
                ends.low, ends.high
            )),
            metric
                .test
                .as_ref()
                .map_or("–".to_owned(), |test| format!("{:.4}", test.p_value)),
            metric.test.as_ref().map_or(String::new(), |test| escaped(&test.name)),
        );
    }
    body.push_str("</table>");
}

fn metric_bars(report: &Report) -> Vec<Bars> {
    let percent = report.metrics.iter().filter(|metric| metric.unit == "percent");
    percent
        .map(|metric| {
            let figures = [metric.before, metric.after];
            Bars {
                label: metric.name.clone(),
                values: figures.map(|figure| figure?.value),
                intervals: figures.map(|figure| figure?.interval.map(|ends| (ends.low, ends.high))),
            }
        })
        .collect()
}

fn group_bars(breakdown: &Breakdown) -> Vec<Bars> {
    let row = |group: &super::Group| Bars {
        label: format!("{} ({})", group.name, group.rows),
        values: [group.before, group.after],
        intervals: [None, None],
    };
    breakdown.groups.iter().map(row).collect()
}

fn error_bars(report: &Report) -> Vec<Bars> {
    let row = |class: &super::ErrorClass| Bars {
        label: class.name.clone(),
        values: [Some(class.before as f64), Some(class.after as f64)],
        intervals: [None, None],
    };
    report.error_classes.iter().map(row).collect()
}

/// The examples as JSON for the script that shows them; `<` is written so that no text can end the element.
fn browser(body: &mut String, report: &Report) {
    let data = serde_json::json!({ "rows": report.browser, "schemas": report.schemas });
    let data = data.to_string().replace('<', "\\u003c");
    body.push_str(
        "<h2>Examples</h2><p><input id=\"find\" type=\"search\" placeholder=\"id, database, question, SQL\"> \
         <select id=\"show\"><option value=\"all\">all</option><option value=\"won\">wrong before, right after</option>\
         <option value=\"lost\">right before, wrong after</option><option value=\"wrong\">wrong after</option>\
         <option value=\"right\">right after</option></select> <span id=\"count\"></span></p><div id=\"examples\"></div>",
    );
    let _ = write!(body, "<script id=\"data\" type=\"application/json\">{data}</script>");
}
