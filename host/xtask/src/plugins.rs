//! Builds the guests of `plugins/` into components.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use wit_component::ComponentEncoder;

use crate::checkout;
use crate::guest_toolchain::{GuestToolchain, TARGET};
use crate::process::{command, output, run};

/// A package of the guests' workspace that has a `plugin.toml`; the others are libraries.
struct Guest {
    /// Name in the manifest, by which profiles know it.
    name: String,
    /// Name of the package.
    package: String,
    /// Name of the module cargo makes of it.
    module: String,
}

/// Builds every guest and writes `<target>/plugins/<name>.wasm` with `index.json`, their digests. Returns that folder.
pub fn build() -> Result<PathBuf> {
    let toolchain = GuestToolchain::find()?;
    let workspace = checkout::root().join("plugins");
    let guests = guests(&workspace)?;
    let target = checkout::target().join("guests");
    let folder = checkout::built_plugins();
    fs::create_dir_all(&folder)?;
    let mut index = Map::new();
    for guest in &guests {
        let component = build_guest(&toolchain, guest, &workspace, &target)?;
        write_if_changed(&folder.join(format!("{}.wasm", guest.name)), &component)?;
        index.insert(
            guest.name.clone(),
            json!({ "sha256": hex::encode(Sha256::digest(&component)), "size": component.len() }),
        );
    }
    remove_strangers(&folder, &index)?;
    write_if_changed(&folder.join("index.json"), &serde_json::to_vec_pretty(&index)?)?;
    println!("{} plugins in {}", guests.len(), folder.display());
    Ok(folder)
}

/// Builds the plugin crate in `folder`, wherever it lies, into one component per guest below `<target>/guests/out`, and prints their paths.
pub fn build_elsewhere(folder: &Path) -> Result<()> {
    let toolchain = GuestToolchain::find()?;
    let target = checkout::target().join("guests");
    let built = target.join("out");
    fs::create_dir_all(&built)?;
    for guest in guests(folder)? {
        let component = build_guest(&toolchain, &guest, folder, &target)?;
        let file = built.join(format!("{}.wasm", guest.name));
        write_if_changed(&file, &component)?;
        println!("{}", file.display());
    }
    Ok(())
}

fn build_guest(toolchain: &GuestToolchain, guest: &Guest, workspace: &Path, target: &Path) -> Result<Vec<u8>> {
    // As a cdylib alone: cargo leaves link-time optimisation out where a library is built for other crates as well.
    run(toolchain.command("rustc", workspace, target).args([
        "--quiet",
        "--lib",
        "--crate-type",
        "cdylib",
        "--package",
        &guest.package,
    ]))?;
    let module = target
        .join(TARGET)
        .join("release")
        .join(format!("{}.wasm", guest.module));
    componentize(&module).with_context(|| format!("{} is no plugin", module.display()))
}

/// The guests of the workspace, by name.
fn guests(workspace: &Path) -> Result<Vec<Guest>> {
    let metadata =
        output(
            command("cargo")
                .current_dir(workspace)
                .args(["metadata", "--no-deps", "--format-version=1"]),
        )
        .with_context(|| format!("`cargo metadata` fails in {}", workspace.display()))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut guests = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let folder = package["manifest_path"].as_str().map(Path::new).and_then(Path::parent);
        let manifest = folder.unwrap_or(workspace).join("plugin.toml");
        if manifest.exists() {
            guests.push(guest(package, &manifest)?);
        }
    }
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(twins) = guests.windows(2).find(|pair| pair[0].name == pair[1].name) {
        bail!(
            "{} and {} both call themselves `{}`",
            twins[0].package,
            twins[1].package,
            twins[0].name
        );
    }
    Ok(guests)
}

fn guest(package: &Value, manifest: &Path) -> Result<Guest> {
    let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("{} is no TOML", manifest.display()))?;
    let is_cdylib = |target: &&Value| {
        target["crate_types"]
            .as_array()
            .is_some_and(|types| types.contains(&json!("cdylib")))
    };
    let package_name = package["name"].as_str().unwrap_or_default();
    let library = package["targets"].as_array().into_iter().flatten().find(is_cdylib);
    let library = library.with_context(|| format!("package {package_name} lacks `crate-type = [\"cdylib\"]`"))?;
    Ok(Guest {
        name: table
            .get("name")
            .and_then(toml::Value::as_str)
            .with_context(|| format!("{} has no name", manifest.display()))?
            .to_owned(),
        package: package_name.to_owned(),
        module: library["name"].as_str().unwrap_or_default().replace('-', "_"),
    })
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
fn remove_strangers(folder: &Path, index: &Map<String, Value>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "wasm") && !index.contains_key(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
