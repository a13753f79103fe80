//! `nl2sql adbc-probe`: loads an ADBC driver library and ends. Hidden; the program starts itself with it before it loads a library.

use std::path::Path;

use nl2sql_app::diagnostic::Exit;
use nl2sql_database::{LIBRARY_LOADED, load_adbc_library};

use crate::terminal::say;

/// What the command is called.
pub const NAME: &str = "adbc-probe";

pub fn run(library: &Path, entrypoint: &str) -> Exit {
    match load_adbc_library(library, entrypoint) {
        Ok(()) => {
            say(LIBRARY_LOADED);
            Exit::Done
        }
        Err(reason) => {
            say(reason.replace('\n', " "));
            Exit::Failed
        }
    }
}
