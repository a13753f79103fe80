//! Driver libraries that tests load: `NL2SQL_TEST_ADBC` names the folder with them, which `cargo xtask` fills.

use std::path::{Path, PathBuf};

use adbc_core::options::{AdbcVersion, OptionDatabase, OptionValue};
use adbc_core::{Connection as _, Database as _, Driver as _, Statement as _};
use adbc_driver_manager::ManagedDriver;
use sha2::{Digest, Sha256};

/// The library of this name, or a note that `test` is skipped.
pub fn library(name: &str, test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NL2SQL_TEST_ADBC").map(PathBuf::from);
    let found = folder.map(|folder| folder.join(name)).filter(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: {test} needs {name} in NL2SQL_TEST_ADBC");
    }
    found
}

/// What a profile pins a library to.
pub fn pin(library: &Path) -> String {
    hex::encode(Sha256::digest(std::fs::read(library).unwrap()))
}

/// Makes a DuckDB file by its own library, writable. Statements end with `;` at the end of a line.
pub fn make_duckdb(library: &Path, file: &Path, statements: &str) {
    let mut driver =
        ManagedDriver::load_dynamic_from_filename(library, Some(b"duckdb_adbc_init"), AdbcVersion::V110).unwrap();
    let options = [(
        OptionDatabase::Other("path".into()),
        OptionValue::String(file.display().to_string()),
    )];
    let database = driver.new_database_with_opts(options).unwrap();
    let mut connection = database.new_connection().unwrap();
    for sql in statements.split(";\n").filter(|sql| !sql.trim().is_empty()) {
        let mut statement = connection.new_statement().unwrap();
        statement.set_sql_query(sql).unwrap();
        if let Err(error) = statement.execute_update() {
            panic!("{sql}: {error}");
        }
    }
}
