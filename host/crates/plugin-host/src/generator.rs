//! Generators.

use std::sync::Arc;

use nl2sql_catalog::{Card, Database, DialectInfo, Finding, Sample, Topic};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::generator::exports::nl2sql::plugin::generator as wit;
use crate::bindings::generator::{GeneratorPlugin as World, GeneratorPluginPre};
use crate::convert::list;
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// What a generator is bound to.
#[derive(Clone, Copy, Debug)]
pub struct GeneratorContext<'a> {
    /// The catalog, with the values the profile lets out.
    pub database: &'a Database,
    /// Its table cards.
    pub cards: &'a [Card],
    /// The run's dialect.
    pub dialect: &'a DialectInfo,
    /// The profile's `[generate.options]` as JSON.
    pub options: &'a str,
    /// Seed of the run.
    pub seed: u64,
}

/// A sample that was rejected, with what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// The sample.
    pub sample: Sample,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// A request for samples of one topic.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateRequest {
    /// The topic.
    pub topic: Topic,
    /// How many samples are still wanted.
    pub want: u32,
    /// Counts the calls for this topic from 0.
    pub round: u32,
    /// Languages wanted, with their weights.
    pub languages: Vec<(String, f32)>,
    /// Difficulties wanted, with their weights.
    pub difficulties: Vec<(String, f32)>,
    /// Accepted pairs of this topic so far.
    pub accepted: Vec<Sample>,
    /// Rejections of the previous round.
    pub rejected: Vec<Rejection>,
}

/// A generator's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The samples.
    pub samples: Vec<Sample>,
    /// There is nothing more to say about this topic.
    pub exhausted: bool,
    /// What the generator wants to have said, one sentence each.
    pub notes: Vec<String>,
}

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
    pub fn open(&self, context: GeneratorContext<'_>) -> GeneratorSession {
        let context = wit::Context {
            catalog: context.database.into(),
            cards: list(context.cards),
            dialect: context.dialect.into(),
            options: context.options.to_owned(),
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
    pub fn generate(&self, request: &GenerateRequest) -> Result<Batch, CallError> {
        const CALL: &str = "generator.session.generate";
        let request = wit::Request::from(request);
        let answer = self.pool.call(CALL, |store, (world, session)| {
            world
                .nl2sql_plugin_generator()
                .session()
                .call_generate(store, *session, &request)
        })?;
        match answer {
            Ok(batch) => Ok(Batch {
                samples: list(batch.samples),
                exhausted: batch.exhausted,
                notes: batch.notes,
            }),
            Err(refusal) => Err(self.pool.fault(CALL, Failure::Refused(refusal.into()))),
        }
    }
}

impl From<&GenerateRequest> for wit::Request {
    fn from(request: &GenerateRequest) -> Self {
        let rejection = |rejection: &Rejection| wit::Rejection {
            sample: (&rejection.sample).into(),
            findings: list(rejection.findings.iter().cloned()),
        };
        Self {
            topic: (&request.topic).into(),
            want: request.want,
            round: request.round,
            languages: request.languages.clone(),
            difficulties: request.difficulties.clone(),
            accepted: list(&request.accepted),
            rejected: request.rejected.iter().map(rejection).collect(),
        }
    }
}
