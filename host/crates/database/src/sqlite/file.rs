//! Opening a database file so that nothing beside it is made or changed.
//!
//! A database in WAL mode that nobody has open has no `-wal` and `-shm` files beside it; opening it read-only would make both, and leave them
//! there. It is opened as an unchanging file instead, which takes no locks, and opened again as soon as a writer has made its files.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::ConnectError;

/// An open file, and whether it was opened as one that does not change.
pub(super) struct OpenFile {
    pub(super) connection: Connection,
    pub(super) immutable: bool,
}

/// Opens the file read-only.
pub(super) fn open(path: &Path) -> Result<OpenFile, ConnectError> {
    check(path)?;
    let failed = |error: rusqlite::Error| open_error(path, &error);
    if is_wal(path) && !has_writer(path) {
        return Ok(OpenFile {
            connection: open_immutable(path).map_err(failed)?,
            immutable: true,
        });
    }
    let connection = Connection::open_with_flags(path, flags()).map_err(failed)?;
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        // A WAL database inside a folder that cannot be written.
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::CannotOpen => Ok(OpenFile {
            connection: open_immutable(path).map_err(failed)?,
            immutable: false,
        }),
        _ => Ok(OpenFile {
            connection,
            immutable: false,
        }),
    }
}

/// Whether a program that may write has opened the database in WAL mode.
pub(super) fn has_writer(path: &Path) -> bool {
    ["-wal", "-shm"].iter().any(|suffix| beside(path, suffix).exists())
}

/// What is wrong with a file that could not be opened or read.
pub(super) fn open_error(path: &Path, error: &rusqlite::Error) -> ConnectError {
    let (path, detail) = (path.display().to_string(), error.to_string());
    match error {
        // The last writer was killed, and only a writer can undo what it left half done.
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK =>
        {
            return ConnectError::NotADatabase {
                detail: format!(
                    "{detail}: its last writer did not finish; open it once with a program that may write, so that this is undone"
                ),
                path,
            };
        }
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => ConnectError::NotADatabase { path, detail },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
            ConnectError::Unreadable { path, detail }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ConnectError::Locked { path, detail },
        _ => ConnectError::Other { address: path, detail },
    }
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn check(path: &Path) -> Result<(), ConnectError> {
    let missing = |detail: String| ConnectError::NoSuchFile {
        path: path.display().to_string(),
        detail,
    };
    let unreadable = |error: &std::io::Error| ConnectError::Unreadable {
        path: path.display().to_string(),
        detail: error.to_string(),
    };
    match std::fs::metadata(path) {
        Ok(file) if file.is_dir() => Err(missing("it is a folder".into())),
        // Opening a pipe would wait for its other end.
        Ok(file) if !file.is_file() => Err(missing("it is not a file".into())),
        Ok(_) => std::fs::File::open(path).map(drop).map_err(|error| unreadable(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(unreadable(&error)),
        Err(error) => Err(missing(error.to_string())),
    }
}

/// The read version of the header is 2 in WAL mode (<https://www.sqlite.org/fileformat2.html>, section 1.3).
fn is_wal(path: &Path) -> bool {
    let mut header = [0; 20];
    std::fs::File::open(path)
        .is_ok_and(|mut file| std::io::Read::read_exact(&mut file, &mut header).is_ok() && header[19] == 2)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let name = path.display().to_string();
    let escaped = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Connection::open_with_flags(
        format!("file:{escaped}?immutable=1"),
        flags() | OpenFlags::SQLITE_OPEN_URI,
    )
}
