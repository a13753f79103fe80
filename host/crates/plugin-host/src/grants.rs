//! The two keys of every import: the manifest asks, the profile grants.

use std::collections::BTreeSet;

use crate::artifact::Artifact;
use crate::contract::Contract;
use crate::disclosure::DISCLOSE_ROWS;
use crate::error::LoadError;
use crate::kind::CONTRACT;

/// What a profile lets one plugin do: `[plugins.<name>] grant = [...]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    services: BTreeSet<String>,
    disclose_rows: bool,
}

impl Grants {
    /// Nothing but the log.
    pub fn none() -> Self {
        Self::default()
    }

    /// These services, by name: `llm`, `sql`, `query`; and [`DISCLOSE_ROWS`].
    pub fn of<S: Into<String>>(granted: impl IntoIterator<Item = S>) -> Self {
        let mut services: BTreeSet<String> = granted.into_iter().map(Into::into).collect();
        let disclose_rows = services.remove(DISCLOSE_ROWS);
        Self {
            services,
            disclose_rows,
        }
    }

    /// The same for a plugin that is part of the program: what it says was reviewed with it.
    pub(crate) fn reviewed(self) -> Self {
        Self {
            disclose_rows: true,
            ..self
        }
    }

    /// Whether a service is granted.
    pub fn contains(&self, service: &str) -> bool {
        self.services.contains(service)
    }

    /// Whether the plugin may say in words what it read from rows.
    pub fn disclose_rows(&self) -> bool {
        self.disclose_rows
    }

    /// What is granted, in the words of the profile.
    pub(crate) fn words(&self) -> Vec<String> {
        let own = self.disclose_rows.then_some(DISCLOSE_ROWS).map(str::to_owned);
        self.services.iter().cloned().chain(own).collect()
    }

    /// The profile line that grants one thing more.
    pub(crate) fn line_with(&self, more: &str) -> String {
        let own = self.disclose_rows.then_some(DISCLOSE_ROWS);
        let granted: BTreeSet<&str> = self
            .services
            .iter()
            .map(String::as_str)
            .chain(own)
            .chain([more])
            .collect();
        let granted: Vec<String> = granted.iter().map(|word| format!("\"{word}\"")).collect();
        format!("grant = [{}]", granted.join(", "))
    }

    fn check_words(&self, plugin: &str) -> Result<(), LoadError> {
        match self.services.iter().find(|word| !SERVICES.contains(&word.as_str())) {
            Some(word) => Err(LoadError::UnknownGrant {
                plugin: plugin.to_owned(),
                word: word.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// The services there are to grant.
const SERVICES: [&str; 3] = ["llm", "query", "sql"];

/// Whether a service of this name can be granted.
pub(crate) fn is_service(name: &str) -> bool {
    SERVICES.contains(&name)
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
    grants.check_words(&manifest.name)?;
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
