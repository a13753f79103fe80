//! Builds guests from WebAssembly text.
//!
//! A guest is a folder with `guest.wat` (its function `check`, put after the shared `imports.wat`, `prelude.wat` and `session.wat` of
//! `hostile/`, each of which it may bring itself) or `module.wat` (the whole module), and, where they are not the usual ones,
//! `world.wit` and `plugin.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nl2sql_plugin_host::{Kind, MANIFEST_SECTION};
use wasm_encoder::{CustomSection, Section};
use wit_component::{StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// Folder of the guests that mean harm.
pub fn hostile() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile")
}

/// A core module with an embedded component type and manifest, as a linker would have made it.
pub fn build(folder: &Path) -> Result<Vec<u8>> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut module = wat::parse_str(text(folder)?).with_context(|| format!("{name} is no WebAssembly text"))?;
    let (resolve, world) = world(folder).with_context(|| format!("{name} has no world"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let manifest = fs::read_to_string(folder.join("plugin.toml")).unwrap_or_else(|_| {
        format!("name = \"{name}\"\nversion = \"0.1.0\"\nkind = \"validator\"\ndescription = \"A test.\"\n")
    });
    let section = CustomSection {
        name: MANIFEST_SECTION.into(),
        data: manifest.as_bytes().into(),
    };
    section.append_to(&mut module);
    Ok(module)
}

/// A plugin of this name and kind that imports `services`, asks for them in its manifest and does nothing.
pub fn idle(name: &str, kind: Kind, services: &[&str]) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    resolve.push_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/since_v0_2_0"))?;
    let imports: String = services
        .iter()
        .map(|service| format!("import nl2sql:plugin/{service}@0.2.0; "))
        .collect();
    let text = format!("package test:guest; world guest {{ {imports} export nl2sql:plugin/{kind}@0.2.0; }}");
    let package = resolve.push_str("guest.wit", &text)?;
    let world = resolve.select_world(&[package], Some("guest"))?;
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let asked: String = services
        .iter()
        .map(|service| format!("{service} = \"a test\"\n"))
        .collect();
    let manifest = format!(
        "name = \"{name}\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"A test.\"\n[imports]\n{asked}"
    );
    let section = CustomSection {
        name: MANIFEST_SECTION.into(),
        data: manifest.as_bytes().into(),
    };
    section.append_to(&mut module);
    Ok(module)
}

/// The module's text.
fn text(folder: &Path) -> Result<String> {
    if let Ok(module) = fs::read_to_string(folder.join("module.wat")) {
        return Ok(module);
    }
    let shared = hostile();
    let part = |name: &str| {
        let own = folder.join(name);
        let path = if own.exists() { own } else { shared.join(name) };
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let imports = fs::read_to_string(shared.join("imports.wat"))?;
    let own_imports = fs::read_to_string(folder.join("imports.wat")).unwrap_or_default();
    Ok(format!(
        "(module {imports} {own_imports} {} {} {})",
        part("prelude.wat")?,
        part("session.wat")?,
        part("guest.wat")?
    ))
}

/// The world a guest is written for.
fn world(folder: &Path) -> Result<(Resolve, wit_parser::WorldId)> {
    let mut resolve = Resolve::default();
    let own = folder.join("world.wit");
    let own_text = fs::read_to_string(&own).ok();
    let redefines_contract = own_text
        .as_deref()
        .is_some_and(|text| text.starts_with("package nl2sql:plugin@"));
    let mut package = None;
    if !redefines_contract {
        let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/since_v0_1_0");
        package = Some(resolve.push_path(contract)?.0);
    }
    if let Some(text) = &own_text {
        package = Some(resolve.push_str(&own, text)?);
    }
    let package = package.context("there is neither a contract nor a world of its own")?;
    let name = if own_text.is_some() {
        "guest"
    } else {
        "validator-plugin"
    };
    let world = resolve.select_world(&[package], Some(name))?;
    Ok((resolve, world))
}
