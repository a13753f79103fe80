//! Typed access to config.json, with errors that name the file and the setting.

use std::path::Path;

use serde_json::{Map, Value};

use super::RopeScaling;
use crate::architecture::{Activation, DecoderShape, RotarySettings};
use crate::error::{ModelError, Result};

/// The settings of a config.json, read one by one.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFields<'a> {
    document: &'a Map<String, Value>,
    path: &'a Path,
}

impl<'a> ConfigFields<'a> {
    /// The settings of a parsed file; `path` is only used in messages.
    pub fn new(document: &'a Map<String, Value>, path: &'a Path) -> Self {
        Self { document, path }
    }

    /// An error for a setting that cannot be honoured.
    pub fn refuse(&self, reason: String, help: impl Into<String>) -> ModelError {
        ModelError::config(self.path, reason, help)
    }

    /// An error for a setting that makes no sense.
    pub fn broken(&self, reason: String) -> ModelError {
        self.refuse(
            reason,
            "The file may be damaged or belong to another kind of model; fetch the model folder again.",
        )
    }

    /// Whether the setting is written down, if only as `null`.
    pub fn states(&self, name: &str) -> bool {
        self.document.contains_key(name)
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.document.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    ///
    /// # Errors
    /// When it is missing or another kind of value.
    pub fn text(&self, name: &str) -> Result<&'a str> {
        self.present(name)
            .and_then(Value::as_str)
            .ok_or_else(|| self.broken(format!("`{name}` is missing or not a text")))
    }

    /// A positive whole number that may be missing.
    ///
    /// # Errors
    /// When it is another kind of value.
    pub fn optional_size(&self, name: &str) -> Result<Option<usize>> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        match value.as_u64().and_then(|size| usize::try_from(size).ok()) {
            Some(size) if size > 0 => Ok(Some(size)),
            _ => Err(self.broken(format!("`{name}` is {value}, a positive whole number is needed"))),
        }
    }

    /// A positive whole number.
    ///
    /// # Errors
    /// When it is missing or another kind of value.
    pub fn size(&self, name: &str) -> Result<usize> {
        self.optional_size(name)?
            .ok_or_else(|| self.broken(format!("`{name}` is missing")))
    }

    /// A number that may be missing.
    ///
    /// # Errors
    /// When it is another kind of value.
    pub fn number(&self, name: &str) -> Result<Option<f64>> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| self.broken(format!("`{name}` is {value}, a number is needed"))),
        }
    }

    /// A flag; false when it is missing.
    pub fn flag(&self, name: &str) -> bool {
        self.optional_flag(name).unwrap_or(false)
    }

    /// A flag that may be missing.
    pub fn optional_flag(&self, name: &str) -> Option<bool> {
        self.present(name).and_then(Value::as_bool)
    }

    /// Token ids, written as one or as a list.
    pub fn token_ids(&self, name: &str) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.present(name) {
            Some(Value::Array(ids)) => ids.iter().filter_map(id).collect(),
            Some(value) => id(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Settings below a name, when there are any.
    pub fn object(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.present(name).and_then(Value::as_object)
    }

    /// The activation named by a setting.
    ///
    /// # Errors
    /// When it is not among [`Activation`]'s.
    pub fn activation(&self, name: &str, usual: Activation) -> Result<Activation> {
        match self.present(name).map(Value::as_str) {
            None => Ok(usual),
            Some(Some("silu" | "swish")) => Ok(Activation::Silu),
            Some(Some("gelu_pytorch_tanh")) => Ok(Activation::GeluTanh),
            Some(other) => Err(self.refuse(
                format!("{name} `{}` is not supported", other.unwrap_or("(no text)")),
                "Known activations of the gated feed-forward layer: silu, gelu_pytorch_tanh.",
            )),
        }
    }

    /// The kinds of attention that config.json gives its layers (`layer_types`).
    ///
    /// # Errors
    /// When it is no list of texts.
    pub fn layer_types(&self) -> Result<Option<Vec<&'a str>>> {
        let Some(value) = self.present("layer_types") else {
            return Ok(None);
        };
        let kinds = value
            .as_array()
            .and_then(|kinds| kinds.iter().map(Value::as_str).collect());
        match kinds {
            Some(kinds) => Ok(Some(kinds)),
            None => Err(self.broken("`layer_types` is not a list of texts".to_owned())),
        }
    }

    /// Refuses windows of attention in a family that is not known with them.
    ///
    /// # Errors
    /// When `use_sliding_window` or `layer_types` asks for one.
    pub fn refuse_windows(&self) -> Result<()> {
        let kinds = self.layer_types()?.unwrap_or_default();
        if self.flag("use_sliding_window") || kinds.iter().any(|kind| *kind != "full_attention") {
            return Err(self.refuse(
                "sliding-window attention is not supported in this family".to_owned(),
                "Use a model whose layers all attend to the full context.",
            ));
        }
        Ok(())
    }

    /// Refuses weights that another tool quantised.
    ///
    /// # Errors
    /// When there is a `quantization_config`.
    pub fn refuse_foreign_quantisation(&self) -> Result<()> {
        if self.present("quantization_config").is_some() {
            return Err(self.refuse(
                "the weights are quantised by another tool (quantization_config)".to_owned(),
                "Use the original weights, or import a GGUF file; quantised training is a setting of the run.",
            ));
        }
        Ok(())
    }

    /// Rotary base and scaling: transformers 5 keeps both in `rope_parameters`, 4.x in `rope_theta` and `rope_scaling`.
    ///
    /// # Errors
    /// When they ask for something unsupported.
    pub fn rotary(&self, shape: DecoderShape) -> Result<RotarySettings> {
        let settings = self.object("rope_parameters").or_else(|| self.object("rope_scaling"));
        self.rotary_of(settings, ("rope_theta", 10_000.0), shape)
    }

    /// Rotary base and scaling from the settings that hold the scaling; the base is among them, else a setting of its own, else the usual one.
    ///
    /// # Errors
    /// When they ask for something unsupported.
    pub fn rotary_of(
        &self,
        settings: Option<&Map<String, Value>>,
        (theta_name, usual_theta): (&str, f64),
        shape: DecoderShape,
    ) -> Result<RotarySettings> {
        let within = |name: &str| settings.and_then(|settings| settings.get(name)).and_then(Value::as_f64);
        let theta = match within("rope_theta") {
            Some(theta) => theta,
            None => self.number(theta_name)?.unwrap_or(usual_theta),
        };
        if theta <= 0.0 {
            return Err(self.broken(format!("{theta_name} {theta} is not positive")));
        }
        let partial = within("partial_rotary_factor").or(self.number("partial_rotary_factor")?);
        if partial.is_some_and(|share| share != 1.0) {
            return Err(self.refuse(
                "partial_rotary_factor other than 1 is not supported".to_owned(),
                "Use a model that rotates whole heads.",
            ));
        }
        let scaling = match settings {
            None => RopeScaling::None,
            Some(settings) => RopeScaling::from_settings(settings, shape.max_position_embeddings)
                .map_err(|reason| self.refuse(reason, "Known scalings: default, linear, llama3, yarn."))?,
        };
        Ok(RotarySettings { theta, scaling })
    }
}
