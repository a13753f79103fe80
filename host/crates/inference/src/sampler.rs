//! Chooses tokens from logits, with transformers' order of operations.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Sampling;

/// Chooses the tokens of one request.
#[derive(Debug)]
pub(crate) struct Sampler {
    sampling: Sampling,
    rng: ChaCha8Rng,
}

impl Sampler {
    pub(super) fn new(sampling: Sampling) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(sampling.seed),
            sampling,
        }
    }

    /// The next token, or `None` when every token is forbidden.
    pub(super) fn choose(&mut self, logits: &mut [f32], prompt: &[u32], answer: &[u32]) -> Option<u32> {
        self.penalise(logits, prompt, answer);
        if self.sampling.temperature <= 0.0 {
            return argmax(logits);
        }
        let mut candidates: Vec<(u32, f32)> = logits
            .iter()
            .enumerate()
            .filter(|(_, logit)| logit.is_finite())
            .map(|(token, logit)| (token as u32, logit / self.sampling.temperature))
            .collect();
        candidates.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if self.sampling.top_k > 0 {
            candidates.truncate(self.sampling.top_k);
        }
        self.draw(&candidates)
    }

    /// Draws from the nucleus of candidates sorted by falling logit.
    fn draw(&mut self, candidates: &[(u32, f32)]) -> Option<u32> {
        let peak = candidates.first()?.1;
        let weights: Vec<f32> = candidates.iter().map(|(_, logit)| (logit - peak).exp()).collect();
        let total: f32 = weights.iter().sum();
        let mut reached = 0.0;
        let nucleus = weights
            .iter()
            .position(|weight| {
                reached += weight / total;
                reached >= self.sampling.top_p
            })
            .map_or(weights.len(), |last| last + 1);
        let kept: f32 = weights[..nucleus].iter().sum();
        let mut point = self.rng.random::<f32>() * kept;
        for (weight, (token, _)) in weights[..nucleus].iter().zip(candidates) {
            point -= weight;
            if point < 0.0 {
                return Some(*token);
            }
        }
        candidates.get(nucleus - 1).map(|(token, _)| *token)
    }

    fn penalise(&self, logits: &mut [f32], prompt: &[u32], answer: &[u32]) {
        let Sampling {
            repetition_penalty: repetition,
            presence_penalty: presence,
            frequency_penalty: frequency,
            ..
        } = self.sampling;
        if repetition != 1.0 {
            let distinct: BTreeSet<u32> = prompt.iter().chain(answer).copied().collect();
            for token in distinct {
                if let Some(logit) = logits.get_mut(token as usize) {
                    *logit = if *logit > 0.0 {
                        *logit / repetition
                    } else {
                        *logit * repetition
                    };
                }
            }
        }
        if presence == 0.0 && frequency == 0.0 {
            return;
        }
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        answer.iter().for_each(|token| *counts.entry(*token).or_default() += 1);
        for (token, count) in counts {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit -= presence + frequency * count as f32;
            }
        }
    }
}

/// The token with the highest logit; the first of equals.
fn argmax(logits: &[f32]) -> Option<u32> {
    let mut best = None;
    let mut peak = f32::NEG_INFINITY;
    for (token, logit) in logits.iter().enumerate() {
        if *logit > peak {
            peak = *logit;
            best = Some(token as u32);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(sampling: Sampling, logits: &[f32], count: usize) -> Vec<u32> {
        let mut sampler = Sampler::new(sampling);
        (0..count)
            .filter_map(|_| sampler.choose(&mut logits.to_vec(), &[], &[]))
            .collect()
    }

    #[test]
    fn a_seed_gives_the_same_choices() {
        let sampling = Sampling {
            temperature: 1.0,
            seed: 7,
            ..Sampling::GREEDY
        };
        let logits = [1.0, 2.0, 0.5, 1.5];
        assert_eq!(choices(sampling, &logits, 50), choices(sampling, &logits, 50));
    }

    #[test]
    fn frequencies_follow_the_probabilities() {
        let sampling = Sampling {
            temperature: 1.0,
            ..Sampling::GREEDY
        };
        let drawn = choices(sampling, &[3f32.ln(), 0.0], 4000);
        let first = drawn.iter().filter(|token| **token == 0).count();
        assert!((2800..3200).contains(&first), "{first} of 4000 instead of about 3000");
    }

    #[test]
    fn top_k_and_top_p_exclude_unlikely_tokens() {
        let warm = Sampling {
            temperature: 1.0,
            ..Sampling::GREEDY
        };
        let logits = [2.0, 1.9, -1.0, -2.0];
        let top_k = choices(Sampling { top_k: 2, ..warm }, &logits, 200);
        assert!(top_k.iter().all(|token| *token < 2));
        let top_p = choices(Sampling { top_p: 0.3, ..warm }, &logits, 200);
        assert!(top_p.iter().all(|token| *token == 0));
    }

    #[test]
    fn the_repetition_penalty_lowers_logits_of_seen_tokens() {
        let mut sampler = Sampler::new(Sampling {
            repetition_penalty: 2.0,
            ..Sampling::GREEDY
        });
        assert_eq!(sampler.choose(&mut [1.0, 0.8], &[0], &[]), Some(1));
    }

    #[test]
    fn frequency_and_presence_penalties_count_tokens_of_the_answer_only() {
        let penalised = |presence_penalty, frequency_penalty| {
            let mut sampler = Sampler::new(Sampling {
                presence_penalty,
                frequency_penalty,
                ..Sampling::GREEDY
            });
            sampler.choose(&mut [1.0, 0.8, 0.7], &[0, 0], &[1, 2, 2])
        };
        assert_eq!(penalised(0.5, 0.0), Some(0));
        assert_eq!(penalised(-0.3, 0.0), Some(1));
        assert_eq!(penalised(0.0, -0.2), Some(2));
    }

    #[test]
    fn no_token_is_chosen_when_all_are_forbidden() {
        let mut sampler = Sampler::new(Sampling::GREEDY);
        assert_eq!(sampler.choose(&mut [f32::NEG_INFINITY; 3], &[], &[]), None);
    }
}
