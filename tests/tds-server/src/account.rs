//! Logins and what they may do.

use crate::functions::Identity;
use crate::schema::{Database, Visibility};

/// A login.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) roles: Vec<String>,
    pub(crate) permissions: Vec<String>,
    pub(crate) hidden: Vec<String>,
    /// Databases it may not enter.
    pub(crate) locked_out: Vec<String>,
}

impl Account {
    /// A login that may connect and read.
    pub fn reader(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            roles: vec!["public".into(), "db_datareader".into()],
            permissions: [
                "SERVER:CONNECT SQL",
                "SERVER:VIEW ANY DATABASE",
                "DATABASE:CONNECT",
                "DATABASE:SELECT",
            ]
            .map(str::to_owned)
            .into(),
            hidden: Vec::new(),
            locked_out: Vec::new(),
        }
    }

    /// A login that may do anything.
    pub fn administrator(name: &str, password: &str) -> Self {
        let every = [
            "SERVER:CONTROL SERVER",
            "SERVER:SHUTDOWN",
            "DATABASE:CONTROL",
            "DATABASE:INSERT",
            "DATABASE:UPDATE",
            "DATABASE:DELETE",
            "DATABASE:EXECUTE",
            "DATABASE:CREATE TABLE",
            "DATABASE:VIEW DEFINITION",
            "SCHEMA:INSERT",
            "OBJECT:INSERT",
            "OBJECT:UPDATE",
            "OBJECT:DELETE",
            "OBJECT:EXECUTE",
            "XP_CMDSHELL:EXECUTE",
        ];
        Self::reader(name, password)
            .with_roles(&["sysadmin", "db_owner"])
            .with_permissions(&every)
    }

    /// The same login with further server and database roles.
    pub fn with_roles(mut self, roles: &[&str]) -> Self {
        self.roles.extend(roles.iter().map(|role| (*role).to_owned()));
        self
    }

    /// The same login with further permissions, as `CLASS:PERMISSION`; the class is SERVER, DATABASE, SCHEMA, OBJECT or XP_CMDSHELL.
    pub fn with_permissions(mut self, permissions: &[&str]) -> Self {
        self.permissions
            .extend(permissions.iter().map(|permission| (*permission).to_owned()));
        self
    }

    /// The same login without any right on a table, given as `schema.table`.
    pub fn without_table(mut self, table: &str) -> Self {
        self.hidden.push(table.to_owned());
        self
    }

    /// The same login without access to a database.
    pub fn without_database(mut self, database: &str) -> Self {
        self.locked_out.push(database.to_owned());
        self
    }

    pub(crate) fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| held == permission)
    }

    pub(crate) fn visibility(&self) -> Visibility {
        Visibility {
            definitions: self.may("DATABASE:VIEW DEFINITION"),
            hidden: self.hidden.clone(),
            shell: self.may("XP_CMDSHELL:EXECUTE"),
        }
    }

    pub(crate) fn identity(&self, database: &Database, version: &str, edition: i64) -> Identity {
        Identity {
            database: database.name.clone(),
            login: self.name.clone(),
            version: version.to_owned(),
            roles: self.roles.clone(),
            permissions: self.permissions.clone(),
            edition,
        }
    }
}
