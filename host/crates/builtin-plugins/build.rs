//! Lists the plugins that `cargo xtask plugins` built, for embedding. Builds none itself.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Names a folder of built plugins other than `plugins` in the build folder.
const FOLDER: &str = "NL2SQL_BUILT_PLUGINS";

fn main() {
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let source = match folder(&out) {
        Some(folder) => embedding(&folder),
        None => "compile_error!(\"the plugins are not built: run `cargo xtask plugins` first\");\n".to_owned(),
    };
    fs::write(out.join("plugins.rs"), source).expect("OUT_DIR can be written to");
}

/// The folder with an index, looked for in the build folder: a few levels above `OUT_DIR`, how many depends on `--target`.
fn folder(out: &Path) -> Option<PathBuf> {
    let candidates: Vec<PathBuf> = match env::var_os(FOLDER) {
        Some(folder) => vec![folder.into()],
        None => out
            .ancestors()
            .skip(4)
            .take(2)
            .map(|target| target.join("plugins"))
            .collect(),
    };
    let built = candidates.iter().find(|folder| folder.join("index.json").is_file());
    // Cargo runs this again each time where a file that it watches is not there: right until the plugins are built, and slow from then on.
    for folder in built.map_or(candidates.as_slice(), std::slice::from_ref) {
        println!("cargo::rerun-if-changed={}", folder.join("index.json").display());
    }
    built.cloned()
}

/// Rust source of the list.
fn embedding(folder: &Path) -> String {
    let index = fs::read(folder.join("index.json")).expect("the index of built plugins can be read");
    let index: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&index).expect("the index of built plugins is JSON");
    let mut source = "/// The plugins, by name.\npub static PLUGINS: &[Embedded] = &[\n".to_owned();
    for name in index.keys() {
        let file = folder.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", file.display());
        writeln!(
            source,
            "    Embedded {{ name: {name:?}, bytes: include_bytes!({file:?}) }},"
        )
        .expect("a String takes all");
    }
    source + "];\n"
}
