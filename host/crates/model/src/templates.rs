//! Chat templates, byte for byte as LLaMA-Factory applies them.
//!
//! Every turn is tokenised by itself, so that a turn's tokens never depend on its neighbours.

mod detect;
mod encode;
mod known;
mod sample;
mod truncation;

use crate::error::{ModelError, Result};

pub use detect::{DetectedTemplate, detect_template, resolve_template};
pub use encode::{EncodedTurn, Thinking};
pub use sample::{EncodedSample, IGNORED_LABEL};
pub use truncation::{Truncation, share_of_cutoff};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl ChatMessage {
    /// A person's message.
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// A model's message.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Text in which `{{content}}` stands for the message; tokenised as one piece.
    Text(&'static str),
    /// The tokenizer's first token, when it has one.
    Bos,
    /// The token that ends a text.
    Eos,
}

/// How a conversation becomes tokens.
#[derive(Debug)]
pub struct ChatTemplate {
    /// Name as LLaMA-Factory spells it.
    pub name: &'static str,
    prefix: &'static [Slot],
    system: &'static [Slot],
    user: &'static [Slot],
    assistant: &'static [Slot],
    default_system: &'static str,
    /// Texts that end an answer beside the tokenizer's end token.
    pub stop_words: &'static [&'static str],
    /// Whether the first stop word takes the place of the tokenizer's end token.
    replaces_eos: bool,
    /// Whether answers carry a thinking block, empty when nothing was thought.
    thinks: bool,
    /// Whether the system text goes into the first user message (Llama 2) instead of standing before it.
    fuses_system: bool,
}

impl ChatTemplate {
    /// The template of that name.
    ///
    /// # Errors
    /// When the name is unknown; the message lists the known ones.
    pub fn named(name: &str) -> Result<&'static Self> {
        known::TEMPLATES
            .iter()
            .find(|template| template.name == name)
            .ok_or_else(|| {
                let known = format!("Known templates: {}.", Self::names().join(", "));
                let help = match known::usual_name(name) {
                    Some(usual) => format!("LLaMA-Factory's name for it is `{usual}`. {known}"),
                    None => known,
                };
                ModelError::template(name, "no template has this name", help)
            })
    }

    /// Whether a marker occurs in the template's texts.
    fn is_written_with(&self, marker: &str) -> bool {
        [self.system, self.user, self.assistant]
            .into_iter()
            .flatten()
            .any(|slot| matches!(slot, Slot::Text(text) if text.contains(marker)))
    }

    /// Whether its answers carry thinking blocks, so that [`Thinking`] decides the text of a prompt.
    pub fn thinks(&self) -> bool {
        self.thinks
    }

    /// Names of all templates.
    pub fn names() -> Vec<&'static str> {
        known::TEMPLATES.iter().map(|template| template.name).collect()
    }
}
