//! A plugin's bytes and all that can be read from them without running anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::bounds;
use crate::contract::Version;
use crate::error::LoadError;
use crate::grants::{self, Grants};
use crate::kind::{CONTRACT, Kind, SERVED_VERSIONS};
use crate::manifest::{MANIFEST_SECTION, Manifest};

/// A plugin that was read, not run.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Version of the contract it was built for.
    pub contract: String,
    /// The same as the host knows it.
    pub(crate) version: Version,
    /// Interfaces it imports, as it spells them, in order.
    pub imports: Vec<String>,
    /// SHA-256 of the bytes as they were given, in lower-case hex.
    pub sha256: String,
    /// Size of the bytes as they were given.
    pub size: usize,
    /// Whose signature of the bytes was verified, by the name that the user gave the key.
    pub signer: Option<String>,
    /// The component.
    pub(crate) component: Arc<[u8]>,
}

/// What a plugin says about itself and what it is made of, without its bytes.
#[derive(Clone, Debug)]
pub struct PluginSummary {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Version of the contract it was built for.
    pub contract: String,
    /// Interfaces it imports, as it spells them, in order.
    pub imports: Vec<String>,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
    /// Size of its bytes.
    pub size: usize,
    /// Whose signature was verified.
    pub signer: Option<String>,
}

impl Artifact {
    /// Reads a component, or a core module with an embedded component type. `origin` names the bytes in errors.
    pub fn read(bytes: &[u8], origin: &str) -> Result<Self, LoadError> {
        bounds::check(bytes).map_err(|excess| LoadError::TooLarge {
            origin: origin.to_owned(),
            excess,
        })?;
        let component = componentize(bytes, origin)?;
        let outline = Outline::read(&component).map_err(|reason| LoadError::NotWasm {
            origin: origin.to_owned(),
            reason,
        })?;
        let (kind, version) = outline.world(origin)?;
        let manifest = match outline.manifest {
            Some(section) => Manifest::parse(&section).map_err(|reason| LoadError::BadManifest {
                origin: origin.to_owned(),
                reason,
            })?,
            None => {
                return Err(LoadError::NoManifest {
                    origin: origin.to_owned(),
                });
            }
        };
        if manifest.kind != kind {
            return Err(LoadError::LyingManifest {
                plugin: manifest.name,
                claimed: manifest.kind,
                exported: kind,
            });
        }
        Ok(Self {
            manifest,
            contract: version.name().to_owned(),
            version,
            imports: outline.imports,
            sha256: sha256_hex(bytes),
            size: bytes.len(),
            signer: None,
            component: component.into(),
        })
    }

    /// The same with whose signature of its bytes was verified.
    #[must_use]
    pub fn signed_by(self, signer: Option<String>) -> Self {
        Self { signer, ..self }
    }

    /// What there is to say about it.
    pub fn summary(&self) -> PluginSummary {
        PluginSummary {
            manifest: self.manifest.clone(),
            contract: self.contract.clone(),
            imports: self.imports.clone(),
            sha256: self.sha256.clone(),
            size: self.size,
            signer: self.signer.clone(),
        }
    }

    /// The services that it imports, which its manifest has to ask for.
    ///
    /// # Errors
    /// When it imports what its kind may not, what the host does not know, or what its manifest keeps silent about.
    pub fn services(&self) -> Result<BTreeSet<String>, LoadError> {
        let asked = Grants::of(
            self.manifest
                .imports
                .keys()
                .filter(|service| grants::is_service(service)),
        );
        grants::check(self, self.version.contract(), &asked)
    }
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The component in `bytes`: the bytes themselves, or what a core module with an embedded component type is wrapped into.
pub fn componentize(bytes: &[u8], origin: &str) -> Result<Vec<u8>, LoadError> {
    if Parser::is_component(bytes) {
        return Ok(bytes.to_vec());
    }
    let not_wasm = |reason: String| LoadError::NotWasm {
        origin: origin.to_owned(),
        reason,
    };
    if !Parser::is_core_wasm(bytes) {
        return Err(not_wasm(
            "it does not begin like a WebAssembly component or module".to_owned(),
        ));
    }
    // wit-component relies on a module that is whole.
    wasmparser::validate(bytes).map_err(|error| not_wasm(error.to_string()))?;
    ComponentEncoder::default()
        .validate(true)
        .module(bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| not_wasm(format!("{error:#}")))
}

/// Names at the outside of a component.
#[derive(Default)]
struct Outline {
    imports: Vec<String>,
    exports: Vec<String>,
    manifest: Option<Vec<u8>>,
}

impl Outline {
    fn read(component: &[u8]) -> Result<Self, String> {
        let mut outline = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(|error| error.to_string())? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding != Encoding::Component {
                        return Err("it is no component".to_owned());
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        outline
                            .imports
                            .push(import.map_err(|error| error.to_string())?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        outline
                            .exports
                            .push(export.map_err(|error| error.to_string())?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name() == MANIFEST_SECTION && outline.manifest.is_none() => {
                    outline.manifest = Some(section.data().to_vec());
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    /// The kind and the version of the contract, told from the one exported interface of the contract.
    fn world(&self, origin: &str) -> Result<(Kind, Version), LoadError> {
        let wrong_world = || LoadError::WrongWorld {
            origin: origin.to_owned(),
            found: if self.exports.is_empty() {
                "nothing".to_owned()
            } else {
                self.exports.join(", ")
            },
            served: SERVED_VERSIONS
                .map(|version| format!("{CONTRACT}/<kind>@{version}"))
                .join(", "),
        };
        let mut worlds = self.exports.iter().filter_map(|export| {
            let (name, version) = export.strip_prefix(CONTRACT)?.strip_prefix('/')?.split_once('@')?;
            Some((Kind::from_name(name)?, version))
        });
        let (Some((kind, name)), None) = (worlds.next(), worlds.next()) else {
            return Err(wrong_world());
        };
        match Version::from_name(name) {
            Some(version) => Ok((kind, version)),
            None if is_newer(name) => Err(LoadError::NewerContract {
                origin: origin.to_owned(),
                found: name.to_owned(),
                served: SERVED_VERSIONS.join(" and "),
            }),
            None => Err(wrong_world()),
        }
    }
}

/// Whether a version of the contract comes after all that are served.
fn is_newer(version: &str) -> bool {
    let numbers = |version: &str| -> Option<Vec<u64>> { version.split('.').map(|part| part.parse().ok()).collect() };
    let newest = SERVED_VERSIONS.into_iter().filter_map(numbers).max();
    numbers(version) > newest
}
