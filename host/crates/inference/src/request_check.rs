//! Refuses requests that cannot be served.

use crate::error::{InferenceError, Result};
use crate::{GenerationRequest, Sampling};

/// Checks the request of this number (from 0) against an engine's vocabulary and memory.
pub(crate) fn check_request(
    number: usize,
    request: &GenerationRequest,
    vocab: usize,
    capacity: usize,
    has_tokenizer: bool,
) -> Result<()> {
    let refuse = |reason: String, help: &str| {
        Err(InferenceError::Request {
            number: number + 1,
            reason,
            help: help.to_owned(),
        })
    };
    if request.prompt.is_empty() {
        return refuse("the prompt is empty".to_owned(), "Give at least one token.");
    }
    let outside = |token: &&u32| **token as usize >= vocab;
    if let Some(token) = request.prompt.iter().find(outside) {
        return refuse(
            format!("token {token} is outside of the vocabulary of {vocab}"),
            "The tokenizer belongs to another model.",
        );
    }
    if let Some((token, _)) = request.logit_bias.iter().find(|(token, _)| outside(&token)) {
        return refuse(
            format!("the bias of token {token} is outside of the vocabulary of {vocab}"),
            "Leave it out.",
        );
    }
    if !has_tokenizer && !request.stop_texts.is_empty() {
        return refuse(
            "stop texts need a tokenizer".to_owned(),
            "Use stop tokens, or give a tokenizer.",
        );
    }
    if !all_finite(&request.sampling) || request.logit_bias.iter().any(|(_, bias)| bias.is_nan()) {
        return refuse(
            "a number of the sampling is not finite".to_owned(),
            "Give ordinary numbers.",
        );
    }
    let wanted = request.prompt.len().saturating_add(request.max_new_tokens);
    if wanted > capacity {
        return refuse(
            format!("prompt and answer may take {wanted} positions, and there is memory for {capacity}"),
            "Shorten the prompt or the answer, or give keys and values more memory.",
        );
    }
    Ok(())
}

fn all_finite(sampling: &Sampling) -> bool {
    let Sampling {
        temperature,
        top_k: _,
        top_p,
        repetition_penalty,
        presence_penalty,
        frequency_penalty,
        seed: _,
    } = *sampling;
    let numbers = [
        temperature,
        top_p,
        repetition_penalty,
        presence_penalty,
        frequency_penalty,
    ];
    numbers.iter().all(|number| number.is_finite())
}
