//! The offline generator: a weighted grammar draws queries over the foreign-key graph and words a question for each.
//!
//! How a pair is made: `nl2sql-schema` turns the catalog into nouns, roles and links; [`grammar`] draws what is asked ([`grammar::Ask`])
//! together with the query that answers it ([`sql::Statement`]); [`sql`] writes the query in the run's dialect and [`wording`] the
//! question in English or Chinese. [`session`] keeps budgets: difficulty, languages, coverage, no repetition.
//! The same context and request give the same bytes.

pub mod grammar;
mod options;
mod quota;
mod random;
pub mod session;
pub mod sql;
pub mod wording;

pub use options::Options;
pub use session::Session;

use nl2sql_sdk::generator::{Batch, Context, Generator, Request};
use nl2sql_sdk::types::PluginError;

/// The plugin.
pub struct Grammar(Session);

impl Generator for Grammar {
    fn open(context: Context) -> Result<Self, PluginError> {
        Session::open(&context.catalog, &context.dialect, &context.options, context.seed).map(Self)
    }

    fn generate(&self, request: Request) -> Result<Batch, PluginError> {
        self.0.generate(&request)
    }
}

nl2sql_sdk::register!(generator: Grammar);
