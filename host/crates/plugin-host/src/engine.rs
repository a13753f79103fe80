//! The one wasmtime engine of a host, and the clock that ends calls which compute too long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use wasmtime::{Config, Engine, OptLevel};

use crate::limits::STACK;

/// Length of one tick of the deadline clock.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ticks since the engine began; advances together with the engine's epoch.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    /// Ticks so far.
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Ticks that last at least `time`.
    pub(crate) fn ticks(time: Duration) -> u64 {
        let ticks = time.as_nanos().div_ceil(TICK.as_nanos());
        u64::try_from(ticks).unwrap_or(u64::MAX / 4).clamp(1, u64::MAX / 4) + 1
    }
}

/// An engine for plugins: what a guest computes depends on its inputs alone, every loop can be ended, stack is bounded.
pub(crate) fn new() -> wasmtime::Result<(Engine, Arc<Clock>)> {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        // Initial memory is copied: an image to map would be a file, and where files may not grow (`ulimit -f`) no plugin would start.
        .memory_init_cow(false)
        .max_wasm_stack(STACK)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false);
    let engine = Engine::new(&config)?;
    let clock = Arc::new(Clock::default());
    spawn_ticker(&engine, Arc::downgrade(&clock))?;
    Ok((engine, clock))
}

/// Starts the thread that advances epoch and clock until the last holder of the clock is gone.
fn spawn_ticker(engine: &Engine, clock: Weak<Clock>) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("plugin-clock".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let (Some(engine), Some(clock)) = (engine.upgrade(), clock.upgrade()) else {
                    return;
                };
                clock.0.fetch_add(1, Ordering::Relaxed);
                engine.increment_epoch();
            }
        })?;
    Ok(())
}
