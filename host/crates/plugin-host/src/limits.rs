//! What one plugin may use of the machine.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

/// Stack of one plugin call in bytes. A validator's call of the dialect nests two of them on the caller's thread, so they must fit
/// the 2 MiB that Rust gives a thread, with room for the host's own frames.
pub const STACK: usize = 512 * 1024;

/// Bytes of the host's memory that one entry of a table takes.
const TABLE_ENTRY: usize = 16;

/// Most entries of one table; a table is for function pointers, and ordinary guests have a few thousand.
const TABLE_ENTRIES: usize = 1 << 20;

/// How many times the time limit of a call the services it uses may take together, the longest waits left out. A guest that only ever calls
/// services would otherwise never end, since its own time hardly passes.
pub(crate) const SERVICE_TIMES: u32 = 120;

/// Bounds on every call of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest a call may compute. Time the host's services take is not counted, up to 120 times this limit; of a single request to a
    /// service no more than this limit is.
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

/// Holds linear memories and tables of one instance, and what the host keeps for it, all together, to a cap.
#[derive(Debug)]
pub(crate) struct MemoryCap {
    cap: usize,
    used: usize,
    peak: usize,
}

impl MemoryCap {
    pub(crate) fn new(cap: usize) -> Self {
        Self { cap, used: 0, peak: 0 }
    }

    /// Takes `bytes` more, for as long as [`give_back`](Self::give_back) does not return them.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), MemoryRefused> {
        let wanted = self.used.saturating_add(bytes);
        if wanted > self.cap {
            return Err(MemoryRefused { wanted, cap: self.cap });
        }
        self.used = wanted;
        self.peak = self.peak.max(wanted);
        Ok(())
    }

    /// Most that was held at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak
    }

    /// Returns what was taken.
    pub(crate) fn give_back(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }
}

impl ResourceLimiter for MemoryCap {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.take(desired.saturating_sub(current))?;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ENTRIES || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.take(desired.saturating_sub(current) * TABLE_ENTRY)?;
        Ok(true)
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
    fn tables_and_what_the_host_keeps_count_as_well() {
        let mut cap = MemoryCap::new(300);
        assert!(cap.table_growing(0, 10, None).unwrap());
        cap.take(100).unwrap();
        assert!(cap.memory_growing(0, 50, None).is_err());
        cap.give_back(100);
        assert!(cap.memory_growing(0, 50, None).unwrap());
        assert!(
            !MemoryCap::new(usize::MAX)
                .table_growing(0, TABLE_ENTRIES + 1, None)
                .unwrap()
        );
    }

    #[test]
    fn a_memory_beyond_its_own_maximum_just_fails_to_grow() {
        assert!(!MemoryCap::new(300).memory_growing(0, 200, Some(100)).unwrap());
    }
}
