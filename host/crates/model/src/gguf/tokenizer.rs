//! tokenizer.json and tokenizer_config.json from a GGUF file's byte-pair vocabulary.

use serde_json::{Map, Value, json};

use super::reader::GgufFile;
use crate::error::Result;

/// ggml's kinds of tokens.
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;
const UNUSED: u64 = 5;

/// Llama 3's pre-tokenisation (`LlamaTokenizerFast` of that family).
const LLAMA3_SPLIT: &str = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/// Qwen2's pre-tokenisation: as Llama 3's, but digits stand alone.
const QWEN2_SPLIT: &str = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/// How a family cuts text before merging bytes.
struct PreTokenisation {
    normaliser: Value,
    steps: Value,
    ignore_merges: bool,
}

/// tokenizer.json.
pub(super) fn tokenizer_document(file: &GgufFile) -> Result<Value> {
    let meta = &file.metadata;
    let model = meta.text("tokenizer.ggml.model").unwrap_or_default();
    if model != "gpt2" {
        return Err(file.refuse(
            format!("its tokenizer is of kind `{model}`; byte-level BPE (`gpt2`) is needed"),
            "Use the model's Hugging Face folder, which has a tokenizer.json.",
        ));
    }
    let missing = |what: &str| {
        file.refuse(
            format!("its tokenizer has no {what}"),
            "Fetch a complete GGUF file, or use the model's Hugging Face folder.",
        )
    };
    let tokens = meta.texts("tokenizer.ggml.tokens").ok_or_else(|| missing("tokens"))?;
    let merges = meta.texts("tokenizer.ggml.merges").ok_or_else(|| missing("merges"))?;
    let kinds = meta.wholes("tokenizer.ggml.token_type").unwrap_or_default();
    let kind = |id: usize| kinds.get(id).copied().unwrap_or(1);

    let mut vocab = Map::new();
    let mut added = Vec::new();
    for (id, token) in tokens.iter().enumerate().filter(|(id, _)| kind(*id) != UNUSED) {
        vocab.insert((*token).to_owned(), json!(id));
        if matches!(kind(id), UNKNOWN | CONTROL | USER_DEFINED) {
            added.push(json!({
                "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": kind(id) != USER_DEFINED,
            }));
        }
    }
    let pairs: Option<Vec<[&str; 2]>> = merges
        .iter()
        .map(|merge| merge.split_once(' ').map(|(left, right)| [left, right]))
        .collect();
    let pairs = pairs.ok_or_else(|| missing("well-formed merges"))?;
    let cut = pre_tokenisation(file)?;
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": cut.normaliser,
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": cut.steps },
        "post_processor": first_token_processor(file, &tokens),
        "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": cut.ignore_merges, "vocab": vocab, "merges": pairs,
        },
    }))
}

fn pre_tokenisation(file: &GgufFile) -> Result<PreTokenisation> {
    let byte_level = |use_regex: bool| json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex });
    let split = |pattern: &str| json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false });
    let digits = json!({ "type": "Digits", "individual_digits": true });
    let name = file.metadata.text("tokenizer.ggml.pre").unwrap_or("default");
    let (normaliser, steps, ignore_merges) = match name {
        "default" | "gpt-2" => (Value::Null, json!([byte_level(true)]), false),
        "smollm" | "starcoder" | "refact" | "command-r" => (Value::Null, json!([digits, byte_level(true)]), false),
        "qwen2" | "deepseek-r1-qwen" => {
            let normaliser = json!({ "type": "NFC" });
            (normaliser, json!([split(QWEN2_SPLIT), byte_level(false)]), false)
        }
        "llama-bpe" | "llama3" | "llama-v3" => (Value::Null, json!([split(LLAMA3_SPLIT), byte_level(false)]), true),
        "deepseek-coder" => {
            let steps = json!([
                split("[\\r\\n]"),
                split("\\s?\\p{L}+"),
                split("\\s?\\p{P}+"),
                split("[\u{4e00}-\u{9fa5}\u{0800}-\u{4e00}\u{ac00}-\u{d7ff}]+"),
                digits,
                byte_level(false),
            ]);
            (Value::Null, steps, false)
        }
        other => {
            return Err(file.refuse(
                format!("its pre-tokenisation `{other}` is not known"),
                "Known: gpt-2, smollm, starcoder, qwen2, llama-bpe, deepseek-coder. Use the model's Hugging Face folder.",
            ));
        }
    };
    Ok(PreTokenisation {
        normaliser,
        steps,
        ignore_merges,
    })
}

/// Puts the first token before texts where the file asks for it.
fn first_token_processor(file: &GgufFile, tokens: &[&str]) -> Value {
    let meta = &file.metadata;
    let id = meta.whole("tokenizer.ggml.bos_token_id").unwrap_or(u64::MAX);
    let token = usize::try_from(id).ok().and_then(|id| tokens.get(id));
    match (meta.flag("tokenizer.ggml.add_bos_token"), token) {
        (Some(true), Some(token)) => json!({
            "type": "TemplateProcessing",
            "single": [{ "SpecialToken": { "id": token, "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
            "pair": [
                { "SpecialToken": { "id": token, "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } },
                { "SpecialToken": { "id": token, "type_id": 1 } }, { "Sequence": { "id": "B", "type_id": 1 } },
            ],
            "special_tokens": { (*token): { "id": token, "ids": [id], "tokens": [token] } },
        }),
        _ => Value::Null,
    }
}

/// tokenizer_config.json.
pub(super) fn tokenizer_config_document(file: &GgufFile, context_length: &Value) -> Value {
    let meta = &file.metadata;
    let tokens = meta.texts("tokenizer.ggml.tokens").unwrap_or_default();
    let named = |name: &str| {
        let id = meta.whole(&format!("tokenizer.ggml.{name}_token_id"))?;
        tokens.get(usize::try_from(id).ok()?).copied()
    };
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": meta.flag("tokenizer.ggml.add_bos_token").unwrap_or(false),
        "bos_token": named("bos"),
        "eos_token": named("eos"),
        "unk_token": named("unknown"),
        "pad_token": named("padding").or_else(|| named("eos")),
        "chat_template": meta.text("tokenizer.chat_template"),
        "clean_up_tokenization_spaces": false,
        "model_max_length": context_length,
    })
}
