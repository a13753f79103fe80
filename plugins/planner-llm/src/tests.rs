use std::cell::RefCell;

use nl2sql_sdk::llm::{Answer, LlmError, Request};
use nl2sql_sdk::planner::{Context, PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::{Card, Catalog, PluginError};

use crate::{Ask, LlmPlanner};

fn card(table: &str, neighbours: &[&str]) -> Card {
    let neighbours = neighbours.iter().map(|name| (*name).to_owned()).collect();
    Card {
        table: table.to_owned(),
        text: format!("{table}: id, name"),
        neighbours,
    }
}

fn context(cards: Vec<Card>) -> Context {
    let catalog = Catalog {
        dialect: "sqlite".to_owned(),
        ..Catalog::default()
    };
    Context {
        catalog,
        cards,
        language: "en".to_owned(),
        seed: 1,
        ..Context::default()
    }
}

fn plan(context: Context, total: u32, ask: Ask) -> Result<TopicPlan, PluginError> {
    let request = PlanRequest {
        total,
        minimum: 2,
        ..PlanRequest::default()
    };
    LlmPlanner::open(context)?.plan_asking(&request, ask)
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

fn singers() -> Vec<Card> {
    vec![
        card("singer", &["singer_in_concert"]),
        card("concert", &["singer_in_concert", "stadium"]),
        card("singer_in_concert", &["concert", "singer"]),
        card("stadium", &["concert"]),
    ]
}

#[test]
fn an_answer_is_held_to_the_catalog_and_to_the_total() {
    let said = r#"{"topics": [
        {"name": "Singers", "tables": ["SINGER", "singer_in_concerts"], "reason": "who sings", "count": 30},
        {"name": "Concerts", "tables": ["concert", "ticket"], "reason": "what is on", "count": "10"},
        {"name": "Ghosts", "tables": ["castle"], "reason": "", "count": 5}]}"#;
    let plan = plan(context(singers()), 20, &|_| vec![answer(said)]).unwrap();
    let topics: Vec<(&str, Vec<&str>, u32)> = plan
        .topics
        .iter()
        .map(|topic| {
            (
                topic.name.as_str(),
                topic.tables.iter().map(String::as_str).collect(),
                topic.budget,
            )
        })
        .collect();
    assert_eq!(
        topics,
        [
            ("Singers", vec!["singer", "singer_in_concert"], 12),
            ("Concerts", vec!["concert", "stadium"], 8)
        ]
    );
    for part in [
        "`singer_in_concerts` was read as the table `singer_in_concert`",
        "no table `ticket`",
        "`Ghosts`",
        "`stadium` was in no topic",
    ] {
        assert!(
            plan.notes.iter().any(|note| note.contains(part)),
            "{part}: {:?}",
            plan.notes
        );
    }
}

#[test]
fn a_wrong_shape_costs_a_retry_and_never_the_run() {
    let asked = RefCell::new(Vec::<Request>::new());
    let answers = RefCell::new(vec![
        r#"{"topics": [{"name": "All", "tables": ["singer", "concert"], "count": 5}]}"#,
        "[1]",
        "no",
    ]);
    let ask = |requests: &[Request]| {
        asked.borrow_mut().extend_from_slice(requests);
        vec![answer(answers.borrow_mut().pop().unwrap())]
    };
    let first = plan(context(singers()), 9, &ask).unwrap();
    assert_eq!(first.topics.iter().map(|topic| topic.budget).sum::<u32>(), 9);
    let asked = asked.into_inner();
    assert_eq!(
        asked
            .iter()
            .map(|request| (request.attempt, request.messages.len()))
            .collect::<Vec<_>>(),
        [(0, 2), (1, 4), (2, 6)]
    );

    let never = plan(context(singers()), 9, &|_| vec![answer("no")]).unwrap();
    assert_eq!((never.topics.len(), never.topics[0].budget), (1, 9));
    assert!(
        never.notes[0].contains("no usable topics for 4 tables"),
        "{:?}",
        never.notes
    );
}

#[test]
fn too_few_samples_keep_the_weightiest_topics() {
    let said = r#"[{"name": "A", "tables": ["singer"], "count": 1}, {"name": "B", "tables": ["concert", "stadium", "singer_in_concert"], "count": 9}]"#;
    let plan = plan(context(singers()), 1, &|_| vec![answer(said)]).unwrap();
    assert_eq!(
        plan.topics
            .iter()
            .map(|topic| (topic.name.as_str(), topic.budget))
            .collect::<Vec<_>>(),
        [("B", 1)]
    );
}

#[test]
fn a_thousand_tables_are_planned_in_pages_of_related_ones() {
    let cards: Vec<Card> = (0..1000)
        .map(|index: usize| {
            let root = index / 10 * 10;
            let neighbours = if index == root {
                (root + 1..root + 10).map(|i| format!("t{i}")).collect()
            } else {
                vec![format!("t{root}")]
            };
            Card {
                table: format!("t{index}"),
                text: "x".repeat(400),
                neighbours,
            }
        })
        .collect();
    let pages = RefCell::new(0);
    let ask = |requests: &[Request]| {
        *pages.borrow_mut() += requests.len();
        let topic_of = |request: &Request| {
            let tables: Vec<&str> = request.messages[1]
                .content
                .lines()
                .filter_map(|line| line.strip_prefix("## "))
                .collect();
            format!(
                r#"{{"topics": [{{"name": "about {}", "tables": {tables:?}, "count": 3}}]}}"#,
                tables[0]
            )
        };
        requests.iter().map(|request| answer(&topic_of(request))).collect()
    };
    let context = Context {
        options: r#"{"page_tokens": 24000}"#.to_owned(),
        ..context(cards)
    };
    let plan = plan(context, 5000, &ask).unwrap();
    assert_eq!(*pages.borrow(), 5);
    assert_eq!(plan.topics.iter().map(|topic| topic.budget).sum::<u32>(), 5000);
    assert_eq!(plan.topics.iter().map(|topic| topic.tables.len()).sum::<usize>(), 1000);
}

#[test]
fn errors_of_the_model_reach_the_user() {
    let error = plan(context(singers()), 5, &|_| {
        vec![Err(LlmError {
            code: "budget".into(),
            message: "the run budget is used up".into(),
        })]
    });
    assert_eq!(error.unwrap_err().code, "llm-budget");
    let bad = Context {
        options: r#"{"page_token": 1}"#.to_owned(),
        ..context(singers())
    };
    assert_eq!(plan(bad, 5, &|_| vec![]).unwrap_err().code, "bad-options");
}
