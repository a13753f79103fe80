//! Generators.

use std::sync::Arc;

use nl2sql_catalog::{Batch, GenerateRequest, GeneratorContext, Rejection};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::generator::exports::nl2sql::plugin::generator as wit;
use crate::bindings::generator::{GeneratorPlugin as World, GeneratorPluginPre};
use crate::convert::{check_difficulties, list};
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// A loaded generator.
#[derive(Clone)]
pub struct GeneratorPlugin {
    plugin: Arc<Loaded>,
    pre: GeneratorPluginPre<State>,
    services: Services,
}

impl Kinded for GeneratorPlugin {
    const KIND: crate::Kind = crate::Kind::Generator;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let pre = GeneratorPluginPre::new(plugin.pre.clone())?;
        Ok(Self { plugin, pre, services })
    }
}

impl GeneratorPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// Binds the generator. Instances are made as threads call.
    pub fn open(&self, context: &GeneratorContext) -> GeneratorSession {
        let context = wit::Context {
            catalog: context.catalog.as_ref().into(),
            cards: list(&context.cards),
            dialect: (&context.dialect).into(),
            options: context.options.clone(),
            seed: context.seed,
        };
        let pre = self.pre.clone();
        let bind = move |store: &mut Store<State>| {
            let world = pre.instantiate(&mut *store)?;
            let session = world
                .nl2sql_plugin_generator()
                .session()
                .call_constructor(store, &context)?;
            Ok((world, session))
        };
        GeneratorSession {
            pool: Pool::new(self.plugin.clone(), self.services.clone(), bind),
        }
    }
}

/// A generator bound to one catalog; usable from several threads at once.
pub struct GeneratorSession {
    pool: Pool<(World, ResourceAny)>,
}

impl GeneratorSession {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// Samples for one topic.
    pub fn generate(&self, request: &GenerateRequest<'_>) -> Result<Batch, CallError> {
        const CALL: &str = "generator.session.generate";
        let request = wit::Request::from(request);
        let answer = self.pool.call(CALL, |store, (world, session)| {
            world
                .nl2sql_plugin_generator()
                .session()
                .call_generate(store, *session, &request)
        })?;
        let batch = answer.map_err(|refusal| self.pool.fault(CALL, Failure::Refused(refusal.into())))?;
        check_difficulties(&batch.samples).map_err(|failure| self.pool.fault(CALL, failure))?;
        Ok(Batch {
            samples: list(batch.samples),
            exhausted: batch.exhausted,
            notes: batch.notes,
        })
    }
}

impl From<&GenerateRequest<'_>> for wit::Request {
    fn from(request: &GenerateRequest<'_>) -> Self {
        let rejection = |rejection: &Rejection| wit::Rejection {
            sample: (&rejection.sample).into(),
            findings: list(rejection.findings.iter().cloned()),
        };
        Self {
            topic: request.topic.into(),
            want: request.want,
            round: request.round,
            languages: request.languages.to_vec(),
            difficulties: request.difficulties.to_vec(),
            accepted: list(request.accepted),
            rejected: request.rejected.iter().map(rejection).collect(),
        }
    }
}
