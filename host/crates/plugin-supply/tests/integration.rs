//! Plugins of others, from their sources to a run.

mod encrypted_registry;
mod files;
mod hostile_locks;
mod hostile_registries;
mod lying_servers;
mod project;
mod publisher;
mod registry;
mod registry_logins;
