//! CPU seconds from the kernel's accounting (`proc(5)`: a hundred ticks a second).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Of a process so far: fields 14 and 15.
pub fn of_process(process: u32) -> Result<f64> {
    seconds(&process.to_string(), 11)
}

/// Of every program that this one has run and waited for: fields 16 and 17.
pub fn of_children() -> Result<f64> {
    seconds("self", 13)
}

/// Two fields, counted behind the name, which is field 2 and may hold spaces.
fn seconds(process: &str, first: usize) -> Result<f64> {
    let text = fs::read_to_string(Path::new("/proc").join(process).join("stat"))
        .context("CPU seconds are read from /proc, which only Linux has")?;
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(first).take(2);
    let sum: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(sum as f64 / 100.0)
}
