//! Cross-entropy over the vocabulary, in chunks of positions, so that only one chunk's logits are held.

use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Gradients, Int, Tensor, TensorData};
use nl2sql_model::Decoder;

/// Logits of one chunk, in elements; 256 MiB in f32.
const MAX_LOGITS: usize = 1 << 26;

/// Sum of the cross-entropies, in f32, of hidden states `[positions, hidden]` for their targets, without a graph.
pub fn summed(model: &Decoder, hidden: &Tensor<2>, targets: &[i64]) -> Tensor<1> {
    let sums = chunks(model, targets).map(|(start, targets)| {
        let part = hidden.clone().narrow(0, start, targets.len());
        chunk_sum(model, part, targets)
    });
    total(sums.collect())
}

/// As [`summed`], with the gradient of `scale` times the sum for the hidden states. `take` sees every chunk's graph, in
/// which a trained output head has its gradient.
pub fn summed_backward(
    model: &Decoder,
    hidden: &Tensor<2>,
    targets: &[i64],
    scale: f64,
    mut take: impl FnMut(&Gradients),
) -> (Tensor<1>, Tensor<2>) {
    let (mut sums, mut gradients) = (Vec::new(), Vec::new());
    for (start, targets) in chunks(model, targets) {
        let leaf = hidden.clone().narrow(0, start, targets.len()).autodiff().require_grad();
        let sum = chunk_sum(model, leaf.clone(), targets);
        sums.push(sum.clone().inner());
        let mut graph = (sum * scale).backward();
        take(&graph);
        gradients.extend(leaf.grad_remove(&mut graph));
    }
    (total(sums), Tensor::cat(gradients, 0))
}

fn chunk_sum(model: &Decoder, hidden: Tensor<2>, targets: &[i64]) -> Tensor<1> {
    let device = hidden.device().without_autodiff();
    let logits = model.head_logits(hidden).cast(DType::F32);
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets.to_vec(), [targets.len(), 1]), &device);
    log_softmax(logits, 1).gather(1, targets).sum().neg()
}

/// Each chunk's first position and its targets.
pub fn chunks<'a>(model: &Decoder, targets: &'a [i64]) -> impl Iterator<Item = (usize, &'a [i64])> {
    let size = (MAX_LOGITS / model.config.vocab_size.max(1)).max(1);
    targets
        .chunks(size)
        .enumerate()
        .map(move |(n, chunk)| (n * size, chunk))
}

fn total(sums: Vec<Tensor<1>>) -> Tensor<1> {
    Tensor::cat(sums, 0).sum()
}
