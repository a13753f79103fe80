//! The templates themselves: LLaMA-Factory's, for every family whose architecture this crate loads.

use super::{ChatTemplate, Slot};

/// Text without markers, answers ended by the tokenizer's end token: what LLaMA-Factory fills in.
const PLAIN: ChatTemplate = ChatTemplate {
    name: "empty",
    prefix: &[],
    system: &[Slot::Text("{{content}}")],
    user: &[Slot::Text("{{content}}")],
    assistant: &[Slot::Text("{{content}}"), Slot::Eos],
    default_system: "",
    stop_words: &[],
    replaces_eos: false,
    thinks: false,
    fuses_system: false,
};

/// Turns in ChatML's markers, shared by several families.
const CHATML: ChatTemplate = ChatTemplate {
    name: "chatml",
    system: &[Slot::Text("<|im_start|>system\n{{content}}<|im_end|>\n")],
    user: &[Slot::Text(
        "<|im_start|>user\n{{content}}<|im_end|>\n<|im_start|>assistant\n",
    )],
    assistant: &[Slot::Text("{{content}}<|im_end|>\n")],
    stop_words: &["<|im_end|>", "<|im_start|>"],
    replaces_eos: true,
    ..PLAIN
};

/// ChatML that keeps the tokenizer's own end token.
const CHATML_OWN_EOS: ChatTemplate = ChatTemplate {
    stop_words: &["<|im_end|>"],
    replaces_eos: false,
    ..CHATML
};

/// ChatML as Qwen's families use it.
const QWEN: ChatTemplate = ChatTemplate {
    name: "qwen",
    default_system: "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    stop_words: &["<|im_end|>"],
    ..CHATML
};

/// DeepSeek V3's markers.
const DEEPSEEK3: ChatTemplate = ChatTemplate {
    name: "deepseek3",
    prefix: &[Slot::Bos],
    user: &[Slot::Text("<｜User｜>{{content}}<｜Assistant｜>")],
    ..PLAIN
};

/// Llama 2's instruction brackets.
const LLAMA2: ChatTemplate = ChatTemplate {
    name: "llama2",
    system: &[Slot::Text("<<SYS>>\n{{content}}\n<</SYS>>\n\n")],
    user: &[Slot::Bos, Slot::Text("[INST] {{content}} [/INST]")],
    fuses_system: true,
    ..PLAIN
};

/// Mistral's instruction brackets, each one token since its third tokenizer; the system text goes into the first question.
const MISTRAL: ChatTemplate = ChatTemplate {
    name: "mistral",
    prefix: &[Slot::Bos],
    system: &[Slot::Text("{{content}}\n\n")],
    user: &[Slot::Text("[INST] {{content}}[/INST]")],
    assistant: &[Slot::Text(" {{content}}"), Slot::Eos],
    fuses_system: true,
    ..PLAIN
};

/// Mistral's brackets for tokenizers without spaces around them (Tekken).
const MINISTRAL: ChatTemplate = ChatTemplate {
    name: "ministral",
    user: &[Slot::Text("[INST]{{content}}[/INST]")],
    assistant: PLAIN.assistant,
    ..MISTRAL
};

/// Gemma's turns; the system text goes into the first question.
const GEMMA: ChatTemplate = ChatTemplate {
    name: "gemma",
    prefix: &[Slot::Bos],
    system: &[Slot::Text("{{content}}\n\n")],
    user: &[Slot::Text(
        "<start_of_turn>user\n{{content}}<end_of_turn>\n<start_of_turn>model\n",
    )],
    assistant: &[Slot::Text("{{content}}<end_of_turn>\n")],
    stop_words: &["<end_of_turn>"],
    replaces_eos: true,
    fuses_system: true,
    ..PLAIN
};

/// Every template, by name.
pub(super) static TEMPLATES: [ChatTemplate; 29] = [
    CHATML,
    ChatTemplate {
        name: "chatml_de",
        default_system: "Du bist ein freundlicher und hilfsbereiter KI-Assistent.",
        ..CHATML
    },
    QWEN,
    ChatTemplate {
        name: "qwen3",
        default_system: "",
        thinks: true,
        ..QWEN
    },
    ChatTemplate {
        name: "qwen3_nothink",
        default_system: "",
        ..QWEN
    },
    ChatTemplate {
        name: "smollm",
        ..CHATML_OWN_EOS
    },
    ChatTemplate {
        name: "smollm2",
        default_system: "You are a helpful AI assistant named SmolLM, trained by Hugging Face.",
        ..CHATML_OWN_EOS
    },
    ChatTemplate {
        name: "yi",
        ..CHATML_OWN_EOS
    },
    ChatTemplate {
        name: "opencoder",
        default_system: "You are OpenCoder, created by OpenCoder Team.",
        ..CHATML_OWN_EOS
    },
    ChatTemplate {
        name: "sailor",
        user: &[Slot::Text(
            "<|im_start|>question\n{{content}}<|im_end|>\n<|im_start|>answer\n",
        )],
        default_system: "You are an AI assistant named Sailor created by Sea AI Lab. Your answer should be friendly, \
            unbiased, faithful, informative and detailed.",
        ..CHATML_OWN_EOS
    },
    ChatTemplate {
        name: "deepseek",
        prefix: &[Slot::Bos],
        system: &[Slot::Text("{{content}}\n\n")],
        user: &[Slot::Text("User: {{content}}\n\nAssistant:")],
        ..PLAIN
    },
    DEEPSEEK3,
    ChatTemplate {
        name: "deepseekr1",
        thinks: true,
        ..DEEPSEEK3
    },
    ChatTemplate {
        name: "deepseekcoder",
        prefix: &[Slot::Bos],
        user: &[Slot::Text("### Instruction:\n{{content}}\n### Response:")],
        assistant: &[Slot::Text("\n{{content}}\n<|EOT|>\n")],
        default_system: "You are an AI programming assistant, utilizing the DeepSeek Coder model, developed by \
            DeepSeek Company, and you only answer questions related to computer science. For politically sensitive \
            questions, security and privacy issues, and other non-computer science questions, you will refuse to \
            answer.\n",
        ..PLAIN
    },
    LLAMA2,
    ChatTemplate {
        name: "llama2_zh",
        default_system: "You are a helpful assistant. 你是一个乐于助人的助手。",
        ..LLAMA2
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
        stop_words: &["<|eot_id|>", "<|eom_id|>"],
        replaces_eos: true,
        ..PLAIN
    },
    ChatTemplate {
        name: "openchat-3.6",
        prefix: &[Slot::Bos],
        user: &[Slot::Text(
            "<|start_header_id|>GPT4 Correct User<|end_header_id|>\n\n{{content}}<|eot_id|>\
             <|start_header_id|>GPT4 Correct Assistant<|end_header_id|>\n\n",
        )],
        stop_words: &["<|eot_id|>"],
        ..PLAIN
    },
    MISTRAL,
    MINISTRAL,
    ChatTemplate {
        name: "mistral_small",
        system: &[Slot::Text("[SYSTEM_PROMPT]{{content}}[/SYSTEM_PROMPT]")],
        fuses_system: false,
        ..MINISTRAL
    },
    GEMMA,
    ChatTemplate {
        name: "gemma3",
        ..GEMMA
    },
    ChatTemplate {
        name: "zephyr",
        system: &[Slot::Text("<|system|>\n{{content}}"), Slot::Eos],
        user: &[
            Slot::Text("<|user|>\n{{content}}"),
            Slot::Eos,
            Slot::Text("<|assistant|>\n"),
        ],
        default_system: "You are Zephyr, a helpful assistant.",
        ..PLAIN
    },
    ChatTemplate {
        name: "seed_coder",
        system: &[Slot::Bos, Slot::Text("system\n{{content}}"), Slot::Eos],
        user: &[
            Slot::Bos,
            Slot::Text("user\n{{content}}"),
            Slot::Eos,
            Slot::Bos,
            Slot::Text("assistant\n"),
        ],
        default_system: "You are an AI programming assistant, utilizing the Seed-Coder model, developed by ByteDance \
            Seed, and you only answer questions related to computer science. For politically sensitive questions, \
            security and privacy issues, and other non-computer science questions, you will refuse to answer.\n\n",
        ..PLAIN
    },
    ChatTemplate {
        name: "vicuna",
        user: &[Slot::Text("USER: {{content}} ASSISTANT:")],
        default_system: "A chat between a curious user and an artificial intelligence assistant. The assistant gives \
            helpful, detailed, and polite answers to the user's questions.",
        ..PLAIN
    },
    ChatTemplate {
        name: "alpaca",
        user: &[Slot::Text("### Instruction:\n{{content}}\n\n### Response:\n")],
        assistant: &[Slot::Text("{{content}}"), Slot::Eos, Slot::Text("\n\n")],
        default_system: "Below is an instruction that describes a task. Write a response that appropriately completes \
            the request.\n\n",
        ..PLAIN
    },
    ChatTemplate {
        name: "default",
        system: &[Slot::Text("System: {{content}}"), Slot::Eos, Slot::Text("\n")],
        user: &[Slot::Text("Human: {{content}}"), Slot::Eos, Slot::Text("\nAssistant:")],
        assistant: &[Slot::Text("{{content}}"), Slot::Eos, Slot::Text("\n")],
        ..PLAIN
    },
    // LLaMA-Factory's `empty` ends no answer.
    ChatTemplate {
        assistant: &[Slot::Text("{{content}}")],
        ..PLAIN
    },
];

/// LLaMA-Factory's template for what users call a model family.
pub(super) fn usual_name(written: &str) -> Option<&'static str> {
    let plain: String = written
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let usual = match plain.as_str() {
        "qwen1" | "qwen15" | "qwen2" | "qwen25" | "qwen25coder" | "qwen2instruct" | "qwen25instruct" => "qwen",
        "qwen3nothinking" | "qwen3nothink" | "qwen3instruct" => "qwen3_nothink",
        "qwen3thinking" | "qwen3think" => "qwen3",
        "llama31" | "llama32" | "llama33" | "llama3instruct" => "llama3",
        "llama" | "llama2chat" => "llama2",
        "tinyllama" | "tinyllamachat" => "zephyr",
        "smollm1" => "smollm",
        "smollm2instruct" => "smollm2",
        "deepseekr1distill" | "r1" => "deepseekr1",
        "deepseekv3" => "deepseek3",
        "deepseekllm" => "deepseek",
        "deepseekcoderinstruct" => "deepseekcoder",
        "yi15" | "yicoder" => "yi",
        "im" | "chatmlen" => "chatml",
        "mistralinstruct" | "mistral7b" | "mistralv03" => "mistral",
        "mistralnemo" | "nemo" | "ministral8b" => "ministral",
        "mistralsmall" | "mistralsmall24b" => "mistral_small",
        "gemma3it" | "gemma3instruct" | "gemma3text" => "gemma3",
        "none" | "raw" | "plain" => "empty",
        _ => return None,
    };
    Some(usual)
}
