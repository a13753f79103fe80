//! What the model proposed for one page, tables resolved.

use nl2sql_answers::Names;
use serde_json::Value;

use crate::Planning;
use crate::pages::Page;

/// How alike two names must be for the one to be taken for the other (normalised Damerau-Levenshtein, 0 to 1).
const NEAR: f64 = 0.75;

const NAME: Names = &["name", "topic", "title", "主题", "名称"];
const TABLES: Names = &["tables", "related_tables", "table_names", "table", "相关表", "表"];
const REASON: Names = &["reason", "description", "why", "rationale", "原因", "理由"];
const COUNT: Names = &[
    "count",
    "questions",
    "number",
    "num_questions",
    "question_count",
    "budget",
    "samples",
    "数量",
];

/// A proposed topic.
#[derive(Clone, Debug)]
pub struct ProposedTopic {
    pub name: String,
    pub reason: String,
    pub tables: Vec<String>,
    pub count: u64,
}

/// All topics of a page, with what was repaired.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    pub topics: Vec<ProposedTopic>,
    pub notes: Vec<String>,
}

impl Proposal {
    /// Reads an answer; topics without a name or without any table that resolves are left out and noted.
    pub fn read(answer: &str, planning: &Planning, page: &Page) -> Self {
        let mut proposal = Self::default();
        for object in nl2sql_answers::objects(answer, "topics", &[NAME, TABLES]) {
            let text = |names: Names| {
                names
                    .iter()
                    .find_map(|name| object.get(*name)?.as_str())
                    .unwrap_or_default()
            };
            let name = text(NAME).trim().to_owned();
            if name.is_empty() {
                continue;
            }
            let tables = proposal.resolve_all(&name, &table_names(&object["tables"]), planning, page);
            if tables.is_empty() {
                proposal.notes.push(format!(
                    "topic `{name}` names no table of the database and was left out"
                ));
                continue;
            }
            proposal.topics.push(ProposedTopic {
                name,
                reason: text(REASON).trim().to_owned(),
                tables,
                count: COUNT.iter().find_map(|name| object.get(*name)).map_or(1, count),
            });
        }
        proposal
    }

    fn resolve_all(&mut self, topic: &str, tables: &[String], planning: &Planning, page: &Page) -> Vec<String> {
        let mut resolved = Vec::new();
        for written in tables {
            match resolve(written, planning, page) {
                Some(table) if resolved.contains(&table) => {}
                Some(table) => {
                    if !same_name(written, &table) {
                        self.notes
                            .push(format!("topic `{topic}`: `{written}` was read as the table `{table}`"));
                    }
                    resolved.push(table);
                }
                None => self
                    .notes
                    .push(format!("topic `{topic}`: there is no table `{written}`")),
            }
        }
        resolved
    }
}

/// Table names of a list of names or of objects with one, or of a text with commas.
fn table_names(tables: &Value) -> Vec<String> {
    match tables {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| {
                let named = ["name", "table", "table_name"].iter().find_map(|key| item.get(*key));
                named.unwrap_or(item).as_str().map(str::to_owned)
            })
            .collect(),
        Value::String(text) => text
            .split([',', '，', '、', ';'])
            .map(|name| name.trim().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// A count as a number or as text that begins with one; at least 1, and no more than a plan could hold.
fn count(value: &Value) -> u64 {
    let of_text = |text: &str| {
        let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<f64>().ok()
    };
    let number = value.as_f64().or_else(|| value.as_str().and_then(of_text));
    number.unwrap_or(1.0).clamp(1.0, f64::from(u32::MAX)) as u64
}

fn same_name(written: &str, table: &str) -> bool {
    let table = table.to_lowercase();
    let written = written.trim().trim_matches(['`', '"', '[', ']']).to_lowercase();
    table == written || table.rsplit('.').next() == Some(written.as_str())
}

/// The table a name means: the same name, with or without its schema and whatever the case; else the nearest one.
fn resolve(written: &str, planning: &Planning, page: &Page) -> Option<String> {
    let of_page = page.cards.iter().map(|card| card.table.as_str());
    let names: Vec<&str> = of_page
        .chain(planning.context.cards.iter().map(|card| card.table.as_str()))
        .collect();
    if let Some(name) = names.iter().find(|name| same_name(written, name)) {
        return Some((*name).to_owned());
    }
    let likeness = |name: &str| {
        let bare = name.rsplit('.').next().unwrap_or(name).to_lowercase();
        strsim::normalized_damerau_levenshtein(&bare, &written.trim().to_lowercase())
    };
    let nearest = names
        .into_iter()
        .map(|name| (likeness(name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))?;
    (nearest.0 >= NEAR).then(|| nearest.1.to_owned())
}
