//! The CUDA driver that computes nothing (`pretended_driver.c`), compiled, and programs run on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::event_log::EventLog;
use super::toolkit::Toolkit;
use crate::checkout;
use crate::process::{command, run};

/// Names the folder that the driver writes into.
const RECORDS: &str = "NL2SQL_PRETENDED_DRIVER";

/// The driver, compiled.
pub struct PretendedDriver {
    folder: PathBuf,
}

/// What a program did on it.
pub struct Run {
    /// What it asked of the driver.
    pub log: EventLog,
    /// What it printed.
    pub printed: String,
    /// Its kernels as PTX, one file each.
    pub kernels: Vec<PathBuf>,
}

impl PretendedDriver {
    /// Compiles the driver under the name that programs load it by.
    ///
    /// # Errors
    /// There is no C compiler.
    pub fn compile(folder: &Path) -> Result<Self> {
        let driver = folder.join("driver");
        fs::create_dir_all(&driver).with_context(|| format!("cannot make {}", driver.display()))?;
        let source = checkout::root().join("host/xtask/src/gpu/pretended_driver.c");
        run(command("cc")
            .args([
                "-std=c11",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Wno-unused-parameter",
                "-Werror",
            ])
            .args(["-shared", "-fPIC", "-pthread", "-o"])
            .arg(driver.join("libcuda.so.1"))
            .arg(source))
        .context("the pretended driver is C: a C compiler is needed as `cc`")?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Runs a program on the driver to its end, what it asks for recorded below `name`.
    ///
    /// # Errors
    /// The program fails.
    pub fn run(&self, name: &str, program: &mut Command, toolkit: &Toolkit) -> Result<Run> {
        let records = self.folder.join("runs").join(name);
        // Kernels of an earlier run would be taken for this one's.
        if records.exists() {
            fs::remove_dir_all(&records).with_context(|| format!("cannot remove {}", records.display()))?;
        }
        fs::create_dir_all(&records).with_context(|| format!("cannot make {}", records.display()))?;
        let printed = program
            .env(RECORDS, &records)
            .env("LD_LIBRARY_PATH", self.folder.join("driver"))
            .env("CUDA_PATH", toolkit.folder())
            // Choices of kernels would be kept for cards of this name; nothing chosen here is worth keeping.
            .env("XDG_CACHE_HOME", records.join("cache"))
            .env("HOME", &records)
            .current_dir(&records)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("{name} does not start"))?;
        anyhow::ensure!(
            printed.status.success(),
            "{name} ended with {} on the pretended driver",
            printed.status
        );
        let events = records.join("events.tsv");
        let text = fs::read_to_string(&events)
            .with_context(|| format!("{name} asked nothing of the driver: there is no {}", events.display()))?;
        Ok(Run {
            log: EventLog::parse(&text)?,
            printed: String::from_utf8_lossy(&printed.stdout).into_owned(),
            kernels: kernels_in(&records)?,
        })
    }
}

fn kernels_in(records: &Path) -> Result<Vec<PathBuf>> {
    let mut kernels = Vec::new();
    for entry in fs::read_dir(records)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ptx") {
            kernels.push(path);
        }
    }
    Ok(kernels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program in C that asks the driver for what a training asks for.
    const PROGRAM: &str = r#"
#include <stddef.h>
#include <string.h>
int cuMemAlloc_v2(unsigned long long *, size_t); int cuMemFree_v2(unsigned long long);
int cuMemcpyHtoDAsync_v2(unsigned long long, const void *, size_t, void *);
int cuMemcpyDtoHAsync_v2(void *, unsigned long long, size_t, void *);
int cuModuleLoadData(void **, const void *); int cuModuleGetFunction(void **, void *, const char *);
int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);
int cuStreamSynchronize(void *);
int main(void) {
    unsigned long long memory;
    char there[1000] = "what went up comes down", back[1000];
    void *module, *kernel;
    if (cuMemAlloc_v2(&memory, 1000) || memory % 512) return 1;
    if (cuModuleLoadData(&module, ".version 8.0") || cuModuleGetFunction(&kernel, module, "product")) return 2;
    cuMemcpyHtoDAsync_v2(memory, there, 1000, NULL);
    cuMemcpyDtoHAsync_v2(back, memory, 1000, NULL);
    if (strcmp(there, back)) return 3;
    for (int step = 0; step < 2; step++) {
        cuMemcpyHtoDAsync_v2(memory, there, 1000, NULL);
        for (int launch = 0; launch < 3; launch++) cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL);
        cuMemcpyDtoHAsync_v2(back, memory, 1000, NULL);
        cuStreamSynchronize(NULL);
    }
    return cuMemFree_v2(memory) || back[0];
}
"#;

    #[test]
    fn what_a_program_asks_for_is_recorded() {
        let folder = checkout::target().join("tmp").join("pretended-driver-test");
        let driver = PretendedDriver::compile(&folder).unwrap();
        let (source, program) = (folder.join("program.c"), folder.join("program"));
        fs::write(&source, PROGRAM).unwrap();
        run(command("cc")
            .args([&source, &folder.join("driver/libcuda.so.1")])
            .arg("-o")
            .arg(&program))
        .unwrap();
        let done = driver
            .run("test", &mut command(&program), &Toolkit::without_ptxas(&folder))
            .unwrap();
        let step = done.log.last_step().unwrap();
        assert_eq!((step.launches, step.uploads, step.reads, step.waits), (3, 1, 1, 1));
        assert_eq!(step.by_kernel, [("product".to_owned(), 3)]);
        assert_eq!(done.kernels.len(), 1);
        assert_eq!(fs::read_to_string(&done.kernels[0]).unwrap(), ".version 8.0");
        fs::remove_dir_all(&folder).unwrap();
    }
}
