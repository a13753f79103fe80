//! Conversations to turns of tokens.

use super::{ChatMessage, ChatTemplate, Role, Slot};
use crate::error::{ModelError, Result};
use crate::tokenizer::TextTokenizer;

const THINK_OPEN: &str = "<think>\n";
const THINK_CLOSE: &str = "\n</think>\n\n";

/// Whether a thinking template lets the model think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Thinking {
    /// The model writes the thinking block itself; an empty one is part of the answer to learn.
    #[default]
    Enabled,
    /// The prompt ends with an empty thinking block; thoughts in answers are removed.
    Disabled,
}

impl Thinking {
    /// What LLaMA-Factory's `enable_thinking` says.
    pub fn enabled(enabled: bool) -> Self {
        if enabled { Self::Enabled } else { Self::Disabled }
    }
}

/// Tokens of a prompt and of the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedTurn {
    /// What is given: markers, system text and the person's message.
    pub prompt: Vec<u32>,
    /// What is to be said.
    pub answer: Vec<u32>,
}

impl ChatTemplate {
    /// Tokens of each question and answer. An empty `system` means the template's own system text.
    ///
    /// # Errors
    /// When the messages do not alternate between person and model, or the tokenizer fails.
    pub fn encode_turns(
        &self,
        tokenizer: &TextTokenizer,
        system: &str,
        messages: &[ChatMessage],
        thinking: Thinking,
    ) -> Result<Vec<EncodedTurn>> {
        self.check_alternation(messages)?;
        if !messages.len().is_multiple_of(2) {
            return Err(self.refuse("the conversation does not end with an answer"));
        }
        let mut turns = Vec::with_capacity(messages.len() / 2);
        for (number, pair) in messages.chunks_exact(2).enumerate() {
            let mut prompt = self.encode_question(tokenizer, system, number, &pair[0].content)?;
            let answer = self.encode_answer(tokenizer, &pair[1].content, thinking, &mut prompt)?;
            turns.push(EncodedTurn { prompt, answer });
        }
        Ok(turns)
    }

    /// Tokens to generate from: all turns, the last one without its answer. Thoughts of earlier answers are
    /// left out, as LLaMA-Factory does.
    ///
    /// # Errors
    /// When the messages do not alternate or do not end with the person's, or the tokenizer fails.
    pub fn encode_prompt(
        &self,
        tokenizer: &TextTokenizer,
        system: &str,
        messages: &[ChatMessage],
        thinking: Thinking,
    ) -> Result<Vec<u32>> {
        self.check_alternation(messages)?;
        if messages.len().is_multiple_of(2) {
            return Err(self.refuse("the conversation does not end with a question"));
        }
        let mut tokens = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            tokens.extend(match message.role {
                Role::User => self.encode_question(tokenizer, system, index / 2, &message.content)?,
                Role::Assistant if self.thinks => {
                    self.encode_slots(tokenizer, self.assistant, &without_thought(&message.content))?
                }
                Role::Assistant => self.encode_slots(tokenizer, self.assistant, &message.content)?,
            });
        }
        if self.thinks && thinking == Thinking::Disabled {
            tokens.extend(empty_thought(tokenizer)?);
        }
        Ok(tokens)
    }

    /// Tokens that end an answer: the end token and every stop word that is one token.
    pub fn stop_tokens(&self, tokenizer: &TextTokenizer) -> Vec<u32> {
        let words = self.stop_words.iter().filter_map(|word| tokenizer.token_id(word));
        let mut tokens: Vec<u32> = self.eos(tokenizer).into_iter().chain(words).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    fn encode_question(&self, tokenizer: &TextTokenizer, system: &str, turn: usize, content: &str) -> Result<Vec<u32>> {
        if turn > 0 {
            return self.encode_slots(tokenizer, self.user, content);
        }
        let mut tokens = self.encode_slots(tokenizer, self.prefix, "")?;
        let system = if system.is_empty() { self.default_system } else { system };
        if system.is_empty() {
            tokens.extend(self.encode_slots(tokenizer, self.user, content)?);
        } else if self.fuses_system {
            let fused = format!("{}{content}", self.system_text(system));
            tokens.extend(self.encode_slots(tokenizer, self.user, &fused)?);
        } else {
            tokens.extend(self.encode_slots(tokenizer, self.system, system)?);
            tokens.extend(self.encode_slots(tokenizer, self.user, content)?);
        }
        Ok(tokens)
    }

    /// The system text in its markers, as text.
    fn system_text(&self, system: &str) -> String {
        let texts = self.system.iter().filter_map(|slot| match slot {
            Slot::Text(text) => Some(text.replacen("{{content}}", system, 1)),
            Slot::Bos | Slot::Eos => None,
        });
        texts.collect()
    }

    /// The answer's tokens; an empty thinking block goes before them, or to the end of the prompt.
    fn encode_answer(
        &self,
        tokenizer: &TextTokenizer,
        content: &str,
        thinking: Thinking,
        prompt: &mut Vec<u32>,
    ) -> Result<Vec<u32>> {
        if !self.thinks {
            return self.encode_slots(tokenizer, self.assistant, content);
        }
        let content = match thinking {
            Thinking::Enabled => content.to_owned(),
            Thinking::Disabled => without_thought(content),
        };
        let answer = self.encode_slots(tokenizer, self.assistant, &content)?;
        if content.contains(THINK_OPEN.trim()) || content.contains(THINK_CLOSE.trim()) {
            return Ok(answer);
        }
        let empty = empty_thought(tokenizer)?;
        match thinking {
            Thinking::Enabled => Ok([empty, answer].concat()),
            Thinking::Disabled => {
                prompt.extend(empty);
                Ok(answer)
            }
        }
    }

    fn encode_slots(&self, tokenizer: &TextTokenizer, slots: &[Slot], content: &str) -> Result<Vec<u32>> {
        let mut tokens = Vec::new();
        for slot in slots {
            match slot {
                Slot::Text(text) => {
                    let text = text.replacen("{{content}}", content, 1);
                    if !text.is_empty() {
                        tokens.extend(tokenizer.encode(&text)?);
                    }
                }
                Slot::Bos => tokens.extend(tokenizer.bos()),
                Slot::Eos => tokens.extend(self.eos(tokenizer)),
            }
        }
        Ok(tokens)
    }

    fn eos(&self, tokenizer: &TextTokenizer) -> Option<u32> {
        let replaced = self.stop_words.first().filter(|_| self.replaces_eos);
        match replaced.and_then(|word| tokenizer.token_id(word)) {
            Some(token) => Some(token),
            None => tokenizer.eos(),
        }
    }

    fn check_alternation(&self, messages: &[ChatMessage]) -> Result<()> {
        let expected = [Role::User, Role::Assistant].into_iter().cycle();
        if messages.is_empty() {
            return Err(self.refuse("the conversation is empty"));
        }
        match messages
            .iter()
            .zip(expected)
            .position(|(message, role)| message.role != role)
        {
            None => Ok(()),
            Some(index) => Err(self.refuse(&format!("message {} is by the wrong speaker", index + 1))),
        }
    }

    fn refuse(&self, reason: &str) -> ModelError {
        ModelError::template(
            self.name,
            reason,
            "Conversations begin with the user and alternate between user and assistant.",
        )
    }
}

fn empty_thought(tokenizer: &TextTokenizer) -> Result<Vec<u32>> {
    tokenizer.encode(&format!("{THINK_OPEN}{THINK_CLOSE}"))
}

/// The text without its thinking blocks and the line breaks before what remains.
fn without_thought(content: &str) -> String {
    let mut kept = String::new();
    let mut rest = content;
    while let Some(open) = rest.find(THINK_OPEN) {
        let body = &rest[open + THINK_OPEN.len()..];
        let Some(close) = body.find(THINK_CLOSE) else {
            break;
        };
        kept.push_str(&rest[..open]);
        rest = &body[close + THINK_CLOSE.len()..];
    }
    kept.push_str(rest);
    kept.trim_start_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::without_thought;

    #[test]
    fn thinking_blocks_are_removed() {
        assert_eq!(without_thought("<think>\nhm\n</think>\n\nSELECT 1"), "SELECT 1");
        assert_eq!(without_thought("a<think>\nx\n</think>\n\nb"), "ab");
        assert_eq!(without_thought("<think>\nopen end"), "<think>\nopen end");
    }
}
