//! Validators: check samples and say what is wrong with them.

pub use crate::bindings::validator::exports::nl2sql::plugin::validator::Context;
use crate::bindings::validator::exports::nl2sql::plugin::validator::{self, Guest, GuestSession};
use crate::types::{Finding, PluginError, Sample};

/// A validator bound to one catalog and one set of options.
pub trait Validator: Sized + 'static {
    /// Binds the validator. An error here is the answer to every check.
    fn open(context: Context) -> Result<Self, PluginError>;

    /// What is wrong with one sample; a finding of severity `error` rejects it.
    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError>;

    /// Checks a batch; one list of findings per sample, in order.
    fn check_all(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, PluginError> {
        samples.iter().map(|sample| self.check(sample)).collect()
    }
}

/// Stands between the exported interface and a [`Validator`].
#[doc(hidden)]
pub struct Exported<V>(core::marker::PhantomData<V>);

#[doc(hidden)]
pub struct Session<V>(V);

impl<V: Validator> Guest for Exported<V> {
    type Session = Session<V>;

    fn open(context: Context) -> Result<validator::Session, PluginError> {
        crate::install_panic_report();
        V::open(context).map(|open| validator::Session::new(Session(open)))
    }
}

impl<V: Validator> GuestSession for Session<V> {
    fn check(&self, samples: Vec<Sample>) -> Result<Vec<Vec<Finding>>, PluginError> {
        self.0.check_all(&samples)
    }
}
