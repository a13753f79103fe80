//! Runs the server in the foreground, for trying a profile or another client against it.

use std::error::Error;

use clap::Parser;
use nl2sql_llm_server::{Fault, LlmServer, SchemaWriter, Script};

/// A chat server that writes plans and question/SQL pairs over the schema in the prompt.
#[derive(Parser)]
struct Arguments {
    /// Port on the loopback interface; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Faults of successive requests in turn, e.g. `none,rate-limited,none,half-answer`.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let faults = arguments
        .faults
        .iter()
        .map(|name| Fault::from_name(name).ok_or_else(|| format!("unknown fault `{name}`")))
        .collect::<Result<Vec<_>, _>>()?;
    let server = LlmServer::start(arguments.port, SchemaWriter::default(), Script::cycle(faults)).await?;
    println!("{}", server.base_url());
    tokio::signal::ctrl_c().await?;
    println!("{} requests", server.received().len());
    Ok(())
}
