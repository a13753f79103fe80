//! The models of a session that are loaded now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nl2sql_model::ModelError;

use crate::{LocalModel, LocalModelSettings};

/// Models on this machine, each loaded once for all that use it at the same time. One that nobody uses any more is let go, since weights
/// are the largest thing a session holds.
#[derive(Clone, Default)]
pub struct LocalModels(Arc<Mutex<HashMap<LocalModelSettings, Weak<LocalModel>>>>);

impl LocalModels {
    /// The model, loaded if it is not yet; whoever asks for a model meanwhile waits.
    ///
    /// # Errors
    /// As [`LocalModel::load`].
    pub fn get(&self, settings: &LocalModelSettings) -> Result<Arc<LocalModel>, ModelError> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = loaded.get(settings).and_then(Weak::upgrade) {
            return Ok(model);
        }
        loaded.retain(|_, model| model.strong_count() > 0);
        let model = Arc::new(LocalModel::load(settings)?);
        loaded.insert(settings.clone(), Arc::downgrade(&model));
        Ok(model)
    }
}
