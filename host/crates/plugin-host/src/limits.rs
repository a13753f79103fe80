//! What one plugin may use of the machine.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

/// Stack of one plugin call in bytes. A validator's call of the dialect nests two of them on the caller's thread, so they must fit
/// the 2 MiB that Rust gives a thread, with room for the host's own frames.
pub const STACK: usize = 512 * 1024;

/// Most table entries of one instance; a table is for function pointers, and ordinary guests have a few thousand.
const TABLE_ENTRIES: usize = 1 << 20;

/// Bounds on every call of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest a call may compute; time the host's services take is not counted.
    pub time: Duration,
    /// Most linear memory an instance may have, in bytes.
    pub memory: usize,
    /// Most data one answer or one request to a service may hold, in bytes.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            memory: 1 << 30,
            output: 128 << 20,
        }
    }
}

/// Refusal to grow an instance's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryRefused {
    /// Total the plugin wanted, in bytes.
    pub wanted: usize,
    /// Cap in bytes.
    pub cap: usize,
}

impl fmt::Display for MemoryRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wanted {} bytes of memory, the cap is {}", self.wanted, self.cap)
    }
}

impl std::error::Error for MemoryRefused {}

/// Holds the linear memories of one instance, all together, to a cap.
#[derive(Debug)]
pub(crate) struct MemoryCap {
    cap: usize,
    used: usize,
}

impl MemoryCap {
    pub(crate) fn new(cap: usize) -> Self {
        Self { cap, used: 0 }
    }
}

impl ResourceLimiter for MemoryCap {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = (self.used - current).saturating_add(desired);
        if wanted > self.cap {
            return Err(MemoryRefused { wanted, cap: self.cap }.into());
        }
        self.used = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES)
    }

    fn instances(&self) -> usize {
        256
    }

    fn memories(&self) -> usize {
        16
    }

    fn tables(&self) -> usize {
        64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_counts_all_memories_together() {
        let mut cap = MemoryCap::new(300);
        assert!(cap.memory_growing(0, 100, None).unwrap());
        assert!(cap.memory_growing(0, 150, None).unwrap());
        assert!(cap.memory_growing(100, 150, None).unwrap());
        let refused = cap.memory_growing(150, 151, None).unwrap_err();
        assert_eq!(
            refused.downcast_ref::<MemoryRefused>(),
            Some(&MemoryRefused { wanted: 301, cap: 300 })
        );
    }

    #[test]
    fn a_memory_beyond_its_own_maximum_just_fails_to_grow() {
        assert!(!MemoryCap::new(300).memory_growing(0, 200, Some(100)).unwrap());
    }
}
