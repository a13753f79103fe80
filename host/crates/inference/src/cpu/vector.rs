//! Vector loops, compiled for the widest unit of the machine when run inside of `pulp`'s dispatch.

use rayon::prelude::*;

/// `e^x` to about one unit in the last place, without branches so that loops over it vectorise.
///
/// Range reduction to `[-ln 2 / 2, ln 2 / 2]` and the minimax polynomial of Cephes (`expf`).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let reduced = x - power * LN2_HIGH - power * LN2_LOW;
    let mut series = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5.0e-1] {
        series = series * reduced + coefficient;
    }
    let mantissa = series * reduced * reduced + reduced + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    mantissa * f32::from_bits(exponent)
}

/// Turns scores into weights that sum to one.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let mut peak = f32::NEG_INFINITY;
    for score in scores.iter() {
        peak = peak.max(*score);
    }
    let mut sums = [0.0f32; 16];
    let (blocks, rest) = scores.as_chunks_mut::<16>();
    for block in blocks {
        for lane in 0..16 {
            block[lane] = exp(block[lane] - peak);
            sums[lane] += block[lane];
        }
    }
    let mut total: f32 = sums.iter().sum();
    for score in rest {
        *score = exp(*score - peak);
        total += *score;
    }
    let inverse = 1.0 / total;
    for score in scores.iter_mut() {
        *score *= inverse;
    }
}

/// `gate = silu(gate) * up`.
pub(super) fn gated_silu(gate: &mut [f32], up: &[f32]) {
    in_parts(gate, up, |gate, up| {
        for (gate, up) in gate.iter_mut().zip(up) {
            *gate = *gate / (1.0 + exp(-*gate)) * up;
        }
    });
}

/// `gate = gelu(gate) * up`, GELU with the hyperbolic tangent: `x * sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3))`.
pub(super) fn gated_gelu(gate: &mut [f32], up: &[f32]) {
    in_parts(gate, up, |gate, up| {
        for (gate, up) in gate.iter_mut().zip(up) {
            let doubled = 1.595_769 * *gate * (1.0 + 0.044_715 * *gate * *gate);
            *gate = *gate / (1.0 + exp(-doubled)) * up;
        }
    });
}

/// `y += x`.
pub(super) fn add(y: &mut [f32], x: &[f32]) {
    in_parts(y, x, |y, x| {
        for (y, x) in y.iter_mut().zip(x) {
            *y += x;
        }
    });
}

/// Values that are worth a task.
const VALUES_PER_TASK: usize = 1 << 15;

/// Runs a loop over two vectors, in several tasks where they are long.
fn in_parts(y: &mut [f32], x: &[f32], work: impl Fn(&mut [f32], &[f32]) + Sync) {
    y.par_chunks_mut(VALUES_PER_TASK)
        .zip(x.par_chunks(VALUES_PER_TASK))
        .for_each(|(y, x)| {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || work(y, x),
            )
        });
}

/// RMS norm of each row of `scale.len()` values.
pub(super) fn rms_norm_rows(rows: &mut [f32], scale: &[f32], epsilon: f32) {
    let rows_per_task = VALUES_PER_TASK.div_ceil(scale.len());
    rows.par_chunks_mut(rows_per_task * scale.len()).for_each(|rows| {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for row in rows.chunks_exact_mut(scale.len()) {
                    rms_norm(row, scale, epsilon);
                }
            },
        );
    });
}

#[inline(always)]
fn rms_norm(row: &mut [f32], scale: &[f32], epsilon: f32) {
    let mut sums = [0.0f32; 16];
    let (blocks, rest) = row.as_chunks::<16>();
    for block in blocks {
        for lane in 0..16 {
            sums[lane] += block[lane] * block[lane];
        }
    }
    let rest: f32 = rest.iter().map(|value| value * value).sum();
    let mean = (sums.iter().sum::<f32>() + rest) / scale.len() as f32;
    let inverse = 1.0 / (mean + epsilon).sqrt();
    for (value, scale) in row.iter_mut().zip(scale) {
        *value = *value * inverse * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_to_the_library() {
        for step in -870..880 {
            let x = step as f32 * 0.1;
            let relative = (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
            assert!(relative < 3e-7, "exp({x}) is off by {relative}");
        }
    }

    #[test]
    fn gelu_is_that_of_the_hyperbolic_tangent() {
        for step in -80..=80 {
            let x = step as f32 * 0.1;
            let mut gate = [x];
            gated_gelu(&mut gate, &[1.0]);
            let wide = f64::from(x);
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044_715 * wide.powi(3));
            let exact = 0.5 * wide * (1.0 + inner.tanh());
            assert!((f64::from(gate[0]) - exact).abs() < 2e-6, "gelu({x}) is {}", gate[0]);
        }
    }

    #[test]
    fn softmax_sums_to_one() {
        let mut scores: Vec<f32> = (0..37).map(|n| (n as f32 * 0.7).sin() * 9.0).collect();
        softmax(&mut scores);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
