//! The prompt, in English or Chinese.

use nl2sql_sdk::llm::Message;

use crate::Planning;
use crate::options::Options;
use crate::pages::Page;

/// Shape of the answer.
pub const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["topics"],"properties":{"topics":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["name","tables","reason","count"],"properties":{"name":{"type":"string"},"tables":{"type":"array","items":{"type":"string"}},"reason":{"type":"string"},"count":{"type":"integer"}}}}}}"#;

const ENGLISH: &str = "You know how companies use their databases. Propose business topics that people would ask this {dialect} database about. \
A topic is a name, the related tables it needs (joined by foreign keys where they are), the reason why people ask about it, and how many questions to \
write for it. Every table belongs to at least one topic; a table may be in several. Give more questions to topics that matter more and span more tables, \
at least {minimum} to each. The counts must sum to exactly {total} questions.\n\
Answer with JSON: {\"topics\": [{\"name\": …, \"tables\": […], \"reason\": …, \"count\": …}]}. Name topics in English, and tables exactly as below.";

const CHINESE: &str = "你了解企业如何使用数据库。请针对这个 {dialect} 数据库提出人们会查询的业务主题。每个主题包括名称、所需的相关表（有外键的通过外键关联）、\
人们为什么会问，以及要编写多少个问题。每张表至少属于一个主题，一张表可以属于多个主题。重要且涉及表较多的主题分配更多问题，每个主题至少 {minimum} 个。\
各主题的数量之和必须恰好 {total} 个。\n以 JSON 回答：{\"topics\": [{\"name\": …, \"tables\": […], \"reason\": …, \"count\": …}]}。主题名称用中文，表名与下文完全一致。";

fn is_chinese(language: &str) -> bool {
    language.starts_with("zh")
}

/// The conversation that asks for the topics of one page. The page's share of the total goes by its tables.
pub fn prompt(planning: &Planning, options: &Options, page: &Page) -> Vec<Message> {
    let Planning { context, request } = planning;
    let built_in = if is_chinese(&context.language) {
        CHINESE
    } else {
        ENGLISH
    };
    let share = (u64::from(request.total) * page.cards.len() as u64 / context.cards.len().max(1) as u64).max(1);
    let instructions = options
        .instructions
        .as_deref()
        .unwrap_or(built_in)
        .replace("{total}", &share.to_string())
        .replace("{minimum}", &request.minimum.max(1).to_string())
        .replace("{dialect}", &context.catalog.dialect);
    let cards: Vec<String> = page
        .cards
        .iter()
        .map(|card| format!("## {}\n{}", card.table, card.text.trim()))
        .collect();
    vec![Message::system(instructions), Message::user(cards.join("\n\n"))]
}

/// What to say when the answer was not what was asked for.
pub fn wrong_shape(language: &str) -> &'static str {
    if is_chinese(language) {
        "这不是所要求的 JSON。请只回答一个 JSON 对象，包含 topics 数组，每个元素有 name、tables、reason、count，表名必须来自上文。"
    } else {
        "That is not the JSON asked for. Answer with one JSON object only: an array `topics` whose elements have name, tables, reason and count, \
         with tables named as above."
    }
}

/// Name and reason of the topic for tables nobody proposed a topic for.
pub fn remaining_tables(language: &str) -> (&'static str, &'static str) {
    if is_chinese(language) {
        ("其他数据", "未被其他主题包含的表")
    } else {
        ("Other data", "tables that no other topic covers")
    }
}
