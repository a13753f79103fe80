//! The templates themselves.

use super::{ChatTemplate, Slot};

/// Turns in ChatML's markers, shared by several families.
const CHATML: ChatTemplate = ChatTemplate {
    name: "chatml",
    prefix: &[],
    system: &[Slot::Text("<|im_start|>system\n{{content}}<|im_end|>\n")],
    user: &[Slot::Text(
        "<|im_start|>user\n{{content}}<|im_end|>\n<|im_start|>assistant\n",
    )],
    assistant: &[Slot::Text("{{content}}<|im_end|>\n")],
    default_system: "",
    stop_words: &["<|im_end|>", "<|im_start|>"],
    replaces_eos: true,
    thinks: false,
};

/// Every template, by name.
pub(super) static TEMPLATES: [ChatTemplate; 7] = [
    CHATML,
    ChatTemplate {
        name: "qwen3",
        stop_words: &["<|im_end|>"],
        thinks: true,
        ..CHATML
    },
    ChatTemplate {
        name: "qwen3_nothink",
        stop_words: &["<|im_end|>"],
        ..CHATML
    },
    ChatTemplate {
        name: "smollm2",
        default_system: "You are a helpful AI assistant named SmolLM, trained by Hugging Face.",
        stop_words: &["<|im_end|>"],
        replaces_eos: false,
        ..CHATML
    },
    ChatTemplate {
        name: "deepseekcoder",
        prefix: &[Slot::Bos],
        system: &[Slot::Text("{{content}}")],
        user: &[Slot::Text("### Instruction:\n{{content}}\n### Response:")],
        assistant: &[Slot::Text("\n{{content}}\n<|EOT|>\n")],
        default_system: "You are an AI programming assistant, utilizing the DeepSeek Coder model, developed by \
            DeepSeek Company, and you only answer questions related to computer science. For politically sensitive \
            questions, security and privacy issues, and other non-computer science questions, you will refuse to \
            answer.\n",
        stop_words: &[],
        replaces_eos: false,
        thinks: false,
    },
    ChatTemplate {
        name: "llama3",
        prefix: &[Slot::Bos],
        system: &[Slot::Text(
            "<|start_header_id|>system<|end_header_id|>\n\n{{content}}<|eot_id|>",
        )],
        user: &[Slot::Text(
            "<|start_header_id|>user<|end_header_id|>\n\n{{content}}<|eot_id|>\
             <|start_header_id|>assistant<|end_header_id|>\n\n",
        )],
        assistant: &[Slot::Text("{{content}}<|eot_id|>")],
        default_system: "",
        stop_words: &["<|eot_id|>", "<|eom_id|>"],
        replaces_eos: true,
        thinks: false,
    },
    ChatTemplate {
        name: "default",
        prefix: &[],
        system: &[Slot::Text("System: {{content}}"), Slot::Eos, Slot::Text("\n")],
        user: &[Slot::Text("Human: {{content}}"), Slot::Eos, Slot::Text("\nAssistant:")],
        assistant: &[Slot::Text("{{content}}"), Slot::Eos, Slot::Text("\n")],
        default_system: "",
        stop_words: &[],
        replaces_eos: false,
        thinks: false,
    },
];
