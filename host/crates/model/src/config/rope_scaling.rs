//! Stretching rotary frequencies to longer contexts.

use std::f64::consts::PI;

use serde_json::{Map, Value};

/// How rotary frequencies are changed; parameters as in transformers' `rope_parameters`.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    /// Frequencies as they are.
    None,
    /// Positions divided by a factor (Chen et al. 2023, arXiv:2306.15595).
    Linear {
        /// Divisor of every frequency.
        factor: f64,
    },
    /// Long wavelengths divided, short ones kept, with a smooth passage (Llama 3.1).
    Llama3 {
        /// Divisor of low frequencies.
        factor: f64,
        /// Wavelengths above `original / low_freq_factor` are divided.
        low_freq_factor: f64,
        /// Wavelengths below `original / high_freq_factor` are kept.
        high_freq_factor: f64,
        /// Context length of the original training, in tokens.
        original_max_position_embeddings: f64,
    },
    /// NTK-by-parts interpolation with attention temperature (Peng et al. 2023, arXiv:2309.00071).
    Yarn {
        /// Ratio of new to original context.
        factor: f64,
        /// Multiplier of cosine and sine; derived from `factor` when the model does not state it.
        attention_factor: f64,
        /// Rotations above which a frequency is kept.
        beta_fast: f64,
        /// Rotations below which a frequency is divided.
        beta_slow: f64,
        /// Context length of the original training, in tokens.
        original_max_position_embeddings: f64,
        /// Whether the borders of the passage are rounded to whole dimensions.
        truncate: bool,
    },
}

impl RopeScaling {
    /// Reads the scaling from `rope_parameters` or `rope_scaling`.
    ///
    /// # Errors
    /// A sentence naming the unknown type or the missing parameter.
    pub(crate) fn from_settings(settings: &Map<String, Value>, max_position_embeddings: usize) -> Result<Self, String> {
        let kind = ["rope_type", "type"]
            .iter()
            .find_map(|name| settings.get(*name).and_then(Value::as_str))
            .unwrap_or("default");
        let optional = |name: &str| settings.get(name).and_then(Value::as_f64);
        let required = |name: &str| optional(name).ok_or_else(|| format!("rope scaling `{kind}` needs `{name}`"));
        match kind {
            "default" => Ok(Self::None),
            "linear" => Ok(Self::Linear {
                factor: required("factor")?,
            }),
            "llama3" => Ok(Self::Llama3 {
                factor: required("factor")?,
                low_freq_factor: required("low_freq_factor")?,
                high_freq_factor: required("high_freq_factor")?,
                original_max_position_embeddings: required("original_max_position_embeddings")?,
            }),
            "yarn" => {
                let original = optional("original_max_position_embeddings");
                let factor = match (optional("factor"), original) {
                    (Some(factor), _) => factor,
                    (None, Some(original)) => max_position_embeddings as f64 / original,
                    (None, None) => return Err("rope scaling `yarn` needs `factor`".to_owned()),
                };
                Ok(Self::Yarn {
                    factor,
                    attention_factor: optional("attention_factor")
                        .unwrap_or_else(|| yarn_temperature(factor, optional("mscale"), optional("mscale_all_dim"))),
                    beta_fast: optional("beta_fast").unwrap_or(32.0),
                    beta_slow: optional("beta_slow").unwrap_or(1.0),
                    original_max_position_embeddings: original.unwrap_or(max_position_embeddings as f64),
                    truncate: settings.get("truncate").and_then(Value::as_bool).unwrap_or(true),
                })
            }
            other => Err(format!("rope scaling `{other}` is not supported")),
        }
    }

    /// Angular frequency of each pair of dimensions, in radians per token; `head_dim / 2` values.
    pub fn frequencies(&self, theta: f64, head_dim: usize) -> Vec<f32> {
        let half = head_dim / 2;
        let plain = |pair: usize| theta.powf(-((2 * pair) as f64 / head_dim as f64));
        (0..half)
            .map(|pair| self.stretched(pair, plain(pair), theta, head_dim) as f32)
            .collect()
    }

    /// Multiplier of cosine and sine.
    pub fn attention_factor(&self) -> f32 {
        match self {
            Self::Yarn { attention_factor, .. } => *attention_factor as f32,
            _ => 1.0,
        }
    }

    fn stretched(&self, pair: usize, frequency: f64, theta: f64, head_dim: usize) -> f64 {
        match *self {
            Self::None => frequency,
            Self::Linear { factor } => frequency / factor,
            Self::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_max_position_embeddings: original,
            } => {
                let wavelength = 2.0 * PI / frequency;
                if wavelength < original / high_freq_factor {
                    frequency
                } else if wavelength > original / low_freq_factor {
                    frequency / factor
                } else {
                    let smooth = (original / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor);
                    (1.0 - smooth) * frequency / factor + smooth * frequency
                }
            }
            Self::Yarn {
                factor,
                beta_fast,
                beta_slow,
                original_max_position_embeddings: original,
                truncate,
                ..
            } => {
                // The pair that makes `rotations` full turns over the original context.
                let pair_at =
                    |rotations: f64| head_dim as f64 * (original / (rotations * 2.0 * PI)).ln() / (2.0 * theta.ln());
                let (mut low, mut high) = (pair_at(beta_fast), pair_at(beta_slow));
                if truncate {
                    (low, high) = (low.floor(), high.ceil());
                }
                let (low, mut high) = (low.max(0.0), high.min(head_dim as f64 - 1.0));
                if low == high {
                    high += 0.001;
                }
                let divided = ((pair as f64 - low) / (high - low)).clamp(0.0, 1.0);
                frequency / factor * divided + frequency * (1.0 - divided)
            }
        }
    }
}

/// YaRN's attention temperature (equation 22 of the paper, with DeepSeek's two `mscale` weights).
fn yarn_temperature(factor: f64, mscale: Option<f64>, mscale_all_dim: Option<f64>) -> f64 {
    let temperature = |weight: f64| {
        if factor <= 1.0 {
            1.0
        } else {
            0.1 * weight * factor.ln() + 1.0
        }
    };
    match (mscale, mscale_all_dim) {
        (Some(scale), Some(all)) if scale != 0.0 && all != 0.0 => temperature(scale) / temperature(all),
        _ => temperature(1.0),
    }
}
