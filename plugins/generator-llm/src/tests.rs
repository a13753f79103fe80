use std::cell::RefCell;

use nl2sql_sdk::generator::{Context, Rejection, Request};
use nl2sql_sdk::llm::{self, Answer, LlmError};
use nl2sql_sdk::types::{Catalog, Column, Finding, Sample, Table, Topic};

use crate::{generate, options::Options};

fn context() -> Context {
    let column = Column {
        name: "age".into(),
        type_name: "INTEGER".into(),
        samples: vec!["41".into(), "29".into()],
        ..Column::default()
    };
    let table = Table {
        name: "singer".into(),
        columns: vec![column],
        ..Table::default()
    };
    let mut context = Context {
        catalog: Catalog {
            tables: vec![table],
            ..Catalog::default()
        },
        ..Context::default()
    };
    context.dialect.name = "sqlite".into();
    context.dialect.prompt_notes = vec!["There is no TOP.".into()];
    context
}

fn request(want: u32) -> Request {
    let topic = Topic {
        name: "Singers".into(),
        tables: vec!["singer".into()],
        ..Topic::default()
    };
    Request {
        topic,
        want,
        languages: vec![("en".into(), 3.0), ("zh".into(), 1.0)],
        ..Request::default()
    }
}

fn ddl(table: &Table) -> String {
    format!("CREATE TABLE {} (…)", table.name)
}

fn answer(content: &str) -> Result<Answer, LlmError> {
    Ok(Answer {
        content: content.to_owned(),
        finish_reason: "stop".to_owned(),
        input_tokens: 1,
        output_tokens: 1,
        extra: Vec::new(),
    })
}

fn pair(question: &str, sql: &str) -> String {
    format!(r#"{{"question": "{question}", "sql": "{sql}", "difficulty": "EASY"}}"#)
}

#[test]
fn a_round_is_split_into_requests_and_repeats_are_dropped() {
    let asked = RefCell::new(Vec::<llm::Request>::new());
    let ask = |requests: &[llm::Request]| {
        asked.borrow_mut().extend_from_slice(requests);
        let list = [
            pair("How old?", "SELECT age FROM singer;"),
            pair("how  old?", "select age from singer"),
            pair("Known", "SELECT 1"),
        ];
        requests
            .iter()
            .map(|_| answer(&format!("{{\"pairs\": [{}]}}", list.join(","))))
            .collect()
    };
    let mut request = request(40);
    request.accepted = vec![Sample {
        question: "known".into(),
        sql: "select 1".into(),
        ..Sample::default()
    }];
    let batch = generate(&context(), &Options::default(), &request, &ddl, &ask).unwrap();
    assert_eq!(batch.samples.len(), 1);
    let sample = &batch.samples[0];
    assert_eq!(
        (sample.sql.as_str(), sample.difficulty.name(), sample.language.as_str()),
        ("SELECT age FROM singer", "easy", "en")
    );
    let asked = asked.into_inner();
    let endings: Vec<&str> = asked
        .iter()
        .map(|request| request.messages[1].content.lines().last().unwrap())
        .collect();
    assert_eq!(
        endings,
        [
            "Write exactly 15 pairs.",
            "Write exactly 15 pairs.",
            "Write exactly 15 pairs.",
            "Write exactly 1 pairs."
        ]
    );
    let prompt = &asked[0].messages[1].content;
    for part in [
        "CREATE TABLE singer (…)",
        "singer.age: '41', '29'",
        "en 75%, zh 25%",
        "- known",
    ] {
        assert!(prompt.contains(part), "{part} in {prompt}");
    }
    assert!(asked[0].messages[0].content.contains("There is no TOP."));
    assert_ne!(
        asked[0].messages, asked[1].messages,
        "requests of a round differ, or the cache would answer them alike"
    );
}

#[test]
fn a_rejection_goes_back_once_with_what_was_found() {
    let rejected = |tags: Vec<String>| {
        let sample = Sample {
            question: "Tall?".into(),
            sql: "SELECT height FROM singer".into(),
            tags,
            ..Sample::default()
        };
        let finding = Finding::error("schema", "unknown-column", "there is no column height").suggest("age");
        Rejection {
            sample,
            findings: vec![finding],
        }
    };
    let repairs = RefCell::new(0);
    let ask = |requests: &[llm::Request]| {
        let repairs_pair = |request: &llm::Request| {
            request.messages[1]
                .content
                .contains("problem: there is no column height (perhaps age)")
        };
        *repairs.borrow_mut() += requests.iter().filter(|request| repairs_pair(request)).count();
        requests
            .iter()
            .map(|request| {
                answer(&pair(
                    if repairs_pair(request) { "Repaired" } else { "Fresh" },
                    "SELECT age FROM singer",
                ))
            })
            .collect()
    };
    let mut request = request(1);
    request.rejected = vec![rejected(vec![])];
    let batch = generate(&context(), &Options::default(), &request, &ddl, &ask).unwrap();
    assert_eq!(
        batch.samples.iter().map(|sample| sample.tags.len()).collect::<Vec<_>>(),
        [1, 2]
    );
    request.rejected = vec![rejected(batch.samples[1].tags.clone())];
    generate(&context(), &Options::default(), &request, &ddl, &ask).unwrap();
    assert_eq!(repairs.into_inner(), 1);
}

#[test]
fn answers_without_pairs_are_requested_again_and_then_reported() {
    let attempts = RefCell::new(Vec::new());
    let ask = |requests: &[llm::Request]| {
        attempts
            .borrow_mut()
            .push((requests[0].attempt, requests[0].messages.len()));
        vec![answer("I would rather not.")]
    };
    let batch = generate(
        &context(),
        &Options::default(),
        &Request { round: 2, ..request(5) },
        &ddl,
        &ask,
    )
    .unwrap();
    assert!(
        batch.samples.is_empty() && batch.notes[0].contains("held no pairs"),
        "{:?}",
        batch.notes
    );
    assert_eq!(attempts.into_inner(), [(6, 2), (7, 4), (8, 6)]);
}

#[test]
fn an_empty_budget_keeps_what_was_paid_for_and_then_ends_the_run() {
    let spent = || LlmError {
        code: "budget".into(),
        message: "the run budget of 900 tokens is used up".into(),
    };
    let half = |_: &[llm::Request]| vec![answer(&pair("How old?", "SELECT age FROM singer")), Err(spent())];
    let batch = generate(&context(), &Options::default(), &request(20), &ddl, &half).unwrap();
    assert_eq!(
        (batch.samples.len(), batch.exhausted),
        (1, false),
        "a raised cap must find the topic open"
    );
    assert!(batch.notes[0].contains("used up"));
    let nothing = |requests: &[llm::Request]| requests.iter().map(|_| Err(spent())).collect();
    let error = generate(&context(), &Options::default(), &request(20), &ddl, &nothing).unwrap_err();
    assert_eq!(error.code, "llm-budget");
}

#[test]
fn a_truncated_answer_is_requested_again_with_fewer_pairs() {
    let asked = RefCell::new(Vec::new());
    let ask = |requests: &[llm::Request]| {
        asked
            .borrow_mut()
            .push(requests[0].messages.last().unwrap().content.clone());
        let cut = Answer {
            content: String::new(),
            finish_reason: "length".into(),
            input_tokens: 1,
            output_tokens: 1,
            extra: Vec::new(),
        };
        vec![Ok(cut)]
    };
    generate(&context(), &Options::default(), &request(8), &ddl, &ask).unwrap();
    assert!(
        asked.borrow()[1].ends_with("with exactly 4 pairs."),
        "{:?}",
        asked.borrow()
    );
}

#[test]
fn a_model_without_usable_answers_ends_the_topic() {
    let ask = |requests: &[llm::Request]| requests.iter().map(|_| answer("Paris.")).collect();
    let batch = |request: Request| generate(&context(), &Options::default(), &request, &ddl, &ask).unwrap();
    assert!(!batch(Request { round: 1, ..request(5) }).exhausted);
    let third = batch(Request { round: 2, ..request(5) });
    assert!(
        third.exhausted && third.notes.iter().any(|note| note.contains("no pair in 3 rounds")),
        "{:?}",
        third.notes
    );
    let after_some = Request {
        round: 2,
        accepted: vec![Sample::default()],
        ..request(5)
    };
    assert!(!batch(after_some).exhausted);
}

#[test]
fn chinese_questions_are_asked_for_in_chinese_and_prose_is_read() {
    let asked = RefCell::new(String::new());
    let ask = |requests: &[llm::Request]| {
        asked.replace(requests[0].messages[1].content.clone());
        vec![answer(
            "好的：\n\n1. 歌手的年龄是多少？\n```sql\nSELECT age FROM singer;\n```",
        )]
    };
    let request = Request {
        languages: vec![("zh".into(), 1.0)],
        ..request(3)
    };
    let batch = generate(&context(), &Options::default(), &request, &ddl, &ask).unwrap();
    let sample = &batch.samples[0];
    assert_eq!(
        (sample.question.as_str(), sample.sql.as_str(), sample.language.as_str()),
        ("歌手的年龄是多少？", "SELECT age FROM singer", "zh")
    );
    assert!(asked.borrow().ends_with("请编写恰好 5 对。"), "{}", asked.borrow());
}

#[test]
fn a_topic_without_known_tables_is_an_error() {
    let mut request = request(1);
    request.topic.tables = vec!["ghost".into()];
    let error = generate(&context(), &Options::default(), &request, &ddl, &|_| vec![]).unwrap_err();
    assert_eq!(error.code, "unknown-tables");
}
