//! `adapter_config.json`, as PEFT writes and reads it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::{ModelError, Result};
use crate::layers::DecoderLayer;
use crate::tokenizer::read_object;
use crate::weights::write_json;

/// Which projections carry low-rank factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetModules {
    /// Every linear layer but the output head.
    All,
    /// Projections by the last part of their name (`q_proj`) or a longer suffix (`self_attn.q_proj`).
    Named(BTreeSet<String>),
}

impl TargetModules {
    /// Whether the projection of that full name (`model.layers.0.mlp.up_proj`) is a target.
    pub fn matches(&self, projection: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| {
                projection == name
                    || projection
                        .strip_suffix(name.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
            }),
        }
    }

    /// Names to write into adapter_config.json.
    fn names(&self) -> Vec<String> {
        match self {
            Self::All => DecoderLayer::PROJECTIONS
                .iter()
                .filter_map(|name| name.rsplit('.').next())
                .map(str::to_owned)
                .collect(),
            Self::Named(names) => names.iter().cloned().collect(),
        }
    }
}

/// What an adapter is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterConfig {
    /// Rank of the factors, at least 1.
    pub rank: usize,
    /// Strength; divided by the rank, or by its root for rsLoRA.
    pub alpha: f64,
    /// Dropout of the adapter's input while training, in `[0, 1)`.
    pub dropout: f64,
    /// Projections that carry factors.
    pub targets: TargetModules,
    /// Rank-stabilised scale.
    pub rank_stabilised: bool,
    /// Weight-decomposed adapter (DoRA).
    pub weight_decomposed: bool,
    /// Tables trained in full: `embed_tokens`, `lm_head`.
    pub modules_to_save: BTreeSet<String>,
    /// The base model's name or folder, for readers of the adapter.
    pub base_model: String,
}

const SAVABLE: [&str; 2] = ["embed_tokens", "lm_head"];

impl AdapterConfig {
    /// Factor of the low-rank product.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        match self.rank_stabilised {
            true => self.alpha / rank.sqrt(),
            false => self.alpha / rank,
        }
    }

    /// Checks what a person may get wrong; `folder` is only used in messages.
    ///
    /// # Errors
    /// On rank 0, an impossible dropout or alpha, or a module that cannot be trained in full.
    pub fn validate(&self, folder: &Path) -> Result<()> {
        let refuse = |reason: String, help: &str| Err(ModelError::adapter(folder, reason, help));
        if self.rank == 0 {
            return refuse(
                "the rank is 0".to_owned(),
                "Choose a LoRA rank of at least 1; 8 or 16 are usual.",
            );
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse(
                format!("dropout {} is not in [0, 1)", self.dropout),
                "0 or 0.05 are usual.",
            );
        }
        if !self.alpha.is_finite() || self.alpha == 0.0 {
            return refuse(
                format!("alpha {} leaves nothing to train", self.alpha),
                "Twice the rank is usual.",
            );
        }
        match self
            .modules_to_save
            .iter()
            .find(|name| !SAVABLE.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(name) => refuse(
                format!("modules_to_save names `{name}`"),
                "Only `embed_tokens` and `lm_head` can be trained in full beside an adapter.",
            ),
        }
    }

    /// Reads adapter_config.json from an adapter folder.
    ///
    /// # Errors
    /// When the file is missing, broken, or asks for a PEFT feature that is not supported.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("adapter_config.json");
        let document = read_object(&path)?;
        let reader = Reader {
            document: &document,
            folder,
        };
        reader.refuse_unsupported()?;
        let config = Self {
            rank: reader.number("r")? as usize,
            alpha: reader.number("lora_alpha")?,
            dropout: reader.number("lora_dropout").unwrap_or(0.0),
            targets: reader.targets()?,
            rank_stabilised: reader.flag("use_rslora"),
            weight_decomposed: reader.flag("use_dora"),
            modules_to_save: reader.names("modules_to_save"),
            base_model: document
                .get("base_model_name_or_path")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        };
        config.validate(folder)?;
        Ok(config)
    }

    /// Writes adapter_config.json into an adapter folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let modules_to_save = match self.modules_to_save.is_empty() {
            true => Value::Null,
            false => json!(self.modules_to_save),
        };
        let number = |value: f64| match value.fract() == 0.0 && value.abs() < 1e15 {
            true => json!(value as i64),
            false => json!(value),
        };
        let document = json!({
            "alpha_pattern": {},
            "auto_mapping": null,
            "base_model_name_or_path": self.base_model,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "layers_pattern": null,
            "layers_to_transform": null,
            "lora_alpha": number(self.alpha),
            "lora_dropout": self.dropout,
            "modules_to_save": modules_to_save,
            "peft_type": "LORA",
            "r": self.rank,
            "rank_pattern": {},
            "revision": null,
            "target_modules": self.targets.names(),
            "task_type": "CAUSAL_LM",
            "use_dora": self.weight_decomposed,
            "use_rslora": self.rank_stabilised,
        });
        write_json(&folder.join("adapter_config.json"), &document)
    }
}

struct Reader<'a> {
    document: &'a Map<String, Value>,
    folder: &'a Path,
}

impl Reader<'_> {
    fn refuse(&self, reason: String, help: &str) -> ModelError {
        ModelError::adapter(self.folder, reason, help)
    }

    fn present(&self, name: &str) -> Option<&Value> {
        self.document.get(name).filter(|value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(items) => !items.is_empty(),
            _ => true,
        })
    }

    fn flag(&self, name: &str) -> bool {
        self.present(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn number(&self, name: &str) -> Result<f64> {
        self.document.get(name).and_then(Value::as_f64).ok_or_else(|| {
            self.refuse(
                format!("adapter_config.json has no number `{name}`"),
                "Give a folder that PEFT's LoRA wrote.",
            )
        })
    }

    fn names(&self, name: &str) -> BTreeSet<String> {
        let items = self.present(name).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    fn targets(&self) -> Result<TargetModules> {
        match self.present("target_modules") {
            Some(Value::String(all)) if all == "all-linear" => Ok(TargetModules::All),
            Some(Value::Array(_)) => {
                let names = self.names("target_modules");
                match names.iter().find(|name| SAVABLE.contains(&name.as_str())) {
                    None => Ok(TargetModules::Named(names)),
                    Some(table) => Err(self.refuse(
                        format!("low-rank factors on `{table}` are not supported"),
                        "Train it in full through modules_to_save, or leave it out of target_modules.",
                    )),
                }
            }
            other => Err(self.refuse(
                format!("target_modules is {}", other.unwrap_or(&Value::Null)),
                "A list of module names, or `all-linear`, is needed.",
            )),
        }
    }

    /// Refuses PEFT features that change the arithmetic and are not implemented.
    fn refuse_unsupported(&self) -> Result<()> {
        let kind = self.document.get("peft_type").and_then(Value::as_str).unwrap_or("LORA");
        if kind != "LORA" {
            return Err(self.refuse(format!("peft_type is `{kind}`"), "Only LoRA adapters are supported."));
        }
        let features = [
            "rank_pattern",
            "alpha_pattern",
            "layers_to_transform",
            "layer_replication",
            "exclude_modules",
            "fan_in_fan_out",
            "lora_bias",
            "target_parameters",
            "trainable_token_indices",
            "use_qalora",
            "alora_invocation_tokens",
        ];
        if let Some(name) = features.iter().find(|name| self.present(name).is_some()) {
            return Err(self.refuse(
                format!("adapter_config.json uses `{name}`"),
                "This PEFT feature is not supported; train the adapter without it, or merge it with PEFT first.",
            ));
        }
        match self.document.get("bias").and_then(Value::as_str) {
            None | Some("none") => Ok(()),
            Some(bias) => Err(self.refuse(
                format!("trained biases (`bias: {bias}`) are not supported"),
                "Train the adapter with `bias: none`.",
            )),
        }
    }
}
