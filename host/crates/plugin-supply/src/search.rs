//! Looking for plugins in a registry.

use std::collections::BTreeMap;

use nl2sql_profile::RegistryLogin;
use oci_client::Reference;
use serde::Serialize;

use crate::SupplyError;
use crate::fetch::Registry;

/// Annotation of a manifest that says what the artifact is.
const DESCRIPTION: &str = "org.opencontainers.image.description";

/// Type of the configuration that `wkg` gives a component.
const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// Repositories that are asked for at once.
const PAGE: usize = 100;

/// Most repositories that are looked at.
const MAX_REPOSITORIES: usize = 1000;

/// Most characters of a description that are shown.
const MAX_DESCRIPTION: usize = 120;

/// Something in a registry that may be a plugin. Nothing of it was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// What `nl2sql plugin add` takes.
    pub source: String,
    /// Every tag.
    pub tags: Vec<String>,
    /// What its author says.
    pub description: String,
}

/// The components of a registry whose name or description contains a text.
pub(crate) async fn search(
    host: &str,
    text: &str,
    logins: &BTreeMap<String, RegistryLogin>,
) -> Result<Vec<Offer>, SupplyError> {
    let registry = Registry::of(host, logins, host)?;
    let wanted = text.to_lowercase();
    let mut offers = Vec::new();
    for repository in repositories(&registry, host).await? {
        let named = Reference::with_tag(host.to_owned(), repository.clone(), "latest".to_owned());
        let tags: Vec<_> = registry.tags(&named).await?;
        let tags: Vec<String> = tags.into_iter().filter(|tag| !is_attachment(tag)).collect();
        let Some(newest) = tags.last() else { continue };
        let reference = Reference::with_tag(host.to_owned(), repository.clone(), newest.clone());
        // Others keep images here as well; what is no component is left out.
        let Ok((manifest, _)) = registry.manifest(&reference).await else {
            continue;
        };
        let is_component = manifest.config.media_type == WASM_CONFIG
            || manifest
                .layers
                .iter()
                .any(|layer| layer.media_type == "application/wasm");
        let annotations = manifest.annotations.unwrap_or_default();
        let description = shown(annotations.get(DESCRIPTION).map_or("", String::as_str));
        let matches = [&repository, &description]
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted));
        if is_component && matches {
            offers.push(Offer {
                source: format!("oci://{host}/{repository}:{newest}"),
                tags,
                description,
            });
        }
    }
    Ok(offers)
}

async fn repositories(registry: &Registry, host: &str) -> Result<Vec<String>, SupplyError> {
    let any = Reference::with_tag(host.to_owned(), "any".to_owned(), "latest".to_owned());
    let mut all: Vec<String> = Vec::new();
    loop {
        let page = registry.catalog(&any, PAGE, all.last().map(String::as_str)).await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last || all.len() >= MAX_REPOSITORIES {
            all.truncate(MAX_REPOSITORIES);
            return Ok(all);
        }
    }
}

/// Where a registry without an interface for them keeps what refers to a manifest.
fn is_attachment(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|rest| rest.len() >= 64)
}

/// What strangers wrote, on one line and without what moves a terminal's cursor.
fn shown(text: &str) -> String {
    let plain = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(MAX_DESCRIPTION).collect::<String>().trim().to_owned()
}
