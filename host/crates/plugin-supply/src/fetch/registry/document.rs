//! What a registry is asked for, how long it may be and how long it may take.

use std::time::Duration;

use super::super::FETCH_TIMEOUT;

/// Most bytes of a manifest and of a list: what the distribution specification asks registries to take at least.
const MAX_DOCUMENT_BYTES: usize = 4 << 20;

/// Most bytes of the answer that holds a token.
const MAX_TOKEN_BYTES: usize = 64 << 10;

/// How long all of a document may take, however steadily it comes.
const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(20);

/// One thing that a registry sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document {
    /// What errors call it.
    pub(super) name: &'static str,
    /// Most bytes, unpacked.
    pub(super) most: usize,
    /// How long all of it may take.
    pub(super) time: Duration,
}

impl Document {
    pub(super) const MANIFEST: Self = Self::listed("manifest");
    pub(super) const TAGS: Self = Self::listed("list of tags");
    pub(super) const REPOSITORIES: Self = Self::listed("list of repositories");
    pub(super) const REFERRERS: Self = Self::listed("list of referrers");
    pub(super) const TOKEN: Self = Self {
        most: MAX_TOKEN_BYTES,
        ..Self::listed("token")
    };

    /// The bytes of a layer.
    pub(super) const fn layer(most: usize) -> Self {
        Self {
            name: "layer",
            most,
            time: FETCH_TIMEOUT,
        }
    }

    const fn listed(name: &'static str) -> Self {
        Self {
            name,
            most: MAX_DOCUMENT_BYTES,
            time: DOCUMENT_TIMEOUT,
        }
    }
}
