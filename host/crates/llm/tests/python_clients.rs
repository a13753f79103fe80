//! The official Python clients against the test server, so that our idea of the protocols is theirs.
//!
//! Needs `NL2SQL_TEST_PYTHON`, a Python with the packages `openai` and `anthropic`; `cargo xtask test` prepares one.

use std::process::Command;

use nl2sql_llm_server::{Fault, LlmServer, SchemaWriter, Script};

const TALK: &str = r#"
import sys, json, anthropic, openai
base = sys.argv[1]
prompt = [{"role": "user", "content": "Write exactly 2 pairs.\nCREATE TABLE singer (\n  name TEXT,\n  age INTEGER\n)"}]

client = openai.OpenAI(base_url=base, api_key="k", max_retries=3)
answer = client.chat.completions.create(model="m", messages=prompt)
assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0
first = json.loads(answer.choices[0].message.content)["pairs"]
pieces = client.chat.completions.create(model="m", messages=prompt, stream=True, stream_options={"include_usage": True})
second = json.loads("".join(c.choices[0].delta.content or "" for c in pieces if c.choices))["pairs"]

client = anthropic.Anthropic(base_url=base.removesuffix("/v1"), api_key="k", max_retries=3)
answer = client.messages.create(model="m", max_tokens=500, messages=prompt)
assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0
third = json.loads(answer.content[0].text)["pairs"]
with client.messages.stream(model="m", max_tokens=500, messages=prompt) as stream:
    fourth = json.loads("".join(stream.text_stream))["pairs"]
tool = {"name": "answer", "input_schema": {"type": "object"}}
answer = client.messages.create(model="m", max_tokens=500, messages=prompt, tools=[tool], tool_choice={"type": "tool", "name": "answer"})
assert answer.stop_reason == "tool_use"
fifth = answer.content[0].input["pairs"]
print(len(first) + len(second) + len(third) + len(fourth) + len(fifth))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_clients_understand_the_server_and_its_faults() {
    let Ok(python) = std::env::var("NL2SQL_TEST_PYTHON") else {
        println!("skipped: the_official_clients_understand_the_server_and_its_faults needs NL2SQL_TEST_PYTHON");
        return;
    };
    for faults in [
        vec![],
        vec![Fault::RateLimited(0.1), Fault::None, Fault::ServerError, Fault::None],
    ] {
        let server = LlmServer::start(0, SchemaWriter::default(), Script::cycle(faults))
            .await
            .unwrap();
        let (python, base) = (python.clone(), server.base_url());
        let talk = move || {
            Command::new(python)
                .args(["-c", TALK, &base])
                .env("NO_PROXY", "*")
                .output()
        };
        let output = tokio::task::spawn_blocking(talk).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "10");
    }
}
