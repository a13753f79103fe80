//! The gated activation of Gemma's feed-forward part (Shazeer 2020): `gelu(gate) * up`, GELU with the hyperbolic tangent (Hendrycks & Gimpel
//! 2016), which is `z * sigmoid(2 sqrt(2 / pi) (z + 0.044715 z^3))`.

use super::vector::{exp, wide};

const CUBIC: f32 = 0.044_715;
/// `2 sqrt(2 / pi)`.
const SLOPE: f32 = 1.595_769;

/// `out[t, i] = gelu(gate[t, i]) * up[t, i]`; `gate_up` holds both halves of a row side by side.
pub fn forward(gate_up: &[f32], width: usize, out: &mut [f32]) {
    wide!({
        for (row, out) in gate_up.chunks_exact(2 * width).zip(out.chunks_exact_mut(width)) {
            let (gate, up) = row.split_at(width);
            for ((o, &g), &u) in out.iter_mut().zip(gate).zip(up) {
                *o = g / (1.0 + exp(-SLOPE * g * (1.0 + CUBIC * g * g))) * u;
            }
        }
    });
}

/// Replaces `gate_up` with its gradient, given the gradient `dy` of the output.
pub fn backward(gate_up: &mut [f32], width: usize, dy: &[f32]) {
    wide!({
        for (row, dy) in gate_up.chunks_exact_mut(2 * width).zip(dy.chunks_exact(width)) {
            let (gate, up) = row.split_at_mut(width);
            row_backward(gate, up, dy);
        }
    });
}

/// A function of three slices, which the compiler then knows to be disjoint: without it the loop is not vectorised.
#[inline(always)]
fn row_backward(gate: &mut [f32], up: &mut [f32], dy: &[f32]) {
    let width = gate.len();
    let (up, dy) = (&mut up[..width], &dy[..width]);
    for i in 0..width {
        let square = gate[i] * gate[i];
        let sigmoid = 1.0 / (1.0 + exp(-SLOPE * gate[i] * (1.0 + CUBIC * square)));
        let gelu = gate[i] * sigmoid;
        let steepness = SLOPE * (1.0 + 3.0 * CUBIC * square);
        gate[i] = dy[i] * up[i] * (sigmoid + gelu * (1.0 - sigmoid) * steepness);
        up[i] = dy[i] * gelu;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_those_of_the_hyperbolic_tangent() {
        for step in -80..=80 {
            let x = step as f32 * 0.1;
            let mut out = [0.0];
            forward(&[x, 1.0], 1, &mut out);
            let wide = f64::from(x);
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044_715 * wide.powi(3));
            let exact = 0.5 * wide * (1.0 + inner.tanh());
            assert!(
                (f64::from(out[0]) - exact).abs() < 2e-6,
                "gelu({x}) = {} instead of {exact}",
                out[0]
            );
        }
    }

    #[test]
    fn gradient_matches_finite_differences() {
        let input = [0.5f32, -1.5, 2.0, 0.7, -0.2, 1.1, 3.0, -0.9];
        let dy = [0.4f32, -0.8, 1.2, 0.1];
        let loss = |x: &[f32]| {
            let mut out = [0.0; 4];
            forward(x, 2, &mut out);
            out.iter().zip(&dy).map(|(o, d)| (o * d) as f64).sum::<f64>()
        };
        let mut gradient = input;
        backward(&mut gradient, 2, &dy);
        for i in 0..8 {
            let (mut up, mut down) = (input, input);
            up[i] += 1e-2;
            down[i] -= 1e-2;
            let numeric = (loss(&up) - loss(&down)) / 2e-2;
            assert!(
                (numeric - gradient[i] as f64).abs() < 1e-3,
                "{i}: {numeric} {}",
                gradient[i]
            );
        }
    }
}
