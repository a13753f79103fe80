//! AdamW (Loshchilov & Hutter 2019) as `torch.optim.AdamW` computes it, and clipping by the global norm.

use nl2sql_model::kernels::AdamWStep;

/// Settings of the optimizer.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AdamWSettings {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the denominator for numerical stability.
    pub epsilon: f64,
    /// Decoupled weight decay; multiplied by the learning rate.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    /// transformers' defaults.
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

impl std::fmt::Display for AdamWSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "AdamW, betas {} and {}, epsilon {:e}, weight decay {}",
            self.beta1, self.beta2, self.epsilon, self.weight_decay
        )
    }
}

/// Optimizer state over a flat array of values.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    /// Settings.
    pub settings: AdamWSettings,
    /// Number of steps taken.
    pub steps: u64,
    /// Running means of gradients.
    pub means: Vec<f32>,
    /// Running means of squared gradients.
    pub squares: Vec<f32>,
}

impl AdamW {
    /// Initial state for `length` values.
    pub fn new(settings: AdamWSettings, length: usize) -> Self {
        Self {
            settings,
            steps: 0,
            means: vec![0.0; length],
            squares: vec![0.0; length],
        }
    }

    /// One step at `learning_rate`:
    /// `v -= lr wd v; m = b1 m + (1-b1) g; s = b2 s + (1-b2) g^2; v -= lr/(1-b1^t) m / (sqrt(s)/sqrt(1-b2^t) + eps)`.
    pub fn step(&mut self, values: &mut [f32], gradients: &[f32], learning_rate: f64) {
        let step = self.next_step(learning_rate);
        let memory = self.means.iter_mut().zip(&mut self.squares);
        for ((value, &g), (mean, square)) in values.iter_mut().zip(gradients).zip(memory) {
            *mean += step.fresh_mean * (g - *mean);
            *square = *square * step.kept_square + step.fresh_square * g * g;
            let denominator = square.sqrt() / step.square_root_correction + step.epsilon;
            *value = *value * step.kept_value - step.pace * (*mean / denominator);
        }
    }

    /// Counts a step and gives its numbers.
    pub fn next_step(&mut self, learning_rate: f64) -> AdamWStep {
        self.steps += 1;
        let AdamWSettings {
            beta1,
            beta2,
            epsilon,
            weight_decay,
        } = self.settings;
        AdamWStep {
            fresh_mean: (1.0 - beta1) as f32,
            kept_square: beta2 as f32,
            fresh_square: (1.0 - beta2) as f32,
            kept_value: (1.0 - learning_rate * weight_decay) as f32,
            pace: (learning_rate / (1.0 - beta1.powi(self.steps as i32))) as f32,
            square_root_correction: (1.0 - beta2.powi(self.steps as i32)).sqrt() as f32,
            epsilon: epsilon as f32,
        }
    }
}

/// Scales `gradients` so that their Euclidean norm is at most `limit` (no clipping when `limit` is 0) and returns the norm
/// before clipping; the factor is torch's `limit / (norm + 1e-6)`.
pub fn clip_global_norm(gradients: &mut [f32], limit: f64) -> f64 {
    let norm = gradients
        .iter()
        .map(|&g| f64::from(g) * f64::from(g))
        .sum::<f64>()
        .sqrt();
    let factor = limit / (norm + 1e-6);
    if limit > 0.0 && factor < 1.0 {
        gradients.iter_mut().for_each(|g| *g *= factor as f32);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers printed by `torch.optim.AdamW([w], lr=0.1, weight_decay=0.01)` over the same gradients.
    #[test]
    fn matches_torch_adamw() {
        let settings = AdamWSettings {
            weight_decay: 0.01,
            ..AdamWSettings::default()
        };
        let mut values = [1.0f32, -2.0, 0.5];
        let mut optimizer = AdamW::new(settings, 3);
        for gradients in [[0.1, -0.2, 0.0], [0.3, 0.1, -1.0], [-0.2, 0.4, 0.5]] {
            optimizer.step(&mut values, &gradients, 0.1);
        }
        for (a, b) in values.iter().zip([0.779_726_15, -1.913_332_1, 0.595_704_85]) {
            assert!((a - b).abs() < 1e-6, "{values:?}");
        }
    }

    #[test]
    fn clips_only_norms_above_the_limit() {
        let mut gradients = [3.0, 4.0];
        assert_eq!(clip_global_norm(&mut gradients, 10.0), 5.0);
        assert_eq!(gradients, [3.0, 4.0]);
        assert_eq!(clip_global_norm(&mut gradients, 0.0), 5.0);
        assert_eq!(gradients, [3.0, 4.0]);
        clip_global_norm(&mut gradients, 1.0);
        assert!((gradients[0] - 0.6).abs() < 1e-6 && (gradients[1] - 0.8).abs() < 1e-6);
    }
}
