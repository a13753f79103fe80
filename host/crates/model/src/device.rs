//! Choosing where a model computes, by name and without surprises.

use burn::tensor::Device;

use crate::error::{ModelError, Result};

/// A device named by the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU this build can use, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// A graphics card through wgpu, by number.
    Wgpu(usize),
    /// An NVIDIA card through CUDA, by number.
    Cuda(usize),
}

/// A device that is there.
#[derive(Debug, Clone)]
pub struct FoundDevice {
    /// The name to choose it by: `cpu`, `wgpu:0`, `cuda:0`.
    pub name: String,
    /// The device.
    pub device: Device,
}

const KNOWN: &str = "Devices are `auto`, `cpu`, `wgpu`, `wgpu:N`, `cuda` and `cuda:N`.";

impl DeviceChoice {
    /// Reads `auto`, `cpu`, `wgpu`, `wgpu:1`, `cuda`, `cuda:0`.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self> {
        let (kind, number) = match text.split_once(':') {
            None => (text, 0),
            Some((kind, number)) => {
                let number = number
                    .parse()
                    .map_err(|_| ModelError::device(text, format!("`{number}` is not a device number"), KNOWN))?;
                (kind, number)
            }
        };
        match (kind, text.contains(':')) {
            ("auto", false) => Ok(Self::Auto),
            ("cpu", false) => Ok(Self::Cpu),
            ("wgpu", _) => Ok(Self::Wgpu(number)),
            ("cuda", _) => Ok(Self::Cuda(number)),
            _ => Err(ModelError::device(text, "no device has this name", KNOWN)),
        }
    }

    /// Reads names separated by commas, for data-parallel work.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_list(text: &str) -> Result<Vec<Self>> {
        text.split(',').map(|name| Self::parse(name.trim())).collect()
    }

    /// The first of a list of names, for work that one device does.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_first(text: &str) -> Result<Self> {
        Self::parse(text.split(',').next().unwrap_or(text).trim())
    }

    /// Whether this is the CPU, be it that this build or machine has nothing else.
    pub fn is_cpu(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Auto => cuda_devices().is_empty() && wgpu_devices().is_empty(),
            Self::Wgpu(_) | Self::Cuda(_) => false,
        }
    }

    /// The device itself.
    ///
    /// # Errors
    /// When this build lacks the backend, or the machine the device.
    pub fn resolve(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Auto => {
                let found = cuda_devices().into_iter().chain(wgpu_devices()).next();
                Ok(found.map_or_else(Device::flex, |found| found.device))
            }
            Self::Wgpu(number) => pick("wgpu", number, cfg!(feature = "wgpu"), wgpu_devices()),
            Self::Cuda(number) => pick("cuda", number, cfg!(feature = "cuda"), cuda_devices()),
        }
    }
}

/// Every device this build can use on this machine, GPUs first.
pub fn devices() -> Vec<FoundDevice> {
    let cpu = FoundDevice {
        name: "cpu".to_owned(),
        device: Device::flex(),
    };
    cuda_devices().into_iter().chain(wgpu_devices()).chain([cpu]).collect()
}

fn pick(kind: &str, number: usize, built_in: bool, found: Vec<FoundDevice>) -> Result<Device> {
    let name = format!("{kind}:{number}");
    if !built_in {
        return Err(ModelError::device(
            &name,
            format!("this build has no {kind} support"),
            format!("Build with `cargo build --release -p nl2sql --features {kind}`, or use `--device cpu`."),
        ));
    }
    let count = found.len();
    found.into_iter().nth(number).map(|found| found.device).ok_or_else(|| {
        ModelError::device(
            &name,
            format!("this machine has {count} {kind} device(s)"),
            "See `nl2sql doctor` for what is there, check the driver, or use `--device cpu`.",
        )
    })
}

/// Listing is safe without a driver; creating a device that is not there is not.
#[cfg(feature = "cuda")]
fn cuda_devices() -> Vec<FoundDevice> {
    numbered("cuda", burn::tensor::DeviceType::Cuda)
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Vec<FoundDevice> {
    Vec::new()
}

#[cfg(feature = "wgpu")]
fn wgpu_devices() -> Vec<FoundDevice> {
    numbered("wgpu", burn::tensor::DeviceType::Wgpu)
}

#[cfg(not(feature = "wgpu"))]
fn wgpu_devices() -> Vec<FoundDevice> {
    Vec::new()
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn numbered(kind: &str, device_type: burn::tensor::DeviceType) -> Vec<FoundDevice> {
    Device::enumerate(device_type)
        .into_vec()
        .into_iter()
        .enumerate()
        .map(|(number, device)| FoundDevice {
            name: format!("{kind}:{number}"),
            device,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        assert_eq!(DeviceChoice::parse("cuda:2").unwrap(), DeviceChoice::Cuda(2));
        assert_eq!(DeviceChoice::parse("wgpu").unwrap(), DeviceChoice::Wgpu(0));
        assert_eq!(DeviceChoice::parse("cpu").unwrap(), DeviceChoice::Cpu);
        assert_eq!(
            DeviceChoice::parse_first("cuda:1, cuda:0").unwrap(),
            DeviceChoice::Cuda(1)
        );
        for wrong in ["gpu", "cuda:x", "cpu:1", ""] {
            assert!(DeviceChoice::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_device_that_is_not_there_is_an_error() {
        assert!(DeviceChoice::Cuda(99).resolve().is_err());
        assert!(DeviceChoice::Wgpu(99).resolve().is_err());
    }

    #[test]
    fn the_cpu_is_always_listed() {
        assert!(devices().iter().any(|found| found.name == "cpu"));
    }
}
