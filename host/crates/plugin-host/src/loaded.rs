//! A plugin that was checked, compiled and linked.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::artifact::Artifact;
use crate::code_cache::CodeCache;
use crate::compile_notice::CompileNotice;
use crate::contract::{Contract, Version};
use crate::disclosure::Disclosure;
use crate::engine::Clock;
use crate::error::LoadError;
use crate::grants::{self, Grants};
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::plugin_use::{PluginRecord, UseCounter};
use crate::services::Services;
use crate::state::State;

/// A plugin ready to be instantiated.
pub(crate) struct Loaded {
    pub(crate) manifest: Manifest,
    pub(crate) sha256: String,
    signer: Option<String>,
    built_in: bool,
    granted: Vec<String>,
    counter: Arc<UseCounter>,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<Clock>,
    pub(crate) pre: InstancePre<State>,
    pub(crate) version: Version,
    services: BTreeSet<String>,
    pub(crate) disclosure: Arc<Disclosure>,
    /// Whether it may write the queries that read a catalog.
    pub(crate) reads_catalogs: bool,
}

impl Loaded {
    /// Checks the imports, compiles (or fetches compiled code) and links what is granted.
    pub(crate) fn new(
        artifact: &Artifact,
        grants: &Grants,
        limits: Limits,
        engine: &Engine,
        clock: &Arc<Clock>,
        cache: Option<&CodeCache>,
        notice: &CompileNotice,
    ) -> Result<Self, LoadError> {
        let contract = artifact.version.contract();
        let services = grants::check(artifact, contract, grants)?;
        let disclosure = Arc::new(Disclosure::of(artifact, grants, &services)?);
        let rejected = |error: wasmtime::Error| LoadError::Compile {
            plugin: artifact.manifest.name.clone(),
            reason: format!("{error:#}"),
        };
        let compile = || {
            notice.around(&artifact.manifest.name, artifact.component.len(), || {
                Component::from_binary(engine, &artifact.component)
            })
        };
        let component = match cache {
            Some(cache) => cache.component(engine, &artifact.sha256, compile),
            None => compile(),
        }
        .map_err(rejected)?;
        let pre = link(engine, &component, contract, &services).map_err(rejected)?;
        Ok(Self {
            manifest: artifact.manifest.clone(),
            sha256: artifact.sha256.clone(),
            signer: artifact.signer.clone(),
            built_in: false,
            granted: grants.words(),
            counter: Arc::default(),
            limits,
            clock: clock.clone(),
            pre,
            version: artifact.version,
            services,
            disclosure,
            reads_catalogs: grants.disclose_rows(),
        })
    }

    /// The same as a part of the program.
    pub(crate) fn of_the_program(self, built_in: bool) -> Self {
        Self { built_in, ..self }
    }

    /// Where its instances count what they use of these services.
    pub(crate) fn counter(&self, services: &Services) -> Arc<UseCounter> {
        if services.on_trial {
            Arc::default()
        } else {
            self.counter.clone()
        }
    }

    /// What it was granted, and has used since this was asked last.
    pub(crate) fn take_record(&self) -> PluginRecord {
        PluginRecord {
            plugin: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            kind: self.manifest.kind,
            sha256: self.sha256.clone(),
            built_in: self.built_in,
            signer: self.signer.clone(),
            granted: self.granted.clone(),
            used: self.counter.take(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The contract it was built for.
    pub(crate) fn contract(&self) -> &'static dyn Contract {
        self.version.contract()
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    /// Whether the plugin uses a service.
    pub(crate) fn uses(&self, service: &str) -> bool {
        self.services.contains(service)
    }

    /// Checks that every service the plugin uses is at hand.
    pub(crate) fn require(&self, has: impl Fn(&str) -> bool) -> Result<(), LoadError> {
        match self.services.iter().find(|service| !has(service)) {
            Some(absent) => Err(LoadError::ServiceAbsent {
                plugin: self.name().to_owned(),
                service: absent.clone(),
            }),
            None => Ok(()),
        }
    }
}

fn link(
    engine: &Engine,
    component: &Component,
    contract: &dyn Contract,
    services: &BTreeSet<String>,
) -> wasmtime::Result<InstancePre<State>> {
    let mut linker: Linker<State> = Linker::new(engine);
    contract.link_shared(&mut linker)?;
    for service in services {
        contract.link_service(&mut linker, service)?;
    }
    crate::wasi::add_to_linker(&mut linker, component)?;
    linker.instantiate_pre(component)
}
