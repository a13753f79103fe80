//! The shared data that some tests measure against.

use std::{env, path::PathBuf};

/// Its folder; `None`, with a word on what is skipped, where there is none.
pub fn shared(test: &str) -> Option<PathBuf> {
    let folder = env::var_os("NL2SQL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared")),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!("skipped: {test} needs ../shared");
        return None;
    }
    Some(folder.join("data"))
}
