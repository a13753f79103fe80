//! What the workers of a run fetch: its profile, catalog, cards, plugins and adapter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_catalog::{Card, Database, GeneratorContext};
use nl2sql_pipeline::{Failure, PluginIdentity};
use nl2sql_plugin_host::{Entry, Origin};
use nl2sql_profile::{AskSettings, Profile, QueueSettings, ServeSettings, TrustSettings};
use nl2sql_worker::{JobManifest, PROTOCOL, sha256};
use serde::{Deserialize, Serialize};

use crate::Session;
use crate::plugin_supply::stored_plugin;
use crate::plugins::load_failure;
use crate::weights_identity::deciding_files;

/// Artifact with the profile, as TOML.
pub(super) const PROFILE: &str = "profile";
/// Artifact with the catalog without values.
pub(super) const CATALOG: &str = "catalog";
/// Artifact with what the generator is bound to.
pub(super) const CONTEXT: &str = "context";
/// Artifact with what predictions and scores need.
pub(super) const EVALUATION: &str = "evaluation";
/// Beginning of the names of artifacts that are plugins.
pub(super) const PLUGIN: &str = "plugin/";
/// Beginning of the names of artifacts that are files of an adapter.
pub(super) const ADAPTER: &str = "adapter/";

/// Catalog with sampled values, and its cards. Dialect, options and seed follow from the profile.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValuedCatalog {
    pub(super) catalog: Database,
    pub(super) cards: Vec<Card>,
}

/// What workers predict and score with.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EvaluationPlace {
    /// Folder of SQLite files; the run's own database where there is none.
    pub(super) databases: Option<PathBuf>,
    /// The model that answers chats. Its folder is the profile's `model.path`.
    pub(super) model: Option<AskedModel>,
}

/// A model as a worker must have it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedModel {
    /// Digest over the files of its folder that decide what it says.
    pub(super) weights: String,
    /// Chat template.
    pub(super) template: String,
    /// System text of chats without one.
    pub(super) default_system: String,
    /// Whether a template with thinking blocks lets the model think.
    #[serde(default)]
    pub(super) enable_thinking: bool,
    /// Databases whose names answers are held to.
    pub(super) constrained: Vec<String>,
}

/// The manifest of a run's job, and the bytes it refers to.
pub(super) struct JobBundle {
    pub(super) manifest: JobManifest,
    pub(super) artifacts: BTreeMap<String, Vec<u8>>,
}

impl JobBundle {
    /// Of a session's run. Validators alone need no `context`.
    pub(super) fn new(
        session: &Session,
        plain: &Arc<Database>,
        context: Option<&GeneratorContext>,
        identities: &[PluginIdentity],
        at_once: Option<usize>,
    ) -> Result<Self, Failure> {
        let mut artifacts = BTreeMap::new();
        artifacts.insert(PROFILE.to_owned(), profile_text(session.profile())?.into_bytes());
        artifacts.insert(CATALOG.to_owned(), json(plain.as_ref())?);
        if let Some(context) = context {
            let valued = ValuedCatalog {
                catalog: context.catalog.as_ref().clone(),
                cards: context.cards.clone(),
            };
            artifacts.insert(CONTEXT.to_owned(), json(&valued)?);
        }
        Self::of(session, artifacts, identities, at_once)
    }

    /// Of an evaluation. `adapter` is laid over the model.
    pub(super) fn of_evaluation(
        session: &Session,
        evaluation: &EvaluationPlace,
        model: Option<&Path>,
        adapter: Option<&Path>,
        metrics: &[PluginIdentity],
    ) -> Result<Self, Failure> {
        let mut profile = session.profile().clone();
        profile.model.path = model.map(Path::to_owned);
        let mut artifacts = BTreeMap::new();
        artifacts.insert(PROFILE.to_owned(), profile_text(&profile)?.into_bytes());
        artifacts.insert(EVALUATION.to_owned(), json(evaluation)?);
        for file in adapter
            .map_or(Ok(Vec::new()), deciding_files)
            .map_err(|reason| unsendable(&reason))?
        {
            let bytes = std::fs::read(&file).map_err(|error| unsendable(&format!("{}: {error}", file.display())))?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            artifacts.insert(format!("{ADAPTER}{name}"), bytes);
        }
        Self::of(session, artifacts, metrics, None)
    }

    /// A job with these artifacts, and the plugins that are not built in.
    fn of(
        session: &Session,
        mut artifacts: BTreeMap<String, Vec<u8>>,
        plugins: &[PluginIdentity],
        at_once: Option<usize>,
    ) -> Result<Self, Failure> {
        let mut built_in = BTreeMap::new();
        let known = session.plugins()?.library().list();
        let known = known.map_err(|error| load_failure("plugins", &error))?;
        for plugin in plugins {
            match plugin_file(&known, plugin) {
                None => {
                    built_in.insert(plugin.name.clone(), plugin.sha256.clone());
                }
                Some(path) => {
                    artifacts.insert(format!("{PLUGIN}{}", plugin.name), plugin_bytes(&path, plugin)?);
                }
            }
        }
        let manifest = JobManifest {
            protocol: PROTOCOL,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            run: session.place().name.clone(),
            place: place(&session.place().folder),
            at_once,
            lease_ms: session.profile().queue.lease_ms,
            artifacts: BTreeMap::new(),
            built_in,
        };
        Ok(Self { manifest, artifacts })
    }
}

/// The profile as workers read it: paths that they may have too are absolute, and what concerns this process alone is left out. Passwords are
/// never written.
fn profile_text(profile: &Profile) -> Result<String, Failure> {
    let mut sent = Profile {
        queue: QueueSettings::default(),
        ask: AskSettings::default(),
        serve: ServeSettings::default(),
        ..profile.clone()
    };
    let paths = [&mut sent.database.path, &mut sent.database.ddl, &mut sent.model.path];
    for path in paths.into_iter().flatten() {
        if let Ok(absolute) = std::path::absolute(&*path) {
            *path = absolute;
        }
    }
    // Plugins are sent as they were verified here; what this machine trusts, and by which lock, is no business of the workers'.
    sent.trust = TrustSettings::default();
    for plugin in sent.plugins.values_mut() {
        plugin.path = None;
        plugin.source = None;
        plugin.unsigned = false;
    }
    toml::to_string(&sent).map_err(|error| unsendable(&error))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| unsendable(&error))
}

fn unsendable(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "queue",
        "unavailable",
        format!("the run cannot be sent to workers: {error}"),
    )
}

/// The file of a plugin; none for one that is built in.
fn plugin_file(known: &[Entry], plugin: &PluginIdentity) -> Option<PathBuf> {
    let entry = known
        .iter()
        .find(|entry| entry.name == plugin.name && entry.plugin.is_ok())?;
    match &entry.origin {
        Origin::BuiltIn => None,
        Origin::File(path) => Some(path.clone()),
        Origin::Source(_) => stored_plugin(&plugin.sha256),
    }
}

/// The bytes of a plugin's file, which must be those that the run was opened with.
fn plugin_bytes(path: &Path, plugin: &PluginIdentity) -> Result<Vec<u8>, Failure> {
    let unusable = |reason: String| Failure::new(&plugin.name, "unavailable", format!("{}: {reason}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    if sha256(&bytes) == plugin.sha256 {
        Ok(bytes)
    } else {
        Err(unusable(
            "the file was replaced while the run was going on; run again".into(),
        ))
    }
}

/// Tells apart runs of one name: the digest of this machine and the run's folder.
fn place(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    sha256(format!("{}\n{}", machine.trim(), folder.display()).as_bytes())
}
