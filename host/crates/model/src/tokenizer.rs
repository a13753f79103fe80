//! A model's `tokenizer.json` with its special tokens.

mod token_bytes;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tokenizers::Tokenizer;

use crate::config::ModelConfig;
use crate::error::{ModelError, Result};

/// Turns text into tokens and back.
#[derive(Debug, Clone)]
pub struct TextTokenizer {
    inner: Tokenizer,
    path: PathBuf,
    bos: Option<u32>,
    eos: Option<u32>,
    pad: Option<u32>,
    /// Tokens that the model has a vector for, once it is known.
    vectors: Option<usize>,
}

impl TextTokenizer {
    /// Reads `tokenizer.json`, and the special tokens of `tokenizer_config.json` when there is one.
    ///
    /// # Errors
    /// When a file is missing or broken.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        if !path.exists() {
            return Err(ModelError::tokenizer(
                folder,
                "there is no tokenizer.json",
                "Fetch tokenizer.json and tokenizer_config.json of the model into its folder.",
            ));
        }
        let inner = Tokenizer::from_file(&path).map_err(|error| {
            ModelError::tokenizer(&path, error.to_string(), "The file may be damaged; fetch it again.")
        })?;
        let config = read_optional(&folder.join("tokenizer_config.json"))?;
        let special = |name: &str| special_token(&config, name).and_then(|token| inner.token_to_id(&token));
        Ok(Self {
            bos: special("bos_token"),
            eos: special("eos_token"),
            pad: special("pad_token"),
            inner,
            path,
            vectors: None,
        })
    }

    /// The tokenizer for a model. Special tokens may lie beyond the model's vectors, as Gemma 3 1B's token for images does; texts that write
    /// them out are refused.
    ///
    /// # Errors
    /// When another token's id is outside of the model's vocabulary.
    pub fn fitted(self, config: &ModelConfig) -> Result<Self> {
        let added = self.inner.get_added_tokens_decoder();
        let special = |id: &u32| added.get(id).is_some_and(|token| token.special);
        let vocabulary = self.inner.get_vocab(true).into_values();
        let largest = vocabulary.filter(|id| !special(id)).max().unwrap_or(0) as usize;
        if largest >= config.vocab_size {
            return Err(ModelError::tokenizer(
                &self.path,
                format!(
                    "its largest token is {largest}, the model has {} token vectors",
                    config.vocab_size
                ),
                "This tokenizer belongs to another model; fetch the one that came with the weights.",
            ));
        }
        Ok(Self {
            vectors: Some(config.vocab_size),
            ..self
        })
    }

    /// Tokens of a text. Special tokens written out in it are recognised; none are added around it.
    ///
    /// # Errors
    /// When the tokenizer cannot represent the text, or the model has no vector for one of its tokens.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false).map_err(|error| {
            ModelError::tokenizer(
                &self.path,
                format!("cannot encode a text: {error}"),
                "The tokenizer.json may be damaged.",
            )
        })?;
        let ids = encoding.get_ids();
        let vectors = self.vectors.unwrap_or(usize::MAX);
        match ids.iter().find(|id| **id as usize >= vectors) {
            None => Ok(ids.to_vec()),
            Some(id) => Err(ModelError::tokenizer(
                &self.path,
                format!(
                    "a text holds the special token `{}`, for which the model has no vector",
                    self.inner.id_to_token(*id).unwrap_or_default()
                ),
                "Leave the token out of the text.",
            )),
        }
    }

    /// Text of tokens; special tokens are left out when asked.
    ///
    /// # Errors
    /// When the tokenizer's decoder fails.
    pub fn decode(&self, tokens: &[u32], skip_special: bool) -> Result<String> {
        self.inner.decode(tokens, skip_special).map_err(|error| {
            ModelError::tokenizer(
                &self.path,
                format!("cannot decode tokens: {error}"),
                "The tokenizer.json may be damaged.",
            )
        })
    }

    /// The id of a token by its exact text.
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// Bytes that each token adds to a text, in order of their ids; none for special tokens.
    pub fn token_bytes(&self) -> Vec<Vec<u8>> {
        let mut bytes = token_bytes::token_bytes(&self.inner);
        bytes.truncate(self.vectors.unwrap_or(usize::MAX));
        bytes
    }

    /// Texts of the special tokens, which the tokenizer recognises wherever they are written.
    pub fn special_tokens(&self) -> Vec<String> {
        let added = self.inner.get_added_tokens_decoder().into_values();
        let mut special: Vec<String> = added.filter(|token| token.special).map(|token| token.content).collect();
        special.sort_unstable();
        special
    }

    /// Token that begins a text.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// Token that ends a text.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// Token that fills rows up, when the tokenizer names one.
    pub fn pad(&self) -> Option<u32> {
        self.pad
    }

    /// Tokens in the vocabulary, added ones included.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }
}

/// A JSON object in a file that may be missing; empty then.
pub(crate) fn read_optional(path: &Path) -> Result<Map<String, Value>> {
    if !path.exists() {
        return Ok(Map::new());
    }
    read_object(path)
}

/// A JSON object in a file; a byte order mark is passed over.
pub(crate) fn read_object(path: &Path) -> Result<Map<String, Value>> {
    let text = std::fs::read_to_string(path).map_err(|source| ModelError::file("read", path, source))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|source| ModelError::json(path, source))
}

/// A special token is either its text or an object with `content`.
fn special_token(config: &Map<String, Value>, name: &str) -> Option<String> {
    let value = config.get(name)?;
    value
        .as_str()
        .or_else(|| value.get("content").and_then(Value::as_str))
        .map(str::to_owned)
}
