//! Builds the guests of `plugins/` into components.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use wit_component::ComponentEncoder;

use crate::checkout;
use crate::guest_toolchain::{GuestToolchain, TARGET};
use crate::process::{announce, command, output, run};
use crate::sdk_packages;

/// A package of the guests' workspace that has a `plugin.toml`; the others are libraries.
struct Guest {
    /// Name in the manifest, by which profiles know it.
    name: String,
    /// Name of the package.
    package: String,
    /// Name of the module cargo makes of it.
    module: String,
    /// Whether the crate is a Rust library too, for its own integration tests.
    is_rust_library: bool,
}

/// Builds every guest and writes `<target>/plugins/<name>.wasm` with `index.json`, their digests. Returns that folder.
pub fn build() -> Result<PathBuf> {
    let toolchain = guest_toolchain()?;
    let workspace = checkout::root().join("plugins");
    let guests = guests(&workspace)?;
    let target = checkout::target().join("guests");
    let folder = checkout::built_plugins();
    fs::create_dir_all(&folder)?;
    announce(&format!(
        "building {} plugins for WASM with {toolchain} (2 to 3 minutes on two cores the first time)",
        guests.len()
    ));
    compile(&toolchain, &guests, &workspace, &target, &[])?;
    let mut index = Map::new();
    for guest in &guests {
        let component = componentize(guest, &target)?;
        write_if_changed(&folder.join(format!("{}.wasm", guest.name)), &component)?;
        index.insert(
            guest.name.clone(),
            json!({ "sha256": hex::encode(Sha256::digest(&component)), "size": component.len() }),
        );
    }
    remove_stale(&folder, &index)?;
    write_if_changed(&folder.join("index.json"), &serde_json::to_vec_pretty(&index)?)?;
    Ok(folder)
}

/// Builds the plugin crate in `folder`, wherever it lies, into one component per guest below `<target>/guests/out`, and prints their paths.
/// With `packages`, the SDK comes from its packages, which are unpacked there.
pub fn build_elsewhere(folder: &Path, packages: Option<&Path>) -> Result<()> {
    let toolchain = guest_toolchain()?;
    let target = checkout::target().join("guests");
    let built = target.join("out");
    fs::create_dir_all(&built)?;
    let guests = guests(folder)?;
    let settings = packages.map(sdk_packages::unpack).transpose()?.unwrap_or_default();
    compile(&toolchain, &guests, folder, &target, &settings)?;
    for guest in guests {
        let component = componentize(&guest, &target)?;
        let file = built.join(format!("{}.wasm", guest.name));
        write_if_changed(&file, &component)?;
        println!("{}", file.display());
    }
    Ok(())
}

fn guest_toolchain() -> Result<GuestToolchain> {
    GuestToolchain::find().context("no toolchain builds plugins for WASM: run `cargo xtask bootstrap`")
}

/// Compiles the guests into modules: all that are only plugins in one call of cargo, which fills every core. `settings` are more arguments of cargo's.
fn compile(
    toolchain: &GuestToolchain,
    guests: &[Guest],
    workspace: &Path,
    target: &Path,
    settings: &[String],
) -> Result<()> {
    let (libraries, plugins): (Vec<&Guest>, Vec<&Guest>) = guests.iter().partition(|guest| guest.is_rust_library);
    if !plugins.is_empty() {
        let mut build = toolchain.command("build", workspace, target);
        build.arg("--lib").args(settings);
        for guest in plugins {
            build.args(["--package", &guest.package]);
        }
        run(&mut build)?;
    }
    for guest in libraries {
        // As a cdylib alone: cargo leaves link-time optimisation out where a library is built for other crates as well.
        run(toolchain.command("rustc", workspace, target).args(settings).args([
            "--lib",
            "--crate-type",
            "cdylib",
            "--package",
            &guest.package,
        ]))?;
    }
    Ok(())
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
        is_rust_library: library["crate_types"].as_array().is_some_and(|types| types.len() > 1),
    })
}

/// The component of a compiled guest.
fn componentize(guest: &Guest, target: &Path) -> Result<Vec<u8>> {
    let module = target
        .join(TARGET)
        .join("release")
        .join(format!("{}.wasm", guest.module));
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode());
    component.with_context(|| format!("{} is no plugin", module.display()))
}

/// Leaves an unchanged file alone, so that what depends on it is not rebuilt.
fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// A plugin that is no longer in the checkout must not be embedded.
fn remove_stale(folder: &Path, index: &Map<String, Value>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "wasm") && !index.contains_key(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
