//! Token ids and labels against LLaMA-Factory's own data pipeline.

use std::path::{Path, PathBuf};

use nl2sql_model::templates::{ChatMessage, ChatTemplate, Thinking, detect_template, resolve_template};
use nl2sql_model::tokenizer::TextTokenizer;
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

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

/// A folder with a tokenizer of single characters and the special tokens given, and the chat template if any.
fn model_folder(special: &[&str], model_type: &str, chat_template: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut vocabulary = serde_json::Map::new();
    let mut added = Vec::new();
    for token in ["<s>", "</s>"].iter().chain(special) {
        let id = vocabulary.len();
        vocabulary.insert((*token).to_owned(), json!(id));
        added.push(
            json!({ "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true }),
        );
    }
    for character in (' '..='~').chain(['\n']) {
        vocabulary.insert(character.to_string(), json!(vocabulary.len()));
    }
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": { "type": "Split", "pattern": { "Regex": "[\\s\\S]" }, "behavior": "Isolated", "invert": false },
        "post_processor": null, "decoder": { "type": "Fuse" },
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "?" },
    });
    let config = json!({ "bos_token": "<s>", "eos_token": "</s>", "chat_template": chat_template });
    for (name, document) in [
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", config),
        ("config.json", json!({ "model_type": model_type })),
    ] {
        std::fs::write(folder.path().join(name), document.to_string()).unwrap();
    }
    folder
}

/// The prompt of a first question, as text with special tokens written out.
fn prompt_text(template: &str, system: &str) -> String {
    let folder = model_folder(&[], "llama", None);
    let tokenizer = TextTokenizer::read(folder.path()).unwrap();
    let tokens = ChatTemplate::named(template)
        .unwrap()
        .encode_prompt(&tokenizer, system, &[ChatMessage::user("Q")], Thinking::Disabled)
        .unwrap();
    tokenizer.decode(&tokens, false).unwrap()
}

#[test]
fn prompts_are_laid_out_as_llama_factory_lays_them_out() {
    let cases = [
        (
            "qwen",
            "",
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "qwen",
            "S",
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "qwen3_nothink",
            "",
            "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "qwen3",
            "",
            "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        ),
        ("smollm", "", "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"),
        (
            "yi",
            "S",
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n",
        ),
        ("llama2", "", "<s>[INST] Q [/INST]"),
        ("llama2", "S", "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nQ [/INST]"),
        (
            "llama3",
            "S",
            "<s><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        ("deepseek", "S", "<s>S\n\nUser: Q\n\nAssistant:"),
        (
            "zephyr",
            "",
            "<|system|>\nYou are Zephyr, a helpful assistant.</s><|user|>\nQ</s><|assistant|>\n",
        ),
        ("mistral", "", "<s>[INST] Q[/INST]"),
        ("mistral", "S", "<s>[INST] S\n\nQ[/INST]"),
        ("ministral", "S", "<s>[INST]S\n\nQ[/INST]"),
        (
            "mistral_small",
            "S",
            "<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]Q[/INST]",
        ),
        (
            "gemma3",
            "",
            "<s><start_of_turn>user\nQ<end_of_turn>\n<start_of_turn>model\n",
        ),
        (
            "gemma",
            "S",
            "<s><start_of_turn>user\nS\n\nQ<end_of_turn>\n<start_of_turn>model\n",
        ),
        ("seed_coder", "S", "<s>system\nS</s><s>user\nQ</s><s>assistant\n"),
        ("vicuna", "S", "SUSER: Q ASSISTANT:"),
        ("alpaca", "S\n\n", "S\n\n### Instruction:\nQ\n\n### Response:\n"),
        ("default", "S", "System: S</s>\nHuman: Q</s>\nAssistant:"),
        ("empty", "S", "SQ"),
    ];
    for (template, system, expected) in cases {
        assert_eq!(prompt_text(template, system), expected, "{template}");
    }
}

#[test]
fn answers_end_as_llama_factory_ends_them() {
    let folder = model_folder(&[], "llama", None);
    let tokenizer = TextTokenizer::read(folder.path()).unwrap();
    let turn = [ChatMessage::user("Q"), ChatMessage::assistant("A")];
    let cases = [
        ("qwen", "A<|im_end|>\n"),
        ("llama2", "A</s>"),
        ("deepseek", "A</s>"),
        ("deepseekcoder", "\nA\n<|EOT|>\n"),
        ("mistral", " A</s>"),
        ("ministral", "A</s>"),
        ("gemma3", "A<end_of_turn>\n"),
        ("zephyr", "A</s>"),
        ("alpaca", "A</s>\n\n"),
        ("default", "A</s>\n"),
        ("empty", "A"),
    ];
    for (name, expected) in cases {
        let template = ChatTemplate::named(name).unwrap();
        let turns = template.encode_turns(&tokenizer, "", &turn, Thinking::Enabled).unwrap();
        assert_eq!(tokenizer.decode(&turns[0].answer, false).unwrap(), expected, "{name}");
    }
}

#[test]
fn the_template_is_detected_from_the_chat_template() {
    let chatml = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    let qwen = format!("{chatml}You are Qwen, created by Alibaba Cloud.");
    let smollm = format!("{chatml}You are a helpful AI assistant named SmolLM");
    let cases = [
        ("qwen2", qwen.as_str(), "qwen"),
        ("qwen2", chatml, "qwen"),
        ("qwen3", chatml, "qwen3_nothink"),
        ("llama", smollm.as_str(), "smollm2"),
        ("llama", chatml, "chatml"),
        ("llama", "<|start_header_id|>{{ role }}<|end_header_id|>", "llama3"),
        ("llama", "[INST] <<SYS>>\n{{ system }}", "llama2"),
        ("mistral", "[INST] {{ content }} [/INST]", "mistral"),
        ("mistral", "{{- \"[INST] \" + content + \"[/INST]\" }}", "mistral"),
        ("mistral", "[INST]{{ content }}[/INST]", "ministral"),
        (
            "mistral",
            "[SYSTEM_PROMPT]{{ system }}[/SYSTEM_PROMPT][INST]{{ content }}[/INST]",
            "mistral_small",
        ),
        (
            "gemma3_text",
            "<start_of_turn>{{ role }}\n{{ content }}<end_of_turn>\n",
            "gemma3",
        ),
        ("llama", "<|user|>\n{{ content }}<|assistant|>", "zephyr"),
        ("qwen2", "<｜User｜>{{ content }}<｜Assistant｜>", "deepseek3"),
        ("qwen2", "<｜User｜>{{ content }}<｜Assistant｜><think>\n", "deepseekr1"),
    ];
    for (model_type, chat_template, expected) in cases {
        let folder = model_folder(&["<|im_start|>"], model_type, Some(chat_template));
        let detected = detect_template(folder.path()).unwrap();
        assert_eq!(detected.template.name, expected, "{chat_template}");
        assert!(detected.evidence.contains("chat template"), "{}", detected.evidence);
    }
}

#[test]
fn the_template_is_detected_from_special_tokens_without_a_chat_template() {
    for (special, model_type, expected) in [
        (&["<|im_start|>"][..], "qwen2", "qwen"),
        (&["<|im_start|>"], "qwen3", "qwen3_nothink"),
        (&["<|start_header_id|>"], "llama", "llama3"),
        (&["<|EOT|>"], "llama", "deepseekcoder"),
        (&["[INST]", "[/INST]"], "mistral", "mistral"),
        // Mistral trained on in ChatML keeps its own markers.
        (&["[INST]", "[/INST]", "<|im_start|>"], "mistral", "chatml"),
        (&["<start_of_turn>", "<end_of_turn>"], "gemma3_text", "gemma3"),
        (&[], "llama", "default"),
    ] {
        let folder = model_folder(special, model_type, None);
        assert_eq!(detect_template(folder.path()).unwrap().template.name, expected);
    }
}

#[test]
fn a_chat_template_of_an_unknown_family_is_refused() {
    let folder = model_folder(&[], "llama", Some("<|turn|>{{ content }}"));
    let error = detect_template(folder.path()).unwrap_err();
    assert!(error.to_string().contains("no known family"), "{error}");
}

#[test]
fn a_template_that_contradicts_the_special_tokens_is_refused() {
    let llama3 = model_folder(&["<|start_header_id|>", "<|eot_id|>"], "llama", None);
    let error = resolve_template("qwen3_nothink", llama3.path())
        .unwrap_err()
        .to_string();
    for part in ["qwen3_nothink", "<|im_start|>", "<|start_header_id|>"] {
        assert!(error.contains(part), "{error}");
    }
    for fitting in ["llama3", "alpaca", "default"] {
        assert_eq!(resolve_template(fitting, llama3.path()).unwrap().template.name, fitting);
    }
    assert_eq!(resolve_template("auto", llama3.path()).unwrap().template.name, "llama3");
    let gemma = model_folder(&["<start_of_turn>"], "gemma3_text", None);
    let error = resolve_template("mistral", gemma.path()).unwrap_err().to_string();
    for part in ["[INST]", "<start_of_turn>"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(resolve_template("gemma", gemma.path()).unwrap().template.name, "gemma");
    assert_eq!(
        resolve_template("llama2", gemma.path()).unwrap().template.name,
        "llama2"
    );
    let unmarked = model_folder(&[], "llama", None);
    assert_eq!(resolve_template("qwen", unmarked.path()).unwrap().template.name, "qwen");
}

#[test]
fn an_unknown_template_lists_the_known_ones() {
    let help = |name: &str| {
        let error = ChatTemplate::named(name).unwrap_err();
        miette::Diagnostic::help(&error).unwrap().to_string()
    };
    for name in ["qwen3_nothink", "deepseekcoder", "llama3", "default"] {
        assert!(help("gossip").contains(name), "{}", help("gossip"));
    }
    for (written, usual) in [
        ("qwen2.5", "`qwen`"),
        ("Llama-3.1", "`llama3`"),
        ("tinyllama", "`zephyr`"),
        ("Mistral-Nemo", "`ministral`"),
        ("gemma-3-it", "`gemma3`"),
    ] {
        assert!(help(written).contains(usual), "{}", help(written));
    }
}
