//! Trained values and their optimizer on a device, where they stay between steps.

use burn::tensor::{DType, Device, Tensor, TensorData};
use nl2sql_model::kernels::{AdamWTensors, adamw};

use super::host_values;
use crate::adamw::AdamW;
use crate::error::TrainError;
use crate::trained_state::{StepOutcome, TrainedState, Update};

/// The state of one device.
pub struct ResidentState {
    /// Values, means and squares.
    pub tensors: AdamWTensors,
    optimizer: AdamW,
}

impl ResidentState {
    /// Uploads what was trained so far.
    pub fn upload(trained: &TrainedState, device: &Device) -> Self {
        let tensor = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::from_data(data, (device, DType::F32))
        };
        let optimizer = &trained.optimizer;
        Self {
            tensors: AdamWTensors {
                values: tensor(&trained.values),
                means: tensor(&optimizer.means),
                squares: tensor(&optimizer.squares),
            },
            optimizer: AdamW {
                means: Vec::new(),
                squares: Vec::new(),
                ..optimizer.clone()
            },
        }
    }

    /// Clips, takes a step, and reads the figures: the one read of a step. `loss` is the sum over `scored` tokens.
    ///
    /// # Errors
    /// When the device fails.
    pub fn update(
        &mut self,
        gradients: &Tensor<1>,
        loss: &Tensor<1>,
        scored: usize,
        update: Update,
    ) -> Result<StepOutcome, TrainError> {
        let step = self.optimizer.next_step(update.learning_rate);
        let max_norm = update.max_gradient_norm as f32;
        let (tensors, figures) = adamw(self.tensors.clone(), gradients, loss, step, max_norm);
        self.tensors = tensors;
        let figures = host_values(figures)?;
        Ok(StepOutcome {
            loss: f64::from(figures[0]) / scored.max(1) as f64,
            gradient_norm: f64::from(figures[1]),
        })
    }

    /// Reads values and optimizer back.
    ///
    /// # Errors
    /// When the device fails.
    pub fn read_into(&self, trained: &mut TrainedState) -> Result<(), TrainError> {
        trained.values = host_values(self.tensors.values.clone())?;
        trained.optimizer = AdamW {
            means: host_values(self.tensors.means.clone())?,
            squares: host_values(self.tensors.squares.clone())?,
            ..self.optimizer.clone()
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adamw::AdamWSettings;

    #[test]
    fn steps_on_a_device_are_those_of_the_host() {
        let settings = AdamWSettings {
            weight_decay: 0.01,
            ..AdamWSettings::default()
        };
        let wave = |salt: usize| (0..500).map(move |i| ((i * 37 + salt * 101) % 211) as f32 / 105.0 - 1.0);
        for max_gradient_norm in [0.0, 1.0, 1e6] {
            let mut host = TrainedState::new(wave(1).collect(), AdamW::new(settings, 500));
            let mut device = ResidentState::upload(&host, &Device::flex());
            for step in 2..6 {
                let update = Update {
                    learning_rate: 0.01 * step as f64,
                    max_gradient_norm,
                };
                let gradients: Vec<f32> = wave(step).collect();
                let tensor = |values: Vec<f32>| {
                    let count = values.len();
                    Tensor::<1>::from_data(TensorData::new(values, [count]), &Device::flex())
                };
                let theirs = device.update(&tensor(gradients.clone()), &tensor(vec![6.0]), 4, update);
                host.gradients().1.copy_from_slice(&gradients);
                let ours = host.update(1.5, update);
                let theirs = theirs.unwrap();
                assert_eq!(theirs.loss, ours.loss);
                assert!((theirs.gradient_norm - ours.gradient_norm).abs() < 1e-5 * ours.gradient_norm);
            }
            let mut read = TrainedState::new(Vec::new(), AdamW::new(settings, 0));
            device.read_into(&mut read).unwrap();
            assert_eq!(read.optimizer.steps, 4);
            for (ours, theirs) in [
                (&read.values, &host.values),
                (&read.optimizer.means, &host.optimizer.means),
                (&read.optimizer.squares, &host.optimizer.squares),
            ] {
                let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(apart < 2e-6, "{apart:e}");
            }
        }
    }
}
