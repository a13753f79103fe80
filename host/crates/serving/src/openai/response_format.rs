//! What an answer must be: text, a JSON object, or a value of a JSON schema.

use std::sync::Arc;

use nl2sql_app::{ModelEntry, ServedModel, off_runtime};
use nl2sql_inference::{InferenceError, JsonConstraint};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api_error::ApiError;

/// What an answer must be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat {
    /// Text.
    Text,
    /// A JSON object.
    JsonObject,
    /// A value of a JSON schema.
    JsonSchema {
        /// The schema and its name.
        json_schema: NamedSchema,
    },
}

/// A JSON schema with a name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NamedSchema {
    /// Name.
    pub name: Option<String>,
    /// Schema.
    #[schema(value_type = Object)]
    pub schema: Value,
}

impl ResponseFormat {
    /// What holds an answer to it, or nothing where any text will do. `param` is the field of the request that asks for it.
    ///
    /// # Errors
    /// Where answers cannot be held to the schema; it is not taken as a wish.
    pub(crate) async fn constraint(
        self,
        param: &str,
        model: &Arc<ServedModel>,
        entry: &ModelEntry,
    ) -> Result<Option<JsonConstraint>, ApiError> {
        let schema = match self {
            Self::Text => return Ok(None),
            Self::JsonObject => None,
            Self::JsonSchema { json_schema } => Some(json_schema.schema),
        };
        let (model, entry) = (model.clone(), entry.clone());
        let compiled = off_runtime(move || {
            let schemas = model.json_schemas(&entry)?;
            schema.map_or_else(|| schemas.object(), |schema| schemas.constraint(schema))
        });
        compiled.await.map(Some).map_err(|error| match error {
            InferenceError::Schema { .. } => ApiError::invalid(param, error.to_string()),
            other => ApiError::from(&other),
        })
    }
}
