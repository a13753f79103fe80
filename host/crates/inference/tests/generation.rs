//! Greedy tokens against transformers', alone and in batches, and the ways an answer ends.

use std::path::Path;

use burn::tensor::Device;
use nl2sql_inference::{
    Advance, CpuEngine, CpuOptions, Engine, Finish, GenerationRequest, Generator, InferenceError, LogitsMask, Sampling,
    TensorEngine, TensorOptions, Wanted,
};
use nl2sql_model::weights::ShardedTensors;
use nl2sql_model::{AdapterConfig, Decoder, LoadOptions, attach_adapter, load_decoder};
use serde::Deserialize;
use serde_json::Value;

use crate::reference_models::{reference_model, reference_models};

#[derive(Deserialize)]
struct Expected {
    prompt: Vec<u32>,
    greedy_base: Vec<u32>,
    greedy_trained: Vec<u32>,
}

fn expected(folder: &Path) -> Expected {
    serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap()
}

fn base(folder: &Path) -> Decoder {
    load_decoder(folder, &LoadOptions::f32(Device::flex())).unwrap()
}

/// A reference model with one of its adapters.
pub(crate) fn adapted(folder: &Path, weights: &str) -> (Decoder, AdapterConfig) {
    let adapter = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join(weights), adapter.path().join("adapter_model.safetensors")).unwrap();
    let config = "adapter_config.json";
    std::fs::copy(folder.join(config), adapter.path().join(config)).unwrap();
    let mut decoder = base(folder);
    let config = attach_adapter(&mut decoder, adapter.path()).unwrap();
    (decoder, config)
}

fn trained(folder: &Path) -> Decoder {
    adapted(folder, "adapter_final.safetensors").0
}

fn host(decoder: &Decoder) -> CpuEngine {
    CpuEngine::new(decoder.clone(), CpuOptions::default())
}

fn greedy<E: Engine>(engine: E, prompt: &[u32], count: usize) -> Vec<u32> {
    let request = GenerationRequest::greedy(prompt.to_vec(), count, Vec::new());
    let mut answers = Generator::new(engine, None, 1).generate(vec![request]).unwrap();
    answers.remove(0).tokens
}

#[test]
fn greedy_tokens_equal_the_reference_on_both_engines() {
    for folder in reference_models() {
        let expected = expected(&folder);
        let count = expected.greedy_base.len();
        let decoder = base(&folder);
        assert_eq!(greedy(host(&decoder), &expected.prompt, count), expected.greedy_base);
        assert_eq!(
            greedy(
                TensorEngine::new(decoder, TensorOptions::default()),
                &expected.prompt,
                count
            ),
            expected.greedy_base
        );
    }
}

#[test]
fn greedy_tokens_with_an_adapter_equal_the_reference_beside_and_merged() {
    for folder in reference_models() {
        let expected = expected(&folder);
        let count = expected.greedy_trained.len();
        let mut decoder = trained(&folder);
        assert_eq!(greedy(host(&decoder), &expected.prompt, count), expected.greedy_trained);
        assert_eq!(
            greedy(
                TensorEngine::new(decoder.clone(), TensorOptions::default()),
                &expected.prompt,
                count
            ),
            expected.greedy_trained
        );
        nl2sql_model::adapter::merge_adapter(&mut decoder);
        assert_eq!(greedy(host(&decoder), &expected.prompt, count), expected.greedy_trained);
    }
}

#[test]
fn a_ragged_batch_gives_each_row_what_it_gets_alone() {
    for folder in reference_models() {
        let decoder = base(&folder);
        let prompt = expected(&folder).prompt;
        let prompts: Vec<Vec<u32>> = (0..9)
            .map(|n| {
                prompt
                    .iter()
                    .cycle()
                    .take(3 + 7 * n)
                    .map(|token| 3 + (token + n as u32 % 2) % 250)
                    .collect()
            })
            .collect();
        let lengths = [5, 1, 30, 12, 0, 18, 7, 25, 3];
        let requests = || -> Vec<GenerationRequest> {
            let pairs = prompts.iter().zip(lengths);
            pairs
                .map(|(prompt, count)| GenerationRequest::greedy(prompt.clone(), count, Vec::new()))
                .collect()
        };
        let batched = Generator::new(host(&decoder), None, 4).generate(requests()).unwrap();
        for ((prompt, count), answer) in prompts.iter().zip(lengths).zip(&batched) {
            assert_eq!(answer.tokens, greedy(host(&decoder), prompt, count));
            assert_eq!(answer.tokens.len(), count);
        }
        let on_tensors = Generator::new(TensorEngine::new(decoder, TensorOptions::default()), None, 4)
            .generate(requests())
            .unwrap();
        for (ours, theirs) in batched.iter().zip(&on_tensors) {
            assert_eq!(ours.tokens, theirs.tokens);
        }
    }
}

/// Logits after every token of the first micro-batch, read in pieces of 1, 2, 3 .. tokens, so that windows end within pieces and pages.
fn assert_logits(folder: &Path, mut engine: impl Engine) {
    let text = std::fs::read_to_string(folder.join("batches.json")).unwrap();
    let batches: Value = serde_json::from_str(&text).unwrap();
    let ids = |row: &Value| serde_json::from_value(row["input_ids"].clone()).unwrap();
    let rows: Vec<Vec<u32>> = batches[0][0].as_array().unwrap().iter().map(ids).collect();
    let tensors = ShardedTensors::open_files(vec![folder.join("expected.safetensors")]).unwrap();
    let expected = tensors.get("logits_base").unwrap();
    let (length, vocab) = (expected.shape[1], expected.shape[2]);
    let expected = expected.to_f32().unwrap();
    for (number, tokens) in rows.iter().enumerate() {
        let (mut row, mut read) = engine.open(tokens, None);
        for piece in 1.. {
            let end = (read + piece).min(tokens.len());
            if read == end {
                break;
            }
            let advance = Advance {
                row: &mut row,
                tokens: &tokens[read..end],
                wanted: Wanted::Logits,
            };
            let logits = engine.advance(&mut [advance]).unwrap().logits;
            let place = (number * length + end - 1) * vocab;
            for (ours, expected) in logits.iter().zip(&expected[place..place + vocab]) {
                let apart = (ours - expected).abs();
                assert!(apart <= 1e-4, "{}: {ours} instead of {expected}", folder.display());
            }
            read = end;
        }
    }
}

#[test]
fn logits_of_both_engines_equal_the_reference() {
    for folder in reference_models() {
        let decoder = base(&folder);
        assert_logits(&folder, host(&decoder));
        assert_logits(&folder, TensorEngine::new(decoder, TensorOptions::default()));
    }
}

#[test]
fn prompts_with_a_common_prefix_share_it() {
    for folder in reference_models() {
        let decoder = base(&folder);
        let schema: Vec<u32> = (0..120).map(|n| 3 + n * 7 % 250).collect();
        let prompts: Vec<Vec<u32>> = (0..6)
            .map(|n| schema.iter().copied().chain([40 + n, 50, 60 + n]).collect())
            .collect();
        let requests = prompts
            .iter()
            .map(|prompt| GenerationRequest::greedy(prompt.clone(), 12, Vec::new()))
            .collect();
        let answers = Generator::new(host(&decoder), None, 3).generate(requests).unwrap();
        for (prompt, answer) in prompts.iter().zip(&answers) {
            assert_eq!(answer.tokens, greedy(host(&decoder), prompt, 12));
        }
        assert_eq!(answers[0].reused_tokens, 0);
        assert!(answers[1..].iter().all(|answer| answer.reused_tokens == 120));
    }
}

#[test]
fn prompts_wait_for_a_long_common_beginning_and_are_read_beside_each_other_otherwise() {
    let decoder = base(&reference_model("llama"));
    let reused = |common: usize| {
        let requests = (0..3).map(|n| {
            let beginning = (0..common as u32).map(|place| 3 + place * 7 % 250);
            let rest = (0..50).map(|place| 3 + (n * 91 + place * 11) % 250);
            GenerationRequest::greedy(beginning.chain(rest).collect(), 4, Vec::new())
        });
        let answers = Generator::new(host(&decoder), None, 3)
            .generate(requests.collect())
            .unwrap();
        answers.iter().map(|answer| answer.reused_tokens).collect::<Vec<_>>()
    };
    assert_eq!(reused(31), [0, 0, 0]);
    assert_eq!(reused(32), [0, 32, 32]);
}

#[test]
fn a_stop_token_ends_the_answer_and_is_left_out() {
    let folder = &reference_model("llama");
    let expected = expected(folder);
    let stop = expected.greedy_base[4];
    let first = expected.greedy_base.iter().position(|token| *token == stop).unwrap();
    let request = GenerationRequest::greedy(expected.prompt, 24, vec![stop]);
    let answers = Generator::new(host(&base(folder)), None, 1)
        .generate(vec![request])
        .unwrap();
    assert_eq!(answers[0].finish, Finish::StopToken);
    assert_eq!(answers[0].tokens, expected.greedy_base[..first]);
}

/// Allows even tokens alone.
struct EvenTokens;

impl LogitsMask for EvenTokens {
    fn apply(&mut self, _generated: &[u32], logits: &mut [f32]) -> Result<(), InferenceError> {
        for odd in logits.iter_mut().skip(1).step_by(2) {
            *odd = f32::NEG_INFINITY;
        }
        Ok(())
    }
}

#[test]
fn a_mask_constrains_every_step() {
    let folder = &reference_model("qwen3");
    let mut request = GenerationRequest::greedy(expected(folder).prompt, 16, Vec::new());
    request.mask = Some(Box::new(EvenTokens));
    request.sampling = Sampling {
        temperature: 1.5,
        seed: 3,
        ..Sampling::GREEDY
    };
    let answers = Generator::new(host(&base(folder)), None, 1)
        .generate(vec![request])
        .unwrap();
    assert_eq!(answers[0].tokens.len(), 16);
    assert!(answers[0].tokens.iter().all(|token| token % 2 == 0));
}

#[test]
fn impossible_requests_are_refused() {
    let decoder = base(&reference_model("qwen3"));
    for prompt in [vec![], vec![320]] {
        let request = GenerationRequest::greedy(prompt, 4, Vec::new());
        assert!(Generator::new(host(&decoder), None, 1).generate(vec![request]).is_err());
    }
}
