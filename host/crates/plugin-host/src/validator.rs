//! Validators.

use std::sync::Arc;

use nl2sql_catalog::{Database, Finding, Sample};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::services::types;
use crate::bindings::validator::exports::nl2sql::plugin::validator::Context;
use crate::bindings::validator::{ValidatorPlugin as World, ValidatorPluginPre};
use crate::convert::{check_severities, list};
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
    pre: ValidatorPluginPre<State>,
    services: Services,
}

impl Kinded for ValidatorPlugin {
    const KIND: crate::Kind = crate::Kind::Validator;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let pre = ValidatorPluginPre::new(plugin.pre.clone())?;
        Ok(Self { plugin, pre, services })
    }
}

impl ValidatorPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// Binds the validator to a catalog and its options (JSON). Instances are made as threads call.
    pub fn open(&self, database: &Database, options: &str) -> ValidatorSession {
        let context = Context {
            catalog: database.into(),
            options: options.to_owned(),
        };
        let pre = self.pre.clone();
        let bind = move |store: &mut Store<State>| {
            let world = pre.instantiate(&mut *store)?;
            let session = world
                .nl2sql_plugin_validator()
                .session()
                .call_constructor(store, &context)?;
            Ok((world, session))
        };
        ValidatorSession {
            pool: Pool::new(self.plugin.clone(), self.services.clone(), bind),
        }
    }
}

/// A validator bound to one catalog; usable from several threads at once.
pub struct ValidatorSession {
    pool: Pool<(World, ResourceAny)>,
}

impl ValidatorSession {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// Findings per sample, in the order of the samples.
    pub fn check(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, CallError> {
        const CALL: &str = "validator.session.check";
        let wit: Vec<types::Sample> = list(samples);
        let answer = self.pool.call(CALL, |store, (world, session)| {
            world
                .nl2sql_plugin_validator()
                .session()
                .call_check(store, *session, &wit)
        })?;
        let findings = answer.map_err(|refusal| self.pool.fault(CALL, Failure::Refused(refusal.into())))?;
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
        check_severities(findings.iter().flatten()).map_err(|failure| self.pool.fault(CALL, failure))?;
        Ok(findings.into_iter().map(list).collect())
    }
}
