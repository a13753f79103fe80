//! Why a connection, a statement or an extraction failed.

/// Why there is no connection; every message ends with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// A driver that is not registered.
    #[error("there is no driver `{name}`{did_you_mean}; set database.driver to one of: {known}")]
    UnknownDriver {
        /// Name asked for.
        name: String,
        /// The name that may have been meant, as a clause, or nothing.
        did_you_mean: String,
        /// Names of the registered drivers.
        known: String,
    },
    /// Another database or schema, of a driver that cannot go there.
    #[error("evaluate.db_ids names a {place}, and the driver `{driver}` has none to go to")]
    NoOtherPlace {
        /// The driver.
        driver: String,
        /// `database` or `schema`.
        place: &'static str,
    },
    /// A driver that would take the name of another.
    #[error("the name `{name}` belongs to the driver `{driver}`; register the new driver under another name")]
    DriverTaken {
        /// Name or scheme.
        name: String,
        /// Whose it is.
        driver: String,
    },
    /// The settings cannot be used.
    #[error("connection settings: {0}")]
    Settings(String),
    /// A name that does not resolve.
    #[error("the host {host} is unknown: {detail}; check its spelling, the DNS or the VPN")]
    UnknownHost {
        /// Host asked for.
        host: String,
        /// What the resolver said.
        detail: String,
    },
    /// Nothing listens there.
    #[error("{address} refused the connection: {detail}; check that the server runs and listens there, and the port")]
    Refused {
        /// Host and port.
        address: String,
        /// What the operating system said.
        detail: String,
    },
    /// No answer in time.
    #[error(
        "{address} did not answer within {seconds} s; check the network and firewall, or raise database.connect_timeout_ms"
    )]
    TimedOut {
        /// Host and port.
        address: String,
        /// The limit that was hit.
        seconds: u64,
    },
    /// Wrong user or password.
    #[error(
        "the server refused the login of {user}: {detail}; check the user, the password and the hosts it may come from"
    )]
    Authentication {
        /// Login name.
        user: String,
        /// What the server said.
        detail: String,
    },
    /// TLS was asked for and could not be had, or the certificate does not verify.
    #[error("TLS: {detail}; check tls (off, prefer, require, verify) and ca")]
    Tls {
        /// What the handshake said.
        detail: String,
    },
    /// No such database on the server.
    #[error("there is no database {database}: {detail}; check its name and that this login may see it")]
    NoSuchDatabase {
        /// Name.
        database: String,
        /// What the server said.
        detail: String,
    },
    /// No such file, or a folder in its place.
    #[error(
        "there is no file {path}: {detail}; check the path, which is relative to the folder of the profile or of the command"
    )]
    NoSuchFile {
        /// Path of the file.
        path: String,
        /// What the file system said.
        detail: String,
    },
    /// A file that this user may not read.
    #[error("{path} cannot be read: {detail}; check the permissions of the file and of the folders above it")]
    Unreadable {
        /// Path of the file.
        path: String,
        /// What the system or SQLite said.
        detail: String,
    },
    /// A file that is something else, or is encrypted or damaged.
    #[error("{path} is not an SQLite database: {detail}; check the path, and decrypt or repair the file if it is one")]
    NotADatabase {
        /// Path of the file.
        path: String,
        /// What SQLite said.
        detail: String,
    },
    /// Another program holds the file.
    #[error("{path} is locked by another program: {detail}; wait for that program to end, or read a copy of the file")]
    Locked {
        /// Path of the file.
        path: String,
        /// What SQLite said.
        detail: String,
    },
    /// A name in the schema that no query can spell.
    #[error("{path}: {what} is not UTF-8; rename it, or read a copy of the file in which it is renamed")]
    NameIsNoText {
        /// Path of the file.
        path: String,
        /// Which name.
        what: String,
    },
    /// A server older than the catalog queries need.
    #[error(
        "server version {version} is too old: {minimum} or later is needed; upgrade the server or use a replica that is newer"
    )]
    TooOld {
        /// What the server reports.
        version: String,
        /// Oldest version that works.
        minimum: String,
    },
    /// The login may not connect or read.
    #[error(
        "no rights: {detail}; check the name of the database, and ask for the right to connect to it and for SELECT on its tables"
    )]
    NoRights {
        /// What the server or file system said.
        detail: String,
    },
    /// The server has no free session.
    #[error("the server takes no more connections: {detail}; lower database.pool or close other sessions")]
    TooManyConnections {
        /// What the server said.
        detail: String,
    },
    /// Anything else.
    #[error("cannot connect to {address}: {detail}")]
    Other {
        /// Host and port, or path.
        address: String,
        /// What was said.
        detail: String,
    },
}

impl ConnectError {
    /// Whether trying again shortly may succeed (server restarting, sessions busy, network).
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::TimedOut { .. }
                | Self::TooManyConnections { .. }
                | Self::Locked { .. }
                | Self::Other { .. }
        )
    }
}

/// Why a statement gave no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A guard said no, here or in the server; nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// The time limit passed; the statement was cancelled on the server.
    #[error("{0}")]
    Timeout(String),
    /// The engine said no.
    #[error("{0}")]
    Failed(String),
    /// There is no connection, and trying again did not help.
    #[error("{0}")]
    Unavailable(String),
    /// There is no connection, and trying again does not help before something is changed: a login, a certificate, the size of the pool.
    #[error("{0}")]
    Denied(String),
}

impl QueryError {
    /// `refused`, `timeout`, `failed` or `unavailable`, as plugins see it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Timeout(_) => "timeout",
            Self::Failed(_) => "failed",
            Self::Unavailable(_) | Self::Denied(_) => "unavailable",
        }
    }
}

impl From<ConnectError> for QueryError {
    fn from(error: ConnectError) -> Self {
        if error.is_transient() {
            Self::Unavailable(error.to_string())
        } else {
            Self::Denied(error.to_string())
        }
    }
}

/// Why there is no catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// A catalog query failed.
    #[error("catalog query `{section}`: {error}")]
    Query {
        /// Section of the query.
        section: String,
        /// Why.
        error: QueryError,
    },
    /// A catalog query returned rows of another form than `wit/` fixes.
    #[error(
        "catalog query `{section}`, row {row}: {detail}; the dialect plugin must follow the row format of `catalog-query`"
    )]
    Row {
        /// Section of the query.
        section: String,
        /// Row, counted from 1.
        row: usize,
        /// What is wrong with it.
        detail: String,
    },
    /// A required section is missing or unknown.
    #[error("the dialect gives no usable catalog query: {0}")]
    Sections(String),
    /// A glob that is not one.
    #[error("pattern `{pattern}`: {detail}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
}
