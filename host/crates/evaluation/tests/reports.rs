//! A report from scored runs to its files, over a real database and metrics that judge by it.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use crate::sqlite_databases::SqliteDatabases;
use async_trait::async_trait;
use nl2sql_catalog::{MetricInfo, MetricRow, Outcome, Reading, RowScore};
use nl2sql_evaluation::{
    agreement::Agreement,
    definition::Definition,
    execution::{Judge, JudgeLimits, Pair},
    manifest::Manifest,
    prediction::Prediction,
    query_runner::QueryRunner,
    report::{BrowserRow, Material, OtherRun, Report, Results, RunCell, SettingGroup, TrainingRun, preview, write},
    scoring::{LocalScorer, MetricPlugin, ScoredRun, ScoringPlace, score},
};

/// Execution match by the judge alone; fails on any batch that holds a row called `bad`.
struct ByJudge(Arc<Judge>);

#[async_trait]
impl MetricPlugin for ByJudge {
    fn name(&self) -> &str {
        "by-judge"
    }

    fn digest(&self) -> &str {
        "none"
    }

    fn describe(&self) -> Vec<MetricInfo> {
        vec![MetricInfo {
            name: "execution-match".into(),
            direction: "higher".into(),
            unit: "percent".into(),
        }]
    }

    async fn score(&self, database: &str, rows: Arc<[MetricRow]>) -> Result<Vec<RowScore>, String> {
        if rows.iter().any(|row| row.id == "bad") {
            return Err("out of memory".into());
        }
        let pair = |row: &MetricRow| Pair {
            database: database.to_owned(),
            gold: row.gold.clone(),
            predicted: row.predicted_sql.clone(),
        };
        let judgements = self.0.judge_all(rows.iter().map(pair).collect()).await;
        let score = |judgement: nl2sql_evaluation::execution::Judgement| RowScore {
            values: vec![judgement.is_match().map(|right| if right { 100.0 } else { 0.0 })],
            labels: vec![("outcome".into(), judgement.outcome.name().into())],
        };
        Ok(judgements.into_iter().map(score).collect())
    }

    async fn aggregate(&self, scores: Arc<[RowScore]>) -> Result<Vec<Option<f64>>, String> {
        let values: Vec<f64> = scores.iter().filter_map(|score| score.values[0]).collect();
        Ok(vec![
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
        ])
    }
}

fn shop(folder: &Path) -> Arc<dyn QueryRunner> {
    let connection = rusqlite::Connection::open(folder.join("shop.sqlite")).unwrap();
    connection
        .execute_batch("CREATE TABLE item(id INTEGER, price REAL, name TEXT); INSERT INTO item VALUES (1, 2.5, 'tea'), (2, 3, NULL), (3, 3, 'milk');")
        .unwrap();
    Arc::new(SqliteDatabases::new(folder, Duration::from_millis(300)))
}

async fn scored(runner: &Arc<dyn QueryRunner>, predictions: &[(&str, &str, &str)]) -> ScoredRun {
    let judge = Arc::new(Judge::new(
        Arc::clone(runner),
        Definition::Nl2sql,
        JudgeLimits::default(),
    ));
    let rows = predictions.iter().map(|(id, gold, predicted)| Prediction {
        id: (*id).into(),
        db_id: if *id == "elsewhere" {
            "nowhere".into()
        } else {
            "shop".into()
        },
        question: "</script><script>alert(1)</script>".into(),
        label: (*gold).into(),
        predict: (*predicted).into(),
        predicted_sql: (*predicted).into(),
        ..Prediction::default()
    });
    let metrics: [Arc<dyn MetricPlugin>; 1] = [Arc::new(ByJudge(judge))];
    let scorer = LocalScorer::new(None, Reading::default(), metrics.to_vec());
    let here = ScoringPlace {
        scorer: Box::new(scorer),
        metrics: vec![0],
    };
    score(rows.collect(), &metrics, &[here]).await
}

/// A report of figures alone.
fn bare(title: &str, before: Option<&ScoredRun>, after: &ScoredRun) -> Report {
    Report::new(Material {
        title: title.into(),
        before,
        after: Some(after),
        facts: &BTreeMap::new(),
        identity: Vec::new(),
        configuration: Vec::new(),
        training: None,
        beside: Vec::new(),
        schemas: BTreeMap::new(),
        results: BTreeMap::new(),
        row_errors: Vec::new(),
        manifest: Manifest::default(),
    })
}

const GOLD: &str = "SELECT name FROM item ORDER BY price DESC";

#[tokio::test]
async fn outcomes_are_kept_apart_and_no_row_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let runner = shop(folder.path());
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let run = scored(
        &runner,
        &[
            ("match", "SELECT id, price FROM item", "SELECT price, id FROM item"),
            ("ties", GOLD, "SELECT name FROM item ORDER BY price DESC, id DESC"),
            ("order", GOLD, "SELECT name FROM item ORDER BY price"),
            (
                "empty",
                "SELECT id FROM item WHERE id > 9",
                "SELECT id FROM item WHERE 0",
            ),
            ("no gold", "", "SELECT 1"),
            ("gold fails", "SELECT nothing FROM item", "SELECT 1"),
            ("no prediction", GOLD, ""),
            ("nul", GOLD, "SELECT 1\0"),
            ("timeout", GOLD, endless),
            ("writes", GOLD, "DELETE FROM item"),
            ("two", GOLD, "SELECT 1; SELECT 2"),
            ("attach", GOLD, "ATTACH 'x.db' AS x"),
            ("pragma", GOLD, "PRAGMA writable_schema = ON"),
            ("long", GOLD, &format!("SELECT '{}'", "y".repeat(10 << 20))),
            ("elsewhere", GOLD, GOLD),
            ("bad", GOLD, GOLD),
        ],
    )
    .await;
    let outcome = |id: &str| {
        let row = run.rows.iter().find(|row| row.prediction.id == id).unwrap();
        row.labels.get("outcome").cloned().unwrap_or_default()
    };
    for (id, expected) in [
        ("match", Outcome::Match),
        ("ties", Outcome::Match),
        ("order", Outcome::Mismatch),
        ("empty", Outcome::EmptyMatch),
        ("no gold", Outcome::GoldError),
        ("gold fails", Outcome::GoldError),
        ("no prediction", Outcome::PredictionError),
        ("nul", Outcome::Refused),
        ("timeout", Outcome::Timeout),
        ("writes", Outcome::Refused),
        ("two", Outcome::Refused),
        ("attach", Outcome::Refused),
        ("pragma", Outcome::Refused),
        ("long", Outcome::Refused),
        ("elsewhere", Outcome::GoldError),
    ] {
        assert_eq!(outcome(id), expected.name(), "{id}");
    }
    let bad = run.rows.last().unwrap();
    assert_eq!((bad.values[0], bad.labels["plugin-error"].as_str()), (None, "by-judge"));
    assert!(
        run.notes
            .iter()
            .any(|note| note.contains("bad") && note.contains("out of memory"))
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a prediction made a file"
    );
}

#[tokio::test]
async fn answers_without_their_sql_are_read_where_they_are_scored() {
    let folder = tempfile::tempdir().unwrap();
    let runner = shop(folder.path());
    let judge = Arc::new(Judge::new(runner, Definition::Nl2sql, JudgeLimits::default()));
    let metrics: [Arc<dyn MetricPlugin>; 1] = [Arc::new(ByJudge(judge))];
    for (following_statements, sql) in [(false, "SELECT 1"), (true, "SELECT 1; SELECT 2")] {
        let reading = Reading {
            following_statements,
            ..Reading::default()
        };
        let here = ScoringPlace {
            scorer: Box::new(LocalScorer::new(None, reading, metrics.to_vec())),
            metrics: vec![0],
        };
        let answer = Prediction {
            id: "prose".into(),
            db_id: "shop".into(),
            predict: "It is `SELECT 1; SELECT 2`".into(),
            label: "SELECT 1".into(),
            ..Prediction::default()
        };
        let run = score(vec![answer], &metrics, &[here]).await;
        assert_eq!(run.rows[0].prediction.predicted_sql, sql);
        assert_eq!(run.figures, [Some(if following_statements { 0.0 } else { 100.0 })]);
    }
}

fn assert_asks_for_nothing_outside(page: &str) {
    assert!(!page.contains("alert(1)</script>"), "a question is text");
    assert!(!page.contains("src=") && !page.contains("http:") && !page.contains("https:"));
    assert!(
        page.split("href=").skip(1).all(|after| after.starts_with("\"#")),
        "links stay on the page"
    );
    assert!(page.contains(r#"http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-"#));
    assert!(
        !page.contains(" style=\"") && !page.contains(" onclick="),
        "the policy allows no inline attributes"
    );
    assert!(page.contains(r#"<meta name="viewport" content="width=device-width, initial-scale=1">"#));
    assert!(page.contains("color-scheme: light dark") && page.contains("prefers-color-scheme: dark"));
}

fn assert_shows_every_question_once(page: &str, report: &Report) {
    assert_eq!(
        page.matches("<details class=\"question\"").count(),
        report.browser.len()
    );
    for row in &report.browser {
        assert_eq!(
            page.matches(&format!("<span class=\"origin\">{} ", row.id)).count(),
            1,
            "{}",
            row.id
        );
    }
    let changes: Vec<&str> = page
        .split("data-change=\"")
        .skip(1)
        .map(|after| after.split('"').next().unwrap())
        .collect();
    assert_eq!(changes[..9], ["gained"; 9]);
    assert_eq!(changes[9..], ["wrong", "right", "right"]);
    assert!(
        page.contains("<del>2</del><ins>&#x27;no&#x27;</ins>"),
        "SQL differs from the gold"
    );
}

fn assert_leaves_out_what_has_no_data(page: &str) {
    for heading in [
        "Schemas",
        "Rows left out",
        "Mistakes by kind",
        "Learning rate",
        "Gradient norm",
    ] {
        assert!(!page.contains(heading), "{heading}");
    }
    let beside = page.split("<h2>Runs side by side</h2>").nth(1).unwrap();
    let beside = beside.split("</section>").next().unwrap();
    assert!(
        beside.contains("<th><span class=\"key run-1\"></span>wide</th>"),
        "{beside}"
    );
    assert!(
        beside.contains("<td>top k</td><td>1</td><td>4</td>") && beside.contains("<td>75.00</td>"),
        "{beside}"
    );
    assert!(
        beside.matches("<polyline").count() >= 2 + 2,
        "a curve of each run in both charts: {beside}"
    );
    for heading in [
        "Execution match",
        "Configuration",
        "Metrics",
        "Questions",
        "Training",
        "Manifest",
    ] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
}

#[tokio::test]
async fn a_change_that_may_be_chance_has_no_colour() {
    let folder = tempfile::tempdir().unwrap();
    let runner = shop(folder.path());
    let before = scored(
        &runner,
        &[("q1", "SELECT 1", "SELECT 2"), ("q2", "SELECT 1", "SELECT 1")],
    )
    .await;
    let after = scored(
        &runner,
        &[("q1", "SELECT 1", "SELECT 1"), ("q2", "SELECT 1", "SELECT 1")],
    )
    .await;
    let report = bare("Chance", Some(&before), &after);
    write(&report, folder.path()).unwrap();
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains(r#"<span class="number ">+50.00</span>"#) && page.contains("not significant at 5%"));
    assert!(!page.contains("<h2>Training</h2>") && !page.contains("<h2>Configuration</h2>"));
}

#[tokio::test]
async fn a_report_says_whether_confidence_means_anything() {
    let folder = tempfile::tempdir().unwrap();
    let runner = shop(folder.path());
    let mut after = scored(
        &runner,
        &[
            ("sure", "SELECT 1", "SELECT 1"),
            ("sure too", "SELECT 2", "SELECT 2"),
            ("unsure", "SELECT 3", "SELECT 4"),
            ("asked once", "SELECT 5", "SELECT 6"),
        ],
    )
    .await;
    for (row, agreed) in after.rows.iter_mut().zip([5, 5, 2]) {
        let (written, ran) = (5, 5);
        row.prediction.agreement = Some(Agreement { written, ran, agreed });
    }
    let report = bare("Confidence", None, &after);
    let [None, Some(found)] = &report.reliability else {
        panic!("{:?}", report.reliability);
    };
    assert_eq!((found.answers, found.bins.len()), (3, 2));
    assert!((found.calibration_error - 40.0 / 3.0).abs() < 1e-9);
    write(&report, folder.path()).unwrap();
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(text("report.md").contains("## Confidence after"));
    assert!(text("report.md").contains("| 100% | 2 | 100.0% | 66.7% | 100.0% |"));
    assert!(text("report.html").contains("confidence lies 13.3 points from execution match"));
    let again: Report = serde_json::from_str(&text("report.json")).unwrap();
    assert_eq!(again, report);
}

#[tokio::test]
async fn a_report_compares_both_runs_and_comes_again_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let runner = shop(folder.path());
    let golds: Vec<String> = (0..12).map(|at| format!("SELECT {at}")).collect();
    let rows = |right: usize| -> Vec<(String, String, String)> {
        let predicted = |at: usize| {
            if at < right {
                golds[at].clone()
            } else {
                "SELECT 'no'".to_owned()
            }
        };
        (0..12)
            .map(|at| (format!("q{at}"), golds[at].clone(), predicted(at)))
            .collect()
    };
    let mut made = Vec::new();
    for name in ["first", "second"] {
        let (few, many) = (rows(2), rows(11));
        let borrowed = |rows: &[(String, String, String)]| -> Vec<(&'static str, &'static str, &'static str)> {
            let leak = |text: &String| -> &'static str { Box::leak(text.clone().into_boxed_str()) };
            rows.iter()
                .map(|(id, gold, predicted)| (leak(id), leak(gold), leak(predicted)))
                .collect()
        };
        let before = scored(&runner, &borrowed(&few)).await;
        let after = scored(&runner, &borrowed(&many)).await;
        let gold = preview(&*runner, "shop", "SELECT * FROM item").await;
        let results = Results {
            gold,
            runs: [None, None],
        };
        let report = Report::new(Material {
            title: "Base <and> adapter".into(),
            before: Some(&before),
            after: Some(&after),
            facts: &[("q1".to_owned(), [("language".to_owned(), "en".to_owned())].into())].into(),
            identity: vec![("template".to_owned(), "qwen".to_owned())],
            configuration: SettingGroup::new("Decoding", [("top k", Some("1".to_owned())), ("top p", None)])
                .into_iter()
                .collect(),
            training: Some(TrainingRun {
                loss: vec![(1, 2.0), (2, 1.0)],
                ..TrainingRun::default()
            }),
            beside: vec![OtherRun {
                name: "wide".into(),
                figures: [("execution-match".to_owned(), 75.0)].into(),
                settings: SettingGroup::new("Decoding", [("top k", Some("4".to_owned()))])
                    .into_iter()
                    .collect(),
                training: Some(TrainingRun {
                    loss: vec![(1, 2.2), (2, 0.9)],
                    ..TrainingRun::default()
                }),
            }],
            schemas: BTreeMap::new(),
            results: [("q1".to_owned(), results)].into(),
            row_errors: Vec::new(),
            manifest: Manifest {
                definition: "nl2sql".into(),
                seed: 7,
                ..Manifest::default()
            },
        });
        let metric = &report.metrics[0];
        assert_eq!(metric.change, Some(75.0));
        assert!((metric.test.as_ref().unwrap().p_value - 2.0 / 512.0).abs() < 1e-12);
        assert_eq!(report.outcomes["match"], [2, 11]);
        write(&report, &folder.path().join(name)).unwrap();
        made.push(report);
    }
    assert!(made[0].manifest.differences(&made[1].manifest).is_empty());
    for file in ["report.html", "report.json", "report.md", "report.csv", "manifest.json"] {
        let read = |run: &str| fs::read(folder.path().join(run).join(file)).unwrap();
        assert_eq!(read("first"), read("second"), "{file}");
    }
    let page = fs::read_to_string(folder.path().join("first/report.html")).unwrap();
    assert!(page.contains("Base &lt;and&gt; adapter") && page.contains("<svg"));
    assert_asks_for_nothing_outside(&page);
    assert_shows_every_question_once(&page, &made[0]);
    assert_leaves_out_what_has_no_data(&page);
    assert!(
        page.contains(r#"<span class="number better">+75.00</span>"#),
        "significant, so coloured"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("first/report.csv"))
            .unwrap()
            .lines()
            .count(),
        13
    );
}

#[test]
fn a_page_holds_the_questions_that_changed_first_and_says_how_many_there_are() {
    let row = |number: usize| {
        let cell = |right: bool| {
            Some(RunCell {
                sql: "SELECT 1".into(),
                value: Some(if right { 100.0 } else { 0.0 }),
                ..RunCell::default()
            })
        };
        BrowserRow {
            id: format!("q{number}"),
            question: format!("Question {number}?"),
            gold: "SELECT 1".into(),
            runs: [cell(number != 5_998), cell(number != 5_999)],
            ..BrowserRow::default()
        }
    };
    let report = Report {
        browser: (0..6_000).map(row).collect(),
        ..Report::default()
    };
    let folder = tempfile::tempdir().unwrap();
    write(&report, folder.path()).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let page = read("report.html");
    assert_eq!(page.matches("<details class=\"question\"").count(), 5_000);
    assert!(
        page.contains("Question 5998?") && page.contains("Question 5999?"),
        "both changed"
    );
    assert!(page.contains("the first 5000 of 6000 questions") && page.contains("> all 6000<"));
    assert!(read("report.csv").contains("q5000") && read("report.json").contains("\"q5000\""));
}
