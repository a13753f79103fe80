//! Which values leave the database, and in what form.

mod masking;
mod personal;
mod policy;

pub(crate) use masking::Masking;
pub(crate) use policy::ColumnPolicies;
