//! Validators.

use std::sync::Arc;

use nl2sql_catalog::{Database, Finding, Sample};
use wasmtime::Store;

use crate::contract::{ValidatorBinding, ValidatorInstance};
use crate::disclosure::CatalogNames;
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// A loaded validator.
#[derive(Clone)]
pub struct ValidatorPlugin {
    plugin: Arc<Loaded>,
    binding: Arc<dyn ValidatorBinding>,
    services: Services,
}

impl Kinded for ValidatorPlugin {
    const KIND: crate::Kind = crate::Kind::Validator;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let binding = plugin.contract().validator(plugin.pre.clone())?.into();
        Ok(Self {
            plugin,
            binding,
            services,
        })
    }
}

impl ValidatorPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// Binds the validator to a catalog and its options (JSON). Instances are made as threads call.
    pub fn open(&self, database: &Database, options: &str) -> ValidatorSession {
        let names = CatalogNames::of(database);
        let (binding, database, options) = (self.binding.clone(), database.clone(), options.to_owned());
        let bind = move |store: &mut Store<State>| binding.open(store, &database, &options);
        ValidatorSession {
            pool: Pool::new(self.plugin.clone(), self.services.clone(), bind),
            names,
        }
    }
}

/// A validator bound to one catalog; usable from several threads at once.
pub struct ValidatorSession {
    pool: Pool<Box<dyn ValidatorInstance>>,
    names: CatalogNames,
}

impl ValidatorSession {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// Findings per sample, in the order of the samples.
    pub fn check(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, CallError> {
        const CALL: &str = "validator.session.check";
        let findings = self.pool.answer(CALL, |store, session| session.check(store, samples))?;
        if findings.len() != samples.len() {
            return Err(self.pool.fault(
                CALL,
                Failure::WrongCount {
                    what: "samples",
                    given: samples.len(),
                    answered: findings.len(),
                },
            ));
        }
        let disclosure = &self.pool.plugin().disclosure;
        let told = findings.into_iter().zip(samples);
        Ok(told
            .map(|(found, sample)| disclosure.findings(&self.names, sample, found))
            .collect())
    }
}
