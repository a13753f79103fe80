//! Answers about runs are what `/openapi.json` says they are.

use std::process::Command;

use serde_json::{Value, json};

use crate::runs::shown;

/// Routes of a run that has trained and was evaluated, as the document names them.
const ROUTES: [&str; 9] = [
    "/v1/access",
    "/v1/runs",
    "/v1/runs/{run}",
    "/v1/runs/{run}/coverage",
    "/v1/runs/{run}/pairs",
    "/v1/runs/{run}/pairs/facets",
    "/v1/runs/{run}/training",
    "/v1/runs/{run}/evaluation",
    "/v1/runs/{run}/evaluation/questions",
];

/// Judges each answer by the schema of its route, in which an unknown field is a mistake.
const JUDGE: &str = r##"
import json, sys
from jsonschema import Draft202012Validator

told = json.load(open(sys.argv[1]))
components = told["document"]["components"]
for schema in components["schemas"].values():
    if "properties" in schema and "additionalProperties" not in schema:
        schema["unevaluatedProperties"] = False
for path, answer in told["answers"]:
    route = told["document"]["paths"][path]
    schema = route.get("get", route.get("post"))["responses"]["200"]["content"]["application/json"]["schema"]
    wrong = [f"{path}: {error.json_path}: {error.message[:300]}"
             for error in Draft202012Validator({**schema, "components": components}).iter_errors(answer)]
    assert not wrong, wrong
print("described")
"##;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_by_more_than_an_object() {
    let shown = shown().await;
    let document = shown.get("/openapi.json").await;
    let more = [
        "/v1/runs/{run}/pairs/{pair}",
        "/v1/runs/{run}/pairs/{pair}/review",
        "/v1/workers",
    ];
    for path in ROUTES.iter().chain(&more) {
        let route = document["paths"][path].as_object().unwrap_or_else(|| panic!("{path}"));
        for operation in route.values() {
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            let name = schema["$ref"].as_str().unwrap_or_else(|| panic!("{path}: {schema}"));
            let named = document.pointer(name.trim_start_matches('#')).unwrap();
            assert!(
                named["properties"].as_object().is_some_and(|fields| !fields.is_empty()),
                "{path}: {named}"
            );
        }
    }
    assert!(document["paths"]["/v1/events"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_what_the_document_says() {
    let python = std::env::var_os("NL2SQL_TEST_PYTHON").filter(|python| {
        let found = Command::new(python).args(["-c", "import jsonschema"]).output();
        found.is_ok_and(|found| found.status.success())
    });
    let Some(python) = python else {
        println!("skipped: answers_are_what_the_document_says needs NL2SQL_TEST_PYTHON, a Python with jsonschema");
        return;
    };
    let shown = shown().await;
    let pair = shown.get("/v1/runs/shop/pairs").await["pairs"][0]["id"].clone();
    let pair = pair.as_str().unwrap();
    let decided = shown.decided(pair, json!({ "action": "approve" })).await;
    shown.train();
    shown.evaluate();
    let mut answers: Vec<(&str, Value)> = vec![("/v1/runs/{run}/pairs/{pair}/review", decided)];
    for path in ROUTES {
        answers.push((path, shown.get(&path.replace("{run}", "shop")).await));
    }
    let whole = shown.get(&format!("/v1/runs/shop/pairs/{pair}")).await;
    answers.push(("/v1/runs/{run}/pairs/{pair}", whole));
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told.json");
    let document = shown.get("/openapi.json").await;
    std::fs::write(&told, json!({ "document": document, "answers": answers }).to_string()).unwrap();
    let judged = Command::new(python).args(["-c", JUDGE]).arg(&told).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stderr);
    assert_eq!(String::from_utf8_lossy(&judged.stdout).trim(), "described", "{said}");
}
