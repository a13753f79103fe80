//! The vocabulary projection, softmax and cross-entropy as one step, over scored positions only.

use super::factor::{Factor, FactorScratch};
use super::vector::{exp, max, sum_pairs, wide};

/// Positions per block of logits; a multiple of every kernel's tile height.
const ROWS: usize = 72;

/// Buffers reused across calls.
#[derive(Default)]
pub struct HeadScratch {
    logits: Vec<f32>,
    products: FactorScratch,
}

/// Sum of the cross-entropies of `targets` under `logits = hidden * head^T`, and when `gradient` is given, the gradient
/// of `scale * sum` with respect to `hidden` into it.
///
/// `hidden` is `targets.len() x width`, `head` is `vocabulary x width`. `observe` receives each block of logit gradients
/// with its rows of `hidden` (for training the head itself).
#[allow(clippy::too_many_arguments)]
pub fn summed(
    hidden: &[f32],
    head: Factor,
    targets: &[u32],
    scale: f32,
    mut gradient: Option<&mut [f32]>,
    scratch: &mut HeadScratch,
    mut observe: impl FnMut(&[f32], &[f32]),
) -> f64 {
    let [vocabulary, width] = head.shape();
    let HeadScratch { logits, products } = scratch;
    let mut total = 0.0;
    logits.resize(ROWS.min(targets.len()) * vocabulary, 0.0);
    for (block, targets) in targets.chunks(ROWS).enumerate() {
        let rows = targets.len();
        let at = block * ROWS * width..(block * ROWS + rows) * width;
        let hidden = &hidden[at.clone()];
        let logits = &mut logits[..rows * vocabulary];
        head.project(hidden, logits, products);
        for (row, &target) in logits.chunks_exact_mut(vocabulary).zip(targets) {
            total += f64::from(if gradient.is_some() {
                loss_and_gradient(row, target as usize, scale)
            } else {
                loss(row, target as usize)
            });
        }
        if let Some(gradient) = gradient.as_deref_mut() {
            head.project_back(logits, &mut gradient[at], products);
            observe(logits, hidden);
        }
    }
    total
}

fn loss(logits: &[f32], target: usize) -> f32 {
    wide!({
        let top = max(logits);
        let total = sum_pairs(logits, logits, |x, _| exp(x - top));
        nan_if_any(logits, total.ln() - (logits[target] - top))
    })
}

/// Replaces a row of logits by `scale * (softmax - one-hot)`.
fn loss_and_gradient(logits: &mut [f32], target: usize, scale: f32) -> f32 {
    wide!({
        let top = max(logits);
        let at_target = logits[target] - top;
        for x in logits.iter_mut() {
            *x = exp(*x - top);
        }
        let total = sum_pairs(logits, logits, |x, _| x);
        let factor = scale / total;
        for x in logits.iter_mut() {
            *x *= factor;
        }
        logits[target] -= scale;
        total.ln() - at_target
    })
}

/// `max` skips NaN, so a row of NaN logits would otherwise look like a finite loss.
#[inline(always)]
fn nan_if_any(logits: &[f32], loss: f32) -> f32 {
    if logits.iter().any(|x| x.is_nan()) {
        f32::NAN
    } else {
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_matches_finite_differences_over_several_blocks() {
        let (width, vocabulary, rows) = (3, 40, ROWS + 5);
        let head: Vec<f32> = (0..vocabulary * width)
            .map(|i| ((i * 29 % 17) as f32 - 8.0) / 9.0)
            .collect();
        let hidden: Vec<f32> = (0..rows * width).map(|i| ((i * 31 % 23) as f32 - 11.0) / 7.0).collect();
        let targets: Vec<u32> = (0..rows as u32).map(|i| i * 7 % vocabulary as u32).collect();
        let head = Factor::F32 {
            values: &head,
            cols: width,
        };
        let loss = |h: &[f32]| summed(h, head, &targets, 0.5, None, &mut HeadScratch::default(), |_, _| {});
        let mut gradient = vec![0.0; hidden.len()];
        let total = summed(
            &hidden,
            head,
            &targets,
            0.5,
            Some(&mut gradient),
            &mut HeadScratch::default(),
            |_, _| {},
        );
        assert!((total - loss(&hidden)).abs() < 1e-3);
        for i in (0..hidden.len()).step_by(13) {
            let (mut up, mut down) = (hidden.clone(), hidden.clone());
            up[i] += 1e-2;
            down[i] -= 1e-2;
            let numeric = 0.5 * (loss(&up) - loss(&down)) / 2e-2;
            assert!(
                (numeric - gradient[i] as f64).abs() < 2e-3,
                "{i}: {numeric} {}",
                gradient[i]
            );
        }
    }

    #[test]
    fn nan_logit_gives_nan_loss() {
        let total = summed(
            &[f32::NAN, 1.0],
            Factor::F32 {
                values: &[1.0; 8],
                cols: 2,
            },
            &[1],
            1.0,
            None,
            &mut HeadScratch::default(),
            |_, _| {},
        );
        assert!(total.is_nan());
    }
}
