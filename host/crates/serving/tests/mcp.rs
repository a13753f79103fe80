//! The official MCP client for Python against the server, over HTTP.

use std::process::Command;

use nl2sql_profile::ServeSettings;

use crate::ask::{asked, asked_with, key};

const SCRIPT: &str = r#"
import asyncio, json, sys
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

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
    assert_eq!(kinds, ["ask answered", "query refused", "query answered"]);
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
