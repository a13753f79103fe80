//! What is asked of generation, and what comes back.

use std::fmt;

use crate::AdapterId;
use crate::error::Result;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// 0 chooses the likeliest token; else logits are divided by it.
    pub temperature: f32,
    /// Only the `top_k` likeliest tokens are kept; 0 keeps all.
    pub top_k: usize,
    /// Only the smallest set of tokens whose probability reaches this is kept; 1 keeps all.
    pub top_p: f32,
    /// Divides positive and multiplies negative logits of tokens seen before (Keskar et al. 2019,
    /// arXiv:1909.05858); 1 changes nothing.
    pub repetition_penalty: f32,
    /// Subtracted from the logits of tokens that the answer has already; 0 changes nothing.
    pub presence_penalty: f32,
    /// Subtracted from a token's logit as often as the answer has it; 0 changes nothing.
    pub frequency_penalty: f32,
    /// Seed of the request's own random numbers.
    pub seed: u64,
}

impl Sampling {
    /// Always the likeliest token.
    pub const GREEDY: Self = Self {
        temperature: 0.0,
        top_k: 0,
        top_p: 1.0,
        repetition_penalty: 1.0,
        presence_penalty: 0.0,
        frequency_penalty: 0.0,
        seed: 0,
    };

    /// Whether the likeliest token is chosen, by the model's own logits.
    pub(crate) fn is_greedy(&self) -> bool {
        let Self {
            temperature,
            repetition_penalty,
            presence_penalty,
            frequency_penalty,
            top_k: _,
            top_p: _,
            seed: _,
        } = *self;
        temperature <= 0.0 && repetition_penalty == 1.0 && presence_penalty == 0.0 && frequency_penalty == 0.0
    }
}

/// Constrains what may come next; one value per request.
pub trait LogitsMask: Send {
    /// Lowers forbidden tokens to negative infinity. `generated` holds the answer's tokens so far.
    ///
    /// # Errors
    /// When it cannot say what may come next; the request fails then.
    fn apply(&mut self, generated: &[u32], logits: &mut [f32]) -> Result<()>;

    /// What it has to know of the next of `vocab` tokens. Engines whose logits lie on a device read them only for masks that have to see them.
    ///
    /// # Errors
    /// As [`LogitsMask::apply`].
    fn needs(&mut self, _generated: &[u32], _vocab: usize) -> Result<MaskNeeds> {
        Ok(MaskNeeds::Logits)
    }

    /// Whether the likeliest of all tokens may come next, where that is what it [needs](MaskNeeds::Likeliest) to know.
    ///
    /// # Errors
    /// As [`LogitsMask::apply`].
    fn accepts(&mut self, _generated: &[u32], _likeliest: u32) -> Result<bool> {
        Ok(false)
    }
}

/// What a mask has to know to constrain a greedy choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskNeeds {
    /// All logits.
    Logits,
    /// The likeliest token, and all logits where it may not come next.
    Likeliest,
    /// Nothing: these tokens are forbidden, by token, whatever the logits are.
    Nothing {
        /// Whether a token is forbidden.
        forbidden: Vec<bool>,
    },
}

/// One sequence to continue.
pub struct GenerationRequest {
    /// Tokens to continue from; at least one.
    pub prompt: Vec<u32>,
    /// Most tokens to add.
    pub max_new_tokens: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Tokens that end the answer; they are not part of it.
    pub stop_tokens: Vec<u32>,
    /// Texts that end the answer; they are not part of it.
    pub stop_texts: Vec<String>,
    /// Constrains the tokens, when given.
    pub mask: Option<Box<dyn LogitsMask>>,
    /// Added to logits before a token is chosen, by token.
    pub logit_bias: Vec<(u32, f32)>,
    /// How many of each step's likeliest tokens to tell of, with the chosen one; `None` tells of none at all.
    pub logprobs: Option<usize>,
    /// The adapter that answers; `None` is the model as it was loaded.
    pub adapter: Option<AdapterId>,
}

impl GenerationRequest {
    /// A greedy request.
    pub fn greedy(prompt: Vec<u32>, max_new_tokens: usize, stop_tokens: Vec<u32>) -> Self {
        Self {
            prompt,
            max_new_tokens,
            sampling: Sampling::GREEDY,
            stop_tokens,
            stop_texts: Vec::new(),
            mask: None,
            logit_bias: Vec::new(),
            logprobs: None,
            adapter: None,
        }
    }
}

impl fmt::Debug for GenerationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerationRequest")
            .field("prompt_tokens", &self.prompt.len())
            .field("max_new_tokens", &self.max_new_tokens)
            .field("sampling", &self.sampling)
            .field("stop_tokens", &self.stop_tokens)
            .field("stop_texts", &self.stop_texts)
            .field("masked", &self.mask.is_some())
            .field("adapter", &self.adapter)
            .finish()
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// A stop token.
    StopToken,
    /// A stop text.
    StopText,
    /// The most tokens asked for.
    Length,
    /// The mask left no token.
    NothingAllowed,
}

/// How likely the model held one step's tokens to be, before penalties, biases and masks.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenLogprobs {
    /// The chosen token.
    pub token: u32,
    /// Natural logarithm of its probability.
    pub logprob: f32,
    /// The likeliest tokens with theirs, likeliest first.
    pub top: Vec<(u32, f32)>,
}

/// A finished answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Tokens of the answer, stop tokens left out.
    pub tokens: Vec<u32>,
    /// Text of the answer without special tokens, up to a stop text.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens of the prompt whose keys and values another prompt had left behind.
    pub reused_tokens: usize,
    /// One entry for each token, where the request asked for them.
    pub logprobs: Vec<TokenLogprobs>,
}
