//! Text of an answer that grows: each token is decoded once, whatever came before it.

use nl2sql_model::tokenizer::TextTokenizer;

use crate::error::Result;

/// The text so far. Decoders look at neighbours (spaces, characters of several tokens), so the tokens of the last piece are decoded again
/// together with the new ones, and what is new is what the result has more.
#[derive(Debug, Default)]
pub(crate) struct Detokeniser {
    text: String,
    /// Tokens before this one are not looked at any more.
    context: usize,
    /// Tokens before this one are in the text.
    read: usize,
}

impl Detokeniser {
    /// The text that is certain.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Reads new tokens; `tokens` are all of the answer. A character that is not complete yet is kept back.
    pub(crate) fn read(&mut self, tokens: &[u32], tokenizer: &TextTokenizer) -> Result<()> {
        let new = self.new_text(tokens, tokenizer)?;
        if !new.is_empty() && !new.ends_with(char::REPLACEMENT_CHARACTER) {
            self.text.push_str(&new);
            self.context = self.read;
            self.read = tokens.len();
        }
        Ok(())
    }

    /// Reads what was kept back when no more tokens come.
    pub(crate) fn finish(&mut self, tokens: &[u32], tokenizer: &TextTokenizer) -> Result<()> {
        let rest = self.new_text(tokens, tokenizer)?;
        self.text.push_str(&rest);
        self.read = tokens.len();
        Ok(())
    }

    fn new_text(&self, tokens: &[u32], tokenizer: &TextTokenizer) -> Result<String> {
        if self.read >= tokens.len() {
            return Ok(String::new());
        }
        let known = tokenizer.decode(&tokens[self.context..self.read], true)?;
        let all = tokenizer.decode(&tokens[self.context..], true)?;
        Ok(all.get(known.len()..).unwrap_or_default().to_owned())
    }
}
