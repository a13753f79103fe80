//! A plugin that was checked, compiled and linked.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::artifact::Artifact;
use crate::bindings::services::{analysis, llm, log, query, sql, types};
use crate::code_cache::CodeCache;
use crate::engine::Clock;
use crate::error::LoadError;
use crate::grants::{self, Grants};
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::services::Services;
use crate::state::State;

/// A plugin ready to be instantiated.
pub(crate) struct Loaded {
    pub(crate) manifest: Manifest,
    pub(crate) sha256: String,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<Clock>,
    pub(crate) pre: InstancePre<State>,
    services: BTreeSet<String>,
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
    ) -> Result<Self, LoadError> {
        let services = grants::check(artifact, grants)?;
        let rejected = |error: wasmtime::Error| LoadError::Compile {
            plugin: artifact.manifest.name.clone(),
            reason: format!("{error:#}"),
        };
        let component = match cache {
            Some(cache) => cache.component(engine, &artifact.sha256, &artifact.component),
            None => Component::from_binary(engine, &artifact.component),
        }
        .map_err(rejected)?;
        let pre = link(engine, &component, &services).map_err(rejected)?;
        Ok(Self {
            manifest: artifact.manifest.clone(),
            sha256: artifact.sha256.clone(),
            limits,
            clock: clock.clone(),
            pre,
            services,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    /// Whether the plugin uses a service.
    pub(crate) fn uses(&self, service: &str) -> bool {
        self.services.contains(service)
    }

    /// Checks that every service the plugin uses is at hand.
    pub(crate) fn require(&self, services: &Services) -> Result<(), LoadError> {
        match self.services.iter().find(|service| !services.has(service)) {
            Some(absent) => Err(LoadError::ServiceAbsent {
                plugin: self.name().to_owned(),
                service: absent.clone(),
            }),
            None => Ok(()),
        }
    }
}

fn link(engine: &Engine, component: &Component, services: &BTreeSet<String>) -> wasmtime::Result<InstancePre<State>> {
    let mut linker: Linker<State> = Linker::new(engine);
    types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    analysis::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    for service in services {
        match service.as_str() {
            "sql" => sql::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?,
            "query" => query::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?,
            "llm" => llm::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?,
            _ => {}
        }
    }
    crate::wasi::add_to_linker(&mut linker, component)?;
    linker.instantiate_pre(component)
}
