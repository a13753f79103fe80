//! Looking for plugins in a registry.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use nl2sql_profile::RegistrySettings;
use oci_spec::distribution::Reference;
use serde::Serialize;
use tokio::time::timeout;

use crate::SupplyError;
use crate::fetch::{FETCH_TIMEOUT, Registry};
use crate::strangers_text;

/// Annotation of a manifest that says what the artifact is.
const DESCRIPTION: &str = "org.opencontainers.image.description";

/// Type of the configuration that `wkg` gives a component.
const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// Repositories that are asked for at once.
const PAGE: usize = 100;

/// Most repositories that are looked at.
const MAX_REPOSITORIES: usize = 1000;

/// Repositories that are looked at together.
const AT_ONCE: usize = 8;

/// Most tags of a repository that are kept: the newest.
const MAX_TAGS: usize = 100;

/// Something in a registry that may be a plugin. Nothing of it was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// What `nl2sql plugin add` takes.
    pub source: String,
    /// Its tags, at most the last hundred of them.
    pub tags: Vec<String>,
    /// What its author says.
    pub description: String,
}

/// The components of a registry whose name or description contains a text.
pub(crate) async fn search(
    host: &str,
    text: &str,
    registries: &BTreeMap<String, RegistrySettings>,
) -> Result<Vec<Offer>, SupplyError> {
    let registry = Registry::of(host, registries, host)?;
    let wanted = text.to_lowercase();
    let searching = async {
        let repositories = stream::iter(repositories(&registry).await?);
        let looks = repositories.map(|repository| look(&registry, host, repository, &wanted));
        let offers: Vec<Option<Offer>> = looks.buffered(AT_ONCE).try_collect().await?;
        Ok(offers.into_iter().flatten().collect())
    };
    match timeout(FETCH_TIMEOUT, searching).await {
        Ok(offers) => offers,
        Err(_) => Err(SupplyError::TooSlow {
            registry: host.to_owned(),
            document: "repositories",
            seconds: FETCH_TIMEOUT.as_secs(),
        }),
    }
}

/// The newest component of a repository, where it has one that is wanted.
async fn look(registry: &Registry, host: &str, repository: String, wanted: &str) -> Result<Option<Offer>, SupplyError> {
    // A name that is none is one for which no repository can be asked.
    let Ok(any) = format!("{host}/{repository}:any").parse::<Reference>() else {
        return Ok(None);
    };
    let mut tags = registry.tags(&any).await?;
    tags.retain(|tag| is_tag(tag) && !is_attachment(tag));
    tags.drain(..tags.len().saturating_sub(MAX_TAGS));
    tags.shrink_to_fit();
    let Some(newest) = tags.last().cloned() else {
        return Ok(None);
    };
    let reference = Reference::with_tag(host.to_owned(), repository.clone(), newest.clone());
    let manifest = match registry.manifest(&reference).await {
        Ok((manifest, _)) => manifest,
        Err(error @ (SupplyError::TooLarge { .. } | SupplyError::TooSlow { .. })) => return Err(error),
        // Others keep images here as well; what is no component is left out.
        Err(_) => return Ok(None),
    };
    let is_component = manifest.config().media_type().as_ref() == WASM_CONFIG
        || manifest
            .layers()
            .iter()
            .any(|layer| layer.media_type().as_ref() == "application/wasm");
    let annotations = manifest.annotations().as_ref();
    let description = annotations.and_then(|annotations| annotations.get(DESCRIPTION));
    let description = strangers_text::on_one_line(description.map_or("", String::as_str));
    let is_wanted = [&repository, &description]
        .iter()
        .any(|text| text.to_lowercase().contains(wanted));
    Ok((is_component && is_wanted).then(|| Offer {
        source: format!("oci://{host}/{repository}:{newest}"),
        tags,
        description,
    }))
}

async fn repositories(registry: &Registry) -> Result<Vec<String>, SupplyError> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let page = registry.catalog(PAGE, all.last().map(String::as_str)).await?;
        let is_last = page.len() < PAGE;
        all.extend(page.into_iter().take(MAX_REPOSITORIES - all.len()));
        if is_last || all.len() == MAX_REPOSITORIES {
            return Ok(all);
        }
    }
}

/// Whether a registry's word for a tag is one.
fn is_tag(tag: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    !tag.is_empty() && tag.len() <= 128 && !tag.starts_with(['.', '-']) && tag.bytes().all(is_allowed)
}

/// Where a registry without an interface for them keeps what refers to a manifest.
fn is_attachment(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|rest| rest.len() >= 64)
}
