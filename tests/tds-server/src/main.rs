//! Runs the server in the foreground, for trying a profile or another client against it.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use nl2sql_tds_server::{Account, Database, Setup};

/// A server that speaks TDS and answers from the databases that T-SQL scripts make.
#[derive(Parser)]
struct Arguments {
    /// Port on the loopback interface; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A database: its name, `=`, and a T-SQL script.
    #[arg(long = "database", value_name = "NAME=SCRIPT", required = true)]
    databases: Vec<String>,
    /// Password of the logins `reader` and `sa`.
    #[arg(long, default_value = "secret")]
    password: String,
    /// Where to write the certificate of the authority that clients have to trust.
    #[arg(long)]
    ca_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut setup = Setup::new()
        .names(&["localhost", "127.0.0.1"])
        .account(Account::reader("reader", &arguments.password))
        .account(Account::administrator("sa", &arguments.password));
    for database in &arguments.databases {
        let (name, script) = database.split_once('=').ok_or("a database is given as NAME=SCRIPT")?;
        setup = setup.database(Database::new(name)?.script(&std::fs::read_to_string(script)?)?);
    }
    let server = setup.start(arguments.port).await?;
    if let Some(file) = &arguments.ca_file {
        std::fs::write(file, server.authority_pem())?;
    }
    println!("mssql://reader@127.0.0.1:{}/", server.port());
    tokio::signal::ctrl_c().await?;
    println!("{} statements", server.statements().len());
    Ok(())
}
