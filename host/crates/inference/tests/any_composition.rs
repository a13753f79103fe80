//! Answers of the engine for devices are those of the CPU engine, whatever rows are beside theirs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use nl2sql_inference::{
    AdapterId, Completion, CpuEngine, CpuOptions, Engine, Generation, GenerationRequest, Generator, InferenceError,
    LogitsMask, Sampling, Scheduler, SchedulerOptions, TensorEngine, TensorOptions,
};
use nl2sql_model::{AdapterConfig, Decoder, LoadOptions, load_decoder};
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
    /// Greedy under a mask that has to see logits.
    Seeing,
    Sampled(u64),
}

/// Forbids every third token.
struct NoThirds {
    blind: bool,
    seen: Arc<AtomicUsize>,
}

impl LogitsMask for NoThirds {
    fn apply(&mut self, _generated: &[u32], logits: &mut [f32]) -> Result<(), InferenceError> {
        if self.blind {
            self.seen.fetch_add(1, Ordering::Relaxed);
        }
        let thirds = logits.iter_mut().step_by(3);
        thirds.for_each(|logit| *logit = f32::NEG_INFINITY);
        Ok(())
    }

    fn forbidden(&mut self, _generated: &[u32], vocab: usize) -> Result<Option<Vec<bool>>, InferenceError> {
        Ok(self
            .blind
            .then(|| (0..vocab).map(|token| token.is_multiple_of(3)).collect()))
    }
}

fn drawn(rng: &mut ChaCha8Rng) -> Asked {
    let length = rng.random_range(1..90);
    Asked {
        prompt: (0..length).map(|_| rng.random_range(3..270)).collect(),
        max_new_tokens: rng.random_range(0..12),
        choice: match rng.random_range(0..5) {
            0 => Choice::Sampled(rng.random()),
            1 => Choice::Seeing,
            2 => Choice::Blind,
            _ => Choice::Greedy,
        },
        adapter: [None, Some(0), Some(1)][rng.random_range(0..3)],
    }
}

/// The request; `seen` counts how often a mask was shown logits that it does not need.
fn request(asked: &Asked, adapters: &[AdapterId], seen: &Arc<AtomicUsize>) -> GenerationRequest {
    let mut request = GenerationRequest::greedy(asked.prompt.clone(), asked.max_new_tokens, Vec::new());
    request.adapter = asked.adapter.map(|number| adapters[number]);
    let mask = |blind| -> Option<Box<dyn LogitsMask>> {
        let seen = seen.clone();
        Some(Box::new(NoThirds { blind, seen }))
    };
    match asked.choice {
        Choice::Greedy => {}
        Choice::Blind => request.mask = mask(true),
        Choice::Seeing => request.mask = mask(false),
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
    let mut engine = CpuEngine::new(decoder, CpuOptions::default());
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
