//! The parts of NVIDIA's toolkit that compiling kernels takes: the library of device functions, and the assembler that judges PTX.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{command, output, succeeds};
use crate::{checkout, python};

/// The same from PyPI, where no toolkit is installed.
const PACKAGES: [&str; 2] = ["nvidia-nvvm==13.0.88", "nvidia-cuda-nvcc==13.0.88"];

/// Where a toolkit is installed.
const INSTALLED: [&str; 2] = ["/usr/local/cuda", "/opt/cuda"];

/// The library of device functions, which kernels are linked with as they compile.
const LIBDEVICE: &str = "nvvm/libdevice/libdevice.10.bc";

/// The architecture of the pretended card.
const ARCHITECTURE: &str = "sm_90a";

/// A toolkit.
pub struct Toolkit {
    folder: PathBuf,
    ptxas: Option<PathBuf>,
}

impl Toolkit {
    /// The one that `CUDA_PATH` names or that is installed, else one from PyPI.
    ///
    /// # Errors
    /// There is none, and pip cannot get one.
    pub fn find() -> Result<Self> {
        let named = std::env::var_os("CUDA_PATH").map(PathBuf::from);
        let candidates = named.into_iter().chain(INSTALLED.map(PathBuf::from));
        let installed = candidates.into_iter().find(|folder| folder.join(LIBDEVICE).is_file());
        let folder = match installed {
            Some(folder) => folder,
            None => from_pypi()?,
        };
        let ptxas = folder.join("bin/ptxas");
        Ok(Self {
            ptxas: succeeds(command(&ptxas).arg("--version")).then_some(ptxas),
            folder,
        })
    }

    /// One without the assembler.
    #[cfg(test)]
    pub fn without_ptxas(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            ptxas: None,
        }
    }

    /// What `CUDA_PATH` must name.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is an assembler.
    pub fn has_assembler(&self) -> bool {
        self.ptxas.is_some()
    }

    /// Has the assembler take each kernel; answers how many it took, none where there is no assembler.
    ///
    /// # Errors
    /// It refuses one.
    pub fn assemble(&self, kernels: &[PathBuf]) -> Result<usize> {
        let Some(ptxas) = &self.ptxas else {
            return Ok(0);
        };
        for kernel in kernels {
            let assembled = command(ptxas)
                .args(["--gpu-name", ARCHITECTURE, "--output-file", "/dev/null"])
                .arg(kernel)
                .output()
                .with_context(|| format!("cannot start {}", ptxas.display()))?;
            if !assembled.status.success() {
                bail!(
                    "ptxas refuses {}: {}",
                    kernel.display(),
                    String::from_utf8_lossy(&assembled.stderr).trim()
                );
            }
        }
        Ok(kernels.len())
    }
}

fn from_pypi() -> Result<PathBuf> {
    let python = python::with_packages(&checkout::target().join("gpu").join("toolkit"), &PACKAGES).context(
        "compiling kernels takes NVIDIA's libdevice.10.bc: install the CUDA toolkit and name its folder in CUDA_PATH",
    )?;
    let asked = "import nvidia.cu13; print(next(iter(nvidia.cu13.__path__)))";
    let folder = output(command(&python).args(["-c", asked])).map(PathBuf::from);
    folder
        .filter(|folder| folder.join(LIBDEVICE).is_file())
        .with_context(|| format!("the packages {} hold no {LIBDEVICE}", PACKAGES.join(", ")))
}
