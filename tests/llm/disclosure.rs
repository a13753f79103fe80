//! Plugins that read rows and try to say them: nothing of a row gets out through any channel, unless the profile names the risk.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use nl2sql_catalog::{Database, MetricRow, ResultSet, Sample, Table, Value};
use nl2sql_llm_server::SchemaWriter;
use nl2sql_plugin_host::{
    DISCLOSE_ROWS, Failure, Kind, Language, LoadError, LogLevel, LogSink, MatchOutcome, MatchPair, PluginHost,
    PluginSettings, QueryError, QueryService, ServiceError, Services, scaffold,
};

use crate::llm::peer::{Peer, Place, contains, files, said};

const CANARY: &str = "zanary.mail@post.example";

/// Ways in which the leaky validator says what it read.
const CHANNELS: [&str; 10] = [
    "message",
    "code",
    "listed-code",
    "layer",
    "suggestion",
    "position",
    "log",
    "error",
    "panic",
    "options",
];

/// Builds `tests/leaky/<kind>.rs`, with one text replaced by another; returns the component's path.
fn leaky(folder: &Path, kind: Kind, replaced: (&str, &str)) -> String {
    let name = format!("leaky-{kind}");
    let package = folder.join(format!("{name}-{}", replaced.1.len()));
    scaffold(Language::Rust, kind, &name, &package, None).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/leaky/{kind}.rs"));
    let source = fs::read_to_string(source).unwrap().replace(replaced.0, replaced.1);
    fs::write(package.join("src/lib.rs"), source).unwrap();
    let manifest = format!(
        "name = \"{name}\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"A test.\"\n[imports]\nquery = \"a test\"\n\
         [codes]\nlisted = \"a sentence of the manifest\"\n"
    );
    fs::write(package.join("plugin.toml"), manifest).unwrap();
    let output = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["xtask", "guest"])
        .arg(&package)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A database whose every row is the canary.
struct Rows;

impl QueryService for Rows {
    fn run(&self, _: &str, _: u32) -> Result<ResultSet, QueryError> {
        Ok(ResultSet {
            columns: vec!["email".to_owned()],
            rows: vec![vec![Value::Text(CANARY.to_owned())]],
            truncated: false,
        })
    }

    fn execution_match(&self, _: &[MatchPair], _: &str) -> Result<Vec<MatchOutcome>, ServiceError> {
        Ok(Vec::new())
    }
}

/// Keeps what is logged.
#[derive(Default)]
struct Log(Mutex<String>);

impl LogSink for Log {
    fn write(&self, _: &str, _: LogLevel, message: &str) {
        self.0.lock().unwrap().push_str(message);
    }
}

/// A host that grants a plugin these words, the services with the canary behind them, and their log.
fn host(path: &str, kind: Kind, grant: &[&str]) -> (PluginHost, Services, Arc<Log>) {
    let settings = PluginSettings {
        path: Some(path.into()),
        grant: Some(grant.iter().map(|word| (*word).to_owned()).collect()),
        ..PluginSettings::default()
    };
    let host = PluginHost::builder().settings([(format!("leaky-{kind}"), settings)].into());
    let log = Arc::new(Log::default());
    let services = Services::none().with_query(Arc::new(Rows)).with_log(log.clone());
    (host.build().unwrap(), services, log)
}

/// All that the host hears of a validator that leaks through `channel`.
fn heard_of_validator(path: &str, channel: &str, grant: &[&str]) -> String {
    let (host, services, log) = host(path, Kind::Validator, grant);
    let catalog = Database {
        tables: vec![Table {
            name: "shops".to_owned(),
            ..Table::default()
        }],
        ..Database::default()
    };
    let options = format!("{{\"channel\": \"{channel}\"}}");
    let sample = Sample {
        sql: "SELECT 1".to_owned(),
        ..Sample::default()
    };
    let validator = host.validator("leaky-validator", services).unwrap();
    let answer = validator.open(&catalog, &options).check(&[sample]);
    format!("{answer:?} {}", log.0.lock().unwrap())
}

#[test]
fn a_validator_that_reads_rows_tells_nothing_of_them_through_any_channel() {
    let folder = tempfile::tempdir().unwrap();
    let path = leaky(folder.path(), Kind::Validator, ("", ""));
    let position = format!("line: {}", CANARY.as_bytes()[0]);
    for channel in CHANNELS {
        let told = heard_of_validator(&path, channel, &["query"]);
        assert!(!told.contains(CANARY) && !told.contains(&position), "{channel}: {told}");
        let disclosed = heard_of_validator(&path, channel, &["query", DISCLOSE_ROWS]);
        let expected = channel != "listed-code";
        assert_eq!(
            disclosed.contains(CANARY) || disclosed.contains(&position),
            expected,
            "{channel} is a way out where the profile allows it: {disclosed}"
        );
    }
    let coded = heard_of_validator(&path, "listed-code", &["query"]);
    assert!(coded.contains("a sentence of the manifest"), "{coded}");
    let refused = heard_of_validator(&path, "no such channel", &["query"]);
    assert!(
        refused.contains("no channel in"),
        "what was said before anything was read is shown: {refused}"
    );
}

#[test]
fn a_metric_that_reads_rows_tells_nothing_of_them_through_any_channel() {
    let folder = tempfile::tempdir().unwrap();
    let path = leaky(folder.path(), Kind::Metric, ("", ""));
    for channel in ["label", "name", "outcome", "log", "error", "panic"] {
        for (grant, leaks) in [(&["query"][..], false), (&["query", DISCLOSE_ROWS][..], true)] {
            let (host, services, log) = host(&path, Kind::Metric, grant);
            let metric = host.metric("leaky-metric", services).unwrap();
            let said = format!("{:?}", metric.open(None, channel).score(&[MetricRow::default()]));
            let said = format!("{said} {:?} {}", metric.describe(), log.0.lock().unwrap());
            assert_eq!(said.contains(CANARY), leaks, "{channel} {grant:?}: {said}");
        }
    }
    let always = ("DESCRIBES_FROM_ROWS: bool = false", "DESCRIBES_FROM_ROWS: bool = true");
    let path = leaky(folder.path(), Kind::Metric, always);
    let (host, services, _) = host(&path, Kind::Metric, &["query"]);
    let refused = host.metric("leaky-metric", services).unwrap().describe().unwrap_err();
    assert!(matches!(refused.failure, Failure::DescribedFromRows), "{refused:?}");
}

#[test]
fn a_generator_that_reads_rows_is_refused_until_the_profile_names_the_risk() {
    let folder = tempfile::tempdir().unwrap();
    let path = leaky(folder.path(), Kind::Generator, ("", ""));
    let (host, services, _) = host(&path, Kind::Generator, &["query"]);
    match host.generator("leaky-generator", services) {
        Err(LoadError::RowsWouldLeave { line, .. }) => assert_eq!(line, "grant = [\"disclose-rows\", \"query\"]"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it would write rows into the export"),
    }
}

#[test]
fn nothing_of_a_row_reaches_model_run_folder_or_screen_through_a_validator_with_query() {
    let place = Place::with_database(&format!(
        "CREATE TABLE shops (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE sales (id INTEGER, shop INTEGER REFERENCES shops(id));
         INSERT INTO shops VALUES (1, '{CANARY}'); INSERT INTO sales VALUES (1, 1);"
    ));
    let component = leaky(place.path(), Kind::Validator, ("", ""));
    let run = |channel: &str, grant: &str| {
        let _ = fs::remove_dir_all(place.run());
        let peer = Peer::answering(SchemaWriter::default(), &["none"]);
        let more = format!(
            "[plugins.leaky-validator]\npath = {component:?}\ngrant = [{grant}]\n[validate]\nvalidators = [\"validator-syntax\", \
             \"leaky-validator\"]\n[validate.options.leaky-validator]\nchannel = \"{channel}\"\n"
        );
        place.profile(&peer, "openai", 12, &more);
        let output = place
            .command(&["run", "--json"])
            .env("NL2SQL_LOG", "debug")
            .output()
            .unwrap();
        let mut all = files(&place.run());
        let sent = peer.received();
        assert!(!sent.is_empty(), "{}", said(&output));
        all.extend(sent.into_iter().map(|request| ("a request".into(), request.raw)));
        all.push(("standard output".into(), output.stdout));
        all.push(("standard error".into(), output.stderr));
        let leaks = all.into_iter().filter(|(_, bytes)| contains(bytes, CANARY));
        leaks.map(|(place, _)| place.display().to_string()).collect::<Vec<_>>()
    };
    for channel in CHANNELS {
        assert_eq!(run(channel, "\"query\""), Vec::<String>::new(), "{channel}");
    }
    let disclosed = run("message", "\"query\", \"disclose-rows\"");
    assert!(
        disclosed.iter().any(|place| place == "a request"),
        "the test sees a leak where there is one: {disclosed:?}"
    );
}
