//! A model's `config.json`, as transformers writes it (4.x and 5.x spellings).

mod fields;
mod rope_scaling;

use std::path::Path;

use serde_json::{Map, Value};

pub use fields::ConfigFields;
pub use rope_scaling::RopeScaling;

use crate::architecture::{self, Architecture, DecoderDesign, DecoderShape};
use crate::error::Result;
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
    /// What the layers compute.
    pub design: DecoderDesign,
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
        let fields = ConfigFields::new(&document, path);
        let architecture = architecture_of(&fields)?;
        fields.refuse_foreign_quantisation()?;
        let defaults = architecture.defaults();

        let hidden_size = fields.size("hidden_size")?;
        let num_attention_heads = fields.size("num_attention_heads")?;
        let num_key_value_heads = fields
            .optional_size("num_key_value_heads")?
            .or(defaults.num_key_value_heads)
            .unwrap_or(num_attention_heads);
        if !num_attention_heads.is_multiple_of(num_key_value_heads) {
            return Err(fields.broken(format!(
                "num_attention_heads {num_attention_heads} is not a multiple of num_key_value_heads {num_key_value_heads}"
            )));
        }
        let head_dim = fields
            .optional_size("head_dim")?
            .or(defaults.head_dim)
            .unwrap_or(hidden_size / num_attention_heads);
        if !head_dim.is_multiple_of(2) {
            return Err(fields.broken(format!(
                "head_dim {head_dim} is odd; rotary positions need an even width"
            )));
        }
        let shape = DecoderShape {
            layers: fields.size("num_hidden_layers")?,
            hidden_size,
            head_dim,
            max_position_embeddings: fields
                .optional_size("max_position_embeddings")?
                .unwrap_or(defaults.max_position_embeddings),
        };

        Ok(Self {
            architecture,
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            intermediate_size: fields.size("intermediate_size")?,
            num_hidden_layers: shape.layers,
            num_attention_heads,
            num_key_value_heads,
            head_dim,
            max_position_embeddings: shape.max_position_embeddings,
            rms_norm_eps: fields.number("rms_norm_eps")?.unwrap_or(1e-6),
            design: architecture.design(&fields, shape)?,
            tie_word_embeddings: fields
                .optional_flag("tie_word_embeddings")
                .unwrap_or(defaults.tie_word_embeddings),
            bos_token_id: fields.token_ids("bos_token_id").first().copied(),
            eos_token_ids: fields.token_ids("eos_token_id"),
            document,
        })
    }

    /// Output and input features of a projection, by its place in [`DecoderLayer::PROJECTIONS`](crate::layers::DecoderLayer::PROJECTIONS).
    pub fn projection_shape(&self, place: usize) -> [usize; 2] {
        let (hidden, wide) = (self.hidden_size, self.intermediate_size);
        let queries = self.num_attention_heads * self.head_dim;
        let keys = self.num_key_value_heads * self.head_dim;
        match place {
            0 => [queries, hidden],
            1 | 2 => [keys, hidden],
            3 => [hidden, queries],
            4 | 5 => [wide, hidden],
            _ => [hidden, wide],
        }
    }

    /// The dtype the weights were saved in (`dtype`, formerly `torch_dtype`), when stated.
    pub fn stated_dtype(&self) -> Option<&str> {
        self.document
            .get("dtype")
            .or_else(|| self.document.get("torch_dtype"))
            .and_then(Value::as_str)
    }
}

fn architecture_of(fields: &ConfigFields<'_>) -> Result<&'static dyn Architecture> {
    let model_type = fields.text("model_type")?;
    architecture::by_model_type(model_type).ok_or_else(|| match architecture::advice_for(model_type) {
        Some(advice) => fields.refuse(format!("model_type `{model_type}` is not supported"), advice),
        None => fields.refuse(
            format!("model_type `{model_type}` is not known"),
            format!(
                "Known architectures: {}. Choose a model of one of these families.",
                architecture::known_model_types().join(", ")
            ),
        ),
    })
}
