//! What writes the statements for a question.

use std::sync::Arc;

use nl2sql_constrained_decoding::SchemaConstraint;
use nl2sql_evaluation::prediction::{ChatPrompt, OnCompletion, TextGenerator};

use super::served_generator::ServedGenerator;

/// What writes statements.
pub enum StatementWriter {
    /// A model on this machine, which can be held to names.
    Served(Box<ServedGenerator>),
    /// What is asked over a network, and writes what it likes.
    Endpoint(Arc<dyn TextGenerator>),
}

impl StatementWriter {
    /// A text for each prompt. A model on this machine writes over `names` alone, where there are some; an endpoint is asked only where there are
    /// none.
    pub(super) async fn write(
        &self,
        prompts: Vec<ChatPrompt>,
        names: Option<Arc<SchemaConstraint>>,
        on_completion: OnCompletion<'_>,
    ) {
        match self {
            Self::Served(served) => served.held_to(names).generate(prompts, on_completion).await,
            Self::Endpoint(endpoint) => endpoint.generate(prompts, on_completion).await,
        }
    }
}
