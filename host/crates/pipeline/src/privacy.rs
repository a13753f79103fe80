//! Which values leave the database, and in what form.

mod disguise;
mod personal;
mod policy;

pub(crate) use disguise::Disguise;
pub(crate) use policy::ColumnPolicies;
