//! Builds the guests of `plugins/` into components.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use wit_component::ComponentEncoder;

use crate::checkout;
use crate::guest_toolchain::{GuestToolchain, TARGET};
use crate::process::run;

/// Builds every guest and writes `<target>/plugins/<name>.wasm` with `index.json`, their digests. Returns that folder.
pub fn build() -> Result<PathBuf> {
    let toolchain = GuestToolchain::find()?;
    let workspace = checkout::root().join("plugins");
    let guests = guests(&workspace)?;
    let target = checkout::target().join("guests");
    let mut build = toolchain.build_command(&workspace, &target);
    build.args(["--quiet", "--lib"]);
    guests.iter().for_each(|guest| {
        build.args(["--package", guest]);
    });
    run(&mut build)?;

    let folder = checkout::built_plugins();
    fs::create_dir_all(&folder)?;
    let mut index = Map::new();
    for guest in &guests {
        let module = target
            .join(TARGET)
            .join("release")
            .join(format!("{}.wasm", guest.replace('-', "_")));
        let component = componentize(&module).with_context(|| format!("{} is no plugin", module.display()))?;
        let file = folder.join(format!("{guest}.wasm"));
        write_if_changed(&file, &component)?;
        index.insert(
            guest.clone(),
            json!({ "sha256": hex::encode(Sha256::digest(&component)), "size": component.len() }),
        );
    }
    remove_strangers(&folder, &guests)?;
    write_if_changed(&folder.join("index.json"), &serde_json::to_vec_pretty(&index)?)?;
    println!("{} plugins in {}", guests.len(), folder.display());
    Ok(folder)
}

/// Folders with a `plugin.toml` are guests; the others are libraries of theirs.
fn guests(workspace: &Path) -> Result<Vec<String>> {
    let mut guests = Vec::new();
    for entry in fs::read_dir(workspace)? {
        let entry = entry?;
        if entry.path().join("plugin.toml").exists() {
            guests.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    guests.sort();
    Ok(guests)
}

fn componentize(module: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(module)?;
    ComponentEncoder::default().validate(true).module(&bytes)?.encode()
}

/// Leaves an unchanged file alone, so that what depends on it is not built anew.
fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// A plugin that is no longer in the checkout must not be embedded.
fn remove_strangers(folder: &Path, guests: &[String]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "wasm") && !guests.contains(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
