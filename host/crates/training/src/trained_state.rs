//! What training changes: the trained values and the optimizer's memory, in host memory.

use crate::adamw::{AdamW, clip_global_norm};

/// Trained values with their optimizer.
#[derive(Debug, Clone)]
pub struct TrainedState {
    /// Trained values.
    pub values: Vec<f32>,
    /// The optimizer over them.
    pub optimizer: AdamW,
    gradients: Vec<f32>,
}

/// How a step changes the trained values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    /// The learning rate.
    pub learning_rate: f64,
    /// The largest global norm of the gradients; 0: any.
    pub max_gradient_norm: f64,
}

/// Figures of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOutcome {
    /// Mean cross-entropy over the scored tokens.
    pub loss: f64,
    /// Global norm of the gradients before clipping.
    pub gradient_norm: f64,
}

impl StepOutcome {
    /// Whether both figures are numbers that training can go on with.
    pub fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }
}

impl TrainedState {
    /// Values with an optimizer over as many.
    pub fn new(values: Vec<f32>, optimizer: AdamW) -> Self {
        Self {
            values,
            optimizer,
            gradients: Vec::new(),
        }
    }

    /// Where gradients of all values are written.
    pub fn gradients(&mut self) -> (&[f32], &mut [f32]) {
        self.gradients.resize(self.values.len(), 0.0);
        (&self.values, &mut self.gradients)
    }

    /// Clips the gradients that were written and takes a step. Where `loss` or their norm is not finite, nothing changes.
    pub fn update(&mut self, loss: f64, update: Update) -> StepOutcome {
        let outcome = StepOutcome {
            loss,
            gradient_norm: clip_global_norm(&mut self.gradients, update.max_gradient_norm),
        };
        if outcome.is_finite() {
            self.optimizer
                .step(&mut self.values, &self.gradients, update.learning_rate);
        }
        outcome
    }
}
