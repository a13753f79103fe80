//! The bf16 units of this CPU.

use std::sync::LazyLock;

#[cfg(target_arch = "x86_64")]
use super::{amx, avx512};

/// A bf16 unit that this CPU has: values are only made for units that were detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit(Kind);

/// The kinds of bf16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tiles of 16 x 32 (AMX-BF16, Intel's servers since 2023).
    #[cfg(target_arch = "x86_64")]
    Tiles,
    /// Dot products of pairs in vectors of 512 bits (AVX512-BF16, Intel's servers since 2020 and AMD since Zen 4).
    #[cfg(target_arch = "x86_64")]
    Pairs,
}

static FOUND: LazyLock<Vec<Unit>> = LazyLock::new(|| kinds().into_iter().map(Unit).collect());

#[cfg(target_arch = "x86_64")]
fn kinds() -> Vec<Kind> {
    let kinds = [(Kind::Tiles, amx::is_allowed()), (Kind::Pairs, avx512::is_supported())];
    kinds
        .iter()
        .filter(|(_, supported)| *supported)
        .map(|(kind, _)| *kind)
        .collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn kinds() -> Vec<Kind> {
    Vec::new()
}

impl Unit {
    /// The units of this CPU, fastest first; empty where bf16 is computed in f32.
    pub fn found() -> &'static [Self] {
        &FOUND
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Tiles => f.write_str("AMX-BF16"),
            #[cfg(target_arch = "x86_64")]
            Kind::Pairs => f.write_str("AVX512-BF16"),
        }
    }
}
