//! Generators: write question/SQL pairs for topics.

use crate::bindings::generator::exports::nl2sql::plugin::generator::{self, Guest, GuestSession};
pub use crate::bindings::generator::exports::nl2sql::plugin::generator::{Batch, Context, Rejection, Request};
use crate::types::PluginError;

/// A generator bound to one catalog, its cards, a dialect and options.
pub trait Generator: Sized + 'static {
    /// Binds the generator. An error here is the answer to every request.
    fn open(context: Context) -> Result<Self, PluginError>;

    /// Samples for one topic. The answer depends on the context and the request alone, so that runs repeat.
    fn generate(&self, request: Request) -> Result<Batch, PluginError>;
}

/// Stands between the exported interface and a [`Generator`].
#[doc(hidden)]
pub struct Exported<G>(core::marker::PhantomData<G>);

#[doc(hidden)]
pub struct Session<G>(G);

impl<G: Generator> Guest for Exported<G> {
    type Session = Session<G>;

    fn open(context: Context) -> Result<generator::Session, PluginError> {
        crate::install_panic_report();
        G::open(context).map(|open| generator::Session::new(Session(open)))
    }
}

impl<G: Generator> GuestSession for Session<G> {
    fn generate(&self, request: Request) -> Result<Batch, PluginError> {
        self.0.generate(request)
    }
}
