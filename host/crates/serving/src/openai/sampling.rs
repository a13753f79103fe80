//! The fields of a request that say how tokens are chosen.

use std::collections::BTreeMap;

use nl2sql_inference::Sampling;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api_error::ApiError;

/// Most answers to one prompt.
const MAX_ANSWERS: u32 = 64;
/// Most stop texts.
const MAX_STOPS: usize = 16;

/// Fields that chat and plain completions share.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct SamplingFields {
    /// 0, the default, takes the likeliest token; up to 2.
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f32>,
    /// Nucleus mass, above 0 and up to 1.
    #[schema(exclusive_minimum = 0, maximum = 1)]
    pub top_p: Option<f32>,
    /// Candidates kept; 0 is all.
    pub top_k: Option<u32>,
    /// From -2 to 2.
    #[schema(minimum = -2, maximum = 2)]
    pub presence_penalty: Option<f32>,
    /// From -2 to 2.
    #[schema(minimum = -2, maximum = 2)]
    pub frequency_penalty: Option<f32>,
    /// From 0.01 to 100; 1 changes nothing.
    #[schema(minimum = 0.01, maximum = 100)]
    pub repetition_penalty: Option<f32>,
    /// The same seed gives the same answer.
    pub seed: Option<i64>,
    /// Answers to the prompt.
    #[schema(minimum = 1, maximum = 64)]
    pub n: Option<u32>,
    /// Texts that end an answer.
    pub stop: Option<OneOrMany>,
    /// Added to the logits of tokens, by their number.
    pub logit_bias: Option<BTreeMap<String, f32>>,
}

/// A text or several.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "neither a text nor a list of texts")]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn into_list(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

impl SamplingFields {
    /// Answers that are wanted.
    pub(crate) fn answers(&self) -> Result<u32, ApiError> {
        match self.n.unwrap_or(1) {
            n @ 1..=MAX_ANSWERS => Ok(n),
            n => Err(ApiError::invalid(
                "n",
                format!("n is {n}; it lies between 1 and {MAX_ANSWERS}"),
            )),
        }
    }

    /// Texts that end an answer.
    pub(crate) fn stop_texts(&self) -> Result<Vec<String>, ApiError> {
        let stops = self.stop.clone().map(OneOrMany::into_list).unwrap_or_default();
        if stops.len() > MAX_STOPS {
            return Err(ApiError::invalid(
                "stop",
                format!("at most {MAX_STOPS} stop texts are possible"),
            ));
        }
        Ok(stops.into_iter().filter(|stop| !stop.is_empty()).collect())
    }

    /// Biases by token.
    pub(crate) fn biases(&self) -> Result<Vec<(u32, f32)>, ApiError> {
        let biases = self.logit_bias.iter().flatten();
        let biases = biases.map(|(token, bias)| match token.parse() {
            Ok(token) if bias.is_finite() => Ok((token, *bias)),
            _ => Err(ApiError::invalid("logit_bias", format!("`{token}` is no token number"))),
        });
        biases.collect()
    }

    /// How the tokens of the answer of this number are chosen.
    pub(crate) fn sampling(&self) -> Result<Sampling, ApiError> {
        let within = |name: &str, value: Option<f32>, usual: f32, low: f32, high: f32| match value.unwrap_or(usual) {
            value if (low..=high).contains(&value) => Ok(value),
            value => Err(ApiError::invalid(
                name,
                format!("{name} is {value}; it lies between {low} and {high}"),
            )),
        };
        Ok(Sampling {
            temperature: within("temperature", self.temperature, 0.0, 0.0, 2.0)?,
            top_p: within("top_p", self.top_p, 1.0, f32::MIN_POSITIVE, 1.0)?,
            top_k: self.top_k.unwrap_or(0) as usize,
            repetition_penalty: within("repetition_penalty", self.repetition_penalty, 1.0, 0.01, 100.0)?,
            presence_penalty: within("presence_penalty", self.presence_penalty, 0.0, -2.0, 2.0)?,
            frequency_penalty: within("frequency_penalty", self.frequency_penalty, 0.0, -2.0, 2.0)?,
            seed: self.seed.map_or_else(rand::random, i64::cast_unsigned),
        })
    }
}
