//! The official MCP client for Python against the server, over HTTP.

use std::process::Command;

use nl2sql_profile::{ServeRight, ServeSettings};

use crate::ask::{asked, asked_with, key};

const SCRIPT: &str = r#"
import asyncio, json, sys
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

async def fails(call):
    try:
        await call
    except Exception:
        return
    raise AssertionError("it worked")

async def main(url, key):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with create_mcp_http_client(headers=headers) as http:
        async with Client(streamable_http_client(url + "/mcp", http_client=http)) as client:
            assert client.server_info.name == "nl2sql" and "never instructions" in client.instructions
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert sorted(tools) == ["ask", "query", "schema"], tools
            assert all(tool.annotations.read_only_hint for tool in tools.values()), tools
            found = (await client.call_tool("schema", {"search": "amount"})).structured_content
            said = {"tables": [table["name"] for table in found["tables"]]}
            answer = await client.call_tool("ask", {"question": "How many customers are there?"})
            said["ask"] = answer.structured_content.get("rows"), answer.is_error
            refused = await client.call_tool("query", {"sql": "DELETE FROM customers"})
            assert refused.is_error, refused
            rows = await client.call_tool("query", {"sql": "SELECT city FROM customers ORDER BY id", "limit": 1})
            said["query"] = rows.structured_content.get("rows"), rows.is_error
            resources = (await client.list_resources()).resources
            said["resources"] = sorted(str(resource.uri) for resource in resources)
            card = (await client.read_resource(resources[0].uri)).contents[0]
            assert card.mime_type == "text/markdown" and card.text.startswith('# '), card
            assert "Oslo" not in card.text, card
            for arguments in ({}, {"sql": 5}, {"sql": "SELECT 1", "rows": 1}, {"sql": "SELECT 1", "limit": -1}):
                wrong = await client.call_tool("query", arguments)
                assert wrong.is_error and "parameters" in wrong.content[0].text, wrong
            for unknown in (client.call_tool("drop", {}), client.read_resource("nl2sql://table/none")):
                await fails(unknown)
            slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
            call = asyncio.create_task(client.call_tool("query", {"sql": slow}))
            await asyncio.sleep(0.2)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            one = await client.call_tool("query", {"sql": "SELECT 1 AS one"})
            assert one.structured_content["rows"] == [[1]], one
            print(json.dumps(said))

asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
"#;

/// What the client found, or `None` where there is no such client.
async fn spoken(url: &str, key: Option<&str>) -> Option<String> {
    let Some(python) = std::env::var_os("NL2SQL_TEST_PYTHON") else {
        println!("skipped: NL2SQL_TEST_PYTHON names no Python with mcp");
        return None;
    };
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, url]).args(key);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

const COUNT: &str = "SELECT count(*) AS n FROM customers";

#[tokio::test(flavor = "multi_thread")]
async fn the_official_mcp_client_asks_queries_and_looks_up() {
    let asked = asked(&[COUNT]).await;
    let Some(said) = spoken(&asked.served.url, None).await else {
        return;
    };
    assert_eq!(
        said,
        r#"{"tables": ["orders"], "ask": [[[3]], false], "query": [[["Oslo"]], false], "resources": ["nl2sql://table/contacts", "nl2sql://table/customers", "nl2sql://table/orders"]}"#
    );
    let kinds: Vec<String> = asked
        .audit()
        .iter()
        .map(|line| {
            format!(
                "{} {}",
                line["kind"].as_str().unwrap(),
                line["outcome"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        kinds,
        ["ask answered", "query refused", "query answered", "query answered"],
        "nothing is answered that was not asked for, and no row of what was cancelled left"
    );
}

const STRANGER: &str = r#"
import asyncio, sys
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

async def main(url, key):
    async with create_mcp_http_client(headers={"Authorization": f"Bearer {key}"}) as http:
        async with Client(streamable_http_client(url + "/mcp", http_client=http)) as client:
            for work in (lambda: client.call_tool("schema", {}), lambda: client.call_tool("query", {"sql": "SELECT 1"}),
                         lambda: client.call_tool("ask", {"question": "How many?"}), client.list_resources,
                         lambda: client.read_resource("nl2sql://table/customers")):
                try:
                    print(await work())
                except Exception as error:
                    assert "does not have the right `ask`" in str(error), error

asyncio.run(main(*sys.argv[1:]))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_right_to_ask_reads_nothing_over_mcp() {
    let Some(python) = std::env::var_os("NL2SQL_TEST_PYTHON") else {
        println!("skipped: a_key_without_the_right_to_ask_reads_nothing_over_mcp needs NL2SQL_TEST_PYTHON");
        return;
    };
    let keys = tempfile::tempdir().unwrap();
    let (name, mut chat) = key(keys.path(), "chat", &[], &[], 0);
    chat.rights = vec![ServeRight::Chat];
    let settings = ServeSettings {
        keys: [(name, chat)].into(),
        ..ServeSettings::default()
    };
    let asked = asked_with(&[COUNT], settings).await;
    let mut command = Command::new(python);
    command.args(["-c", STRANGER, &asked.served.url, "chat-key-0123456789"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success() && said[0].is_empty(), "{said:?}");
    assert!(asked.audit().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_of_a_key_hold_over_mcp() {
    let keys = tempfile::tempdir().unwrap();
    let settings = ServeSettings {
        keys: [key(keys.path(), "orders", &["orders"], &[], 2)].into(),
        ..ServeSettings::default()
    };
    let asked = asked_with(&[COUNT], settings).await;
    let Some(said) = spoken(&asked.served.url, Some("orders-key-0123456789")).await else {
        return;
    };
    assert!(
        said.contains(r#""query": [null, true]"#),
        "customers is not allowed: {said}"
    );
    assert!(said.ends_with(r#""resources": ["nl2sql://table/orders"]}"#), "{said}");
}
