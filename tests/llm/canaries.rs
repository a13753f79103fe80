//! Values planted in every column come out only where the privacy policy lets them.

use std::path::PathBuf;
use std::process::Output;

use nl2sql_llm_server::{Chat, Responder, SchemaWriter};
use serde_json::{Value, json};

use crate::llm::peer::{Peer, Place, contains, files, said};
use crate::servers::TestDatabase;

/// Columns with personal names, each with its canary.
const PERSONAL: [(&str, &str); 8] = [
    ("email", "zanary.mail@post.example"),
    ("mobile_phone", "+49 770 1357 2468"),
    ("full_name", "Zanaria Fullname"),
    ("home_address", "Zanary Street 77"),
    ("姓名", "扎纳里某"),
    ("id_card_no", "77013572460"),
    ("customer_name", "Zanaro Customer"),
    ("birthday", "1987-03-29"),
];
/// Columns with everyday names.
const EVERYDAY: [(&str, &str); 6] = [
    ("city", "Zanarytown"),
    ("status", "zanary-open"),
    ("amount", "77013579.1357"),
    ("quantity", "7701357913579"),
    ("ordered_on", "1986-02-28"),
    ("remark", "zan\"ary' 备注独特"),
];

/// Where the canaries live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

impl Engine {
    /// Those at hand; that the others are missing is said.
    fn at_hand(test: &str) -> Vec<Self> {
        let servers = [Self::Postgres, Self::Mysql].into_iter();
        let there = servers.filter(|server| {
            let there = server.url().is_some();
            if !there {
                eprintln!("skipped: {test} needs {}", server.variable());
            }
            there
        });
        [Self::Sqlite].into_iter().chain(there).collect()
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "NL2SQL_TEST_POSTGRES_URL",
            _ => "NL2SQL_TEST_MYSQL_URL",
        }
    }

    fn url(self) -> Option<String> {
        std::env::var(self.variable()).ok().filter(|url| !url.is_empty())
    }

    fn quoted(self, name: &str) -> String {
        match self {
            Self::Mysql => format!("`{name}`"),
            _ => format!("\"{name}\""),
        }
    }

    /// A query at whose data this engine stumbles, quoting it.
    fn stumble(self, index: usize, column: &str) -> String {
        let column = self.quoted(column);
        match self {
            Self::Sqlite => format!("SELECT json_extract('{{\"a\": {index}}}', {column}) FROM shops"),
            Self::Postgres => format!("SELECT CAST({column} AS smallint) + {index} FROM shops"),
            // A table of one row is a constant to the server, and printed as its values.
            Self::Mysql => {
                format!("SELECT (CAST({column} AS SIGNED) + {index} + 2) * 9223372036854775807 FROM shops WHERE id = 1")
            }
        }
    }

    /// Two tables with every column in both, so that no place is special.
    fn script(self) -> String {
        let all = || PERSONAL.iter().chain(&EVERYDAY);
        let columns: Vec<String> = all().map(|(name, _)| format!("{} TEXT", self.quoted(name))).collect();
        let values: Vec<String> = all()
            .map(|(_, canary)| format!("'{}'", canary.replace('\'', "''")))
            .collect();
        let (columns, values) = (columns.join(", "), values.join(", "));
        format!(
            "CREATE TABLE shops (id INTEGER PRIMARY KEY, {columns});
             CREATE TABLE sales (id INTEGER PRIMARY KEY, shop_id INTEGER, {columns}, FOREIGN KEY (shop_id) REFERENCES shops(id));
             INSERT INTO shops VALUES (1, {values}); INSERT INTO sales VALUES (1, 1, {values});"
        )
    }

    /// A place whose profile reads the database, and the database on a server, which goes with its value.
    fn place(self) -> (Place, Option<TestDatabase>) {
        let Some(url) = self.url().filter(|_| self != Self::Sqlite) else {
            return (Place::with_database(&self.script()), None);
        };
        let mut server = TestDatabase::create(&url);
        server.script(&self.script());
        server.add_reader();
        (Place::on_server(&server.reader), Some(server))
    }
}

/// Writes pairs like the usual responder, and some in each answer at whose values the engine stumbles.
struct Stumbling {
    writer: SchemaWriter,
    engine: Engine,
}

impl Responder for Stumbling {
    fn reply(&self, chat: &Chat) -> String {
        let reply = self.writer.reply(chat);
        let Ok(mut answer) = serde_json::from_str::<Value>(&reply) else {
            return reply;
        };
        if let Some(pairs) = answer["pairs"].as_array_mut() {
            // Few good ones and in front the others, so that a topic needs a second round and they are fed back in it.
            pairs.truncate(6);
            for (index, (column, _)) in PERSONAL.iter().chain(&EVERYDAY).enumerate() {
                let sql = self.engine.stumble(index, column);
                pairs.insert(
                    0,
                    json!({ "question": format!("What is in {column}? {index}"), "sql": sql, "difficulty": "easy" }),
                );
            }
        }
        answer.to_string()
    }
}

/// A canary as it may stand in text, JSON or escaped JSON.
fn spellings(canary: &str) -> [String; 4] {
    let escaped = serde_json::to_string(canary).unwrap();
    let twice = serde_json::to_string(&escaped).unwrap();
    let quoted = canary.replace('\'', "''");
    [
        canary.to_owned(),
        escaped[1..escaped.len() - 1].to_owned(),
        twice[3..twice.len() - 3].to_owned(),
        quoted,
    ]
}

fn leaks<'a>(all: &[(PathBuf, Vec<u8>)], canaries: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> Vec<String> {
    let mut leaks = Vec::new();
    for (column, canary) in canaries {
        for (place, bytes) in all {
            if spellings(canary).iter().any(|spelling| contains(bytes, spelling)) {
                leaks.push(format!("{column} in {}", place.display()));
            }
        }
    }
    leaks
}

const MODES: [&str; 2] = ["llm", "grammar"];

/// What a run left behind, and what heard of it.
struct Ended {
    place: Place,
    peer: Option<Peer>,
    output: Output,
}

impl Ended {
    /// Everything that came out: what was sent, what was written, what was printed.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = files(&self.place.run());
        let sent = self.peer.as_ref().map(Peer::received).unwrap_or_default();
        all.extend(
            sent.into_iter()
                .map(|request| (PathBuf::from("a request"), request.raw)),
        );
        all.push(("standard output".into(), self.output.stdout.clone()));
        all.push(("standard error".into(), self.output.stderr.clone()));
        all
    }

    fn leaks<'a>(&self, canaries: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> Vec<String> {
        leaks(&self.everything(), canaries)
    }
}

fn run(engine: Engine, mode: &str, privacy: &str) -> Ended {
    let (place, _server) = engine.place();
    let writer = SchemaWriter::default();
    let peer = Peer::answering(Stumbling { writer, engine }, &["none", "duplicates"]);
    place.profile(&peer, "openai", 40, privacy);
    let mut arguments = vec!["run", "--accept-edits"];
    if mode == "grammar" {
        arguments.extend([
            "--set",
            "plan.planner=planner-fk",
            "--set",
            "generate.generator=generator-grammar",
        ]);
    }
    let output = place.command(&arguments).env("NL2SQL_LOG", "debug").output().unwrap();
    assert!(
        output.status.success(),
        "{engine:?} {mode} {privacy}: {}",
        said(&output)
    );
    let peer = Some(peer).filter(|_| mode == "llm");
    Ended { place, peer, output }
}

/// A run on every engine at hand in every mode.
fn runs(test: &str, privacy: &str) -> Vec<(String, Ended)> {
    let engines = Engine::at_hand(test).into_iter();
    let each = engines.flat_map(|engine| MODES.map(|mode| (format!("{engine:?} {mode}"), run(engine, mode, privacy))));
    each.collect()
}

#[test]
fn no_value_leaves_unless_sampling_is_on() {
    for (what, ended) in runs("no_value_leaves_unless_sampling_is_on", "") {
        let leaks = ended.leaks(PERSONAL.iter().chain(&EVERYDAY));
        assert!(leaks.is_empty(), "{what}: {leaks:?}");
        if let Some(peer) = ended.peer {
            let told = peer
                .received()
                .iter()
                .any(|request| contains(&request.raw, "the value is not shown"));
            assert!(told, "{what}: the engine's errors are fed back, without values");
        }
    }
}

#[test]
fn masked_hashed_and_dropped_values_do_not_leave() {
    for policy in ["mask", "hash", "drop"] {
        let privacy = format!("[privacy]\nsample_values = true\ndefault = \"{policy}\"\npersonal = \"{policy}\"\n");
        for (what, ended) in runs("masked_hashed_and_dropped_values_do_not_leave", &privacy) {
            let leaks = ended.leaks(PERSONAL.iter().chain(&EVERYDAY));
            assert!(leaks.is_empty(), "{what} {policy}: {leaks:?}");
            let cards = std::fs::read(ended.place.run().join("cards.json")).unwrap();
            let sampled = contains(&cards, "\"city\": [");
            assert_eq!(sampled, policy != "drop", "{what} {policy}: masked values are there");
        }
    }
}

#[test]
fn columns_that_look_personal_are_dropped_by_default_and_the_others_leave() {
    let test = "columns_that_look_personal_are_dropped_by_default_and_the_others_leave";
    for (what, ended) in runs(test, "[privacy]\nsample_values = true\n") {
        let personal = ended.leaks(&PERSONAL);
        assert!(personal.is_empty(), "{what}: {personal:?}");
        for everyday in &EVERYDAY[..2] {
            assert!(
                !ended.leaks([everyday]).is_empty(),
                "{what}: {everyday:?} is allowed and should be used"
            );
        }
    }
}

#[test]
fn a_rule_for_one_column_holds_for_that_column() {
    let rules = "[privacy]\nsample_values = true\npersonal = \"allow\"\n[[privacy.rules]]\ncolumns = [\"*.city\", \"sales.email\"]\npolicy = \"mask\"\n\
        [[privacy.rules]]\ncolumns = [\"email\"]\npolicy = \"hash\"\n";
    for (what, ended) in runs("a_rule_for_one_column_holds_for_that_column", rules) {
        let forbidden = ended.leaks([&PERSONAL[0], &EVERYDAY[0]]);
        assert!(forbidden.is_empty(), "{what}: {forbidden:?}");
        assert!(
            !ended.leaks([&PERSONAL[3]]).is_empty(),
            "{what}: what is allowed leaves"
        );
    }
}
