//! OpenAI's own client for Python against the server.

use std::process::Command;

use crate::served::Served;

const SCRIPT: &str = r#"
import sys
from openai import OpenAI, NotFoundError, BadRequestError

client = OpenAI(base_url=sys.argv[1] + "/v1", api_key="none", max_retries=0)
assert [model.id for model in client.models.list()] == ["tiny"]
ask = dict(model="tiny", messages=[{"role": "user", "content": "How many singers?"}], max_tokens=12)
whole = client.chat.completions.create(**ask, n=2, logprobs=True, top_logprobs=2, seed=1)
assert len(whole.choices) == 2 and whole.usage.completion_tokens == 24
assert len(whole.choices[0].logprobs.content[0].top_logprobs) == 2
text, usage = "", None
for chunk in client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}):
    usage = chunk.usage or usage
    for choice in chunk.choices:
        text += choice.delta.content or ""
assert text == whole.choices[0].message.content, (text, whole)
assert usage.completion_tokens == 12
assert client.completions.create(model="tiny", prompt="SELECT", max_tokens=3).choices[0].finish_reason == "length"
response = client.responses.create(model="tiny", input="How many singers?", max_output_tokens=12)
assert response.output_text and response.usage.output_tokens == 12
with client.responses.stream(model="tiny", input="How many singers?", max_output_tokens=12) as stream:
    deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
assert deltas == response.output_text, (deltas, response)
for wrong, error in [({"model": "other"}, NotFoundError), ({"temperature": 9}, BadRequestError)]:
    try:
        client.chat.completions.create(**{**ask, **wrong})
    except error as refused:
        assert refused.code and refused.request_id, refused
    else:
        raise AssertionError(wrong)
print("spoken")
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_is_served() {
    let Some(python) = std::env::var_os("NL2SQL_TEST_PYTHON") else {
        println!("skipped: NL2SQL_TEST_PYTHON names no Python with openai");
        return;
    };
    let served = Served::usual().await;
    let url = served.url.clone();
    let run = move || Command::new(python).args(["-c", SCRIPT, &url]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "spoken", "{said}");
}
