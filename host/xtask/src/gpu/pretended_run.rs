//! Training and decoding on the pretended driver: that every kernel compiles, and how many launches a step takes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::event_log::Step;
use super::hollow_model;
use super::pretended_driver::PretendedDriver;
use super::programs::{Built, Program};
use super::toolkit::Toolkit;
use crate::checkout;
use crate::process::{announce, command};

/// Layers of Qwen3-4B's width. What 4 take more than 2 is what each further one takes.
const LAYERS: [usize; 2] = [2, 4];

/// Layers of Qwen3-4B.
const ALL_LAYERS: usize = 36;

/// Steps of a training: what is chosen and compiled in the first is not counted.
const STEPS: &str = "2";

/// New tokens of each row that is decoded: enough for every kernel of a step.
const NEW_TOKENS: &str = "8";

/// Names of kernels shown of each training.
const SHOWN: usize = 16;

/// What is trained: how frozen weights are held, rows and tokens of each.
const TRAININGS: [(&str, &str, &str); 4] = [
    ("f32", "1", "2048"),
    ("bf16", "1", "2048"),
    ("nf4", "1", "2048"),
    ("bf16", "8", "2048"),
];

/// Tokens of each row that are scored.
const SCORED: &str = "64";

/// Trains, decodes, has ptxas take every kernel where there is one, and prints launches a step.
///
/// # Errors
/// A program fails, or ptxas refuses a kernel.
pub fn run_all(built: &Built) -> Result<()> {
    let folder = checkout::target().join("gpu").join("pretended");
    let toolkit = Toolkit::find()?;
    let driver = PretendedDriver::compile(&folder)?;
    let models = LAYERS.map(|layers| folder.join(format!("layers-{layers}")));
    for (layers, model) in LAYERS.into_iter().zip(&models) {
        hollow_model::write(model, layers)?;
    }
    let session = Session {
        driver,
        toolkit,
        throughput: built.path(Program::Throughput)?,
        decode: built.path(Program::Decode)?,
    };
    for (precision, rows, tokens) in TRAININGS {
        session.train(&models, precision, rows, tokens)?;
    }
    for precision in ["f32", "bf16"] {
        session.decode(&models[0], precision)?;
    }
    if !session.toolkit.has_assembler() {
        println!("no ptxas: kernels were compiled to PTX and not assembled");
    }
    models
        .iter()
        .try_for_each(fs::remove_dir_all)
        .context("the models cannot be removed")
}

struct Session<'a> {
    driver: PretendedDriver,
    toolkit: Toolkit,
    throughput: &'a Path,
    decode: &'a Path,
}

impl Session<'_> {
    fn train(&self, models: &[PathBuf; 2], precision: &str, rows: &str, tokens: &str) -> Result<()> {
        let title = format!("{precision}, {rows} x {tokens}");
        announce(&format!("training in {title} on the pretended driver"));
        let mut steps = Vec::new();
        for (layers, model) in LAYERS.into_iter().zip(models) {
            let mut throughput = command(self.throughput);
            throughput.arg(model);
            throughput.args([rows, tokens, SCORED, STEPS, precision, "rank=8", "device=cuda"]);
            let name = format!("train-{precision}-{rows}-{layers}");
            let run = self.driver.run(&name, &mut throughput, &self.toolkit)?;
            let assembled = self.toolkit.assemble(&run.kernels)?;
            let step = run.log.last_step()?;
            println!(
                "{title}, {layers} layers: {} launches, {} uploads, {} reads and {} waits a step; {} kernels, {assembled} assembled",
                step.launches,
                step.uploads,
                step.reads,
                step.waits,
                run.kernels.len()
            );
            steps.push(step);
        }
        if let [few, more] = &steps[..] {
            println!(
                "{title}, {ALL_LAYERS} layers: {} launches a step, by what a layer takes",
                of_all_layers(few, more)
            );
            few.by_kernel
                .iter()
                .take(SHOWN)
                .for_each(|(kernel, count)| println!("{count:8} {kernel}"));
        }
        Ok(())
    }

    fn decode(&self, model: &Path, precision: &str) -> Result<()> {
        announce(&format!("decoding in {precision} on the pretended driver"));
        let mut decode = command(self.decode);
        decode
            .env("NL2SQL_BENCH_MODEL", model)
            .env("NL2SQL_BENCH_DEVICE", "cuda:0")
            .env("NL2SQL_BENCH_PRECISION", precision)
            .env("NL2SQL_BENCH_TOKENS", NEW_TOKENS);
        let run = self
            .driver
            .run(&format!("decode-{precision}"), &mut decode, &self.toolkit)?;
        ensure!(
            !run.printed.contains("skipped"),
            "decoding was skipped: {}",
            run.printed.trim()
        );
        let assembled = self.toolkit.assemble(&run.kernels)?;
        println!(
            "decoding in {precision}: {} kernels, {assembled} assembled",
            run.kernels.len()
        );
        Ok(())
    }
}

/// Launches of the whole model, by how many more a model takes that has more layers.
fn of_all_layers(few: &Step, more: &Step) -> usize {
    let [few_layers, more_layers] = LAYERS;
    let further = more.launches.saturating_sub(few.launches);
    few.launches + further * (ALL_LAYERS - few_layers) / (more_layers - few_layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_layers_take_what_the_last_took() {
        let step = |launches| Step {
            launches,
            uploads: 0,
            reads: 0,
            waits: 0,
            by_kernel: Vec::new(),
        };
        assert_eq!(of_all_layers(&step(100), &step(160)), 100 + 34 * 30);
    }
}
