//! Profiles: one TOML file per way of running `nl2sql`.
//!
//! A [`Profile`] is resolved from five layers, later ones winning: compiled-in defaults, the parameters of `database.url`,
//! profile files (a file may `extends` another), environment variables `NL2SQL_<SECTION>__<KEY>`, and
//! `--set section.key=value` flags. A key that no section knows is refused with the nearest name and the place it stands
//! in. [`reference()`] describes every key.
//!
//! Secrets are never values of a profile: it holds the name of an environment variable or of a file, and
//! [`read_secret`] fetches the secret when it is needed.

mod built_in;
mod error;
mod file;
mod layers;
mod origin;
mod redact;
mod reference;
mod renamed_key;
mod secret;
mod sections;
mod url_parameters;

pub use error::ProfileError;
pub use layers::{Layers, Resolved};
pub use origin::{Origin, OriginLine};
pub use redact::{argument_without_secrets, without_password};
pub use reference::{Key, reference};
pub use secrecy::{ExposeSecret, SecretString};
pub use secret::read_secret;
pub use sections::*;

/// A commented profile with every key an everyday run needs, as `nl2sql init` writes it.
pub const STARTER: &str = include_str!("starter.toml");
