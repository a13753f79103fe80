//! Plugins that came from elsewhere.

use std::fmt::Debug;

use crate::Artifact;
use crate::error::LoadError;

/// Who knows where plugins of others came from, and which of them may be used.
pub trait Supply: Debug + Send + Sync {
    /// The plugin of this name that the profile has from elsewhere, verified before anything was read from it.
    ///
    /// # Errors
    /// When it is not what was agreed to, or nothing was.
    fn plugin(&self, name: &str) -> Result<Artifact, LoadError>;

    /// Refuses bytes that are known to be bad, wherever they lie.
    ///
    /// # Errors
    /// When the digest is that of such bytes.
    fn refuse_known_bad(&self, origin: &str, sha256: &str) -> Result<(), LoadError>;
}
