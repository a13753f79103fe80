//! OpenAI's own client for Python, and LangChain's, against the server.

use std::process::Command;

use crate::served::Served;

const SCRIPT: &str = r#"
import sys
from typing import Annotated, Literal
from pydantic import BaseModel, ConfigDict, Field
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
class Found(BaseModel):
    model_config = ConfigDict(extra="forbid")
    table: Literal["singer", "stadium"]
    count: Annotated[int, Field(ge=0, le=99)]
json_ask = {**ask, "max_tokens": 300}
parsed = client.chat.completions.parse(**json_ask, response_format=Found).choices[0].message.parsed
assert isinstance(parsed, Found), parsed
schema = {"type": "json_schema", "json_schema": {"name": "found", "schema": Found.model_json_schema()}}
Found.model_validate_json(client.chat.completions.create(**json_ask, response_format=schema).choices[0].message.content)
parsed = client.responses.parse(model="tiny", input="How many singers?", text_format=Found, max_output_tokens=300)
assert isinstance(parsed.output_parsed, Found), parsed
try:
    client.chat.completions.create(**ask, response_format={"type": "json_schema", "json_schema": {
        "name": "x", "schema": {"type": "array", "uniqueItems": True}}})
except BadRequestError as refused:
    assert refused.param == "response_format" and "uniqueItems" in str(refused), refused
else:
    raise AssertionError("a schema that cannot be enforced was taken")
for wrong, error in [({"model": "other"}, NotFoundError), ({"temperature": 9}, BadRequestError)]:
    try:
        client.chat.completions.create(**{**ask, **wrong})
    except error as refused:
        assert refused.code and refused.request_id, refused
    else:
        raise AssertionError(wrong)
print("spoken")
"#;

const LANGCHAIN: &str = r#"
import sys
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, ConfigDict

class Found(BaseModel):
    model_config = ConfigDict(extra="forbid")
    singers: bool

model = ChatOpenAI(base_url=sys.argv[1] + "/v1", api_key="none", model="tiny", max_tokens=12, temperature=0, max_retries=0)
whole = model.invoke([("system", "Answer in SQL."), ("human", "How many singers?")])
assert whole.content and whole.usage_metadata["output_tokens"] == 12, whole
streamed = "".join(chunk.content for chunk in model.stream([("system", "Answer in SQL."), ("human", "How many singers?")]))
assert streamed == whole.content, (streamed, whole)
structured = model.model_copy(update={"max_tokens": 100}).with_structured_output(Found, method="json_schema")
assert isinstance(structured.invoke("Are there singers?"), Found)
print("spoken")
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_is_served() {
    spoken("the_official_python_client_is_served", "openai", SCRIPT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn langchain_is_served() {
    spoken("langchain_is_served", "langchain_openai", LANGCHAIN).await;
}

/// Runs a script where there is a Python with the client that it needs.
async fn spoken(test: &str, client: &str, script: &'static str) {
    let python = std::env::var_os("NL2SQL_TEST_PYTHON").filter(|python| {
        let found = Command::new(python).args(["-c", &format!("import {client}")]).output();
        found.is_ok_and(|found| found.status.success())
    });
    let Some(python) = python else {
        println!("skipped: {test} needs NL2SQL_TEST_PYTHON, a Python with {client}");
        return;
    };
    let served = Served::usual().await;
    let url = served.url.clone();
    let run = move || Command::new(python).args(["-c", script, &url]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "spoken", "{said}");
}
