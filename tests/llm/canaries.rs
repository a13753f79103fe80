//! Values planted in every column come out only where the privacy policy lets them.

use std::path::PathBuf;
use std::process::Output;

use nl2sql_llm_server::{Chat, Responder, SchemaWriter};
use serde_json::{Value, json};

use crate::peer::{Peer, Place, contains, files, said};

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

/// Two tables with every column in both, so that no place is special.
fn database() -> Place {
    let quoted = |text: &str| text.replace('\'', "''");
    let columns: Vec<String> = PERSONAL
        .iter()
        .chain(&EVERYDAY)
        .map(|(name, _)| format!("\"{name}\" TEXT"))
        .collect();
    let values: Vec<String> = PERSONAL
        .iter()
        .chain(&EVERYDAY)
        .map(|(_, canary)| format!("'{}'", quoted(canary)))
        .collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    Place::with_database(&format!(
        "CREATE TABLE shops (id INTEGER PRIMARY KEY, {columns});
         CREATE TABLE sales (id INTEGER PRIMARY KEY, shop_id INTEGER REFERENCES shops(id), {columns});
         INSERT INTO shops VALUES (1, {values}); INSERT INTO sales VALUES (1, 1, {values});"
    ))
}

/// Writes pairs like the usual responder, and one in each answer at whose values the engine stumbles.
#[derive(Default)]
struct Stumbling(SchemaWriter);

impl Responder for Stumbling {
    fn reply(&self, chat: &Chat) -> String {
        let reply = self.0.reply(chat);
        let Ok(mut answer) = serde_json::from_str::<Value>(&reply) else {
            return reply;
        };
        if let Some(pairs) = answer["pairs"].as_array_mut() {
            // Few good ones and in front the others, so that a topic needs a second round and they are fed back in it.
            pairs.truncate(6);
            for (index, (column, _)) in PERSONAL.iter().chain(&EVERYDAY).enumerate() {
                let sql = format!("SELECT json_extract('{{\"a\": {index}}}', \"{column}\") FROM shops");
                pairs.insert(
                    0,
                    json!({ "question": format!("What is in {column}? {index}"), "sql": sql, "difficulty": "easy" }),
                );
            }
        }
        answer.to_string()
    }
}

/// Everything that came out of a run: what was sent, what was written, what was printed.
fn everything(place: &Place, peer: Option<&Peer>, output: &Output) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = files(&place.run());
    let sent = peer.map(Peer::received).unwrap_or_default();
    all.extend(
        sent.into_iter()
            .map(|request| (PathBuf::from("a request"), request.raw)),
    );
    all.push(("standard output".into(), output.stdout.clone()));
    all.push(("standard error".into(), output.stderr.clone()));
    all
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

fn run(mode: &str, privacy: &str) -> (Place, Option<Peer>, Output) {
    let place = database();
    let peer = Peer::answering(Stumbling::default(), &["none", "duplicates"]);
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
    assert!(output.status.success(), "{mode} {privacy}: {}", said(&output));
    (place, Some(peer).filter(|_| mode == "llm"), output)
}

#[test]
fn no_value_leaves_unless_sampling_is_on() {
    for mode in MODES {
        let (place, peer, output) = run(mode, "");
        let all = everything(&place, peer.as_ref(), &output);
        let leaks = leaks(&all, PERSONAL.iter().chain(&EVERYDAY));
        assert!(leaks.is_empty(), "{mode}: {leaks:?}");
        if let Some(peer) = peer {
            let told = peer
                .received()
                .iter()
                .any(|request| contains(&request.raw, "the value is not shown"));
            assert!(told, "the engine's complaints are fed back, without values");
        }
    }
}

#[test]
fn masked_hashed_and_dropped_values_do_not_leave() {
    for policy in ["mask", "hash", "drop"] {
        for mode in MODES {
            let privacy = format!("[privacy]\nsample_values = true\ndefault = \"{policy}\"\npersonal = \"{policy}\"\n");
            let (place, peer, output) = run(mode, &privacy);
            let all = everything(&place, peer.as_ref(), &output);
            let leaks = leaks(&all, PERSONAL.iter().chain(&EVERYDAY));
            assert!(leaks.is_empty(), "{mode} {policy}: {leaks:?}");
            let sampled = contains(&std::fs::read(place.run().join("cards.json")).unwrap(), "\"city\": [");
            assert_eq!(sampled, policy != "drop", "{mode} {policy}: disguised values are there");
        }
    }
}

#[test]
fn columns_that_look_personal_are_dropped_by_default_and_the_others_leave() {
    for mode in MODES {
        let (place, peer, output) = run(mode, "[privacy]\nsample_values = true\n");
        let all = everything(&place, peer.as_ref(), &output);
        let personal = leaks(&all, &PERSONAL);
        assert!(personal.is_empty(), "{mode}: {personal:?}");
        for everyday in &EVERYDAY[..2] {
            assert!(
                !leaks(&all, [everyday]).is_empty(),
                "{mode}: {everyday:?} is allowed and should be used"
            );
        }
    }
}

#[test]
fn a_rule_for_one_column_holds_for_that_column() {
    let rules = "[privacy]\nsample_values = true\npersonal = \"allow\"\n[[privacy.rules]]\ncolumns = [\"*.city\", \"sales.email\"]\npolicy = \"mask\"\n\
        [[privacy.rules]]\ncolumns = [\"email\"]\npolicy = \"hash\"\n";
    for mode in MODES {
        let (place, peer, output) = run(mode, rules);
        let all = everything(&place, peer.as_ref(), &output);
        let forbidden = leaks(&all, [&PERSONAL[0], &EVERYDAY[0]]);
        assert!(forbidden.is_empty(), "{mode}: {forbidden:?}");
        assert!(
            !leaks(&all, [&PERSONAL[3]]).is_empty(),
            "{mode}: what is allowed leaves"
        );
    }
}
