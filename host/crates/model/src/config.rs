//! A model's `config.json`, as transformers writes it (4.x and 5.x spellings).

mod rope_scaling;

use std::path::Path;

use serde_json::{Map, Value};

pub use rope_scaling::RopeScaling;

use crate::architecture::{self, Architecture};
use crate::error::{ModelError, Result};
use crate::tokenizer::read_object;

/// The shape of a decoder model.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// The family the weights belong to, chosen by `model_type`.
    pub architecture: &'static dyn Architecture,
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Number of decoder layers.
    pub num_hidden_layers: usize,
    /// Query heads per layer.
    pub num_attention_heads: usize,
    /// Key/value heads per layer; divides the query heads.
    pub num_key_value_heads: usize,
    /// Width of one head; need not be `hidden_size / num_attention_heads`.
    pub head_dim: usize,
    /// Longest sequence the model was made for, in tokens.
    pub max_position_embeddings: usize,
    /// Epsilon inside RMS norms.
    pub rms_norm_eps: f64,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// How rotary frequencies are stretched beyond the original context.
    pub rope_scaling: RopeScaling,
    /// Whether attention projections carry a bias (`attention_bias`).
    pub attention_bias: bool,
    /// Whether feed-forward projections carry a bias (`mlp_bias`).
    pub mlp_bias: bool,
    /// Whether the output head reuses the embedding table.
    pub tie_word_embeddings: bool,
    /// Token that begins a text, when the model has one.
    pub bos_token_id: Option<u32>,
    /// Tokens that end a text.
    pub eos_token_ids: Vec<u32>,
    /// Everything `config.json` said, kept so that it can be written back unchanged.
    pub document: Map<String, Value>,
}

impl ModelConfig {
    /// Reads `config.json` from a model folder.
    ///
    /// # Errors
    /// When the file is missing, is not JSON, names an unknown `model_type` or asks for something unsupported.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let document = read_object(&path)?;
        Self::from_document(document, &path)
    }

    /// Interprets a parsed `config.json`; `path` is only used in messages.
    ///
    /// # Errors
    /// As [`ModelConfig::read`].
    pub fn from_document(document: Map<String, Value>, path: &Path) -> Result<Self> {
        let fields = Fields {
            document: &document,
            path,
        };
        let model_type = fields.text("model_type")?;
        let architecture = architecture::by_model_type(model_type).ok_or_else(|| {
            fields.refuse(
                format!("model_type `{model_type}` is not known"),
                format!(
                    "Known architectures: {}. Choose a model of one of these families.",
                    architecture::known_model_types().join(", ")
                ),
            )
        })?;
        fields.refuse_unsupported()?;

        let hidden_size = fields.size("hidden_size")?;
        let num_attention_heads = fields.size("num_attention_heads")?;
        let num_key_value_heads = match fields.optional_size("num_key_value_heads")? {
            Some(heads) => heads,
            None => num_attention_heads,
        };
        if !num_attention_heads.is_multiple_of(num_key_value_heads) {
            return Err(fields.broken(format!(
                "num_attention_heads {num_attention_heads} is not a multiple of num_key_value_heads {num_key_value_heads}"
            )));
        }
        let head_dim = match fields.optional_size("head_dim")? {
            Some(width) => width,
            None => architecture.default_head_dim(hidden_size, num_attention_heads),
        };
        if !head_dim.is_multiple_of(2) {
            return Err(fields.broken(format!(
                "head_dim {head_dim} is odd; rotary positions need an even width"
            )));
        }
        let max_position_embeddings = fields.optional_size("max_position_embeddings")?.unwrap_or(2048);
        let (rope_theta, rope_scaling) = fields.rope(max_position_embeddings)?;

        Ok(Self {
            architecture,
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            intermediate_size: fields.size("intermediate_size")?,
            num_hidden_layers: fields.size("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads,
            head_dim,
            max_position_embeddings,
            rms_norm_eps: fields.number("rms_norm_eps")?.unwrap_or(1e-6),
            rope_theta,
            rope_scaling,
            attention_bias: fields.flag("attention_bias"),
            mlp_bias: fields.flag("mlp_bias"),
            tie_word_embeddings: fields.flag("tie_word_embeddings"),
            bos_token_id: fields.token_ids("bos_token_id").first().copied(),
            eos_token_ids: fields.token_ids("eos_token_id"),
            document,
        })
    }

    /// The dtype the weights were saved in (`dtype`, formerly `torch_dtype`), when stated.
    pub fn stated_dtype(&self) -> Option<&str> {
        self.document
            .get("dtype")
            .or_else(|| self.document.get("torch_dtype"))
            .and_then(Value::as_str)
    }
}

/// Typed access to the JSON object, with errors that name the file and field.
struct Fields<'a> {
    document: &'a Map<String, Value>,
    path: &'a Path,
}

impl Fields<'_> {
    fn refuse(&self, reason: String, help: impl Into<String>) -> ModelError {
        ModelError::config(self.path, reason, help)
    }

    fn broken(&self, reason: String) -> ModelError {
        self.refuse(
            reason,
            "The file may be damaged or belong to another kind of model; fetch the model folder again.",
        )
    }

    fn present(&self, name: &str) -> Option<&Value> {
        self.document.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<&str> {
        self.present(name)
            .and_then(Value::as_str)
            .ok_or_else(|| self.broken(format!("`{name}` is missing or not a text")))
    }

    fn optional_size(&self, name: &str) -> Result<Option<usize>> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        match value.as_u64().and_then(|size| usize::try_from(size).ok()) {
            Some(size) if size > 0 => Ok(Some(size)),
            _ => Err(self.broken(format!("`{name}` is {value}, a positive whole number is needed"))),
        }
    }

    fn size(&self, name: &str) -> Result<usize> {
        self.optional_size(name)?
            .ok_or_else(|| self.broken(format!("`{name}` is missing")))
    }

    fn number(&self, name: &str) -> Result<Option<f64>> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| self.broken(format!("`{name}` is {value}, a number is needed"))),
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.present(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn token_ids(&self, name: &str) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.present(name) {
            Some(Value::Array(ids)) => ids.iter().filter_map(id).collect(),
            Some(value) => id(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Refuses settings that would silently change the arithmetic.
    fn refuse_unsupported(&self) -> Result<()> {
        if let Some(activation) = self.present("hidden_act").and_then(Value::as_str)
            && !matches!(activation, "silu" | "swish")
        {
            return Err(self.refuse(
                format!("hidden_act `{activation}` is not supported"),
                "Only the gated SiLU feed-forward layer (`silu`) is implemented.",
            ));
        }
        let sliding_layer = self
            .present("layer_types")
            .and_then(Value::as_array)
            .is_some_and(|layers| layers.iter().any(|kind| kind.as_str() != Some("full_attention")));
        if self.flag("use_sliding_window") || sliding_layer {
            return Err(self.refuse(
                "sliding-window attention is not supported".to_owned(),
                "Use a model whose layers all attend to the full context.",
            ));
        }
        if self.present("quantization_config").is_some() {
            return Err(self.refuse(
                "the weights are quantised by another tool (quantization_config)".to_owned(),
                "Use the original weights, or import a GGUF file; quantised training is a setting of the run.",
            ));
        }
        Ok(())
    }

    /// Rotary base and scaling: transformers 5 keeps both in `rope_parameters`, 4.x in `rope_theta` and `rope_scaling`.
    fn rope(&self, max_position_embeddings: usize) -> Result<(f64, RopeScaling)> {
        let object = |name: &str| self.present(name).and_then(Value::as_object);
        let settings = object("rope_parameters").or_else(|| object("rope_scaling"));
        let within = settings
            .and_then(|settings| settings.get("rope_theta"))
            .and_then(Value::as_f64);
        let theta = match within {
            Some(theta) => theta,
            None => self.number("rope_theta")?.unwrap_or(10_000.0),
        };
        if theta <= 0.0 {
            return Err(self.broken(format!("rope_theta {theta} is not positive")));
        }
        let partial = settings
            .and_then(|settings| settings.get("partial_rotary_factor"))
            .and_then(Value::as_f64)
            .or(self.number("partial_rotary_factor")?);
        if partial.is_some_and(|share| share != 1.0) {
            return Err(self.refuse(
                "partial_rotary_factor other than 1 is not supported".to_owned(),
                "Use a model that rotates whole heads.",
            ));
        }
        let scaling = match settings {
            None => RopeScaling::None,
            Some(settings) => RopeScaling::from_settings(settings, max_position_embeddings)
                .map_err(|reason| self.refuse(reason, "Known scalings: default, linear, llama3, yarn."))?,
        };
        Ok((theta, scaling))
    }
}
