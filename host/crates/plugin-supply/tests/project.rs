//! A user's project: a profile, folders of their own, and what they do with plugins.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_plugin_host::{Artifact, LoadError, PluginHost};
use nl2sql_plugin_supply::{
    AddRequest, Candidate, Installer, LockedPlugin, LockedSupply, Places, Store, SupplyError, Trust, UpdateRequest,
    UpdateReview,
};
use nl2sql_profile::{Layers, Resolved};
use nl2sql_tests::author::Author;

/// A project in a folder of its own, whose user trusts `acme`.
pub struct Project {
    folder: tempfile::TempDir,
    pub acme: Author,
}

impl Project {
    pub fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            acme: Author::with_new_key(),
        };
        let key = project.acme.public_key();
        let profile = format!("# mine\n[database]\npath = \"shop.sqlite\"\n\n[trust.keys]\nacme = \"{key}\"\n");
        fs::write(project.profile(), profile).unwrap();
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn profile(&self) -> PathBuf {
        self.path().join("nl2sql.toml")
    }

    pub fn lock(&self) -> PathBuf {
        self.path().join("nl2sql.lock")
    }

    /// Changes the text of a file.
    pub fn edit(&self, file: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(from), "{} has no {from}: {text}", file.display());
        fs::write(file, text.replace(from, to)).unwrap();
    }

    fn resolved(&self) -> Resolved {
        let layers = Layers {
            folder: self.path().to_owned(),
            ..Layers::default()
        };
        layers.resolve().unwrap()
    }

    fn places(&self) -> Places {
        Places {
            store: self.path().join("data"),
            trust: Some(self.path().join("trust.toml")),
        }
    }

    /// The file in the store.
    pub fn stored(&self, plugin: &LockedPlugin) -> PathBuf {
        Store::new(self.places().store).path(&plugin.sha256)
    }

    pub fn installer(&self) -> Installer {
        Installer::of(&self.resolved(), &self.places(), &["validator-schema"]).unwrap()
    }

    /// `nl2sql plugin add`, granting these services.
    pub fn add(&self, source: &str, grants: &[&str]) -> Result<LockedPlugin, SupplyError> {
        self.add_as(source, grants, false)
    }

    /// The same with `--unsigned`.
    pub fn add_unsigned(&self, source: &str, grants: &[&str]) -> Result<LockedPlugin, SupplyError> {
        self.add_as(source, grants, true)
    }

    fn add_as(&self, source: &str, grants: &[&str], unsigned: bool) -> Result<LockedPlugin, SupplyError> {
        block_on(self.installer().add(&AddRequest {
            source: source.to_owned(),
            folder: self.path().to_owned(),
            grants: grants.iter().map(|grant| (*grant).to_owned()).collect(),
            unsigned,
        }))
    }

    pub fn review(&self, name: &str, request: &UpdateRequest) -> Result<(UpdateReview, Candidate), SupplyError> {
        let request = UpdateRequest {
            folder: self.path().to_owned(),
            ..request.clone()
        };
        block_on(self.installer().review(name, &request))
    }

    /// What a run would load; the error with its help.
    pub fn run(&self, name: &str) -> Result<String, String> {
        looked_at(&self.host()?, name)
    }

    /// The plugins of the profile, as a run has them.
    pub fn host(&self) -> Result<PluginHost, String> {
        let profile = self.resolved().profile;
        let said = |error: SupplyError| said(&error);
        let trust = Trust::load(&profile.trust, self.places().trust.as_deref()).map_err(said)?;
        let supply = LockedSupply::of(&profile, trust, Store::new(self.places().store)).map_err(said)?;
        let host = PluginHost::builder().settings(profile.plugins).supply(Arc::new(supply));
        host.build().map_err(|error| error.to_string())
    }
}

/// Version and signer of the plugin that a host reads; the error with its help.
pub fn looked_at(host: &PluginHost, name: &str) -> Result<String, String> {
    let found = host.library().inspect(name);
    let shown = |artifact: Artifact| {
        let signer = artifact.signer.unwrap_or_default();
        format!("{} by {signer}", artifact.manifest.version)
    };
    found.map(shown).map_err(|error: LoadError| said_of(&error))
}

/// An error as a user reads it.
pub fn said(error: &SupplyError) -> String {
    said_of(error)
}

fn said_of(error: &impl miette::Diagnostic) -> String {
    match error.help() {
        Some(help) => format!("{error}. {help}"),
        None => error.to_string(),
    }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}
