//! Gemma 3's text models (Gemma Team 2025, arXiv:2503.19786): local layers with a window between global ones, each kind with rotary positions
//! of its own, norms before and after attention and feed-forward, and GeGLU.

use serde_json::Value;

use super::{
    Activation, Architecture, AttentionRule, ConfigDefaults, DecoderDesign, DecoderShape, GgufLayout, LayerDesign,
    LayerNorms, RotarySettings,
};
use crate::config::ConfigFields;
use crate::error::Result;

/// `Gemma3ForCausalLM`.
#[derive(Debug)]
pub struct Gemma3Text;

/// Places in [`DecoderDesign::rotary`].
const GLOBAL: usize = 0;
const LOCAL: usize = 1;

/// Every sixth layer is global, where config.json says nothing else.
const USUAL_PATTERN: usize = 6;

impl Architecture for Gemma3Text {
    fn model_type(&self) -> &'static str {
        "gemma3_text"
    }

    fn class_name(&self) -> &'static str {
        "Gemma3ForCausalLM"
    }

    /// Files leave out which layers are local and where their rotary positions start from.
    fn gguf(&self) -> Option<GgufLayout> {
        None
    }

    fn design(&self, fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<DecoderDesign> {
        refuse_unsupported(fields)?;
        let window = fields.optional_size("sliding_window")?.unwrap_or(4096);
        let query_scalar = fields.number("query_pre_attn_scalar")?.unwrap_or(256.0);
        if query_scalar <= 0.0 {
            return Err(fields.broken(format!("query_pre_attn_scalar {query_scalar} is not positive")));
        }
        let bias = fields.flag("attention_bias");
        let activation = fields.activation("hidden_activation", Activation::GeluTanh)?;
        let layer = |local: bool| LayerDesign {
            query_key_value_bias: bias,
            output_bias: bias,
            query_key_norm: true,
            norms: LayerNorms::AROUND,
            attention: AttentionRule {
                scale: query_scalar.powf(-0.5),
                window: local.then_some(window),
            },
            rotary: if local { LOCAL } else { GLOBAL },
            ..LayerDesign::plain(activation, shape.head_dim)
        };
        Ok(DecoderDesign {
            layers: local_layers(fields, shape.layers)?.into_iter().map(layer).collect(),
            rotary: rotary(fields, shape)?,
            norm_offset: 1.0,
            embedding_scale: (shape.hidden_size as f64).sqrt(),
        })
    }

    /// As transformers' `Gemma3TextConfig`.
    fn defaults(&self) -> ConfigDefaults {
        ConfigDefaults {
            head_dim: Some(256),
            num_key_value_heads: Some(4),
            max_position_embeddings: 131_072,
            tie_word_embeddings: true,
        }
    }

    fn refused_relatives(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "gemma3",
            "This Gemma 3 also reads images. Take a text model (`gemma3_text`, such as Gemma 3 1B), or save this one's with \
             transformers: a Gemma3ForCausalLM that is given the `model.language_model` and `lm_head` of the \
             Gemma3ForConditionalGeneration.",
        )]
    }
}

fn refuse_unsupported(fields: &ConfigFields<'_>) -> Result<()> {
    for name in ["attn_logit_softcapping", "final_logit_softcapping"] {
        if let Some(cap) = fields.number(name)? {
            return Err(fields.refuse(
                format!("{name} {cap} is not supported"),
                "Gemma 3 was released without soft caps; Gemma 2, which has them, cannot be loaded.",
            ));
        }
    }
    if fields.flag("use_bidirectional_attention") || fields.text("use_bidirectional_attention").is_ok() {
        return Err(fields.refuse(
            "use_bidirectional_attention is not supported".to_owned(),
            "This model makes embeddings; take one that generates text.",
        ));
    }
    Ok(())
}

/// For each layer whether it is local: `layer_types`, else every layer but each `sliding_window_pattern`-th.
fn local_layers(fields: &ConfigFields<'_>, layers: usize) -> Result<Vec<bool>> {
    let Some(kinds) = fields.layer_types()? else {
        let pattern = fields.optional_size("sliding_window_pattern")?.unwrap_or(USUAL_PATTERN);
        return Ok((1..=layers).map(|number| !number.is_multiple_of(pattern)).collect());
    };
    if kinds.len() != layers {
        return Err(fields.broken(format!("layer_types names {} layers of {layers}", kinds.len())));
    }
    kinds
        .into_iter()
        .map(|kind| match kind {
            "sliding_attention" => Ok(true),
            "full_attention" => Ok(false),
            other => Err(fields.refuse(
                format!("layer type `{other}` is not supported"),
                "Known layer types: full_attention, sliding_attention.",
            )),
        })
        .collect()
}

/// Global and local rotary positions: transformers 5 keeps both in `rope_parameters`, 4.x in settings beside each other, of which `rope_scaling`
/// is the global layers' alone.
fn rotary(fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<Vec<RotarySettings>> {
    let by_kind = fields.object("rope_parameters");
    let of_kind = |kind: &str| match by_kind {
        None => Ok(None),
        Some(by_kind) => match by_kind.get(kind).and_then(Value::as_object) {
            Some(settings) => Ok(Some(settings)),
            None => Err(fields.broken(format!("rope_parameters has no `{kind}`"))),
        },
    };
    let global = of_kind("full_attention")?.or_else(|| fields.object("rope_scaling"));
    let local = of_kind("sliding_attention")?;
    Ok(vec![
        fields.rotary_of(global, ("rope_theta", 1_000_000.0), shape)?,
        fields.rotary_of(local, ("rope_local_base_freq", 10_000.0), shape)?,
    ])
}
