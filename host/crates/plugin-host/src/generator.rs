//! Generators.

use std::sync::Arc;

use nl2sql_catalog::{Batch, GenerateRequest, GeneratorContext};
use wasmtime::Store;

use crate::contract::{GeneratorBinding, GeneratorInstance};
use crate::error::CallError;
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// A loaded generator.
#[derive(Clone)]
pub struct GeneratorPlugin {
    plugin: Arc<Loaded>,
    binding: Arc<dyn GeneratorBinding>,
    services: Services,
}

impl Kinded for GeneratorPlugin {
    const KIND: crate::Kind = crate::Kind::Generator;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let binding = plugin.contract().generator(plugin.pre.clone())?.into();
        Ok(Self {
            plugin,
            binding,
            services,
        })
    }
}

impl GeneratorPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// Binds the generator. Instances are made as threads call.
    pub fn open(&self, context: &GeneratorContext) -> GeneratorSession {
        let (binding, context) = (self.binding.clone(), context.clone());
        let bind = move |store: &mut Store<State>| binding.open(store, &context);
        GeneratorSession {
            pool: Pool::new(self.plugin.clone(), self.services.clone(), bind),
        }
    }
}

/// A generator bound to one catalog; usable from several threads at once.
pub struct GeneratorSession {
    pool: Pool<Box<dyn GeneratorInstance>>,
}

impl GeneratorSession {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// Samples for one topic.
    pub fn generate(&self, request: &GenerateRequest<'_>) -> Result<Batch, CallError> {
        self.pool.answer("generator.session.generate", |store, session| {
            session.generate(store, request)
        })
    }
}
