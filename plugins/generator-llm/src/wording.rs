//! The prompts, in English or Chinese.

use nl2sql_sdk::generator::{Context, Rejection, Request};
use nl2sql_sdk::llm::Message;

use crate::options::Options;

/// Shape of the answer.
pub const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["pairs"],"properties":{"pairs":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["question","sql","difficulty","language"],"properties":{"question":{"type":"string"},"sql":{"type":"string"},"difficulty":{"type":"string","enum":["easy","medium","hard","extra"]},"language":{"type":"string"}}}}}}"#;

/// Everything that is said, in one language. Places in braces are filled in.
pub struct Wording {
    instructions: &'static str,
    /// What successive requests of a round put weight on, so that they do not all write the same pairs.
    emphases: [&'static str; 8],
    topic: &'static str,
    languages: &'static str,
    difficulties: &'static str,
    emphasis: &'static str,
    style: &'static str,
    known: &'static str,
    broken: &'static str,
    broken_pair: &'static str,
    perhaps: &'static str,
    count: &'static str,
    wrong_shape: &'static str,
    cut_off: &'static str,
}

const ENGLISH: Wording = Wording {
    instructions: "You write training data for a model that turns questions into {dialect} SQL. Each pair is a question that a colleague would really ask, in \
natural words and without naming columns the way the database does, and one SELECT statement (or WITH … SELECT) that answers it exactly. Use only the tables and columns \
shown. Return only what is asked for. No two pairs may share the question or the SQL.\nAnswer with JSON: {\"pairs\": [{\"question\": …, \"sql\": …, \"difficulty\": \
\"easy\" | \"medium\" | \"hard\" | \"extra\", \"language\": …}]}.",
    emphases: [
        "filters on several columns, with AND and OR",
        "joins over the foreign keys",
        "counting, sums and averages per group, with HAVING",
        "rankings: the most, the least, the top few, ties included",
        "subqueries: IN, EXISTS, comparison with an average or a maximum",
        "set operations and questions about what is missing",
        "dates, texts and ranges",
        "common table expressions and window functions where they help",
    ],
    topic: "Topic: {name}. {reason}",
    languages: "Languages of the questions: {mix}.",
    difficulties: "Difficulty (Spider's levels): {mix}.",
    emphasis: "Put weight on {emphasis}.",
    style: "Style of the questions: {style}",
    known: "These questions exist already; do not repeat them:\n{questions}",
    broken: "These pairs were rejected. Correct each: keep the question where it can be answered, mend the SQL.\n\n{pairs}",
    broken_pair: "question: {question}\nsql: {sql}\nproblem: {problem}",
    perhaps: " (perhaps {name})",
    count: "Write exactly {count} pairs.",
    wrong_shape: "That is not the JSON asked for. Answer with one JSON object only: an array `pairs` whose elements have question, sql, \
difficulty and language.",
    cut_off: "The answer was cut off before a pair was complete. Answer at once and briefly, with exactly {count} pairs.",
};

const CHINESE: Wording = Wording {
    instructions: "你为把问题转换成 {dialect} SQL 的模型编写训练数据。每一对包括一个同事真正会问的问题（用自然的说法，不照搬数据库的列名）和一条恰当回答它的 \
SELECT 语句（或 WITH … SELECT）。只使用给出的表和列，只返回问题所要的内容，任何两对的问题或 SQL 都不得相同。\n\
以 JSON 回答：{\"pairs\": [{\"question\": …, \"sql\": …, \"difficulty\": \"easy\" | \"medium\" | \"hard\" | \"extra\", \"language\": …}]}。",
    emphases: [
        "多列条件过滤，用 AND 和 OR",
        "沿外键的连接",
        "分组计数、求和与平均，配合 HAVING",
        "排名：最多、最少、前几名，包括并列",
        "子查询：IN、EXISTS、与平均值或最大值比较",
        "集合运算，以及关于缺少什么的问题",
        "日期、文本与范围",
        "在合适处使用公用表表达式和窗口函数",
    ],
    topic: "主题：{name}。{reason}",
    languages: "问题的语言：{mix}。",
    difficulties: "难度（Spider 的等级）：{mix}。",
    emphasis: "侧重：{emphasis}。",
    style: "问题的风格：{style}",
    known: "以下问题已经有了，请不要重复：\n{questions}",
    broken: "以下问答对未通过检查。请逐一改正：问题能回答的保留，改正 SQL。\n\n{pairs}",
    broken_pair: "问题：{question}\nSQL：{sql}\n错误：{problem}",
    perhaps: "（也许是 {name}）",
    count: "请编写恰好 {count} 对。",
    wrong_shape: "这不是所要求的 JSON。请只回答一个 JSON 对象，包含 pairs 数组，每个元素有 question、sql、difficulty、language。",
    cut_off: "回答在写完一对之前就被截断了。请直接、简短地回答，恰好 {count} 对。",
};

impl Wording {
    /// The wording in this language; English for all but Chinese.
    pub fn in_language(language: &str) -> &'static Self {
        if language.starts_with("zh") { &CHINESE } else { &ENGLISH }
    }

    fn system(&self, context: &Context, options: &Options) -> Message {
        let instructions = options
            .instructions
            .as_deref()
            .unwrap_or(self.instructions)
            .replace("{dialect}", &context.dialect.name);
        let notes = context.dialect.prompt_notes.iter().map(|note| format!("\n- {note}"));
        Message::system(instructions + &notes.collect::<String>())
    }

    /// Asks for fresh pairs; `place` is the request's place in the round.
    pub fn fresh(
        &self,
        context: &Context,
        options: &Options,
        request: &Request,
        schema: &str,
        count: u32,
        place: u32,
    ) -> Vec<Message> {
        let emphasis = self.emphases[(request.round as usize * 3 + place as usize) % self.emphases.len()];
        let mut parts = vec![
            schema.to_owned(),
            self.topic(request),
            self.languages
                .replace("{mix}", &mix(&request.languages, String::as_str)),
            self.difficulties
                .replace("{mix}", &mix(&request.difficulties, |level| level.name())),
            self.emphasis.replace("{emphasis}", emphasis),
        ];
        parts.extend(options.style.as_ref().map(|style| self.style.replace("{style}", style)));
        let known: Vec<String> = request
            .accepted
            .iter()
            .rev()
            .take(options.shown)
            .map(|sample| format!("- {}", sample.question))
            .collect();
        if !known.is_empty() {
            parts.push(self.known.replace("{questions}", &known.join("\n")));
        }
        parts.push(self.count.replace("{count}", &count.to_string()));
        vec![self.system(context, options), Message::user(parts.join("\n\n"))]
    }

    /// Asks for corrected versions of rejected pairs.
    pub fn repair(
        &self,
        context: &Context,
        options: &Options,
        request: &Request,
        schema: &str,
        broken: &[&Rejection],
    ) -> Vec<Message> {
        let described: Vec<String> = broken.iter().map(|rejection| self.described(rejection)).collect();
        let parts = [
            schema.to_owned(),
            self.topic(request),
            self.broken.replace("{pairs}", &described.join("\n\n")),
            self.count.replace("{count}", &broken.len().to_string()),
        ];
        vec![self.system(context, options), Message::user(parts.join("\n\n"))]
    }

    /// What to say when an answer held no pairs; one that was cut off is to be shorter.
    pub fn retry_message(&self, cut_off: bool, count: u32) -> Message {
        Message::user(if cut_off {
            self.cut_off.replace("{count}", &count.div_ceil(3).to_string())
        } else {
            self.wrong_shape.to_owned()
        })
    }

    fn topic(&self, request: &Request) -> String {
        self.topic
            .replace("{name}", &request.topic.name)
            .replace("{reason}", &request.topic.reason)
    }

    fn described(&self, rejection: &Rejection) -> String {
        let problems: Vec<String> = rejection
            .findings
            .iter()
            .map(|finding| match &finding.suggestion {
                Some(suggestion) => format!("{}{}", finding.message, self.perhaps.replace("{name}", suggestion)),
                None => finding.message.clone(),
            })
            .collect();
        self.broken_pair
            .replace("{question}", &rejection.sample.question)
            .replace("{sql}", &rejection.sample.sql)
            .replace("{problem}", &problems.join("; "))
    }
}

/// Weights as percentages, e.g. `en 70%, zh 30%`.
fn mix<T>(weights: &[(T, f32)], name: fn(&T) -> &str) -> String {
    let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
    let share = |weight: f32| if sum > 0.0 { (weight * 100.0 / sum).round() } else { 0.0 };
    weights
        .iter()
        .map(|(named, weight)| format!("{} {}%", name(named), share(*weight)))
        .collect::<Vec<_>>()
        .join(", ")
}
