//! `plugin pack`: a manifest put into a component that a tool without an SDK built.

use wasm_encoder::{CustomSection, RawSection, Section};
use wasmparser::{Parser, Payload};

use crate::Artifact;
use crate::artifact::componentize;
use crate::error::LoadError;
use crate::manifest::{MANIFEST_SECTION, Manifest};

/// Bytes before the first section.
const HEADER: usize = 8;

/// The component of `bytes` with this manifest (TOML), in place of one that was packed into it before. What comes out is a plugin that this
/// host can read.
pub fn pack(bytes: &[u8], manifest: &[u8], origin: &str) -> Result<Vec<u8>, LoadError> {
    Manifest::parse(manifest).map_err(|reason| LoadError::BadManifest {
        origin: origin.to_owned(),
        reason,
    })?;
    let component = componentize(bytes, origin)?;
    let not_wasm = |reason: String| LoadError::NotWasm {
        origin: origin.to_owned(),
        reason,
    };
    let mut packed = component.get(..HEADER).unwrap_or_default().to_vec();
    // In front, since the first manifest is the one that counts.
    let section = CustomSection {
        name: MANIFEST_SECTION.into(),
        data: manifest.into(),
    };
    section.append_to(&mut packed);
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(&component) {
        let payload = payload.map_err(|error| not_wasm(error.to_string()))?;
        match &payload {
            Payload::CustomSection(section) if depth == 1 && section.name() == MANIFEST_SECTION => continue,
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let (1, Some((id, range))) = (depth, payload.as_section()) {
            let data = &component[range];
            RawSection { id, data }.append_to(&mut packed);
        }
    }
    Artifact::read(&packed, origin)?;
    Ok(packed)
}
