//! One request under way: what it has written, and what its next token is.

use nl2sql_model::tokenizer::TextTokenizer;

use crate::detokeniser::Detokeniser;
use crate::error::Result;
use crate::sampler::Sampler;
use crate::stop::{cut_at_stop, safe_length};
use crate::{Completion, Finish, GenerationRequest, MaskNeeds, TokenLogprobs, Wanted};

/// A request with its answer so far.
#[derive(Debug)]
pub(crate) struct Sequence {
    pub(crate) request: GenerationRequest,
    pub(crate) generated: Vec<u32>,
    /// Tokens of the prompt that were known when it was first read.
    pub(crate) reused: Option<usize>,
    sampler: Sampler,
    detokeniser: Detokeniser,
    logprobs: Vec<TokenLogprobs>,
    /// Bytes of the text that were given out.
    shown: usize,
}

/// What an engine gave for the next token.
#[derive(Debug)]
pub(crate) enum NextToken<'a> {
    /// Logits to choose from.
    Logits(&'a mut [f32]),
    /// The likeliest of the tokens that are allowed, if there is any.
    Chosen(Option<u32>),
}

/// What a step added to an answer.
#[derive(Debug, Default)]
pub(crate) struct Extension {
    /// The token, unless the answer ended without one.
    pub(crate) token: Option<u32>,
    /// Text that became certain.
    pub(crate) text: String,
    /// How likely the token was, where that is wanted.
    pub(crate) logprobs: Option<TokenLogprobs>,
    /// Why the answer ended, if it did.
    pub(crate) finish: Option<Finish>,
}

impl Sequence {
    pub(crate) fn new(request: GenerationRequest) -> Self {
        Self {
            sampler: Sampler::new(request.sampling),
            request,
            generated: Vec::new(),
            reused: None,
            detokeniser: Detokeniser::default(),
            logprobs: Vec::new(),
            shown: 0,
        }
    }

    /// Prompt and answer so far.
    pub(crate) fn tokens(&self) -> Vec<u32> {
        let mut tokens = self.request.prompt.clone();
        tokens.extend_from_slice(&self.generated);
        tokens
    }

    /// What to ask an engine for: logits, unless it can choose the token itself.
    pub(crate) fn wanted(&mut self, engine_chooses: bool, vocab: usize) -> Result<Wanted> {
        let request = &mut self.request;
        let unchanged = request.sampling.is_greedy() && request.logit_bias.is_empty() && request.logprobs.is_none();
        if !engine_chooses || !unchanged {
            return Ok(Wanted::Logits);
        }
        let needs = request.mask.as_mut().map(|mask| mask.needs(&self.generated, vocab));
        Ok(match needs.transpose()? {
            Some(MaskNeeds::Logits) => Wanted::Logits,
            Some(MaskNeeds::Likeliest) | None => Wanted::Likeliest { forbidden: None },
            Some(MaskNeeds::Nothing { forbidden }) => Wanted::Likeliest {
                forbidden: Some(forbidden),
            },
        })
    }

    /// Whether the likeliest of all tokens is the next one. A mask that fails does so again when it sees logits.
    pub(crate) fn accepts(&mut self, likeliest: Option<u32>) -> bool {
        match (&mut self.request.mask, likeliest) {
            (Some(mask), Some(token)) => mask.accepts(&self.generated, token).unwrap_or(false),
            _ => true,
        }
    }

    /// Adds the next token.
    pub(crate) fn extend(&mut self, next: NextToken<'_>, tokenizer: Option<&TextTokenizer>) -> Result<Extension> {
        if self.request.max_new_tokens == 0 {
            return self.ended(Finish::Length, tokenizer);
        }
        let logits = match next {
            NextToken::Logits(logits) => logits,
            NextToken::Chosen(token) => return self.extend_by(token, tokenizer),
        };
        let wanted = self.request.logprobs.map(|top| (top, logits.to_vec()));
        for (token, bias) in &self.request.logit_bias {
            if let Some(logit) = logits.get_mut(*token as usize) {
                *logit += bias;
            }
        }
        if let Some(mask) = &mut self.request.mask {
            mask.apply(&self.generated, logits)?;
        }
        let chosen = self.sampler.choose(logits, &self.request.prompt, &self.generated);
        let mut extension = self.extend_by(chosen, tokenizer)?;
        if let (Some(token), Some((top, logits))) = (extension.token, wanted) {
            let logprobs = logprobs_of(&logits, token, top);
            self.logprobs.push(logprobs.clone());
            extension.logprobs = Some(logprobs);
        }
        Ok(extension)
    }

    fn extend_by(&mut self, chosen: Option<u32>, tokenizer: Option<&TextTokenizer>) -> Result<Extension> {
        let Some(token) = chosen else {
            return self.ended(Finish::NothingAllowed, tokenizer);
        };
        if self.request.stop_tokens.contains(&token) {
            return self.ended(Finish::StopToken, tokenizer);
        }
        self.generated.push(token);
        let mut extension = self.read(tokenizer)?;
        extension.token = Some(token);
        Ok(extension)
    }

    /// Text of the token that was just written.
    fn read(&mut self, tokenizer: Option<&TextTokenizer>) -> Result<Extension> {
        let mut extension = Extension::default();
        if let Some(tokenizer) = tokenizer {
            let searched = self.detokeniser.text().len();
            self.detokeniser.read(&self.generated, tokenizer)?;
            let stops = &self.request.stop_texts;
            if let Some(end) = cut_at_stop(self.detokeniser.text(), searched, stops) {
                return Ok(self.cut(end));
            }
            let safe = safe_length(self.detokeniser.text(), stops);
            extension.text = self.show(safe);
        }
        if self.generated.len() >= self.request.max_new_tokens {
            let last = self.ended(Finish::Length, tokenizer)?;
            extension.text.push_str(&last.text);
            extension.finish = last.finish;
        }
        Ok(extension)
    }

    /// The answer ends without a stop text: nothing is kept back any more.
    fn ended(&mut self, finish: Finish, tokenizer: Option<&TextTokenizer>) -> Result<Extension> {
        if let Some(tokenizer) = tokenizer {
            let searched = self.detokeniser.text().len();
            self.detokeniser.finish(&self.generated, tokenizer)?;
            if let Some(end) = cut_at_stop(self.detokeniser.text(), searched, &self.request.stop_texts) {
                return Ok(self.cut(end));
            }
        }
        Ok(Extension {
            text: self.show(self.detokeniser.text().len()),
            finish: Some(finish),
            ..Extension::default()
        })
    }

    /// The answer ends before a stop text.
    fn cut(&mut self, end: usize) -> Extension {
        let text = self.show(end);
        self.shown = end;
        Extension {
            text,
            finish: Some(Finish::StopText),
            ..Extension::default()
        }
    }

    fn show(&mut self, end: usize) -> String {
        let text = self
            .detokeniser
            .text()
            .get(self.shown..end)
            .unwrap_or_default()
            .to_owned();
        self.shown = self.shown.max(end);
        text
    }

    /// The answer.
    pub(crate) fn complete(self, finish: Finish) -> Completion {
        Completion {
            text: self.detokeniser.text().get(..self.shown).unwrap_or_default().to_owned(),
            tokens: self.generated,
            finish,
            prompt_tokens: self.request.prompt.len(),
            reused_tokens: self.reused.unwrap_or(0),
            logprobs: self.logprobs,
        }
    }
}

fn logprobs_of(logits: &[f32], token: u32, top: usize) -> TokenLogprobs {
    let peak = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - peak).exp()).sum();
    let shift = peak + sum.ln() as f32;
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    let likelier = |a: &u32, b: &u32| {
        let by_logit = logits[*b as usize].total_cmp(&logits[*a as usize]);
        by_logit.then(a.cmp(b))
    };
    let count = top.min(order.len());
    if count > 0 && count < order.len() {
        order.select_nth_unstable_by(count - 1, likelier);
    }
    order.truncate(count);
    order.sort_unstable_by(likelier);
    let logprob = |token: u32| logits[token as usize] - shift;
    TokenLogprobs {
        token,
        logprob: logprob(token),
        top: order.into_iter().map(|token| (token, logprob(token))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logprobs_are_those_of_the_softmax_likeliest_first() {
        let logits = [0.0, 2f32.ln(), 0.0, 4f32.ln()];
        let told = logprobs_of(&logits, 0, 2);
        assert!((told.logprob - (1f32 / 8.0).ln()).abs() < 1e-6);
        assert_eq!(told.top.iter().map(|(token, _)| *token).collect::<Vec<_>>(), [3, 1]);
        assert!((told.top[0].1 - 0.5f32.ln()).abs() < 1e-6);
        assert!(logprobs_of(&logits, 1, 0).top.is_empty());
    }
}
