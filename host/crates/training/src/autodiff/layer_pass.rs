//! One micro-batch through a decoder with any kind of adapter, forward without a graph and backward layer by layer by burn's.
//!
//! Only each layer's input is kept. The backward pass runs a layer again with a graph of its own (Chen et al. 2016,
//! arXiv:1604.06174), in three parts: what comes after attention, attention by blocks, what comes before it.

use burn::tensor::{Device, Gradients, Int, Tensor};
use nl2sql_model::Decoder;
use nl2sql_model::decoder::select_positions;
use nl2sql_model::layers::{DecoderAngles, DecoderLayer};

use super::arrangement::{Arrangement, Scored};
use super::trained_values::{DeviceGradients, tracked_layer};
use super::{cross_entropy, weighted_sum};
use crate::parameters::ParameterLayout;

/// A micro-batch on one device.
pub struct LayerPass<'a> {
    model: &'a Decoder,
    arrangement: Arrangement<'a>,
    scored: Scored,
    angles: DecoderAngles,
    block: usize,
    device: Device,
    dropout_key: Option<u64>,
}

impl<'a> LayerPass<'a> {
    /// A pass of a micro-batch through `model`, with dropout drawn by its key; `None` when nothing is scored.
    pub fn new(model: &'a Decoder, arrangement: Arrangement<'a>, dropout_key: Option<u64>) -> Option<Self> {
        let scored = arrangement.scored();
        if scored.targets.is_empty() {
            return None;
        }
        let device = model.layers.first()?.attention_norm.scale.device();
        Some(Self {
            angles: model.rotary.angles(&[arrangement.positions()], &device),
            block: arrangement.queries_per_block(model.config.num_attention_heads),
            scored,
            arrangement,
            device,
            dropout_key,
            model,
        })
    }

    /// Sum of the cross-entropies of the scored tokens, without a graph.
    pub fn summed_loss(&self) -> Tensor<1> {
        let first = self.model.embed(self.tokens()).inner();
        let layers = self.model.layers.iter().enumerate();
        let last = layers.fold(first, |x, (number, layer)| self.forward(number, layer, x));
        let hidden = select_positions(self.model.final_norm.forward(last), &self.scored.positions);
        cross_entropy::summed(self.model, &hidden, &self.scored.targets)
    }

    /// As [`LayerPass::summed_loss`], adding the gradients of `scale` times the sum to `gradients`.
    pub fn summed_loss_backward(
        &self,
        layout: &ParameterLayout,
        scale: f64,
        gradients: &mut DeviceGradients<'_>,
    ) -> Tensor<1> {
        let embedded = self.model.embed(self.tokens());
        let mut inputs = vec![embedded.clone().inner()];
        for (number, layer) in self.model.layers.iter().enumerate() {
            let next = self.forward(number, layer, inputs[number].clone());
            inputs.push(next);
        }
        let (loss, mut gradient) = self.head_backward(inputs.pop(), layout, scale, gradients);
        for (number, layer) in self.model.layers.iter().enumerate().rev() {
            let (Some(input), Some(above)) = (inputs.pop(), gradient) else {
                return loss;
            };
            gradient = self.backward(number, layer, input, above, gradients);
        }
        if let (Some(_), Some(gradient)) = (layout.embedding(), gradient) {
            let graph = weighted_sum(embedded, gradient).backward();
            gradients.add_table(layout.embedding(), &self.model.embedding.table.val(), &graph);
        }
        loss
    }

    fn tokens(&self) -> Tensor<2, Int> {
        self.arrangement.tokens(&self.device)
    }

    fn forward(&self, number: usize, layer: &DecoderLayer, x: Tensor<3>) -> Tensor<3> {
        // Dropout is active on devices with autodiff alone.
        let x = x.autodiff();
        self.seed(number, 0);
        let inputs = layer
            .attention_inputs(x.clone(), self.angles.of(number))
            .map(Tensor::inner);
        let context = self.arrangement.attend(inputs, layer.attention.rule, self.block);
        self.seed(number, 1);
        layer.finish(x, context.autodiff()).inner()
    }

    /// Loss, and the gradient of what the last layer gave.
    fn head_backward(
        &self,
        last: Option<Tensor<3>>,
        layout: &ParameterLayout,
        scale: f64,
        gradients: &mut DeviceGradients<'_>,
    ) -> (Tensor<1>, Option<Tensor<3>>) {
        let Some(last) = last else {
            return (Tensor::zeros([1], &self.device), None);
        };
        let last = last.autodiff().require_grad();
        let hidden = select_positions(self.model.final_norm.forward(last.clone()), &self.scored.positions);
        let (loss, gradient) = cross_entropy::summed_backward(
            self.model,
            &hidden.clone().inner(),
            &self.scored.targets,
            scale,
            |graph| {
                if let nl2sql_model::OutputHead::Trained(table) = &self.model.head {
                    gradients.add_table(layout.head(), &table.val(), graph);
                }
            },
        );
        let mut graph = weighted_sum(hidden, gradient).backward();
        (loss, last.grad_remove(&mut graph))
    }

    /// The gradient of a layer's input, given that of its output.
    fn backward(
        &self,
        number: usize,
        layer: &DecoderLayer,
        input: Tensor<3>,
        gradient: Tensor<3>,
        gradients: &mut DeviceGradients<'_>,
    ) -> Option<Tensor<3>> {
        let layer = tracked_layer(layer);
        let mut take = |graph: &Gradients| gradients.add_layer(number, &layer, graph);

        let before = input.clone().autodiff().require_grad();
        self.seed(number, 0);
        let projected = layer.attention_inputs(before.clone(), self.angles.of(number));
        let attended = projected.clone().map(Tensor::inner);

        let rule = layer.attention.rule;
        let context = self.arrangement.attend(attended.clone(), rule, self.block);
        let context = context.autodiff().require_grad();
        let residual = input.autodiff().require_grad();
        self.seed(number, 1);
        let output = layer.finish(residual.clone(), context.clone());
        let mut graph = weighted_sum(output, gradient).backward();
        take(&graph);
        let through_residual = residual.grad_remove(&mut graph)?;
        let context_gradient = context.grad_remove(&mut graph)?;

        let dtype = context_gradient.dtype();
        let shares = self
            .arrangement
            .attend_backward(attended, rule, context_gradient, self.block)
            .map(|share| share.cast(dtype));
        let [queries, keys, values] = projected;
        let [for_queries, for_keys, for_values] = shares;
        let sum = weighted_sum(queries, for_queries) + weighted_sum(keys, for_keys) + weighted_sum(values, for_values);
        let mut graph = sum.backward();
        take(&graph);
        Some(through_residual + before.grad_remove(&mut graph)?)
    }

    /// Dropout draws the same masks when a part of a layer runs again.
    fn seed(&self, layer: usize, part: u64) {
        let Some(key) = self.dropout_key else { return };
        // Steps of the golden ratio keep the seeds of neighbouring parts far apart (Steele et al. 2014, SplitMix).
        let step = (2 * layer as u64 + part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.device.seed(key.wrapping_add(step));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use nl2sql_model::adapter::AdapterConfig;
    use nl2sql_model::{StoredDtype, TargetModules};

    use super::super::trained_values::DeviceValues;
    use super::super::written_pass::WrittenPass;
    use super::super::{AutodiffEngine, host_values};
    use super::*;
    use crate::batch::{IGNORED, Sample, TokenBatch};
    use crate::engine::{Engine, StepSamples};

    /// Reference models of every architecture.
    fn reference_models() -> Vec<PathBuf> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures");
        let folders = std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path());
        let models: Vec<PathBuf> = folders.filter(|folder| folder.join("batches.json").exists()).collect();
        assert!(models.len() >= 5, "{models:?}");
        models
    }

    /// Prompts that begin alike for 20 tokens, two kinds of them for 40, of which one sample is scored early.
    fn samples() -> Vec<Sample> {
        let sample = |n: u32| {
            let schema = (0..40).map(|i| if i < 20 { 3 + i } else { 3 + (n % 2 * 11 + i * 7) % 50 });
            let answer = (0..4 + n % 3 * 5).map(|i| 3 + (n * 5 + i * 13) % 50);
            let input_ids: Vec<u32> = schema.chain(answer).collect();
            let prompt = if n == 4 { 30 } else { 41 };
            let labels = input_ids.iter().enumerate();
            let labels = labels.map(|(at, &id)| if at < prompt { IGNORED } else { i64::from(id) });
            let labels = labels.collect();
            Sample { input_ids, labels }
        };
        (0..6).map(sample).collect()
    }

    fn engine(folder: &Path, tables: &[&str]) -> AutodiffEngine {
        let adapter = AdapterConfig {
            modules_to_save: tables.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(),
            ..AdapterConfig::read(folder).unwrap()
        };
        AutodiffEngine::load(folder, &adapter, &[Device::flex()], StoredDtype::F32).unwrap()
    }

    /// Gradients, then the loss.
    fn gradients(engine: &AutodiffEngine, arrangement: Arrangement<'_>, block: usize) -> Vec<f32> {
        let values = moved_values(engine);
        let values = DeviceValues::upload(&values, &engine.layout, &Device::flex());
        let model = values.put_into(&engine.replicas[0], &engine.adapter, 0.0, true);
        let mut sums = DeviceGradients::new(&engine.layout);
        let mut pass = LayerPass::new(&model, arrangement, None).unwrap();
        pass.block = block;
        let loss = pass.summed_loss_backward(&engine.layout, 0.1, &mut sums);
        let alone = host_values(pass.summed_loss()).unwrap();
        let loss = host_values(loss).unwrap();
        assert!(
            (alone[0] - loss[0]).abs() < 1e-3,
            "the loss is the same without a graph"
        );
        let mut all = host_values(sums.flat(&Device::flex())).unwrap();
        all.extend(loss);
        all
    }

    /// The same, written out.
    fn written(engine: &AutodiffEngine, arrangement: Arrangement<'_>, block: usize) -> Vec<f32> {
        let values = DeviceValues::upload(&moved_values(engine), &engine.layout, &Device::flex());
        let mut state = engine.flat_state(values.flat().clone());
        let mut pass = WrittenPass::new(&engine.replicas[0], &engine.layout, arrangement).unwrap();
        pass.block = block;
        let loss = pass.summed_loss_backward(0.1, &mut state);
        let alone = host_values(pass.summed_loss(&state)).unwrap();
        let loss = host_values(loss).unwrap();
        assert!(
            (alone[0] - loss[0]).abs() < 1e-3,
            "the loss is the same without gradients"
        );
        let mut all = host_values(state.gradients).unwrap();
        all.extend(loss);
        all
    }

    /// Values at the start, moved so that no gradient is zero.
    fn moved_values(engine: &AutodiffEngine) -> Vec<f32> {
        let values = engine.initial_values(5).unwrap().into_iter().enumerate();
        values
            .map(|(i, value)| value + ((i * 37 % 101) as f32 - 50.0) * 1e-3)
            .collect()
    }

    fn distance(a: &[f32], b: &[f32]) -> f64 {
        norm(a.iter().zip(b).map(|(a, b)| a - b)) / norm(b.iter().copied())
    }

    #[test]
    fn written_gradients_are_those_of_the_graph() {
        let samples = samples();
        let batch = TokenBatch::sharing(samples.iter().zip(0..));
        let padded = || Arrangement::Padded(samples.iter().collect());
        for folder in reference_models() {
            let mut engine = engine(&folder, &[]);
            let named = |names: &[&str]| TargetModules::Named(names.iter().map(|name| (*name).to_owned()).collect());
            for targets in [
                TargetModules::All,
                named(&["q_proj", "down_proj"]),
                named(&["k_proj", "v_proj", "up_proj"]),
            ] {
                engine.adapter.targets = targets.clone();
                engine.layout = ParameterLayout::new(&engine.replicas[0].config, &engine.adapter).unwrap();
                let expected = gradients(&engine, padded(), 64);
                for block in [64, 7] {
                    for ours in [
                        written(&engine, padded(), block),
                        written(&engine, Arrangement::Shared(&batch), block),
                    ] {
                        let apart = distance(&ours, &expected);
                        assert!(
                            apart < 1e-5,
                            "{} {targets:?} in blocks of {block}: {apart:e}",
                            folder.display()
                        );
                    }
                }
            }
        }
    }

    fn norm(values: impl Iterator<Item = f32>) -> f64 {
        values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn shared_prefixes_have_the_gradients_of_samples_apart() {
        let samples = samples();
        let batch = TokenBatch::sharing(samples.iter().zip(0..));
        assert!(
            batch.samples.iter().any(|rows| rows.shared.len() > 1),
            "a prefix in several places"
        );
        for folder in reference_models() {
            for tables in [&[][..], &["embed_tokens", "lm_head"]] {
                let engine = engine(&folder, tables);
                let expected = gradients(&engine, Arrangement::Padded(samples.iter().collect()), 64);
                for block in [64, 7] {
                    let ours = gradients(&engine, Arrangement::Shared(&batch), block);
                    let apart = distance(&ours, &expected);
                    assert!(
                        apart < 1e-5,
                        "{} {tables:?} in blocks of {block}: {apart:e}",
                        folder.display()
                    );
                }
            }
        }
    }

    #[test]
    fn a_step_without_dropout_shares_prefixes() {
        let samples = samples();
        let step = StepSamples {
            micro_batches: vec![samples.iter().map(|sample| (sample, 0)).collect()],
        };
        let mut engine = engine(&reference_models()[0], &[]);
        let shared = engine.shared(&step).unwrap();
        let tokens: usize = shared.iter().flatten().map(TokenBatch::tokens).sum();
        assert!(2 * tokens < step.tokens(), "{tokens} of {}", step.tokens());
        engine.adapter.dropout = 0.1;
        assert!(engine.shared(&step).is_none());
    }
}
