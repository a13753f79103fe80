//! Token ids and labels against LLaMA-Factory's own data pipeline.

use std::path::{Path, PathBuf};

use nl2sql_model::templates::{ChatMessage, ChatTemplate, Thinking};
use nl2sql_model::tokenizer::TextTokenizer;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    template: String,
    cutoff_len: usize,
    system: Option<String>,
    messages: Vec<Message>,
    input_ids: Vec<u32>,
    labels: Vec<i64>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: String,
}

/// Reference data lies beside the checkout; tests that need it say so when it is not there.
fn shared(test: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("NL2SQL_SHARED").map_or(default, PathBuf::from);
    if folder.join("parity").is_dir() {
        return Some(folder.join("parity"));
    }
    eprintln!("skipped: {test} needs ../shared");
    None
}

fn message(message: &Message) -> ChatMessage {
    match message.role.as_str() {
        "user" => ChatMessage::user(&message.content),
        _ => ChatMessage::assistant(&message.content),
    }
}

#[test]
fn every_reference_row_has_the_same_tokens_and_labels() {
    let Some(parity) = shared("every_reference_row_has_the_same_tokens_and_labels") else {
        return;
    };
    let mut rows = 0;
    for tokenizer_name in ["qwen3", "smollm2"] {
        let tokenizer = TextTokenizer::read(&parity.join("tokenizers").join(tokenizer_name)).unwrap();
        for template in ChatTemplate::names() {
            let path = parity.join(format!("tokens-{tokenizer_name}-{template}.json"));
            let Ok(text) = std::fs::read_to_string(path) else {
                continue;
            };
            let cases: Vec<Row> = serde_json::from_str(&text).unwrap();
            for (number, row) in cases.iter().enumerate() {
                let messages: Vec<ChatMessage> = row.messages.iter().map(message).collect();
                let sample = ChatTemplate::named(&row.template)
                    .unwrap()
                    .encode_sample(
                        &tokenizer,
                        row.system.as_deref().unwrap_or_default(),
                        &messages,
                        row.cutoff_len,
                        Thinking::Enabled,
                    )
                    .unwrap();
                assert_eq!(sample.input_ids, row.input_ids, "{template}, row {number}");
                assert_eq!(sample.labels, row.labels, "{template}, row {number}");
                rows += 1;
            }
        }
    }
    assert!(rows >= 160, "only {rows} rows were found");
}

#[test]
fn a_prompt_is_the_sample_up_to_its_last_answer() {
    let Some(parity) = shared("a_prompt_is_the_sample_up_to_its_last_answer") else {
        return;
    };
    let tokenizer = TextTokenizer::read(&parity.join("tokenizers/smollm2")).unwrap();
    let messages = [
        ChatMessage::user("How many singers?"),
        ChatMessage::assistant("SELECT count(*) FROM singer"),
        ChatMessage::user("And concerts?"),
        ChatMessage::assistant("SELECT count(*) FROM concert"),
    ];
    for name in ChatTemplate::names() {
        let template = ChatTemplate::named(name).unwrap();
        let turns = template
            .encode_turns(&tokenizer, "", &messages, Thinking::Disabled)
            .unwrap();
        let prompt = template
            .encode_prompt(&tokenizer, "", &messages[..3], Thinking::Disabled)
            .unwrap();
        assert!(prompt.ends_with(&turns[1].prompt), "{name}");
    }
}

#[test]
fn an_unknown_template_lists_the_known_ones() {
    let error = ChatTemplate::named("vicuna").unwrap_err();
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    for name in ["qwen3_nothink", "deepseekcoder", "llama3", "default"] {
        assert!(help.contains(name), "{help}");
    }
}
