//! Answers of the engine for devices are those of the CPU engine, whatever rows are beside theirs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use nl2sql_inference::{
    AdapterId, Advance, Completion, CpuEngine, CpuOptions, Engine, Generation, GenerationRequest, Generator,
    InferenceError, LogitsMask, MaskNeeds, Sampling, Scheduler, SchedulerOptions, TensorEngine, TensorOptions, Wanted,
};
use nl2sql_model::{AdapterConfig, Decoder, LoadOptions, StoredDtype, load_decoder};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::generation::adapted;
use crate::reference_models::reference_models;

/// What is asked, apart from masks, which requests own.
#[derive(Debug, Clone)]
struct Asked {
    prompt: Vec<u32>,
    max_new_tokens: usize,
    choice: Choice,
    /// One of the attached ones.
    adapter: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Choice {
    Greedy,
    /// Greedy under a mask that needs no logits.
    Blind,
    /// Greedy under a mask that looks at the likeliest token first.
    Judging,
    /// Greedy under a mask that has to see logits.
    Seeing,
    Sampled(u64),
}

/// Forbids every third token.
struct NoThirds {
    choice: Choice,
    /// Logits that it was shown without need.
    seen: Arc<AtomicUsize>,
}

impl LogitsMask for NoThirds {
    fn apply(&mut self, _generated: &[u32], logits: &mut [f32]) -> Result<(), InferenceError> {
        let likeliest = (0..logits.len()).rev().max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
        let needed = match self.choice {
            Choice::Blind => false,
            Choice::Judging => likeliest.is_some_and(|token| token.is_multiple_of(3)),
            _ => true,
        };
        self.seen.fetch_add(usize::from(!needed), Ordering::Relaxed);
        let thirds = logits.iter_mut().step_by(3);
        thirds.for_each(|logit| *logit = f32::NEG_INFINITY);
        Ok(())
    }

    fn needs(&mut self, _generated: &[u32], vocab: usize) -> Result<MaskNeeds, InferenceError> {
        Ok(match self.choice {
            Choice::Blind => MaskNeeds::Nothing {
                forbidden: (0..vocab).map(|token| token.is_multiple_of(3)).collect(),
            },
            Choice::Judging => MaskNeeds::Likeliest,
            _ => MaskNeeds::Logits,
        })
    }

    fn accepts(&mut self, _generated: &[u32], likeliest: u32) -> Result<bool, InferenceError> {
        Ok(!likeliest.is_multiple_of(3))
    }
}

fn drawn(rng: &mut ChaCha8Rng) -> Asked {
    let length = rng.random_range(1..90);
    Asked {
        prompt: (0..length).map(|_| rng.random_range(3..270)).collect(),
        max_new_tokens: rng.random_range(0..12),
        choice: match rng.random_range(0..6) {
            0 => Choice::Sampled(rng.random()),
            1 => Choice::Seeing,
            2 => Choice::Blind,
            3 => Choice::Judging,
            _ => Choice::Greedy,
        },
        adapter: [None, Some(0), Some(1)][rng.random_range(0..3)],
    }
}

/// The request; `seen` counts how often a mask was shown logits that it does not need.
fn request(asked: &Asked, adapters: &[AdapterId], seen: &Arc<AtomicUsize>) -> GenerationRequest {
    let mut request = GenerationRequest::greedy(asked.prompt.clone(), asked.max_new_tokens, Vec::new());
    request.adapter = asked.adapter.map(|number| adapters[number]);
    match asked.choice {
        Choice::Greedy => {}
        choice @ (Choice::Blind | Choice::Judging | Choice::Seeing) => {
            let seen = seen.clone();
            request.mask = Some(Box::new(NoThirds { choice, seen }));
        }
        Choice::Sampled(seed) => {
            request.sampling = Sampling {
                temperature: 0.8,
                top_p: 0.95,
                seed,
                ..Sampling::GREEDY
            };
        }
    }
    request
}

/// Answers of the CPU engine, one after the other.
fn alone(decoder: &Decoder, adapters: &[(Decoder, AdapterConfig)], all: &[Asked]) -> Vec<Completion> {
    let mut engine = CpuEngine::new(decoder.clone(), CpuOptions::default());
    let ids: Vec<AdapterId> = (1..).take(adapters.len()).map(AdapterId).collect();
    for (id, (adapted, config)) in ids.iter().zip(adapters) {
        engine.attach(*id, adapted, config).unwrap();
    }
    let seen = Arc::default();
    let requests = all.iter().map(|asked| request(asked, &ids, &seen)).collect();
    Generator::new(engine, None, 1).generate(requests).unwrap()
}

/// Memory of that many pages of 32 positions.
fn pages(decoder: &Decoder, count: usize) -> TensorOptions {
    let config = &decoder.config;
    let position = config.num_hidden_layers * 2 * config.num_key_value_heads * config.head_dim * 4;
    TensorOptions {
        key_value_bytes: count * 32 * position,
    }
}

async fn check(folder: &Path, seed: u64, rows_at_once: usize, prefill_tokens: usize, page_count: usize) -> u64 {
    let decoder = load_decoder(folder, &LoadOptions::f32(Device::flex())).unwrap();
    let adapters = ["adapter_final.safetensors", "adapter_init.safetensors"].map(|name| adapted(folder, name));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let all: Vec<Asked> = (0..12).map(|_| drawn(&mut rng)).collect();
    let expected = alone(&decoder, &adapters, &all);
    let engine = TensorEngine::new(decoder.clone(), pages(&decoder, page_count));
    let options = SchedulerOptions {
        rows_at_once,
        prefill_tokens,
        ..SchedulerOptions::default()
    };
    let scheduler = Scheduler::start(engine, None, options).unwrap();
    assert_eq!(scheduler.capacity(), page_count * 32);
    let mut ids = Vec::new();
    for (adapted, config) in &adapters {
        ids.push(scheduler.attach(adapted.clone(), config.clone()).await.unwrap());
    }
    let seen = Arc::default();
    let submit = |asked: &Asked| scheduler.submit(request(asked, &ids, &seen)).unwrap();
    let (first, later) = all.split_at(8);
    let mut generations: Vec<Generation> = first.iter().map(submit).collect();
    // Others join while those that are left go on.
    let mut answers = vec![generations.remove(0).completion().await.unwrap()];
    generations.extend(later.iter().map(submit));
    for generation in generations {
        answers.push(generation.completion().await.unwrap());
    }
    for ((asked, answer), expected) in all.iter().zip(answers).zip(expected) {
        let place = format!("{} {asked:?}", folder.display());
        assert_eq!(answer.tokens, expected.tokens, "{place}");
        assert_eq!(answer.finish, expected.finish, "{place}");
    }
    assert_eq!(
        seen.load(Ordering::Relaxed),
        0,
        "logits that nobody has to see stay on the device"
    );
    scheduler.figures().evictions
}

#[tokio::test]
async fn answers_on_a_device_are_those_of_the_cpu_in_any_company() {
    for folder in reference_models() {
        for (seed, rows, prefill) in [(1, 12, 256), (2, 3, 20)] {
            check(&folder, seed, rows, prefill, 1000).await;
        }
    }
}

#[tokio::test]
async fn answers_on_a_device_continue_unchanged_where_memory_is_scarce() {
    for folder in reference_models() {
        let evictions = check(&folder, 3, 12, 50, 7).await;
        assert!(evictions > 0, "seven pages are too few for twelve answers");
    }
}

/// Keys and values are kept in the dtype of the model.
#[test]
fn a_model_in_bf16_gives_the_logits_of_a_pass_over_whole_sequences() {
    for folder in reference_models() {
        let options = LoadOptions {
            device: Device::flex(),
            dtype: StoredDtype::Bf16,
        };
        let decoder = load_decoder(&folder, &options).unwrap();
        let mut engine = TensorEngine::new(decoder.clone(), TensorOptions::default());
        let prompts = [7, 45].map(|length| (0..length).map(|n| 3 + n * 11 % 200).collect::<Vec<u32>>());
        let mut rows = prompts.each_ref().map(|prompt| engine.open(prompt, None).0);
        let parts = [0..5, 5..usize::MAX].map(|part| {
            let entries = rows.iter_mut().zip(&prompts);
            let mut batch: Vec<_> = entries
                .map(|(row, prompt)| Advance {
                    row,
                    tokens: &prompt[part.start..part.end.min(prompt.len())],
                    wanted: Wanted::Logits,
                })
                .collect();
            engine.advance(&mut batch).unwrap().logits
        });
        let expected = prompts.each_ref().map(|prompt| {
            let logits = decoder.logits(std::slice::from_ref(prompt)).into_data();
            let logits: Vec<f32> = logits.iter().collect();
            logits[(prompt.len() - 1) * decoder.config.vocab_size..].to_vec()
        });
        let expected = expected.concat();
        let square = |values: &mut dyn Iterator<Item = f32>| values.map(|value| value * value).sum::<f32>();
        let apart = square(&mut parts[1].iter().zip(&expected).map(|(a, b)| a - b));
        let apart = (apart / square(&mut expected.iter().copied())).sqrt();
        assert_eq!(parts[1].len(), expected.len());
        assert!(apart < 0.02, "{}: {apart}", folder.display());
    }
}

#[test]
fn memory_of_a_device_is_free_again_when_rows_end() {
    let folder = &reference_models()[0];
    let decoder = load_decoder(folder, &LoadOptions::f32(Device::flex())).unwrap();
    let mut engine = TensorEngine::new(decoder.clone(), pages(&decoder, 4));
    let (mut row, known) = engine.open(&[5], None);
    assert_eq!(known, 0);
    assert!(engine.reserve(&mut row, 33));
    assert_eq!(engine.memory_in_use(), 0.5, "whole pages of what is asked for");
    let (mut other, _) = engine.open(&[5], None);
    assert!(!engine.reserve(&mut other, 65));
    drop(row);
    assert!(engine.reserve(&mut other, 65));
    assert_eq!(engine.memory_in_use(), 0.75);
    drop(other);
    assert_eq!(engine.memory_in_use(), 0.0);
}
