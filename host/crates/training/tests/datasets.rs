//! Data sets by `dataset_info.json`: keys, defaults and tags as LLaMA-Factory reads them, or a refusal that names the key.

use std::path::Path;

use nl2sql_model::templates::Role;
use nl2sql_training::dataset::{Conversation, Dataset, Description, find};
use serde_json::{Value, json};

/// The conversations of entry `d` with `rows` in `d.json`.
fn read(entry: Value, rows: Value) -> Result<Vec<Conversation>, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.json"), rows.to_string()).unwrap();
    read_in(folder.path(), entry)
}

fn read_in(folder: &Path, mut entry: Value) -> Result<Vec<Conversation>, String> {
    if entry.get("file_name").is_none() {
        entry["file_name"] = json!("d.json");
    }
    std::fs::write(folder.join("dataset_info.json"), json!({ "d": entry }).to_string()).unwrap();
    let description = find("d", folder).map_err(|error| error.to_string())?;
    let dataset = Dataset::read(&description, 7).map_err(|error| error.to_string())?;
    Ok(dataset.conversations)
}

/// System text, then each message with its role's first letter.
fn shown(conversation: &Conversation) -> Vec<String> {
    let letter = |role: Role| if role == Role::User { "u" } else { "a" };
    let messages = conversation.messages.iter();
    std::iter::once(format!("s:{}", conversation.system))
        .chain(messages.map(|message| format!("{}:{}", letter(message.role), message.content)))
        .collect()
}

fn only(entry: Value, row: Value) -> Vec<String> {
    let conversations = read(entry, json!([row])).unwrap();
    assert_eq!(conversations.len(), 1);
    shown(&conversations[0])
}

fn refusal(entry: Value, row: Value) -> String {
    read(entry, json!([row])).unwrap_err()
}

#[test]
fn entry_without_columns_reads_instruction_input_and_output_only() {
    let row =
        json!({ "instruction": "q", "input": "more", "output": "a", "system": "unread", "history": [["x", "y"]] });
    assert_eq!(only(json!({}), row.clone()), ["s:", "u:q\nmore", "a:a"]);
    assert_eq!(only(json!({ "formatting": "alpaca" }), row), ["s:", "u:q\nmore", "a:a"]);
}

#[test]
fn columns_that_are_not_named_are_not_read() {
    let row = json!({ "question": "q", "input": "unread", "sql": "a", "system": "unread", "history": [["x", "y"]] });
    let entry = json!({ "columns": { "prompt": "question", "response": "sql" } });
    assert_eq!(only(entry, row.clone()), ["s:", "u:q", "a:a"]);
    let entry = json!({ "columns": {
        "prompt": "question", "response": "sql", "query": "input", "system": "system", "history": "history" } });
    assert_eq!(only(entry, row), ["s:unread", "u:x", "a:y", "u:q\nunread", "a:a"]);
}

#[test]
fn null_in_a_named_column_is_an_empty_value() {
    let entry = json!({ "columns": { "prompt": "p", "response": "r", "system": "s", "history": "h", "tools": "t" } });
    let row = json!({ "p": "q", "r": "a", "s": null, "h": null, "t": "" });
    assert_eq!(only(entry, row), ["s:", "u:q", "a:a"]);
}

#[test]
fn share_gpt_uses_its_tags_and_a_leading_system_message() {
    let usual = json!({ "conversations": [
        { "from": "system", "value": "be brief" }, { "from": "human", "value": "q" }, { "from": "gpt", "value": "a" }] });
    assert_eq!(
        only(json!({ "formatting": "sharegpt" }), usual),
        ["s:be brief", "u:q", "a:a"]
    );
    let entry = json!({ "formatting": "sharegpt", "columns": { "messages": "turns", "system": "sys" }, "tags": {
        "role_tag": "who", "content_tag": "what", "user_tag": "me", "assistant_tag": "bot" } });
    let row = json!({ "sys": "from the column", "turns": [
        { "who": "me", "what": "q" }, { "who": "bot", "what": "a" }, { "who": "me", "what": "r" }, { "who": "bot", "what": "b" }] });
    assert_eq!(
        only(entry.clone(), row),
        ["s:from the column", "u:q", "a:a", "u:r", "a:b"]
    );
    // Without `system_tag` there is no system role.
    let row = json!({ "sys": null, "turns": [{ "who": "system", "what": "x" }] });
    assert!(refusal(entry, row).contains("`who` is `system`; expected one of me, bot"));
}

#[test]
fn open_ai_format_adds_llama_factorys_system_text() {
    let tags = json!({ "role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant",
        "system_tag": "system", "observation_tag": "tool" });
    let entry = json!({ "formatting": "openai", "columns": { "messages": "messages" }, "tags": tags });
    let question = json!({ "role": "user", "content": "q" });
    let answer = json!({ "role": "assistant", "content": "a" });
    let row = json!({ "messages": [question, answer] });
    assert_eq!(only(entry.clone(), row), ["s:detailed thinking off", "u:q", "a:a"]);
    for (system, expected) in [
        ("be brief", "s:be brief\ndetailed thinking off"),
        ("detailed thinking on", "s:detailed thinking on"),
    ] {
        let row = json!({ "messages": [{ "role": "system", "content": system }, question, answer] });
        assert_eq!(only(entry.clone(), row), [expected, "u:q", "a:a"]);
    }
    let call = json!({ "role": "assistant", "content": null, "tool_calls": [{ "function": { "name": "f" } }] });
    let text = refusal(entry.clone(), json!({ "messages": [question, call] }));
    assert!(text.contains("row 1: message 2: has `tool_calls`"), "{text}");
    let tool = json!({ "role": "tool", "content": "4" });
    let text = refusal(entry, json!({ "messages": [tool, answer] }));
    assert!(
        text.contains("`role` is `tool`; tool calls cannot be trained on"),
        "{text}"
    );
    // The defaults of `tags` are ShareGPT's in every format.
    let text = refusal(
        json!({ "formatting": "openai", "columns": { "messages": "messages" } }),
        json!({ "messages": [question, answer] }),
    );
    assert!(
        text.contains("`from` is missing") && text.contains("role_tag"),
        "{text}"
    );
}

#[test]
fn num_samples_limits_the_rows() {
    let rows: Vec<Value> = (0..5)
        .map(|i| json!({ "instruction": i.to_string(), "output": "a" }))
        .collect();
    let two = read(json!({ "num_samples": 2 }), json!(rows)).unwrap();
    assert_eq!(two.len(), 2);
    for conversation in &two {
        assert_eq!(conversation.messages[0].content, conversation.row.to_string());
    }
    assert_eq!(two, read(json!({ "num_samples": 2 }), json!(rows)).unwrap());
    assert_eq!(read(json!({ "num_samples": 7 }), json!(rows)).unwrap().len(), 7);
    assert_eq!(read(json!({ "num_samples": null }), json!(rows)).unwrap().len(), 5);
    for wrong in [json!(0), json!(-1), json!(1.5), json!("2")] {
        let text = read(json!({ "num_samples": wrong }), json!(rows)).unwrap_err();
        assert!(text.contains("`num_samples` is"), "{text}");
    }
}

#[test]
fn keys_that_cannot_be_honoured_are_refused_by_name() {
    let row = json!({ "instruction": "q", "output": "a" });
    for (entry, named) in [
        (json!({ "hf_hub_url": "x/y" }), "`hf_hub_url` is not supported"),
        (json!({ "ms_hub_url": "x/y" }), "`ms_hub_url` is not supported"),
        (json!({ "om_hub_url": "x/y" }), "`om_hub_url` is not supported"),
        (json!({ "script_url": "x" }), "`script_url` is not supported"),
        (
            json!({ "cloud_file_name": "s3://x" }),
            "`cloud_file_name` is not supported",
        ),
        (json!({ "subset": "x" }), "`subset`"),
        (json!({ "folder": "x" }), "`folder`"),
        (json!({ "split": "validation" }), "`split` is `validation`"),
        (json!({ "ranking": true }), "`ranking`"),
        (json!({ "ranking": "yes" }), "`ranking`: expected true or false"),
        (json!({ "formatting": "parrot" }), "`formatting` is `parrot`"),
        (json!({ "samples": 3 }), "unknown key `samples`"),
        (json!({ "columns": { "question": "q" } }), "unknown key `question`"),
        (
            json!({ "columns": { "prompt": "instruction" } }),
            "does not name `response`",
        ),
        (
            json!({ "columns": { "prompt": "instruction", "response": 3 } }),
            "`response`: expected a string",
        ),
        (
            json!({ "columns": { "prompt": "instruction", "response": "output", "chosen": "c" } }),
            "`chosen`",
        ),
        (
            json!({ "columns": { "prompt": "instruction", "response": "output", "rejected": "c" } }),
            "`rejected`",
        ),
        (
            json!({ "columns": { "prompt": "instruction", "response": "output", "kto_tag": "c" } }),
            "`kto_tag`",
        ),
        (
            json!({ "columns": { "prompt": "instruction", "response": "output", "messages": "m" } }),
            "`messages`",
        ),
        (
            json!({ "columns": { "prompt": "instruction", "response": "answer" } }),
            "no row has the field `answer`",
        ),
        (
            json!({ "formatting": "sharegpt", "columns": { "messages": "m", "history": "h" } }),
            "`history`",
        ),
        (
            json!({ "formatting": "sharegpt", "tags": { "role_tag": "role" } }),
            "does not name `content_tag`",
        ),
        (
            json!({ "formatting": "sharegpt", "tags": { "roles": "role" } }),
            "unknown key `roles`",
        ),
        (
            json!({ "tags": { "role_tag": "role" } }),
            "`tags` does not belong to `formatting: alpaca`",
        ),
        (json!({ "file_name": "gone.json" }), "gone.json, which does not exist"),
    ] {
        let text = refusal(entry.clone(), row.clone());
        assert!(text.contains(named), "{entry}: {text}");
        assert!(text.contains("entry `d`") || named.starts_with("no row"), "{text}");
    }
    assert_eq!(
        only(json!({ "split": "train", "ranking": false, "subset": null }), row),
        ["s:", "u:q", "a:a"]
    );
}

#[test]
fn rows_with_media_or_tools_are_refused_by_column() {
    for key in ["tools", "images", "videos", "audios"] {
        let entry = json!({ "columns": { "prompt": "p", "response": "r", key: "extra" } });
        for empty in [json!(null), json!([]), json!("")] {
            assert_eq!(
                only(entry.clone(), json!({ "p": "q", "r": "a", "extra": empty })).len(),
                3
            );
        }
        let text = refusal(entry, json!({ "p": "q", "r": "a", "extra": ["x"] }));
        assert!(
            text.contains(&format!("row 1: `extra` (column `{key}`) is not empty")),
            "{text}"
        );
    }
}

#[test]
fn byte_order_mark_is_skipped_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let row = r#"{"instruction":"q","output":"a"}"#;
    let mark = "\u{feff}";
    for (name, text) in [
        ("a.json", format!("{mark}[{row}]")),
        ("b.jsonl", format!("{mark}{row}\r\n{row}\r\n")),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let dataset = Dataset::read(&Description::file(path), 0).unwrap();
        assert_eq!(shown(&dataset.conversations[0]), ["s:", "u:q", "a:a"]);
    }
    let info = format!(r#"{mark}{{"d": {{"file_name": "b.jsonl"}}}}"#);
    std::fs::write(folder.path().join("dataset_info.json"), info).unwrap();
    let dataset = Dataset::read(&find("d", folder.path()).unwrap(), 0).unwrap();
    assert_eq!(dataset.conversations.len(), 2);
    let wide = folder.path().join("utf16.json");
    std::fs::write(&wide, [0xff, 0xfe, b'[', 0, b']', 0]).unwrap();
    let text = Dataset::read(&Description::file(wide), 0).unwrap_err().to_string();
    assert!(text.contains("is UTF-16; save it as UTF-8"), "{text}");
}

#[test]
fn folder_is_read_file_by_file_and_other_formats_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    for (name, question) in [("2.json", "second"), ("1.json", "first")] {
        let rows = json!([{ "instruction": question, "output": "a" }]);
        std::fs::write(parts.join(name), rows.to_string()).unwrap();
    }
    let conversations = read_in(folder.path(), json!({ "file_name": "parts" })).unwrap();
    let questions: Vec<&str> = conversations.iter().map(|c| c.messages[0].content.as_str()).collect();
    assert_eq!(questions, ["first", "second"]);
    std::fs::write(parts.join("3.csv"), "instruction,output\n").unwrap();
    let text = read_in(folder.path(), json!({ "file_name": "parts" })).unwrap_err();
    assert!(text.contains("3.csv") && text.contains("is a .csv file"), "{text}");
}

#[test]
fn file_without_description_is_recognised_by_its_fields() {
    let folder = tempfile::tempdir().unwrap();
    for (row, expected) in [
        (
            json!({ "instruction": "q", "input": "", "output": "a", "system": "s", "history": [["x", "y"]] }),
            vec!["s:s", "u:x", "a:y", "u:q", "a:a"],
        ),
        (
            json!({ "conversations": [{ "from": "human", "value": "q" }, { "from": "gpt", "value": "a" }], "system": "s" }),
            vec!["s:s", "u:q", "a:a"],
        ),
        (
            json!({ "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": "q" },
                { "role": "assistant", "content": "a" }] }),
            vec!["s:s", "u:q", "a:a"],
        ),
        (
            json!({ "conversations": [{ "from": "user", "value": "q" }, { "from": "assistant", "value": "a" }] }),
            vec!["s:", "u:q", "a:a"],
        ),
    ] {
        let path = folder.path().join("d.jsonl");
        std::fs::write(&path, row.to_string()).unwrap();
        let dataset = Dataset::read(&Description::file(path), 0).unwrap();
        assert_eq!(shown(&dataset.conversations[0]), expected, "{row}");
    }
}
