//! The official clients for JavaScript: OpenAI's, and the one of the Model Context Protocol over HTTP.

use std::ffi::OsString;
use std::process::Command;

use nl2sql_profile::ServeSettings;

use crate::ask::{asked_with, key};
use crate::served::Served;

/// Names the folder whose `node_modules` has the clients.
const VARIABLE: &str = "NL2SQL_TEST_NODE_CLIENTS";

const OPENAI: &str = r#"
const assert = require("node:assert");
const OpenAI = require("node:module").createRequire(process.argv[1] + "/")("openai");
(async () => {
  const client = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: "none", maxRetries: 0 });
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert.deepStrictEqual(models, ["tiny"]);
  const ask = { model: "tiny", messages: [{ role: "user", content: "How many singers?" }], max_tokens: 12 };
  const whole = await client.chat.completions.create({ ...ask, n: 2, logprobs: true, top_logprobs: 2, seed: 1 });
  assert.strictEqual(whole.choices.length, 2);
  assert.strictEqual(whole.choices[0].logprobs.content[0].top_logprobs.length, 2);
  let text = "", usage;
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.strictEqual(text, whole.choices[0].message.content);
  assert.strictEqual(usage.completion_tokens, 12);
  const schema = {
    type: "object", required: ["table", "count"], additionalProperties: false,
    properties: { table: { enum: ["singer", "stadium"] }, count: { type: "integer", minimum: 0, maximum: 99 } },
  };
  const response_format = { type: "json_schema", json_schema: { name: "found", strict: true, schema } };
  const parsed = (await client.chat.completions.parse({ ...ask, max_tokens: 200, response_format })).choices[0].message;
  const found = JSON.parse(parsed.content);
  assert.ok(["singer", "stadium"].includes(found.table) && Number.isInteger(found.count), parsed.content);
  const response = await client.responses.create({ model: "tiny", input: "How many singers?", max_output_tokens: 12 });
  let deltas = "";
  for await (const event of client.responses.stream({ model: "tiny", input: "How many singers?", max_output_tokens: 12 }))
    if (event.type === "response.output_text.delta") deltas += event.delta;
  assert.ok(deltas.length > 0 && deltas === response.output_text, deltas);
  await assert.rejects(client.chat.completions.create({ ...ask, model: "other" }), OpenAI.NotFoundError);
  await assert.rejects(client.chat.completions.create({ ...ask, temperature: 9 }), (refused) => {
    return refused instanceof OpenAI.BadRequestError && refused.param === "temperature" && Boolean(refused.requestID);
  });
  console.log("spoken");
})();
"#;

const MCP: &str = r#"
const assert = require("node:assert");
const from = require("node:module").createRequire(process.argv[1] + "/");
const { Client } = from("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = from("@modelcontextprotocol/sdk/client/streamableHttp.js");
(async () => {
  const client = new Client({ name: "test", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${process.argv[3]}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2] + "/mcp"), { requestInit }));
  assert.strictEqual(client.getServerVersion().name, "nl2sql");
  const tools = (await client.listTools()).tools;
  assert.deepStrictEqual(tools.map((tool) => tool.name).sort(), ["ask", "query", "schema"]);
  assert.ok(tools.every((tool) => tool.annotations.readOnlyHint));
  const answer = await client.callTool({ name: "ask", arguments: { question: "How many orders are there?", language: "en" } });
  assert.deepStrictEqual(answer.structuredContent.rows, [[3]]);
  const refused = await client.callTool({ name: "query", arguments: { sql: "SELECT email FROM customers" } });
  assert.ok(refused.isError, JSON.stringify(refused));
  const { resources } = await client.listResources();
  assert.deepStrictEqual(resources.map((resource) => resource.uri), ["nl2sql://table/orders"]);
  const card = await client.readResource({ uri: resources[0].uri });
  assert.strictEqual(card.contents[0].mimeType, "text/markdown");
  for (const wrong of [{}, { sql: 5 }, { sql: "SELECT 1", rows: 1 }, { sql: "SELECT 1", limit: -1 }])
    assert.ok((await client.callTool({ name: "query", arguments: wrong })).isError, JSON.stringify(wrong));
  await assert.rejects(client.callTool({ name: "drop", arguments: {} }));
  await assert.rejects(client.readResource({ uri: "nl2sql://table/customers" }));
  const stop = new AbortController();
  const sql = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
  const slow = client.callTool({ name: "query", arguments: { sql } }, undefined, { signal: stop.signal });
  setTimeout(() => stop.abort(), 200);
  await assert.rejects(slow);
  const one = await client.callTool({ name: "query", arguments: { sql: "SELECT 1 AS one" } });
  assert.deepStrictEqual(one.structuredContent.rows, [[1]]);
  await client.close();
  const stranger = new Client({ name: "test", version: "1" });
  await assert.rejects(stranger.connect(new StreamableHTTPClientTransport(new URL(process.argv[2] + "/mcp"))));
  console.log("spoken");
})();
"#;

fn clients(test: &str) -> Option<OsString> {
    let folder = std::env::var_os(VARIABLE);
    if folder.is_none() {
        println!("skipped: {test} needs {VARIABLE}, which `cargo xtask test` sets where it can");
    }
    folder
}

/// Runs a script, which says that all of it went well.
async fn spoken(script: &'static str, arguments: Vec<OsString>) {
    let run = move || {
        Command::new("node")
            .args(["-e", script])
            .args(arguments)
            .output()
            .unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "spoken", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_javascript_client_is_served() {
    let Some(folder) = clients("the_official_javascript_client_is_served") else {
        return;
    };
    let served = Served::usual().await;
    spoken(OPENAI, vec![folder, served.url.clone().into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_mcp_client_for_typescript_asks_under_its_keys_policy() {
    let Some(folder) = clients("the_official_mcp_client_for_typescript_asks_under_its_keys_policy") else {
        return;
    };
    let keys = tempfile::tempdir().unwrap();
    let settings = ServeSettings {
        keys: [key(keys.path(), "orders", &["orders"], &[], 0)].into(),
        ..ServeSettings::default()
    };
    let asked = asked_with(&["SELECT count(*) FROM orders"], settings).await;
    let url = asked.served.url.clone();
    spoken(MCP, vec![folder, url.into(), "orders-key-0123456789".into()]).await;
}
