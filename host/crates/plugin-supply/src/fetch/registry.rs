//! Plugins from OCI registries, in the layouts of `wkg` and `oras`: a manifest with one layer that is the component.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use nl2sql_plugin_host::MAX_PLUGIN_BYTES;
use nl2sql_profile::{ExposeSecret, RegistryLogin, read_secret};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{DigestError, OciDistributionError, OciEnvelope, OciError, OciErrorCode};
use oci_client::manifest::{OciDescriptor, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use tokio::io::AsyncWrite;

use super::{CONNECT_TIMEOUT, Fetched, READ_TIMEOUT, innermost, prepare_tls};
use crate::SupplyError;
use crate::source::is_local_registry;
use crate::trust::MAX_SIGNATURE_BYTES;

/// Type of a layer, or of an artifact that refers to the plugin, that holds a signature of minisign.
pub const SIGNATURE_MEDIA_TYPE: &str = "application/vnd.minisign";

/// Types of a layer that is a component: what `wkg` writes and asks `oras` for, and what came before it.
const COMPONENT_MEDIA_TYPES: [&str; 2] = ["application/wasm", oci_client::manifest::WASM_LAYER_MEDIA_TYPE];

/// Most artifacts with signatures of one plugin that are looked at.
const MAX_REFERRERS: usize = 8;

/// One registry.
pub(crate) struct Registry {
    client: Client,
    login: RegistryAuth,
    /// Names the source in errors.
    text: String,
}

impl Registry {
    /// A registry by host and port, with the login that the profile has for it.
    pub(crate) fn of(host: &str, logins: &BTreeMap<String, RegistryLogin>, text: &str) -> Result<Self, SupplyError> {
        prepare_tls();
        let protocol = match is_local_registry(host) {
            true => ClientProtocol::Http,
            false => ClientProtocol::Https,
        };
        let config = ClientConfig {
            protocol,
            platform_resolver: None,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("nl2sql/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| SupplyError::Unreachable {
            source_text: text.to_owned(),
            reason: innermost(&error),
        })?;
        let login = logins.get(host).map(login).transpose()?;
        Ok(Self {
            client,
            login: login.unwrap_or(RegistryAuth::Anonymous),
            text: text.to_owned(),
        })
    }

    /// Pulls the component and its signatures.
    pub(crate) async fn pull(&self, reference: &Reference) -> Result<Fetched, SupplyError> {
        let (manifest, digest) = self.manifest(reference).await?;
        let is_component = |layer: &&OciDescriptor| COMPONENT_MEDIA_TYPES.contains(&layer.media_type.as_str());
        let components: Vec<_> = manifest.layers.iter().filter(is_component).collect();
        let [component] = components.as_slice() else {
            let types: Vec<_> = manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
            return Err(self.unfit(format!(
                "its layers are {}; exactly one must be {}",
                if types.is_empty() {
                    "none".to_owned()
                } else {
                    types.join(", ")
                },
                COMPONENT_MEDIA_TYPES[0]
            )));
        };
        let bytes = self.blob(reference, component, MAX_PLUGIN_BYTES).await?;
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
    pub(crate) async fn manifest(&self, reference: &Reference) -> Result<(OciImageManifest, String), SupplyError> {
        let pulled = self.client.pull_manifest(reference, &self.login).await;
        match pulled.map_err(|error| self.failed(error))? {
            (OciManifest::Image(manifest), digest) => Ok((manifest, digest)),
            (OciManifest::ImageIndex(_), _) => {
                Err(self.unfit("it is an index of several; name one of them by its digest".to_owned()))
            }
        }
    }

    /// Repositories of the registry, after `last`.
    pub(crate) async fn catalog(
        &self,
        any: &Reference,
        most: usize,
        last: Option<&str>,
    ) -> Result<Vec<String>, SupplyError> {
        let answer = self.client.catalog(any, &self.login, Some(most), last).await;
        Ok(answer.map_err(|error| self.failed(error))?.repositories)
    }

    /// Tags of a repository; none where it is listed and not there: somebody pushes to it for the first time, or deleted it.
    pub(crate) async fn tags(&self, repository: &Reference) -> Result<Vec<String>, SupplyError> {
        match self.client.list_tags(repository, &self.login, None, None).await {
            Ok(listed) => Ok(listed.tags),
            Err(OciDistributionError::RegistryError { envelope, .. }) if is_unknown_name(&envelope) => Ok(Vec::new()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Signatures that were pushed beside the component.
    async fn signature_layers(
        &self,
        reference: &Reference,
        manifest: &OciImageManifest,
    ) -> Result<Vec<String>, SupplyError> {
        let mut signatures = Vec::new();
        let layers = manifest
            .layers
            .iter()
            .filter(|layer| layer.media_type == SIGNATURE_MEDIA_TYPE);
        for layer in layers.take(MAX_REFERRERS) {
            let bytes = self.blob(reference, layer, MAX_SIGNATURE_BYTES).await?;
            signatures.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(signatures)
    }

    /// Signatures that were attached to the manifest, as `oras attach` does it.
    async fn referring_signatures(&self, reference: &Reference, digest: &str) -> Result<Vec<String>, SupplyError> {
        let subject = reference.clone_with_digest(digest.to_owned());
        let referrers = self.client.pull_referrers(&subject, Some(SIGNATURE_MEDIA_TYPE)).await;
        let referrers = referrers.map_err(|error| self.failed(error))?.manifests;
        let ours = |artifact_type: &Option<String>| artifact_type.as_deref() == Some(SIGNATURE_MEDIA_TYPE);
        let mut signatures = Vec::new();
        for referrer in referrers
            .iter()
            .filter(|entry| ours(&entry.artifact_type))
            .take(MAX_REFERRERS)
        {
            let (manifest, _) = self
                .manifest(&reference.clone_with_digest(referrer.digest.clone()))
                .await?;
            signatures.extend(self.signature_layers(reference, &manifest).await?);
        }
        Ok(signatures)
    }

    /// A blob, whose digest is checked while it comes.
    async fn blob(&self, reference: &Reference, layer: &OciDescriptor, most: usize) -> Result<Vec<u8>, SupplyError> {
        let mut bytes = Bounded {
            bytes: Vec::new(),
            most,
        };
        let announced = usize::try_from(layer.size).ok().filter(|size| *size <= most);
        let announced = announced
            .ok_or_else(|| self.unfit(format!("it announces {} bytes, and {most} are allowed", layer.size)))?;
        let pulled = self.client.pull_blob(reference, layer, &mut bytes).await;
        pulled.map_err(|error| self.failed(error))?;
        let found = bytes.bytes.len();
        if found != announced {
            return Err(self.unfit(format!("it announces {announced} bytes and has {found}")));
        }
        Ok(bytes.bytes)
    }

    fn unfit(&self, reason: String) -> SupplyError {
        SupplyError::Unfit {
            source_text: self.text.clone(),
            reason,
        }
    }

    fn failed(&self, error: OciDistributionError) -> SupplyError {
        let source_text = self.text.clone();
        match error {
            OciDistributionError::DigestError(DigestError::VerificationError { expected, actual }) => {
                SupplyError::OtherBytes {
                    source_text,
                    expected,
                    found: actual,
                    locked: false,
                }
            }
            error => SupplyError::Unreachable {
                source_text,
                reason: innermost(&error),
            },
        }
    }
}

fn is_unknown_name(envelope: &OciEnvelope) -> bool {
    let unknown = |error: &OciError| error.code == OciErrorCode::NameUnknown;
    envelope.errors.iter().any(unknown)
}

fn login(login: &RegistryLogin) -> Result<RegistryAuth, SupplyError> {
    let password = read_secret(login.password_env.as_deref(), login.password_file.as_deref())?;
    Ok(match password {
        Some(password) => RegistryAuth::Basic(login.user.clone(), password.expose_secret().to_owned()),
        None => RegistryAuth::Anonymous,
    })
}

/// Takes bytes until there are too many.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, piece: &[u8]) -> Poll<io::Result<usize>> {
        if self.bytes.len() + piece.len() > self.most {
            let reason = format!("it has more than {} bytes", self.most);
            return Poll::Ready(Err(io::Error::other(reason)));
        }
        self.bytes.extend_from_slice(piece);
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
