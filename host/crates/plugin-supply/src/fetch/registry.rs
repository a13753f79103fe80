//! Plugins from OCI registries, in the layouts of `wkg` and `oras`: a manifest with one layer that is the component.

mod challenge;
mod document;
mod session;

use std::collections::BTreeMap;

use nl2sql_plugin_host::{MAX_PLUGIN_BYTES, sha256_hex};
use nl2sql_profile::RegistrySettings;
use oci_spec::distribution::Reference;
use oci_spec::image::{Descriptor, ImageIndex, ImageManifest, MediaType};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::document::Document;
use self::session::{Reply, Session};
use super::Fetched;
use crate::SupplyError;
use crate::strangers_text;
use crate::trust::MAX_SIGNATURE_BYTES;

/// Type of a layer, or of an artifact that refers to the plugin, that holds a signature of minisign.
pub const SIGNATURE_MEDIA_TYPE: &str = "application/vnd.minisign";

/// Types of a layer that is a component: what `wkg` writes and asks `oras` for, and what came before it.
const COMPONENT_MEDIA_TYPES: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];

/// Most artifacts with signatures of one plugin that are looked at.
const MAX_REFERRERS: usize = 8;

/// Header with the digest of what is sent.
const DIGEST_HEADER: &str = "docker-content-digest";

/// What a token has to allow for a list of repositories.
const CATALOG_SCOPE: &str = "registry:catalog:*";

/// One registry.
pub(crate) struct Registry {
    session: Session,
    /// Names the source in errors.
    text: String,
}

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RepositoryList {
    repositories: Vec<String>,
}

impl Registry {
    /// A registry by host and port, with what the profile says of it.
    pub(crate) fn of(
        host: &str,
        registries: &BTreeMap<String, RegistrySettings>,
        text: &str,
    ) -> Result<Self, SupplyError> {
        Ok(Self {
            session: Session::of(host, registries.get(host), text)?,
            text: text.to_owned(),
        })
    }

    /// Pulls the component and its signatures.
    pub(crate) async fn pull(&self, reference: &Reference) -> Result<Fetched, SupplyError> {
        let (manifest, digest) = self.manifest(reference).await?;
        let component = self.component(&manifest)?;
        let bytes = self.layer(reference, component, MAX_PLUGIN_BYTES).await?;
        let mut signatures = self.signature_layers(reference, &manifest).await?;
        if signatures.is_empty() {
            signatures = self.referring_signatures(reference, &digest).await?;
        }
        Ok(Fetched {
            bytes,
            signatures,
            resolved: Some(digest),
        })
    }

    /// The manifest that a reference leads to, with its digest.
    pub(crate) async fn manifest(&self, reference: &Reference) -> Result<(ImageManifest, String), SupplyError> {
        let at = reference.digest().or(reference.tag()).unwrap_or_default();
        let reply = self
            .get(reference, &format!("manifests/{at}"), &[], Document::MANIFEST)
            .await?;
        if !reply.status.is_success() {
            return Err(self.session.refused(&reply));
        }
        let announced = reply.headers.get(DIGEST_HEADER).and_then(|digest| digest.to_str().ok());
        let found = format!("sha256:{}", sha256_hex(&reply.body));
        for expected in [reference.digest(), announced].into_iter().flatten() {
            self.check_digest(expected, &found)?;
        }
        match serde_json::from_slice(&reply.body) {
            Ok(manifest) => Ok((manifest, found)),
            Err(_) if serde_json::from_slice::<ImageIndex>(&reply.body).is_ok() => {
                Err(self.unfit("it is an index of several; name one of them by its digest".to_owned()))
            }
            Err(error) => Err(self.unreadable(Document::MANIFEST, &error)),
        }
    }

    /// Repositories of the registry, after `last`.
    pub(crate) async fn catalog(&self, most: usize, last: Option<&str>) -> Result<Vec<String>, SupplyError> {
        let most = most.to_string();
        let mut query = vec![("n", most.as_str())];
        query.extend(last.map(|last| ("last", last)));
        let document = Document::REPOSITORIES;
        let reply = self.session.get("_catalog", &query, CATALOG_SCOPE, document).await?;
        Ok(self.read::<RepositoryList>(&reply, document)?.repositories)
    }

    /// Tags of a repository; none where it is listed and not there: somebody pushes to it for the first time, or deleted it.
    pub(crate) async fn tags(&self, repository: &Reference) -> Result<Vec<String>, SupplyError> {
        let reply = self.get(repository, "tags/list", &[], Document::TAGS).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        Ok(self.read::<TagList>(&reply, Document::TAGS)?.tags.unwrap_or_default())
    }

    /// The one layer that is the plugin.
    fn component<'m>(&self, manifest: &'m ImageManifest) -> Result<&'m Descriptor, SupplyError> {
        let is_component = |layer: &&Descriptor| COMPONENT_MEDIA_TYPES.contains(&layer.media_type().as_ref());
        let components: Vec<_> = manifest.layers().iter().filter(is_component).collect();
        let [component] = components.as_slice() else {
            let types: Vec<_> = manifest
                .layers()
                .iter()
                .map(|layer| layer.media_type().as_ref())
                .collect();
            let found = match types.is_empty() {
                true => "none".to_owned(),
                false => strangers_text::on_one_line(&types.join(", ")),
            };
            return Err(self.unfit(format!(
                "its layers are {found}; exactly one must be {}",
                COMPONENT_MEDIA_TYPES[0]
            )));
        };
        Ok(component)
    }

    /// Signatures that were pushed beside the component.
    async fn signature_layers(
        &self,
        reference: &Reference,
        manifest: &ImageManifest,
    ) -> Result<Vec<String>, SupplyError> {
        let mut signatures = Vec::new();
        let is_signature = |layer: &&Descriptor| layer.media_type().as_ref() == SIGNATURE_MEDIA_TYPE;
        for layer in manifest.layers().iter().filter(is_signature).take(MAX_REFERRERS) {
            let bytes = self.layer(reference, layer, MAX_SIGNATURE_BYTES).await?;
            signatures.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(signatures)
    }

    /// Signatures that were attached to the manifest, as `oras attach` does it.
    async fn referring_signatures(&self, reference: &Reference, digest: &str) -> Result<Vec<String>, SupplyError> {
        let Some(referrers) = self.referrers(reference, digest).await? else {
            return Ok(Vec::new());
        };
        let is_signature = |entry: &&Descriptor| {
            let artifact_type = entry.artifact_type().as_ref().map(MediaType::as_ref);
            artifact_type == Some(SIGNATURE_MEDIA_TYPE)
        };
        let mut signatures = Vec::new();
        for referrer in referrers.manifests().iter().filter(is_signature).take(MAX_REFERRERS) {
            let at = reference.clone_with_digest(referrer.digest().to_string());
            let (manifest, _) = self.manifest(&at).await?;
            signatures.extend(self.signature_layers(reference, &manifest).await?);
        }
        Ok(signatures)
    }

    /// What refers to a manifest: as the registry lists it, or under the tag where it stands in registries that do not.
    async fn referrers(&self, reference: &Reference, digest: &str) -> Result<Option<ImageIndex>, SupplyError> {
        let listed = format!("referrers/{digest}");
        let tagged = format!("manifests/{}", digest.replace(':', "-"));
        let query = [("artifactType", SIGNATURE_MEDIA_TYPE)];
        for (path, query) in [(listed, &query[..]), (tagged, &[])] {
            let reply = self.get(reference, &path, query, Document::REFERRERS).await?;
            if reply.status != StatusCode::NOT_FOUND {
                return self.read(&reply, Document::REFERRERS).map(Some);
            }
        }
        Ok(None)
    }

    /// The bytes of a layer, which are those that its digest names.
    async fn layer(&self, reference: &Reference, layer: &Descriptor, most: usize) -> Result<Vec<u8>, SupplyError> {
        let announced = usize::try_from(layer.size()).ok().filter(|size| *size <= most);
        let announced = announced
            .ok_or_else(|| self.unfit(format!("it announces {} bytes, and {most} are allowed", layer.size())))?;
        let path = format!("blobs/{}", layer.digest());
        let reply = self.get(reference, &path, &[], Document::layer(most)).await?;
        if !reply.status.is_success() {
            return Err(self.session.refused(&reply));
        }
        self.check_digest(layer.digest().as_ref(), &format!("sha256:{}", sha256_hex(&reply.body)))?;
        let found = reply.body.len();
        if found != announced {
            return Err(self.unfit(format!("it announces {announced} bytes and has {found}")));
        }
        Ok(reply.body)
    }

    async fn get(
        &self,
        repository: &Reference,
        path: &str,
        query: &[(&str, &str)],
        document: Document,
    ) -> Result<Reply, SupplyError> {
        let name = repository.repository();
        let scope = format!("repository:{name}:pull");
        self.session
            .get(&format!("{name}/{path}"), query, &scope, document)
            .await
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply, document: Document) -> Result<T, SupplyError> {
        if !reply.status.is_success() {
            return Err(self.session.refused(reply));
        }
        serde_json::from_slice(&reply.body).map_err(|error| self.unreadable(document, &error))
    }

    fn check_digest(&self, expected: &str, found: &str) -> Result<(), SupplyError> {
        if !expected.starts_with("sha256:") {
            return Err(self.unfit("its digest is no SHA-256".to_owned()));
        }
        if expected == found {
            return Ok(());
        }
        Err(SupplyError::OtherBytes {
            source_text: self.text.clone(),
            expected: strangers_text::on_one_line(expected),
            found: found.to_owned(),
            locked: false,
        })
    }

    fn unreadable(&self, document: Document, error: &serde_json::Error) -> SupplyError {
        let reason = strangers_text::on_one_line(&error.to_string());
        self.unfit(format!("its {} cannot be read: {reason}", document.name))
    }

    fn unfit(&self, reason: String) -> SupplyError {
        SupplyError::Unfit {
            source_text: self.text.clone(),
            reason,
        }
    }
}
