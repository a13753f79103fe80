//! The program as its users run it: whole commands, on real databases and servers that misbehave.

mod bad_input;
mod before_and_after;
mod cases;
mod dialect_guide;
mod fleet;
mod followed_guide;
mod glossary;
mod hidden_columns;
mod killed_runs;
mod llm;
#[cfg(target_os = "linux")]
mod load;
mod made_up_dialect;
mod mapped_databases;
mod mssql_run;
mod page;
#[cfg(unix)]
mod plugin_languages;
mod plugin_new;
mod plugin_supply;
mod plugins_of_contract_0_1;
mod scoring;
mod server_runs;
mod serving;
mod surroundings;
mod third_party;
mod trained_prompts;
mod training_stages;
mod value_search;

#[path = "../host/crates/database/tests/shared/adbc_libraries.rs"]
mod adbc_libraries;

#[path = "../host/crates/database/tests/shared/servers.rs"]
#[allow(dead_code)]
mod servers;
