//! Requests that come and go: answers do not depend on what else is served, on adapters beside theirs or on scarce memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use burn::tensor::Device;
use nl2sql_inference::{
    Completion, CpuEngine, CpuOptions, Finish, Generation, GenerationEvent, GenerationRequest, Generator,
    InferenceError, LogitsMask, Sampling, Scheduler, SchedulerOptions, TensorEngine, TensorOptions,
};
use nl2sql_model::gguf::import_gguf;
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::weights::Dtype;
use nl2sql_model::{AdapterConfig, Decoder, LoadOptions, attach_adapter, load_decoder};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures")
}

fn base(name: &str) -> Decoder {
    load_decoder(&fixtures().join(name), &LoadOptions::f32(Device::flex())).unwrap()
}

/// The fixture's model with one of its adapters.
fn adapted(name: &str, weights: &str) -> (Decoder, AdapterConfig) {
    let (fixture, adapter) = (fixtures().join(name), tempfile::tempdir().unwrap());
    std::fs::copy(fixture.join(weights), adapter.path().join("adapter_model.safetensors")).unwrap();
    let config = "adapter_config.json";
    std::fs::copy(fixture.join(config), adapter.path().join(config)).unwrap();
    let mut decoder = base(name);
    let config = attach_adapter(&mut decoder, adapter.path()).unwrap();
    (decoder, config)
}

/// A request that samples and tells of likelihoods, so that the smallest difference would show.
fn request(number: u32, prompt_tokens: u32, max_new_tokens: usize) -> GenerationRequest {
    let prompt = (0..prompt_tokens)
        .map(|n| 3 + (n * 7 + (n / 40) * number) % 300)
        .collect();
    let mut request = GenerationRequest::greedy(prompt, max_new_tokens, Vec::new());
    request.logprobs = Some(2);
    if number % 2 == 1 {
        request.sampling = Sampling {
            temperature: 0.9,
            top_p: 0.95,
            seed: u64::from(number),
            ..Sampling::GREEDY
        };
    }
    request
}

/// Prompts longer and shorter than a page, most of them with a common beginning.
fn requests() -> Vec<GenerationRequest> {
    (0..12)
        .map(|n| request(n, 5 + 13 * n, 4 + (n as usize * 11) % 40))
        .collect()
}

fn alone(decoder: &Decoder, request: GenerationRequest) -> Completion {
    let engine = CpuEngine::new(decoder.clone(), CpuOptions::default());
    Generator::new(engine, None, 1)
        .generate(vec![request])
        .unwrap()
        .remove(0)
}

fn assert_equal(ours: &Completion, expected: &Completion) {
    assert_eq!(ours.tokens, expected.tokens);
    assert_eq!(
        ours.logprobs, expected.logprobs,
        "likelihoods are the same to the last bit"
    );
    assert_eq!(ours.finish, expected.finish);
}

#[test]
fn answers_are_the_same_alone_and_in_every_company() {
    let decoder = base("qwen3-tiny");
    for (rows_at_once, prefill_tokens) in [(1, 7), (3, 16), (12, 256)] {
        let options = SchedulerOptions {
            rows_at_once,
            prefill_tokens,
            ..SchedulerOptions::default()
        };
        let engine = CpuEngine::new(decoder.clone(), CpuOptions::default());
        let scheduler = Scheduler::start(engine, None, options).unwrap();
        let generations: Vec<Generation> = requests()
            .into_iter()
            .map(|one| scheduler.submit(one).unwrap())
            .collect();
        for (generation, request) in generations.into_iter().zip(requests()) {
            let completion = generation.completion_blocking().unwrap();
            assert_equal(&completion, &alone(&decoder, request));
        }
    }
}

#[test]
fn answers_that_had_to_give_way_to_others_continue_unchanged() {
    let decoder = base("llama-tiny");
    let config = &decoder.config;
    // Values lie in panels of 32.
    let width = config.head_dim + config.head_dim.next_multiple_of(32);
    let page = config.num_hidden_layers * 32 * config.num_key_value_heads * width * 4;
    let options = CpuOptions {
        key_value_bytes: 8 * page,
        ..CpuOptions::default()
    };
    let scheduler = Scheduler::start(
        CpuEngine::new(decoder.clone(), options),
        None,
        SchedulerOptions::default(),
    )
    .unwrap();
    assert_eq!(scheduler.capacity(), 8 * 32);
    let wanted = || (0..6).map(|n| request(n, 20 + n, 100));
    let generations: Vec<Generation> = wanted().map(|one| scheduler.submit(one).unwrap()).collect();
    for (generation, request) in generations.into_iter().zip(wanted()) {
        assert_equal(&generation.completion_blocking().unwrap(), &alone(&decoder, request));
    }
    assert!(
        scheduler.figures().evictions > 0,
        "eight pages are too few for six answers"
    );
    let too_long = scheduler.submit(request(0, 200, 57)).unwrap_err();
    assert!(matches!(too_long, InferenceError::Request { .. }), "{too_long}");
}

#[tokio::test]
async fn rows_of_one_batch_have_adapters_of_their_own() {
    for name in ["qwen3-tiny", "llama-tiny"] {
        let decoder = base(name);
        let (trained, config) = adapted(name, "adapter_final.safetensors");
        let (initial, initial_config) = adapted(name, "adapter_init.safetensors");
        let engine = CpuEngine::new(decoder.clone(), CpuOptions::default());
        let on_cpu = Scheduler::start(engine, None, SchedulerOptions::default()).unwrap();
        let on_tensors = Scheduler::start(
            TensorEngine::new(decoder.clone(), TensorOptions::default()),
            None,
            SchedulerOptions::default(),
        )
        .unwrap();
        for scheduler in [on_cpu, on_tensors] {
            let first = scheduler.attach(trained.clone(), config.clone()).await.unwrap();
            let second = scheduler.attach(initial.clone(), initial_config.clone()).await.unwrap();
            let choices = [None, Some(first), Some(second), Some(first), None];
            let generations: Vec<Generation> = choices
                .iter()
                .map(|adapter| {
                    let mut request = request(0, 60, 20);
                    request.adapter = *adapter;
                    scheduler.submit(request).unwrap()
                })
                .collect();
            for (generation, adapter) in generations.into_iter().zip(choices) {
                let completion = generation.completion().await.unwrap();
                let expected = match adapter {
                    None => &decoder,
                    Some(id) if id == first => &trained,
                    Some(_) => &initial,
                };
                assert_eq!(completion.tokens, alone(expected, request(0, 60, 20)).tokens);
            }
        }
    }
}

/// Waits at a chosen token until it is let go, and tells when it waits.
struct Gate {
    at: usize,
    waits: mpsc::Sender<()>,
    open: mpsc::Receiver<()>,
}

impl LogitsMask for Gate {
    fn apply(&mut self, generated: &[u32], _logits: &mut [f32]) -> Result<(), InferenceError> {
        if generated.len() == self.at {
            self.waits.send(()).unwrap();
            self.open.recv().unwrap();
        }
        Ok(())
    }
}

/// A request that stops the scheduler before its third token; the receiver tells when, the sender lets it go on.
fn gated(max_new_tokens: usize) -> (GenerationRequest, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((waits, waiting), (opener, open)) = (mpsc::channel(), mpsc::channel());
    let mut request = request(0, 5, max_new_tokens);
    request.mask = Some(Box::new(Gate { at: 2, waits, open }));
    (request, waiting, opener)
}

#[tokio::test]
async fn a_detached_adapter_serves_the_requests_that_began_with_it() {
    let decoder = base("qwen3-tiny");
    let (trained, config) = adapted("qwen3-tiny", "adapter_final.safetensors");
    let engine = CpuEngine::new(decoder.clone(), CpuOptions::default());
    let options = SchedulerOptions {
        rows_at_once: 1,
        ..SchedulerOptions::default()
    };
    let scheduler = Scheduler::start(engine, None, options).unwrap();
    let adapter = scheduler.attach(trained.clone(), config).await.unwrap();
    let (mut first, waits, opener) = gated(20);
    first.adapter = Some(adapter);
    let under_way = scheduler.submit(first).unwrap();
    waits.recv().unwrap();
    let with_adapter = |n| GenerationRequest {
        adapter: Some(adapter),
        ..request(n, 30, 10)
    };
    let waiting = scheduler.submit(with_adapter(2)).unwrap();
    scheduler.detach(adapter);
    let late = scheduler.submit(with_adapter(4)).unwrap();
    opener.send(()).unwrap();
    assert_eq!(
        under_way.completion().await.unwrap().tokens,
        alone(&trained, request(0, 5, 20)).tokens
    );
    assert_eq!(
        waiting.completion().await.unwrap().tokens,
        alone(&trained, request(2, 30, 10)).tokens
    );
    let refused = late.completion().await.unwrap_err();
    assert!(refused.to_string().contains("not attached"), "{refused}");
}

#[test]
fn one_request_more_than_may_wait_is_refused() {
    let engine = CpuEngine::new(base("llama-tiny"), CpuOptions::default());
    let options = SchedulerOptions {
        rows_at_once: 1,
        max_waiting: 1,
        ..SchedulerOptions::default()
    };
    let scheduler = Scheduler::start(engine, None, options).unwrap();
    let (first, waits, opener) = gated(4);
    let first = scheduler.submit(first).unwrap();
    waits.recv().unwrap();
    let second = scheduler.submit(request(2, 5, 4)).unwrap();
    let refused = scheduler.submit(request(4, 5, 4)).unwrap_err();
    assert!(matches!(refused, InferenceError::QueueFull { waiting: 1 }), "{refused}");
    opener.send(()).unwrap();
    assert_eq!(first.completion_blocking().unwrap().tokens.len(), 4);
    assert_eq!(second.completion_blocking().unwrap().tokens.len(), 4);
    assert!(scheduler.submit(request(6, 5, 4)).is_ok());
}

#[test]
fn a_dropped_answer_leaves_its_row_to_the_next() {
    let engine = CpuEngine::new(base("llama-tiny"), CpuOptions::default());
    let options = SchedulerOptions {
        rows_at_once: 1,
        ..SchedulerOptions::default()
    };
    let scheduler = Scheduler::start(engine, None, options).unwrap();
    let (endless, waits, opener) = gated(100_000);
    let endless = scheduler.submit(endless).unwrap();
    waits.recv().unwrap();
    let dropped_while_waiting = scheduler.submit(request(2, 5, 100_000)).unwrap();
    let last = scheduler.submit(request(4, 5, 4)).unwrap();
    drop((endless, dropped_while_waiting));
    opener.send(()).unwrap();
    assert_eq!(last.completion_blocking().unwrap().tokens.len(), 4);
    assert!(scheduler.figures().generated_tokens < 100);
}

/// Writes into a common log whenever its request is extended.
struct Logged {
    name: char,
    log: Arc<Mutex<String>>,
}

impl LogitsMask for Logged {
    fn apply(&mut self, _generated: &[u32], _logits: &mut [f32]) -> Result<(), InferenceError> {
        self.log.lock().unwrap().push(self.name);
        Ok(())
    }
}

#[test]
fn a_long_prompt_does_not_stall_a_running_answer() {
    let engine = CpuEngine::new(base("llama-tiny"), CpuOptions::default());
    let options = SchedulerOptions {
        prefill_tokens: 8,
        ..SchedulerOptions::default()
    };
    let scheduler = Scheduler::start(engine, None, options).unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let logged = |name, prompt_tokens, max_new_tokens| {
        let mut request = request(0, prompt_tokens, max_new_tokens);
        request.mask = Some(Box::new(Logged { name, log: log.clone() }));
        scheduler.submit(request).unwrap()
    };
    let running = logged('r', 4, 200);
    let long = logged('l', 160, 1);
    long.completion_blocking().unwrap();
    running.completion_blocking().unwrap();
    let written = log.lock().unwrap().clone();
    let before = written.find('l').unwrap();
    assert!(before >= 160 / 8 - 1, "{before} tokens while the long prompt was read");
}

/// A small model with a tokenizer.
fn imported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    import_gguf(
        &fixtures().join("llama-tiny.gguf"),
        &folder.path().join("model"),
        Dtype::F32,
    )
    .unwrap();
    folder
}

#[test]
fn streamed_pieces_are_the_text_of_the_answer_and_stop_texts_never_show() {
    let folder = imported();
    let tokenizer = TextTokenizer::read(&folder.path().join("model")).unwrap();
    let decoder = load_decoder(&folder.path().join("model"), &LoadOptions::f32(Device::flex())).unwrap();
    let engine = CpuEngine::new(decoder.clone(), CpuOptions::default());
    let scheduler = Scheduler::start(engine, Some(tokenizer.clone()), SchedulerOptions::default()).unwrap();
    let warm = |seed| GenerationRequest {
        sampling: Sampling {
            temperature: 1.2,
            seed,
            ..Sampling::GREEDY
        },
        ..GenerationRequest::greedy(vec![5, 9, 20], 60, Vec::new())
    };
    let stopped = AtomicUsize::new(0);
    for seed in 0..20 {
        let (pieces, whole) = streamed(scheduler.submit(warm(seed)).unwrap());
        assert_eq!(pieces, whole.text);
        assert_eq!(whole.text, tokenizer.decode(&whole.tokens, true).unwrap());
        let Some(stop) = middle(&whole.text) else { continue };
        let mut request = warm(seed);
        request.stop_texts = vec![stop.clone()];
        let (pieces, cut) = streamed(scheduler.submit(request).unwrap());
        assert_eq!(cut.finish, Finish::StopText);
        assert_eq!(cut.text, whole.text[..whole.text.find(&stop).unwrap()]);
        assert_eq!(pieces, cut.text);
        stopped.fetch_add(1, Ordering::Relaxed);
    }
    assert!(stopped.into_inner() > 10);
}

/// Three characters from the middle of a text.
fn middle(text: &str) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let middle = characters.get(characters.len() / 2..characters.len() / 2 + 3)?;
    Some(middle.iter().collect())
}

fn streamed(mut generation: Generation) -> (String, Completion) {
    let mut pieces = String::new();
    while let Some(event) = generation.next_blocking() {
        match event {
            GenerationEvent::Token { text, .. } | GenerationEvent::Text(text) => pieces.push_str(&text),
            GenerationEvent::Finished(completion) => return (pieces, completion),
            GenerationEvent::Failed(error) => panic!("{error}"),
        }
    }
    panic!("the answer did not end");
}

#[test]
fn biases_force_and_forbid_tokens() {
    let decoder = base("qwen3-tiny");
    let usual = alone(&decoder, request(0, 10, 8)).tokens;
    let biased = |bias: f32| {
        let mut request = request(0, 10, 8);
        request.logit_bias = vec![(usual[0], bias)];
        alone(&decoder, request)
    };
    assert_eq!(biased(1e6).tokens, vec![usual[0]; 8]);
    let forbidden = biased(f32::NEG_INFINITY);
    assert!(!forbidden.tokens.contains(&usual[0]));
    assert!(
        forbidden
            .logprobs
            .iter()
            .all(|step| step.logprob.is_finite() && step.top.len() == 2)
    );
}
