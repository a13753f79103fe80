//! What people call things, from the profile to cards, pairs and prompts.

use std::fs;
use std::path::Path;

use crate::before_and_after::{command, done, exported, json, said};

const GLOSSARY: &str = r#"
[glossary.customers]
noun = { en = "subscriber", zh = "订户" }
synonyms = { en = ["reader"] }
display = "city"
[glossary.customers.columns.points]
noun = { en = "bonus", zh = "积分" }
unit = { en = "credits" }
"#;

fn with_glossary(folder: &Path, glossary: &str) {
    let profile = folder.join("nl2sql.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(profile, text + glossary).unwrap();
}

#[test]
fn terms_stand_in_cards_pairs_and_prompts() {
    let folder = exported();
    with_glossary(folder.path(), GLOSSARY);
    let settings = [
        "--set",
        "run.name=spoken",
        "--set",
        "privacy.sample_values=true",
        "--set",
        "export.prompt={schema}\n\n{question}",
        "--set",
        "export.schema_style=outline",
        "--set",
        "plan.total=200",
    ];
    done(folder.path(), &[&["run", "--quiet"][..], &settings].concat());
    let run = folder.path().join("runs/spoken");
    let cards = fs::read_to_string(run.join("cards.md")).unwrap();
    assert!(
        cards.contains("subscriber, 订户, reader") && cards.contains("in credits"),
        "{cards}"
    );
    let samples = fs::read_to_string(run.join("samples.jsonl")).unwrap();
    for words in ["subscriber", "reader", "bonus", " credits"] {
        assert!(samples.contains(words), "nobody asks about {words}");
    }
    assert!(!samples.contains("\"question\":\"How many customers"), "{samples}");
    let rows = json(&run.join("export/spoken_train.json"));
    let prompt = rows[0]["input"].as_str().unwrap();
    assert!(
        prompt.contains("customers[subscriber, 订户, reader](id, city, points[bonus, 积分, in credits])"),
        "{prompt}"
    );
    assert!(
        !fs::read_to_string(run.join("metadata.json"))
            .unwrap()
            .contains("subscriber")
    );
}

#[test]
fn a_changed_glossary_makes_pairs_out_of_date() {
    let folder = exported();
    with_glossary(folder.path(), GLOSSARY);
    let output = command(folder.path(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    done(folder.path(), &["run", "--quiet", "--redo"]);
    let samples = fs::read_to_string(folder.path().join("runs/shop/samples.jsonl")).unwrap();
    assert!(samples.contains("subscriber"));
}

#[test]
fn a_draft_keeps_what_is_written_and_fits_the_profile() {
    let folder = exported();
    with_glossary(folder.path(), GLOSSARY);
    let draft = done(folder.path(), &["glossary"]);
    assert!(draft.contains("subscriber") && draft.contains("order"), "{draft}");
    done(folder.path(), &["glossary", "--output", "terms.toml", "--quiet"]);
    let terms = fs::read_to_string(folder.path().join("terms.toml")).unwrap();
    assert!(terms.contains("[glossary.orders"), "{terms}");
    fs::write(
        folder.path().join("drafted.toml"),
        "extends = [\"terms.toml\"]\n[database]\npath = \"shop.sqlite\"\n[plan]\ntotal = 20\n",
    )
    .unwrap();
    done(
        folder.path(),
        &[
            "run",
            "--quiet",
            "--profile",
            "drafted.toml",
            "--run-dir",
            "runs/drafted",
        ],
    );
}

#[test]
fn what_the_database_does_not_have_is_refused_by_name() {
    for (glossary, refusal) in [
        (
            "\n[glossary.custommers]\nnoun = { en = \"client\" }\n",
            "no table `custommers`; did you mean `customers`?",
        ),
        ("\n[glossary.orders]\ndisplay = \"title\"\n", "no column `orders.title`"),
        (
            "\n[glossary.orders.columns.amout]\nunit = { en = \"kg\" }\n",
            "no column `orders.amout`; did you mean `orders.amount`?",
        ),
    ] {
        let folder = exported();
        with_glossary(folder.path(), glossary);
        for verb in ["run", "glossary"] {
            let output = command(folder.path(), &[verb]).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{verb}: {}", said(&output));
            assert!(said(&output).contains(refusal), "{verb}: {}", said(&output));
        }
    }
}
