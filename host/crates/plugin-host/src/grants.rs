//! The two keys of every import: the manifest asks, the profile grants.

use std::collections::BTreeSet;

use crate::artifact::Artifact;
use crate::contract::Contract;
use crate::error::LoadError;
use crate::kind::CONTRACT;

/// The services a profile lets one plugin use: `[plugins.<name>] grant = [...]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(BTreeSet<String>);

impl Grants {
    /// Nothing but the log.
    pub fn none() -> Self {
        Self::default()
    }

    /// These services, by name: `llm`, `sql`, `query`.
    pub fn of<S: Into<String>>(services: impl IntoIterator<Item = S>) -> Self {
        Self(services.into_iter().map(Into::into).collect())
    }

    /// Whether a service is granted.
    pub fn contains(&self, service: &str) -> bool {
        self.0.contains(service)
    }

    /// The profile line that grants one service more.
    fn line_with(&self, service: &str) -> String {
        let mut services = self.0.clone();
        services.insert(service.to_owned());
        let services: Vec<String> = services.iter().map(|service| format!("\"{service}\"")).collect();
        format!("grant = [{}]", services.join(", "))
    }
}

/// Checks every import of a plugin: known, allowed for its kind, asked for and granted. Returns the services to link.
///
/// Types and the log need no key: they carry nothing out of the host. WASI needs none either, for it is empty here.
pub(crate) fn check(
    artifact: &Artifact,
    contract: &dyn Contract,
    grants: &Grants,
) -> Result<BTreeSet<String>, LoadError> {
    let manifest = &artifact.manifest;
    let mut services = BTreeSet::new();
    for import in &artifact.imports {
        let Some(service) = contract_interface(import, &artifact.contract) else {
            if import.starts_with("wasi:") {
                continue;
            }
            return Err(LoadError::UnknownImport {
                plugin: manifest.name.clone(),
                import: import.clone(),
            });
        };
        if contract.is_free(service) {
            continue;
        }
        let allowed = contract.services(manifest.kind);
        if !allowed.contains(&service) {
            return Err(LoadError::ForbiddenImport {
                plugin: manifest.name.clone(),
                kind: manifest.kind,
                import: import.clone(),
                allowed: allowed.join("`, `"),
            });
        }
        if !manifest.imports.contains_key(service) {
            return Err(LoadError::UndeclaredImport {
                plugin: manifest.name.clone(),
                service: service.to_owned(),
            });
        }
        if !grants.contains(service) {
            return Err(LoadError::UngrantedImport {
                plugin: manifest.name.clone(),
                service: service.to_owned(),
                reason: manifest.imports[service].clone(),
                line: grants.line_with(service),
            });
        }
        services.insert(service.to_owned());
    }
    Ok(services)
}

/// The name of an interface of this version of the contract; a plugin speaks one version alone.
fn contract_interface<'i>(import: &'i str, contract: &str) -> Option<&'i str> {
    let (name, version) = import.strip_prefix(CONTRACT)?.strip_prefix('/')?.split_once('@')?;
    (version == contract).then_some(name)
}
