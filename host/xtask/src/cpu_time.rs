//! CPU seconds from the kernel's accounting (`proc(5)`: a hundred ticks a second).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Field 4: the process that started it.
const PARENT: usize = 1;

/// Field 14, the first of four: of the process itself by programs and kernel, and of the children that it waited for.
const OWN: usize = 11;

/// Field 16.
const WAITED_FOR: usize = 13;

/// Of a process so far.
pub fn of_process(process: u32) -> Result<f64> {
    let [programs, kernel] = fields(&process.to_string(), OWN)?;
    Ok(seconds(programs + kernel))
}

/// Of every program that this one has run and waited for.
pub fn of_children() -> Result<f64> {
    let [programs, kernel] = fields("self", WAITED_FOR)?;
    Ok(seconds(programs + kernel))
}

/// Of a process so far, and of those that it started, whether they run or have ended.
pub fn of_family(process: u32) -> Result<f64> {
    let of_one = |process: &str| fields::<4>(process, OWN).map(|ticks| ticks.iter().sum::<u64>());
    let mut ticks = of_one(&process.to_string())?;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // Others may end meanwhile.
        if fields::<1>(&name, PARENT).is_ok_and(|[parent]| parent == u64::from(process)) {
            ticks += of_one(&name).unwrap_or_default();
        }
    }
    Ok(seconds(ticks))
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / 100.0
}

/// Fields, counted behind the name, which is field 2 and may hold spaces.
fn fields<const N: usize>(process: &str, first: usize) -> Result<[u64; N]> {
    let text = fs::read_to_string(Path::new("/proc").join(process).join("stat"))
        .context("CPU seconds are read from /proc, which only Linux has")?;
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    let numbers: Vec<u64> = behind_name
        .split_whitespace()
        .skip(first)
        .take(N)
        .filter_map(|field| field.parse().ok())
        .collect();
    numbers.try_into().ok().context("the kernel accounts in another form")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, id};
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_family_has_the_time_of_its_children() {
        let mut shell = Command::new("sh");
        let mut child = shell.args(["-c", "while true; do true; done"]).spawn().unwrap();
        while of_process(child.id()).unwrap() < 0.05 {
            sleep(Duration::from_millis(10));
        }
        let (family, alone) = (of_family(id()).unwrap(), of_process(id()).unwrap());
        assert!(family >= alone + 0.04, "{family} {alone}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
