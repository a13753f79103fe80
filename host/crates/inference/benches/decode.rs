//! Greedy decoding against transformers, in one run on the same weights.
//!
//! `cargo xtask bench decode`, or with `NL2SQL_BENCH_MODEL` naming a model folder and `NL2SQL_PEER_PYTHON` a Python with torch and
//! transformers, `cargo bench -p nl2sql-inference`. With `NL2SQL_BENCH_DEVICE` (`cpu`, `cuda:0`, ..) as well, decoding by tensor operations on
//! that device is measured instead, in f32 or what `NL2SQL_BENCH_PRECISION` says (`f32`, `bf16`), and of `NL2SQL_BENCH_TOKENS` new tokens a row where
//! it is given.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use burn::tensor::Device;
use nl2sql_inference::{CpuEngine, CpuOptions, Engine, GenerationRequest, Generator, TensorEngine, TensorOptions};
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::{LoadOptions, StoredDtype, load_decoder};

const NEW_TOKENS: usize = 64;
const PROMPT_TOKENS: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = std::env::var_os("NL2SQL_BENCH_MODEL") else {
        println!("skipped: set NL2SQL_BENCH_MODEL to a model folder");
        return Ok(());
    };
    let folder = Path::new(&folder);
    if let Some(device) = std::env::var_os("NL2SQL_BENCH_DEVICE") {
        return on_device(folder, &device.to_string_lossy());
    }
    let decoder = load_decoder(folder, &LoadOptions::f32(Device::flex()))?;
    let options = CpuOptions {
        prefix_cache_bytes: 0,
        ..CpuOptions::default()
    };
    let ours: Vec<f64> = [1, 16]
        .into_iter()
        .map(|rows| tokens_per_second(CpuEngine::new(decoder.clone(), options), rows, NEW_TOKENS))
        .collect::<Result<_, _>>()?;
    println!(
        "nl2sql        alone {:7.1} tok/s   16 at once {:7.1} tok/s",
        ours[0], ours[1]
    );
    let Some(python) = std::env::var_os("NL2SQL_PEER_PYTHON") else {
        println!("no peer: set NL2SQL_PEER_PYTHON to compare with transformers");
        return Ok(());
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/decode_transformers.py");
    let output = Command::new(python)
        .arg(script)
        .arg(folder)
        .arg(NEW_TOKENS.to_string())
        .arg(PROMPT_TOKENS.to_string())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let theirs: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [alone, batched] = theirs[..] else {
        return Err(format!("the peer failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    };
    println!("transformers  alone {alone:7.1} tok/s   16 at once {batched:7.1} tok/s");
    println!(
        "ratio         alone {:7.2}         16 at once {:7.2}",
        ours[0] / alone,
        ours[1] / batched
    );
    Ok(())
}

/// Prints what one device does with 1, 4 and 8 rows.
fn on_device(folder: &Path, device_name: &str) -> Result<(), Box<dyn std::error::Error>> {
    let dtype = match std::env::var("NL2SQL_BENCH_PRECISION").as_deref() {
        Err(_) | Ok("f32") => StoredDtype::F32,
        Ok("bf16") => StoredDtype::Bf16,
        Ok(other) => return Err(format!("NL2SQL_BENCH_PRECISION is f32 or bf16, not `{other}`").into()),
    };
    let device = DeviceChoice::parse(device_name)?.resolve()?;
    let decoder = load_decoder(folder, &LoadOptions { device, dtype })?;
    let new_tokens = match std::env::var("NL2SQL_BENCH_TOKENS") {
        Ok(count) => count.parse()?,
        Err(_) => NEW_TOKENS,
    };
    for rows in [1, 4, 8] {
        let engine = TensorEngine::new(decoder.clone(), TensorOptions::default());
        let speed = tokens_per_second(engine, rows, new_tokens)?;
        println!("{device_name}  {rows} at once {speed:7.1} tok/s");
    }
    Ok(())
}

/// New tokens per second, prompts included, with no prefix shared between them.
fn tokens_per_second(engine: impl Engine, rows: usize, new_tokens: usize) -> Result<f64, Box<dyn std::error::Error>> {
    let prompt: Vec<u32> = (0..PROMPT_TOKENS as u32).map(|n| 100 + n * 37 % 4000).collect();
    let mut generator = Generator::new(engine, None, rows);
    generator.generate(vec![GenerationRequest::greedy(prompt.clone(), 4, Vec::new())])?;
    let requests = (0..rows)
        .map(|_| GenerationRequest::greedy(prompt.clone(), new_tokens, Vec::new()))
        .collect();
    let start = Instant::now();
    generator.generate(requests)?;
    Ok((rows * new_tokens) as f64 / start.elapsed().as_secs_f64())
}
