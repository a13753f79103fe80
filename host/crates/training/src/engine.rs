//! Computes losses and gradients behind one trait, whatever the device.

use burn::tensor::Device;
use nl2sql_model::StoredDtype;
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::device::devices;
use nl2sql_model::layers::QuantisedBits;

use crate::autodiff::AutodiffEngine;
use crate::batch::Sample;
use crate::cpu::{CpuEngine, CpuOptions, Precision};
use crate::error::TrainError;
use crate::parameters::ParameterLayout;
use crate::settings::TrainSettings;
use crate::trained_state::{StepOutcome, TrainedState, Update};

/// Samples of one optimizer step, by micro-batch.
#[derive(Debug, Clone, Default)]
pub struct StepSamples<'a> {
    /// Micro-batches; each is a list of samples with their dropout seeds.
    pub micro_batches: Vec<Vec<(&'a Sample, u64)>>,
}

impl StepSamples<'_> {
    /// Scored tokens of the whole step.
    pub fn scored(&self) -> usize {
        self.micro_batches
            .iter()
            .flatten()
            .map(|(sample, _)| sample.scored())
            .sum()
    }

    /// Tokens of the whole step.
    pub fn tokens(&self) -> usize {
        self.micro_batches
            .iter()
            .flatten()
            .map(|(sample, _)| sample.input_ids.len())
            .sum()
    }
}

/// Computes losses and gradients of a model whose trained values are in one flat array.
pub trait Engine {
    /// Names and ranges of the trained values.
    fn layout(&self) -> &ParameterLayout;

    /// Values at the start of training, drawn with `seed`.
    ///
    /// # Errors
    /// When the device fails.
    fn initial_values(&self, seed: u64) -> Result<Vec<f32>, TrainError>;

    /// Mean cross-entropy over the scored tokens of the whole step, and its gradient into `gradients` (overwritten).
    ///
    /// # Errors
    /// When the device fails.
    fn step(&mut self, values: &[f32], samples: &StepSamples, gradients: &mut [f32]) -> Result<f64, TrainError>;

    /// Sum of the cross-entropies of the samples' scored tokens, without dropout.
    ///
    /// # Errors
    /// When the device fails.
    fn summed_loss(&mut self, values: &[f32], samples: &[&Sample]) -> Result<f64, TrainError>;

    /// A step of the optimizer on `trained`. An engine may keep what it changes on its device: `trained` is up to date after
    /// [`Engine::fetch`], and only this engine's next steps may follow.
    ///
    /// # Errors
    /// When the device fails.
    fn train_step(
        &mut self,
        trained: &mut TrainedState,
        samples: &StepSamples,
        update: Update,
    ) -> Result<StepOutcome, TrainError> {
        step_on_host(self, trained, samples, update)
    }

    /// Brings `trained` up to date with the steps that were taken.
    ///
    /// # Errors
    /// When the device fails.
    fn fetch(&mut self, _trained: &mut TrainedState) -> Result<(), TrainError> {
        Ok(())
    }

    /// Name of the device for logs, such as `cpu, 2 workers`.
    fn description(&self) -> String;
}

/// A step whose gradients are clipped, and whose optimizer runs, in host memory.
///
/// # Errors
/// When the device fails.
pub fn step_on_host(
    engine: &mut (impl Engine + ?Sized),
    trained: &mut TrainedState,
    samples: &StepSamples,
    update: Update,
) -> Result<StepOutcome, TrainError> {
    let (values, gradients) = trained.gradients();
    let loss = engine.step(values, samples, gradients)?;
    Ok(trained.update(loss, update))
}

/// Where a run computes, checked against what this build and machine have.
#[derive(Debug)]
pub enum ComputeTarget {
    /// The CPU engine.
    Cpu(CpuOptions),
    /// Burn devices.
    Devices {
        /// The devices, in order.
        devices: Vec<Device>,
        /// Their names, separated by commas.
        names: String,
        /// Type of frozen weights.
        dtype: StoredDtype,
    },
}

impl ComputeTarget {
    /// Resolves the devices of the settings without loading a model.
    ///
    /// # Errors
    /// When a device is missing or does not support the settings.
    pub fn of(settings: &TrainSettings) -> Result<Self, TrainError> {
        let compute = &settings.compute;
        if compute.devices.iter().all(|device| device.is_cpu()) {
            return Ok(Self::Cpu(CpuOptions {
                workers: compute.workers,
                recompute: compute.recompute,
                precision: compute.precision,
            }));
        }
        if compute.devices.iter().any(|device| device.is_cpu()) {
            return Err(TrainError::setting(
                "device",
                "names the CPU and other devices",
                "name only graphics cards, or only the CPU",
            ));
        }
        let dtype = stored_on_devices(compute.precision);
        let devices = compute.devices.iter().map(|device| device.resolve());
        let devices = devices.collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = devices.iter().map(device_name).collect();
        Ok(Self::Devices {
            devices,
            names: names.join(", "),
            dtype,
        })
    }

    /// Name for people, such as `cpu (2 workers)` or `cuda:0`.
    pub fn name(&self) -> String {
        match self {
            Self::Cpu(options) => format!("cpu ({} workers)", options.workers),
            Self::Devices { names, .. } => names.clone(),
        }
    }
}

/// How graphics cards hold the frozen weights of a precision.
pub fn stored_on_devices(precision: Precision) -> StoredDtype {
    match precision {
        Precision::F32 => StoredDtype::F32,
        Precision::Bf16 => StoredDtype::Bf16,
        Precision::Int8 => StoredDtype::QuantisedBf16(QuantisedBits::Eight),
        Precision::Nf4 => StoredDtype::QuantisedBf16(QuantisedBits::Four),
    }
}

/// The name a user chooses the device by.
pub(crate) fn device_name(device: &Device) -> String {
    let known = devices().into_iter().find(|known| known.device == *device);
    known.map_or_else(|| "cpu".to_owned(), |known| known.name)
}

/// Opens the engine for the settings: the CPU engine, or burn on graphics cards.
///
/// # Errors
/// As [`ComputeTarget::of`], and when the base model cannot be loaded.
pub fn open(settings: &TrainSettings, adapter: &AdapterConfig) -> Result<Box<dyn Engine>, TrainError> {
    Ok(match ComputeTarget::of(settings)? {
        ComputeTarget::Cpu(options) => Box::new(CpuEngine::load(&settings.model, adapter, options)?),
        ComputeTarget::Devices { devices, dtype, .. } => {
            Box::new(AutodiffEngine::load(&settings.model, adapter, &devices, dtype)?)
        }
    })
}
