//! The names that statements may be written with, by what a caller may read.

use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_constrained_decoding::SchemaConstraint;
use nl2sql_pipeline::Failure;
use nl2sql_profile::DecodingConstraint;

use super::access_policy::AccessPolicy;
use crate::DatabaseRegistry;

/// The names of the session's database, made for each policy when it is first asked under: there are as many as keys.
pub(super) struct ReadableNames {
    constrain: DecodingConstraint,
    made: Mutex<Vec<(AccessPolicy, Option<Arc<SchemaConstraint>>)>>,
}

impl ReadableNames {
    pub(super) fn new(constrain: DecodingConstraint) -> Self {
        Self {
            constrain,
            made: Mutex::default(),
        }
    }

    /// The names that a caller may read; nothing where statements may be written with any. Blocks for a while.
    pub(super) fn of(
        &self,
        policy: &AccessPolicy,
        databases: &DatabaseRegistry,
    ) -> Result<Option<Arc<SchemaConstraint>>, Failure> {
        if self.constrain == DecodingConstraint::None {
            return Ok(None);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, names)) = made.iter().find(|(known, _)| known == policy) {
            return Ok(names.clone());
        }
        let catalog = policy.visible(&databases.get("")?.catalog);
        let names = databases.schema_constraint("", &catalog, self.constrain)?;
        made.push((policy.clone(), names.clone()));
        Ok(names)
    }
}
