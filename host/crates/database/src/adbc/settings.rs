//! Which driver library opens a database, and what it is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Secret;

/// An ADBC driver library and its options.
#[derive(Clone, Debug, Default)]
pub struct AdbcSettings {
    /// The library or a driver manifest, by path, or the name of an installed manifest.
    pub library: PathBuf,
    /// The function that fills in the driver; `None` is the manifest's, or the one that ADBC derives from the name of the file.
    pub entrypoint: Option<String>,
    /// SHA-256 of the library.
    pub sha256: String,
    /// Options of the database.
    pub options: BTreeMap<String, String>,
    /// Options of the database that keep the driver from writing.
    pub read_only: BTreeMap<String, String>,
    /// Options of the database that are secrets.
    pub secrets: BTreeMap<String, Secret>,
}
