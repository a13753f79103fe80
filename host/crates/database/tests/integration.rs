//! The drivers on real servers, on scripted ones, and on files.

mod adbc;
mod attacks;
mod catalog_queries;
mod connecting;
mod extraction;
mod faults;
mod mssql_catalog;
mod mssql_connect;
mod mssql_genuine;
mod mssql_queries;
mod mysql_logins;
mod quoted_values;
mod same_catalog;
mod scripts_of_statements;
mod servers;
mod shared;
mod sqlite;
mod sqlite_file;
mod unreadable;
mod value_types;
