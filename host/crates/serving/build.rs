//! Lists the files of the page that `cargo xtask page` built, for embedding. Builds none itself: without them the program has no page.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut source = "/// The files of the page, by name.\nstatic FILES: &[PageFile] = &[\n".to_owned();
    if let Some(target) = target_folder(&out) {
        let folder = target.join("page");
        // Cargo watches a folder that is there; it is in the build folder, and empty until the page is built.
        if fs::create_dir_all(&folder).is_ok() {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
        embed(&folder, &mut source);
    }
    fs::write(out.join("page_files.rs"), source + "];\n").expect("OUT_DIR can be written to");
}

/// The build folder: a few levels above `OUT_DIR`, how many depends on `--target`. Cargo marks it only where it made it itself.
fn target_folder(out: &Path) -> Option<&Path> {
    let holds = |name: &'static str| {
        out.ancestors()
            .skip(4)
            .take(2)
            .find(move |folder| folder.join(name).is_file())
    };
    holds("page/index.html")
        .or_else(|| holds("CACHEDIR.TAG"))
        .or_else(|| out.ancestors().nth(4))
}

fn embed(folder: &Path, source: &mut String) {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        writeln!(
            source,
            "    PageFile {{ name: {name:?}, bytes: include_bytes!({file:?}) }},"
        )
        .expect("a String takes all");
    }
}
