//! LLaMA-Factory's two layouts and its `dataset_info.json` (its `data/README.md` is the specification).

use serde::Serialize;
use serde_json::{Value, json};

/// A row of the Alpaca layout. LLaMA-Factory's prompt is `instruction`, a line break and `input`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AlpacaRow {
    pub(super) instruction: String,
    pub(super) input: String,
    pub(super) output: String,
    /// Earlier turns, question and answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) history: Vec<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
}

/// A row of the ShareGPT layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SharegptRow {
    pub(super) conversations: Vec<Turn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
}

/// One turn; `human` stands in odd and `gpt` in even places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Turn {
    pub(super) from: &'static str,
    pub(super) value: String,
}

impl AlpacaRow {
    /// The prompt LLaMA-Factory makes of the row.
    pub(super) fn prompt(&self) -> String {
        if self.input.is_empty() {
            self.instruction.clone()
        } else {
            format!("{}\n{}", self.instruction, self.input)
        }
    }
}

impl From<AlpacaRow> for SharegptRow {
    /// The same conversation, so that both layouts train the same tokens.
    fn from(row: AlpacaRow) -> Self {
        let last = [row.prompt(), row.output];
        let turns = row.history.into_iter().chain([last]).flatten();
        let speakers = ["human", "gpt"].into_iter().cycle();
        Self {
            conversations: turns.zip(speakers).map(|(value, from)| Turn { from, value }).collect(),
            system: row.system,
        }
    }
}

/// The description of an Alpaca file.
pub(super) fn alpaca_entry(base: &str, with_system: bool, with_history: bool) -> Value {
    let mut columns = json!({ "prompt": "instruction", "query": "input", "response": "output" });
    if with_history {
        columns["history"] = json!("history");
    }
    if with_system {
        columns["system"] = json!("system");
    }
    json!({ "file_name": format!("{base}.json"), "columns": columns })
}

/// The description of a ShareGPT file.
pub(super) fn sharegpt_entry(base: &str, with_system: bool) -> Value {
    let mut columns = json!({ "messages": "conversations" });
    if with_system {
        columns["system"] = json!("system");
    }
    let tags = json!({ "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt" });
    json!({ "file_name": format!("{base}.json"), "formatting": "sharegpt", "columns": columns, "tags": tags })
}

#[cfg(test)]
mod tests {
    use super::{AlpacaRow, SharegptRow};

    #[test]
    fn both_layouts_hold_the_same_conversation() {
        let row = AlpacaRow {
            instruction: "Answer.".into(),
            input: "How many?".into(),
            output: "SELECT 1".into(),
            history: Vec::new(),
            system: None,
        };
        let shared = SharegptRow::from(row.clone());
        assert_eq!(shared.conversations[0].value, "Answer.\nHow many?");
        assert_eq!(shared.conversations[1].value, row.output);
        assert_eq!(
            serde_json::to_string(&shared).unwrap(),
            r#"{"conversations":[{"from":"human","value":"Answer.\nHow many?"},{"from":"gpt","value":"SELECT 1"}]}"#
        );
    }
    #[test]
    fn pairs_shown_before_are_earlier_turns() {
        let row = AlpacaRow {
            instruction: "Answer.".into(),
            input: "How many?".into(),
            output: "SELECT 1".into(),
            history: vec![["How old?".into(), "SELECT 2".into()]],
            system: None,
        };
        let turns: Vec<(&str, String)> = SharegptRow::from(row)
            .conversations
            .into_iter()
            .map(|turn| (turn.from, turn.value))
            .collect();
        let told = |from, value: &str| (from, value.to_owned());
        let expected = [
            told("human", "How old?"),
            told("gpt", "SELECT 2"),
            told("human", "Answer.\nHow many?"),
            told("gpt", "SELECT 1"),
        ];
        assert_eq!(turns, expected);
    }
}
