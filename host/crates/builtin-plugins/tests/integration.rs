//! The built-in plugins under the limits of the host.

mod checks;
mod concurrency;
