//! How a pair of question and answer is shortened to a number of tokens.

/// What a sample lost to the cutoff, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Truncation {
    /// Tokens cut from the ends of prompts (instruction, schema or question).
    pub prompt_tokens: usize,
    /// Tokens cut from the ends of answers.
    pub answer_tokens: usize,
    /// Whole turns that did not fit.
    pub turns: usize,
}

impl Truncation {
    /// Whether anything was lost.
    pub fn is_lossy(&self) -> bool {
        *self != Self::default()
    }
}

/// LLaMA-Factory's rule: tokens kept of a prompt and of its answer, `(prompt, answer)`, at most `cutoff` together.
///
/// A short answer is kept whole at the prompt's expense, a short prompt at the answer's; else both shrink in
/// proportion.
pub fn share_of_cutoff(prompt: usize, answer: usize, cutoff: usize) -> (usize, usize) {
    let max_answer = if answer * 2 < cutoff {
        cutoff
    } else if prompt * 2 < cutoff {
        cutoff - prompt
    } else {
        (cutoff as f64 * (answer as f64 / (prompt + answer) as f64)) as usize
    };
    let answer = max_answer.min(answer);
    let prompt = cutoff.saturating_sub(answer).min(prompt);
    (prompt, answer)
}

#[cfg(test)]
mod tests {
    use super::share_of_cutoff;

    #[test]
    fn a_short_answer_is_kept_whole() {
        assert_eq!(share_of_cutoff(100, 10, 40), (30, 10));
    }

    #[test]
    fn a_short_prompt_is_kept_whole() {
        assert_eq!(share_of_cutoff(10, 100, 40), (10, 30));
    }

    #[test]
    fn long_pairs_shrink_in_proportion() {
        assert_eq!(share_of_cutoff(60, 60, 41), (21, 20));
    }
}
