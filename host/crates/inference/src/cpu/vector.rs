//! Vector loops, compiled for the widest unit of the machine when run inside of `pulp`'s dispatch.

use pulp::Simd;

/// Products of `M` vectors with `N` others, all of one length: `result[m][n] = x[m] . w[n]`.
///
/// Accumulators stay in registers; loops over constants are unrolled. No closures here: they would not be compiled
/// for the dispatched instruction set.
#[inline(always)]
pub(super) fn dot_tile<S: Simd, const M: usize, const N: usize>(
    simd: S,
    x: [&[f32]; M],
    w: [&[f32]; N],
) -> [[f32; N]; M] {
    let length = x[0].len();
    let whole = length / S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); N]; M];
    let empty: &[S::f32s] = &[];
    let mut xs = [empty; M];
    let mut ws = [empty; N];
    for m in 0..M {
        xs[m] = &S::as_simd_f32s(x[m]).0[..whole];
    }
    for n in 0..N {
        ws[n] = &S::as_simd_f32s(w[n]).0[..whole];
    }
    for block in 0..whole {
        for m in 0..M {
            let left = xs[m][block];
            for n in 0..N {
                sums[m][n] = simd.mul_add_e_f32s(left, ws[n][block], sums[m][n]);
            }
        }
    }
    let mut result = [[0.0; N]; M];
    for m in 0..M {
        for n in 0..N {
            let mut rest = 0.0;
            for position in whole * S::F32_LANES..length {
                rest += x[m][position] * w[n][position];
            }
            result[m][n] = simd.reduce_sum_f32s(sums[m][n]) + rest;
        }
    }
    result
}

/// `y += factor * x`.
#[inline(always)]
pub(super) fn add_scaled<S: Simd>(simd: S, y: &mut [f32], factor: f32, x: &[f32]) {
    let (y_blocks, y_rest) = S::as_mut_simd_f32s(y);
    let (x_blocks, x_rest) = S::as_simd_f32s(x);
    let wide = simd.splat_f32s(factor);
    for (y, x) in y_blocks.iter_mut().zip(x_blocks) {
        *y = simd.mul_add_e_f32s(wide, *x, *y);
    }
    for (y, x) in y_rest.iter_mut().zip(x_rest) {
        *y += factor * x;
    }
}

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
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (gate, up) in gate.iter_mut().zip(up) {
                *gate = *gate / (1.0 + exp(-*gate)) * up;
            }
        },
    );
}

/// `gate = gelu(gate) * up`, GELU with the hyperbolic tangent: `x * sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3))`.
pub(super) fn gated_gelu(gate: &mut [f32], up: &[f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (gate, up) in gate.iter_mut().zip(up) {
                let doubled = 1.595_769 * *gate * (1.0 + 0.044_715 * *gate * *gate);
                *gate = *gate / (1.0 + exp(-doubled)) * up;
            }
        },
    );
}

/// RMS norm of each row of `scale.len()` values.
pub(super) fn rms_norm_rows(rows: &mut [f32], scale: &[f32], epsilon: f32) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in rows.chunks_exact_mut(scale.len()) {
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
        },
    );
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
