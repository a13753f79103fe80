//! Runs to see and pairs to review: listing, paging, decisions up to the export, events as they happen, and what no key may see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use nl2sql_app::job::{Job, Outcome};
use nl2sql_app::runs::RunLibrary;
use nl2sql_app::{Event, EventKind, FleetWatch, ServiceRuntime, Session, WorkerSettings, work_at};
use nl2sql_evaluation::report::{self, BrowserRow, Report, ResultPreview, Results, RunCell};
use nl2sql_inference::SchedulerOptions;
use nl2sql_pipeline::{Feedback, FeedbackJournal, FeedbackVerdict};
use nl2sql_profile::{Layers, ServeKey, ServeRight, ServeSettings};
use nl2sql_serving::{Backend, Server};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::sync::CancellationToken;

use crate::nats::Nats;
use crate::served::model;

const TABLES: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points REAL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), amount REAL);
    INSERT INTO customers VALUES (1,'Oslo',1.5),(2,'Bergen',2),(3,'Narvik',NULL);
    INSERT INTO orders VALUES (1,1,12.5),(2,1,80),(3,2,7.25);
";

const PROFILE: &str = r#"
[database]
path = "shop.sqlite"
[run]
name = "shop"
[plan]
total = 24
[export]
formats = ["alpaca", "pairs"]
"#;

/// A run that a job has made, and a server that shows it.
pub(crate) struct Shown {
    url: String,
    client: reqwest::Client,
    stop: CancellationToken,
    session: Arc<Session>,
    project: tempfile::TempDir,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn session(folder: &Path, queue: &str) -> Arc<Session> {
    let database = rusqlite::Connection::open(folder.join("shop.sqlite")).unwrap();
    database.execute_batch(TABLES).unwrap();
    std::fs::write(folder.join("nl2sql.toml"), PROFILE).unwrap();
    let layers = Layers {
        profile: Some(folder.join("nl2sql.toml").display().to_string()),
        flags: vec![
            format!("run.dir=\"{}\"", folder.join("runs").display()),
            format!("queue.url=\"{queue}\""),
        ],
        ..Layers::default()
    };
    Session::new(layers.resolve().unwrap().profile, None).unwrap()
}

/// What came of a job that worked.
async fn done(session: &Arc<Session>, job: Job) -> Outcome {
    let (session, job) = (session.clone(), job);
    let work = move || session.start(job).join().unwrap();
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn shown_with(settings: ServeSettings) -> Shown {
    let project = tempfile::tempdir().unwrap();
    let folder = project.path().to_owned();
    let session = tokio::task::spawn_blocking(move || session(&folder, "")).await.unwrap();
    done(&session, Job::Run(Default::default())).await;
    serving(settings, project, session)
}

/// A server whose profile names a queue, before any run.
async fn shown_at(queue: &str) -> Shown {
    let project = tempfile::tempdir().unwrap();
    let (folder, queue) = (project.path().to_owned(), queue.to_owned());
    let session = tokio::task::spawn_blocking(move || session(&folder, &queue))
        .await
        .unwrap();
    serving(ServeSettings::default(), project, session)
}

fn serving(settings: ServeSettings, project: tempfile::TempDir, session: Arc<Session>) -> Shown {
    let backend = Backend::Local(model(project.path(), SchedulerOptions::default()));
    let server = Server::bind(&ServeSettings { port: 0, ..settings }, backend, None).unwrap();
    server.show_runs(Arc::new(RunLibrary::of(&session)));
    if let Some(workers) = FleetWatch::of(&session) {
        server.show_workers(Arc::new(workers));
    }
    let (url, stop) = (server.url(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { server.serve(stopped).await.unwrap() });
    Shown {
        url,
        client: reqwest::Client::new(),
        stop,
        session,
        project,
    }
}

pub(crate) async fn shown() -> Shown {
    shown_with(ServeSettings::default()).await
}

impl Shown {
    pub(crate) fn run(&self) -> PathBuf {
        self.session.place().folder.clone()
    }

    async fn answer(&self, path: &str) -> (StatusCode, Value) {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Three of ten steps of a training, as its events tell them.
    pub(crate) fn train(&self) {
        append(&self.run(), EventKind::JobStarted { job: "train".into() });
        for step in 1..=3 {
            let figures = json!({ "event": "training", "training": { "event": "step", "step": step, "total_steps": 10, "epoch": 0.1, "loss": 3.0 - f64::from(step),
                "gradient_norm": 1.0, "learning_rate": 1e-4, "tokens_per_second": 50.0, "elapsed": 1.0, "remaining": 7.0, "peak_memory": null } });
            append(&self.run(), serde_json::from_value(figures).unwrap());
        }
    }

    /// An evaluation that gained one question and lost another.
    pub(crate) fn evaluate(&self) {
        report::write(&evaluated(), &self.run().join("eval")).unwrap();
    }

    /// The body of an answer that is good and names no place of this machine.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.answer(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        let place = self.project.path().display().to_string();
        assert!(!body.to_string().contains(&place), "{path} tells a path: {body}");
        body
    }

    async fn review(&self, pair: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/v1/runs/shop/pairs/{pair}/review", self.url);
        let response = self.client.post(url).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Decides about a pair as it is now.
    pub(crate) async fn decided(&self, pair: &str, mut body: Value) -> Value {
        body["last_step"] = self.get(&format!("/v1/runs/shop/pairs/{pair}")).await["last_step"].clone();
        let (status, after) = self.review(pair, body).await;
        assert_eq!(status, 200, "{after}");
        after
    }

    /// Pairs of the export, by id.
    fn exported(&self) -> BTreeMap<String, Value> {
        let lines = ["train", "dev", "test"].into_iter().flat_map(|split| {
            let path = self.run().join(format!("export/shop_{split}.jsonl"));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        lines
            .map(|line| serde_json::from_str::<Value>(&line).unwrap())
            .map(|pair| (pair["id"].as_str().unwrap().to_owned(), pair))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_listed_and_told_with_its_stages_coverage_and_pairs() {
    let shown = shown().await;
    let runs = shown.get("/v1/runs").await;
    let entry = &runs["runs"][0];
    assert_eq!(
        (&entry["name"], &entry["state"], &entry["wanted"]),
        (&json!("shop"), &json!("done"), &json!(24)),
        "{runs}"
    );
    let run = shown.get("/v1/runs/shop").await;
    let stages = run["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 6);
    assert!(stages.iter().all(|stage| stage["state"] == "done"), "{run}");
    assert!(
        stages[3]["summary"]["output"].as_str().unwrap().contains("samples"),
        "{run}"
    );
    let coverage = shown.get("/v1/runs/shop/coverage").await;
    assert_eq!(coverage["measured"]["tables"]["total"], 2);
    let accepted: u64 = coverage["topics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|topic| topic["accepted"].as_u64().unwrap())
        .sum();
    assert_eq!(accepted, run["accepted"].as_u64().unwrap());
    let all = shown.get("/v1/runs/shop/pairs?limit=5").await;
    let total = all["total"].as_u64().unwrap();
    assert_eq!(all["pairs"].as_array().unwrap().len(), 5);
    let rest = shown.get(&format!("/v1/runs/shop/pairs?offset={}", total - 1)).await;
    assert_eq!(rest["pairs"].as_array().unwrap().len(), 1);
    let first = &all["pairs"][0];
    let found = shown
        .get(&format!(
            "/v1/runs/shop/pairs?search={}&state=accepted",
            first["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(found["pairs"][0], *first);
    let facets = shown.get("/v1/runs/shop/pairs/facets").await;
    assert_eq!(facets["total"], total);
    assert_eq!(facets["reviews"], json!({ "none": total }));
    for (path, code) in [
        ("/v1/runs/none", "not_found"),
        ("/v1/runs/..%2Fshop", "not_found"),
        ("/v1/runs/%2Fetc", "not_found"),
        ("/v1/runs/shop/pairs/none", "not_found"),
        ("/v1/runs/shop/training", "not_found"),
        ("/v1/runs/shop/evaluation", "not_found"),
        ("/v1/runs/shop/pairs?state=odd", "invalid_value"),
        ("/v1/runs/shop/pairs?limit=x", "invalid_value"),
        ("/v1/runs/shop/pairs?more=1", "invalid_value"),
        ("/v1/events", "websocket_expected"),
    ] {
        let (status, body) = shown.answer(path).await;
        assert!(status.is_client_error(), "{path}: {status}");
        assert_eq!(body["error"]["code"], code, "{path}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_decide_reaches_the_next_export() {
    let shown = shown().await;
    let pairs = shown.get("/v1/runs/shop/pairs?limit=200&state=accepted").await;
    let ids: Vec<String> = (0..4)
        .map(|at| pairs["pairs"][at]["id"].as_str().unwrap().to_owned())
        .collect();
    let before = shown.exported();
    assert!(ids.iter().all(|id| before.contains_key(id)));

    let approved = shown.decided(&ids[0], json!({ "action": "approve" })).await;
    assert_eq!(
        (&approved["review"], &approved["exported"]),
        (&json!("approved"), &json!(true))
    );
    let banned = shown.decided(&ids[1], json!({ "action": "ban" })).await;
    assert_eq!(
        (&banned["review"], &banned["exported"]),
        (&json!("banned"), &json!(false))
    );

    // An edit is judged by the validators of the run, which say where the statement is wrong.
    let wrong = json!({ "action": "edit", "question": "Which towns?", "sql": "SELECT\n  town FROM customers" });
    let rejected = shown.decided(&ids[2], wrong).await;
    assert_eq!(
        (&rejected["accepted"], &rejected["exported"]),
        (&json!(false), &json!(false))
    );
    let finding = &rejected["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["span"]["start"]),
        (&json!("unknown-column"), &json!({ "line": 2, "column": 3 })),
        "{rejected}"
    );
    assert_eq!(rejected["original"]["sql"], pairs["pairs"][2]["sql"]);
    // People overrule validators, but a statement that names what is not there is none.
    let body = json!({ "action": "approve", "last_step": rejected["last_step"] });
    let (status, refused) = shown.review(&ids[2], body).await;
    assert_eq!(status, 400, "{refused}");
    let right =
        json!({ "action": "edit", "question": "Which cities?", "sql": "SELECT city FROM customers ORDER BY 1" });
    let edited = shown.decided(&ids[2], right).await;
    assert_eq!(
        (&edited["review"], &edited["exported"]),
        (&json!("edited"), &json!(true))
    );

    shown.decided(&ids[3], json!({ "action": "ban" })).await;
    let undone = shown.decided(&ids[3], json!({ "action": "undo" })).await;
    assert_eq!((&undone["review"], &undone["exported"]), (&json!("none"), &json!(true)));
    let history: Vec<(&Value, &Value)> = undone["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (&step["action"], &step["undone"]))
        .collect();
    assert_eq!(
        history,
        [(&json!("ban"), &json!(true)), (&json!("undo"), &json!(false))]
    );
    let (status, nothing) = shown
        .review(&ids[3], json!({ "action": "undo", "last_step": undone["last_step"] }))
        .await;
    assert_eq!(status, 400, "{nothing}");

    // Whoever has not seen the last decision is told.
    let (status, outdated) = shown.review(&ids[1], json!({ "action": "approve" })).await;
    assert_eq!((status.as_u16(), &outdated["error"]["code"]), (409, &json!("outdated")));

    // A run notices what was decided, and only the export is done again.
    let Outcome::Run(outcome) = done(&shown.session, Job::Run(Default::default())).await else {
        panic!("a run");
    };
    let done_again: Vec<&str> = outcome
        .stages
        .iter()
        .filter(|row| row.seconds.is_some())
        .map(|row| row.stage.name())
        .collect();
    assert_eq!(done_again, ["export"]);
    let after = shown.exported();
    assert_eq!(after[&ids[0]]["review"], "approved");
    assert!(!after.contains_key(&ids[1]), "banned pairs stay away");
    assert_eq!(
        (
            &after[&ids[2]]["query"],
            &after[&ids[2]]["question"],
            &after[&ids[2]]["review"]
        ),
        (
            &json!("SELECT city FROM customers ORDER BY 1"),
            &json!("Which cities?"),
            &json!("edited")
        )
    );
    assert_eq!(after[&ids[3]].get("review"), None);
    let card = std::fs::read_to_string(shown.run().join("export/datacard.json")).unwrap();
    let card: Value = serde_json::from_str(&card).unwrap();
    assert_eq!(card["reviews"], json!({ "approved": 1, "edited": 1, "banned": 1 }));
    assert_eq!(card["accepted"], after.len());

    // Another server over the same folder shows the same.
    let again = RunLibrary::of(&shown.session);
    assert_eq!(
        json!(again.pair("shop", &ids[2]).unwrap()),
        shown.get(&format!("/v1/runs/shop/pairs/{}", ids[2])).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_users_verified_reaches_the_next_export_judged_and_once() {
    let shown = shown().await;
    let before = shown.exported();
    let rounds = |verdict: FeedbackVerdict, question: &str, sql: &str| Feedback {
        time: 1_700_000_000,
        by: "ada".into(),
        question: question.into(),
        language: "zh".into(),
        sql: sql.into(),
        verdict,
    };
    let same = before.values().next().unwrap().clone();
    let other = before.values().nth(1).unwrap().clone();
    let text = |pair: &Value, field: &str| pair[field].as_str().unwrap().to_owned();
    let journal = FeedbackJournal::of(&shown.run()).unwrap();
    let own = "SELECT max(points) FROM customers WHERE city <> 'Oslo'";
    for line in [
        rounds(FeedbackVerdict::Right, "哪位客户的积分最高？", own),
        // Generated too, spaces and case aside.
        rounds(
            FeedbackVerdict::Right,
            &text(&same, "question"),
            &text(&same, "query").replace(' ', "  "),
        ),
        // The question of a generated pair, with another statement.
        rounds(
            FeedbackVerdict::Corrected,
            &text(&other, "question"),
            "SELECT sum(amount) FROM orders WHERE amount > 9",
        ),
        rounds(FeedbackVerdict::Right, "Which town?", "SELECT town FROM customers"),
        rounds(
            FeedbackVerdict::Right,
            "Which ids?",
            "SELECT id FROM customers WHERE points > 1",
        ),
        rounds(
            FeedbackVerdict::Wrong,
            "Which ids?",
            "SELECT id FROM customers WHERE points > 1",
        ),
    ] {
        journal.append(line).unwrap();
    }
    let Outcome::Run(outcome) = done(&shown.session, Job::Run(Default::default())).await else {
        panic!("a run");
    };
    let again: Vec<&str> = outcome
        .stages
        .iter()
        .filter(|row| row.seconds.is_some())
        .map(|row| row.stage.name())
        .collect();
    assert_eq!(again, ["export"], "what was verified is noticed");
    let after = shown.exported();
    let added: Vec<&Value> = after
        .values()
        .filter(|pair| !before.contains_key(&text(pair, "id")))
        .collect();
    assert_eq!(added.len(), 2, "{added:?}");
    let verified = added.iter().find(|pair| pair["query"] == own).unwrap();
    assert_eq!(
        (&verified["verified"], &verified["language"]),
        (
            &json!({ "by": "ada", "time": 1_700_000_000, "verdict": "right" }),
            &json!("zh")
        )
    );
    assert!(!text(verified, "topic").is_empty());
    let questions: BTreeSet<String> = after.values().map(|pair| text(pair, "question")).collect();
    assert_eq!(questions.len(), after.len(), "no question is there twice");
    assert_eq!(after[&text(&same, "id")]["verified"]["by"], "ada");
    assert!(!after.contains_key(&text(&other, "id")), "it gave way");
    let card = std::fs::read_to_string(shown.run().join("export/datacard.json")).unwrap();
    let card: Value = serde_json::from_str(&card).unwrap();
    assert_eq!(
        card["feedback"],
        json!({ "exported": 2, "generated_too": 1, "replaced": 1, "rejected": 1 })
    );
    assert_eq!(card["accepted"], after.len());
}

/// A key in a file.
fn key(folder: &Path, name: &str, settings: ServeKey) -> (String, ServeKey) {
    let path = folder.join(name);
    std::fs::write(&path, secret(name)).unwrap();
    let key = ServeKey {
        key_file: Some(path),
        ..settings
    };
    (name.to_owned(), key)
}

fn secret(name: &str) -> String {
    format!("{name}-key-0123456789")
}

fn rights(rights: &[ServeRight]) -> ServeKey {
    ServeKey {
        rights: rights.to_vec(),
        ..ServeKey::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_open_what_their_rights_name_and_rows_take_the_right_to_ask() {
    let keys = tempfile::tempdir().unwrap();
    let kept = ServeKey {
        tables: vec!["orders".into()],
        ..rights(&[ServeRight::View, ServeRight::Review, ServeRight::Ask])
    };
    let settings = ServeSettings {
        keys: BTreeMap::from([
            key(keys.path(), "viewer", rights(&[ServeRight::View])),
            key(
                keys.path(),
                "reviewer",
                rights(&[ServeRight::View, ServeRight::Review, ServeRight::Ask]),
            ),
            key(keys.path(), "chatter", rights(&[ServeRight::Chat])),
            key(keys.path(), "kept", kept),
        ]),
        ..ServeSettings::default()
    };
    let shown = shown_with(settings).await;
    std::fs::create_dir_all(shown.run().join("eval")).unwrap();
    shown.evaluate();
    let status = |name: Option<&'static str>, path: &'static str| {
        let request = shown.client.get(format!("{}{path}", shown.url));
        let request = match name {
            Some(name) => request.bearer_auth(secret(name)),
            None => request,
        };
        async move { request.send().await.unwrap().status().as_u16() }
    };
    for path in [
        "/v1/runs",
        "/v1/runs/shop",
        "/v1/runs/shop/coverage",
        "/v1/runs/shop/pairs",
        "/v1/runs/shop/pairs/facets",
        "/v1/runs/shop/evaluation",
    ] {
        assert_eq!(status(None, path).await, 401, "{path}");
        assert_eq!(status(Some("chatter"), path).await, 403, "{path}");
        assert_eq!(
            status(Some("kept"), path).await,
            403,
            "{path}: runs are about every table"
        );
        assert_eq!(status(Some("viewer"), path).await, 200, "{path}");
    }
    assert_eq!(status(None, "/").await, 200, "the page itself tells nothing");
    let url = format!("{}/v1/runs/shop/pairs/none/review", shown.url);
    let review = |name: &'static str| {
        let request = shown.client.post(&url).json(&json!({ "action": "ban" }));
        async move {
            request
                .bearer_auth(secret(name))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        }
    };
    assert_eq!((review("viewer").await, review("reviewer").await), (403, 404));
    let questions = |name: &'static str| {
        let url = format!("{}/v1/runs/shop/evaluation/questions?change=lost", shown.url);
        let request = shown.client.get(url).bearer_auth(secret(name));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let seen = questions("viewer").await;
    assert!(seen.contains("How many cities?") && !seen.contains("canary"), "{seen}");
    assert!(questions("reviewer").await.contains("canary"));
    let access = shown
        .client
        .get(format!("{}/v1/access", shown.url))
        .bearer_auth(secret("viewer"));
    let access: Value = access.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&access["caller"], &access["rights"]),
        (&json!("viewer"), &json!(["view"]))
    );
}

/// A report with a question lost; its rows and what was said of them have canaries.
fn evaluated() -> Report {
    let cell = |value, sql: &str| RunCell {
        sql: sql.into(),
        labels: BTreeMap::from([("detail".into(), "canary-detail".into())]),
        value: Some(value),
    };
    let rows = ResultPreview {
        columns: vec!["city".into()],
        rows: vec![vec![Some("canary-row".into())]],
        ..ResultPreview::default()
    };
    Report {
        title: "Evaluation of shop".into(),
        examples: 2,
        browser: vec![
            BrowserRow {
                id: "1".into(),
                question: "How many cities?".into(),
                gold: "SELECT count(DISTINCT city) FROM customers".into(),
                runs: [
                    Some(cell(100.0, "SELECT count(DISTINCT city) FROM customers")),
                    Some(cell(0.0, "SELECT count(city) FROM customers")),
                ],
                results: Some(Results {
                    gold: rows.clone(),
                    runs: [Some(rows.clone()), Some(rows)],
                }),
                ..BrowserRow::default()
            },
            BrowserRow {
                id: "2".into(),
                question: "How many orders?".into(),
                runs: [Some(cell(0.0, "SELECT 1")), Some(cell(100.0, "SELECT 2"))],
                ..BrowserRow::default()
            },
        ],
        notes: vec!["/home/me/predictions.jsonl: line 3 is left out".into()],
        ..Report::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_is_told_question_by_question() {
    let shown = shown().await;
    report::write(&evaluated(), &shown.run().join("eval")).unwrap();
    let figures = shown.get("/v1/runs/shop/evaluation").await;
    assert_eq!(
        (&figures["changes"]["gained"], &figures["changes"]["lost"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(figures["notes"], json!(["predictions.jsonl: line 3 is left out"]));
    let page = shown.get("/v1/runs/shop/evaluation/questions").await;
    assert_eq!(page["questions"][0]["change"], "gained", "{page}");
    let lost = shown
        .get("/v1/runs/shop/evaluation/questions?search=DISTINCT&change=lost")
        .await;
    assert_eq!(lost["total"], 1);
    let after = &lost["questions"][0]["answers"][1];
    assert!(
        after["sql"]
            .as_array()
            .unwrap()
            .iter()
            .any(|part| part["kind"] == "missing"),
        "{after}"
    );
    assert_eq!(after["result"]["rows"][0][0], "canary-row");
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn socket(url: &str, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("{}{path}", url.replacen("http", "ws", 1))
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

/// The next event; pings are passed over.
async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await;
        match message.expect("an event in time").expect("an open socket").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn append(run: &Path, kind: EventKind) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(run.join("events.jsonl"))
        .unwrap();
    let line = serde_json::to_string(&Event::now(kind)).unwrap();
    writeln!(file, "{line}").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_any_process_are_sent_as_they_happen() {
    let shown = shown().await;
    let run = shown.get("/v1/runs/shop").await;
    let end = run["events_end"].as_u64().unwrap();
    let mut one = socket(&shown.url, &format!("/v1/events?run=shop&from={end}"), &[])
        .await
        .unwrap();
    let mut all = socket(&shown.url, "/v1/events", &[]).await.unwrap();
    let place = shown.project.path().join("runs/shop/superseded/1");
    append(
        &shown.run(),
        EventKind::Note {
            stage: None,
            message: format!("what was there is kept in {}", place.display()),
        },
    );
    for socket in [&mut one, &mut all] {
        let event = next(socket).await;
        assert_eq!(
            (&event["run"], &event["event"]["event"]),
            (&json!("shop"), &json!("note"))
        );
        assert_eq!(
            event["event"]["message"], "what was there is kept in 1",
            "no path is told"
        );
        assert!(event["end"].as_u64().unwrap() > end);
    }
    // What somebody decides is seen by everybody who watches.
    let pairs = shown.get("/v1/runs/shop/pairs?limit=1").await;
    let id = pairs["pairs"][0]["id"].as_str().unwrap();
    shown.decided(id, json!({ "action": "ban" })).await;
    let event = next(&mut one).await;
    assert_eq!(
        (&event["event"]["event"], &event["event"]["step"], &event["event"]["by"]),
        (&json!("pair-reviewed"), &json!("ban"), &json!("anyone"))
    );
    let mut replayed = socket(&shown.url, "/v1/events?run=shop&from=0", &[]).await.unwrap();
    assert_eq!(next(&mut replayed).await["event"]["event"], "stage-started");
    shown.stop.cancel();
    let closed = async {
        while let Some(Ok(message)) = one.next().await {
            if matches!(message, Message::Close(_)) {
                return true;
            }
        }
        false
    };
    let closed = tokio::time::timeout(Duration::from_secs(10), closed).await;
    assert!(closed.unwrap(), "sockets are closed when the server stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_take_a_key_and_no_page_of_elsewhere() {
    let keys = tempfile::tempdir().unwrap();
    let settings = ServeSettings {
        keys: BTreeMap::from([key(keys.path(), "viewer", rights(&[ServeRight::View]))]),
        ..ServeSettings::default()
    };
    let shown = shown_with(settings).await;
    let refusal = |result: Result<Socket, tungstenite::Error>| match result {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("{:?}", other.map(drop)),
    };
    let path = "/v1/events?run=shop";
    // `viewer-key-0123456789` in base64 for URLs.
    let protocols = "nl2sql.events.v1, nl2sql.key.dmlld2VyLWtleS0wMTIzNDU2Nzg5";
    assert_eq!(refusal(socket(&shown.url, path, &[]).await), 401);
    let wrong = [("sec-websocket-protocol", "nl2sql.events.v1, nl2sql.key.d3Jvbmc")];
    assert_eq!(refusal(socket(&shown.url, path, &wrong).await), 401);
    let elsewhere = [
        ("sec-websocket-protocol", protocols),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(refusal(socket(&shown.url, path, &elsewhere).await), 403);
    let own = shown.url.clone();
    let from_here = [("sec-websocket-protocol", protocols), ("origin", own.as_str())];
    socket(&shown.url, path, &from_here).await.unwrap();
    let bearer = format!("Bearer {}", secret("viewer"));
    socket(&shown.url, path, &[("authorization", bearer.as_str())])
        .await
        .unwrap();
    let none = socket(&shown.url, "/v1/events?run=none", &[("authorization", bearer.as_str())]).await;
    assert_eq!(refusal(none), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_training_is_told_while_it_goes_on() {
    let shown = shown().await;
    shown.train();
    let training = shown.get("/v1/runs/shop/training").await;
    assert_eq!(
        (&training["state"], &training["step"], &training["remaining"]),
        (&json!("running"), &json!(3), &json!(7.0))
    );
    assert_eq!(training["curves"]["loss"], json!([[1, 2.0], [2, 1.0], [3, 0.0]]));
    let run = shown.get("/v1/runs/shop").await;
    assert_eq!((&run["state"], &run["job"]), (&json!("running"), &json!("train")));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_pairs_are_paged_and_searched_at_once() {
    let shown = shown().await;
    let line = |file: &str| {
        let text = std::fs::read_to_string(shown.run().join(file)).unwrap();
        serde_json::from_str::<Value>(text.lines().next().unwrap()).unwrap()
    };
    let (mut sample, mut verdict) = (line("samples.jsonl"), line("verdicts.jsonl"));
    let (mut samples, mut verdicts) = (String::new(), String::new());
    for number in 0..10_000 {
        sample["id"] = json!(format!("s{number}"));
        verdict["sample"] = sample["id"].clone();
        samples += &format!("{sample}\n");
        verdicts += &format!("{verdict}\n");
    }
    std::fs::write(shown.run().join("samples.jsonl"), samples).unwrap();
    std::fs::write(shown.run().join("verdicts.jsonl"), verdicts).unwrap();
    let first = Instant::now();
    assert_eq!(shown.get("/v1/runs/shop/pairs?limit=100").await["total"], 10_000);
    let read = first.elapsed();
    let again = Instant::now();
    let page = shown
        .get("/v1/runs/shop/pairs?limit=100&offset=9900&search=SELECT")
        .await;
    assert_eq!(page["pairs"][99]["id"], "s9999");
    println!("10,000 pairs: {read:?} to read, {:?} for a page", again.elapsed());
    assert!(read < Duration::from_secs(3) && again.elapsed() < Duration::from_millis(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_or_its_absence_said() {
    let shown = shown().await;
    let response = shown.client.get(&shown.url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let text = response.text().await.unwrap();
    if text.contains("built without its page") {
        println!("skipped: the_page_is_served_or_its_absence_said needs the page, which `cargo xtask page` builds");
        return;
    }
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    let script = text.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let script = shown.client.get(format!("{}{script}", shown.url)).send().await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    let (status, _) = shown.answer("/assets/..%2Findex.html").await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_shown_where_there_is_a_queue() {
    let without = shown().await;
    let (status, body) = without.answer("/v1/workers").await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (404, &json!("no_queue")));
    assert_eq!(without.get("/v1/access").await["workers"], false);

    let Some(mut nats) = Nats::start("workers_are_shown_where_there_is_a_queue", &[]) else {
        return;
    };
    let shown = shown_at(&nats.url()).await;
    assert_eq!(shown.get("/v1/access").await["workers"], true);
    assert_eq!(shown.get("/v1/workers").await["workers"], json!([]));
    let (cancel, queue) = (CancellationToken::new(), shown.session.profile().queue.clone());
    let settings = WorkerSettings {
        flags: Vec::new(),
        databases: None,
        drivers: Box::new(|| nl2sql_database::DriverRegistry::built_in(None)),
        tell: Box::new(drop),
        cancel: cancel.clone(),
    };
    let runtime = ServiceRuntime::start().unwrap();
    let worker = std::thread::spawn(move || work_at(&queue, &runtime, "far".to_owned(), 3, settings));
    let deadline = Instant::now() + Duration::from_secs(30);
    let worker_seen = loop {
        let status = shown.get("/v1/workers").await;
        if let Some(seen) = status["workers"].as_array().and_then(|workers| workers.first()) {
            break seen.clone();
        }
        assert!(Instant::now() < deadline, "{status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(
        (&worker_seen["name"], &worker_seen["slots"], &worker_seen["done"]),
        (&json!("far"), &json!(3), &json!(0))
    );
    cancel.cancel();
    tokio::task::spawn_blocking(move || worker.join())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    nats.kill();
    let (status, body) = shown.answer("/v1/workers").await;
    assert_eq!(status, 503);
    assert!(!body.to_string().contains("127.0.0.1"), "{body}");
}
