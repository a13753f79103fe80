//! The reference models: small random ones of every known architecture, with what transformers and PEFT compute from them.

use std::path::{Path, PathBuf};

use nl2sql_model::ModelConfig;
use nl2sql_model::architecture::KNOWN;

/// The reference model of every known architecture, and every folder of that form below `NL2SQL_PARITY` when it is set.
pub fn reference_models() -> Vec<PathBuf> {
    let more = std::env::var_os("NL2SQL_PARITY").into_iter().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path())
    });
    let known = KNOWN.iter().map(|known| reference_model(known.model_type()));
    known.chain(more).collect()
}

/// The reference model of an architecture. Where the tests run without this checkout, `NL2SQL_FIXTURES` names the folder of them all.
pub fn reference_model(model_type: &str) -> PathBuf {
    let of_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures");
    let fixtures = std::env::var_os("NL2SQL_FIXTURES").map_or_else(of_checkout, PathBuf::from);
    let entries = std::fs::read_dir(fixtures).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    let mut of_type = folders.filter(|folder| {
        let config = folder.join("config.json");
        config.exists() && ModelConfig::read(folder).unwrap().architecture.model_type() == model_type
    });
    of_type
        .next()
        .unwrap_or_else(|| panic!("no reference model of `{model_type}`: add it to model/tests/fixtures/make.py"))
}
