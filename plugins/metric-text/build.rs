//! Takes jieba's dictionary out of the `jieba-rs` package.
//!
//! The crate's own embedding (`default-dict`) is compressed with zstd, a C library that needs a C compiler for
//! WebAssembly. The dictionary is embedded uncompressed instead: nothing to inflate when a guest starts.

use std::{env, error::Error, fs, path::PathBuf, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    let dictionary = fs::read_to_string(jieba_package()?.join("src/data/dict.txt"))?;
    let target = PathBuf::from(env::var("OUT_DIR")?).join("dictionary.txt");
    fs::write(target, without_tags(&dictionary))?;
    Ok(())
}

/// Folder of the `jieba-rs` package this build resolved to.
fn jieba_package() -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version", "1", "--filter-platform"])
        .arg(env::var("TARGET")?)
        .current_dir(env::var("CARGO_MANIFEST_DIR")?)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "jieba-rs")
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("jieba-rs is not among the dependencies")?;
    Ok(PathBuf::from(manifest)
        .parent()
        .ok_or("jieba-rs has no folder")?
        .to_path_buf())
}

/// Lines of word and frequency; the part of speech is not needed for cutting.
fn without_tags(dictionary: &str) -> String {
    dictionary
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            Some(format!("{} {}\n", fields.next()?, fields.next()?))
        })
        .collect()
}
