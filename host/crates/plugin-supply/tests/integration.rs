//! Plugins of others, from their sources to a run.

mod author;
mod files;
mod hostile_locks;
mod lying_servers;
mod project;
mod registry;
