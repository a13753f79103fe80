//! The gated activation of the feed-forward part (Shazeer 2020, arXiv:2002.05202): `a(gate) * up` with `a(z) = z * sigmoid(r(z))`.

use nl2sql_model::architecture::Activation;

use super::vector::{exp, wide};

/// `out[t, i] = a(gate[t, i]) * up[t, i]`; `gate_up` holds both halves of a row side by side.
pub fn forward(activation: Activation, gate_up: &[f32], width: usize, out: &mut [f32]) {
    match activation {
        Activation::Silu => forward_by::<Silu>(gate_up, width, out),
        Activation::GeluTanh => forward_by::<GeluTanh>(gate_up, width, out),
    }
}

/// Replaces `gate_up` with its gradient, given the gradient `dy` of the output.
pub fn backward(activation: Activation, gate_up: &mut [f32], width: usize, dy: &[f32]) {
    match activation {
        Activation::Silu => backward_by::<Silu>(gate_up, width, dy),
        Activation::GeluTanh => backward_by::<GeluTanh>(gate_up, width, dy),
    }
}

/// What the sigmoid is taken of. Types and not values choose it, so that each has loops of its own.
trait Ramp {
    fn at(z: f32) -> f32;
    /// Its derivative.
    fn slope(z: f32) -> f32;
}

/// `r(z) = z`.
struct Silu;

/// GELU with the hyperbolic tangent (Hendrycks & Gimpel 2016): `r(z) = 2 sqrt(2 / pi) (z + 0.044715 z^3)`.
struct GeluTanh;

impl Ramp for Silu {
    #[inline(always)]
    fn at(z: f32) -> f32 {
        z
    }

    #[inline(always)]
    fn slope(_: f32) -> f32 {
        1.0
    }
}

impl GeluTanh {
    const CUBIC: f32 = 0.044_715;
    /// `2 sqrt(2 / pi)`.
    const SLOPE: f32 = 1.595_769;
}

impl Ramp for GeluTanh {
    #[inline(always)]
    fn at(z: f32) -> f32 {
        Self::SLOPE * z * (1.0 + Self::CUBIC * z * z)
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        Self::SLOPE * (1.0 + 3.0 * Self::CUBIC * (z * z))
    }
}

fn forward_by<R: Ramp>(gate_up: &[f32], width: usize, out: &mut [f32]) {
    wide!({
        for (row, out) in gate_up.chunks_exact(2 * width).zip(out.chunks_exact_mut(width)) {
            let (gate, up) = row.split_at(width);
            for ((o, &g), &u) in out.iter_mut().zip(gate).zip(up) {
                *o = g / (1.0 + exp(-R::at(g))) * u;
            }
        }
    });
}

fn backward_by<R: Ramp>(gate_up: &mut [f32], width: usize, dy: &[f32]) {
    wide!({
        for (row, dy) in gate_up.chunks_exact_mut(2 * width).zip(dy.chunks_exact(width)) {
            let (gate, up) = row.split_at_mut(width);
            row_backward::<R>(gate, up, dy);
        }
    });
}

/// A function of three slices, which the compiler then knows to be disjoint: without it the loop is not vectorised.
#[inline(always)]
fn row_backward<R: Ramp>(gate: &mut [f32], up: &mut [f32], dy: &[f32]) {
    let width = gate.len();
    let (up, dy) = (&mut up[..width], &dy[..width]);
    for i in 0..width {
        let sigmoid = 1.0 / (1.0 + exp(-R::at(gate[i])));
        let activated = gate[i] * sigmoid;
        let slope = R::slope(gate[i]);
        gate[i] = dy[i] * up[i] * (sigmoid + activated * (1.0 - sigmoid) * slope);
        up[i] = dy[i] * activated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gelu_is_that_of_the_hyperbolic_tangent() {
        for step in -80..=80 {
            let x = step as f32 * 0.1;
            let mut out = [0.0];
            forward(Activation::GeluTanh, &[x, 1.0], 1, &mut out);
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
    fn gradients_match_finite_differences() {
        let input = [0.5f32, -1.5, 2.0, 0.7, -0.2, 1.1, 3.0, -0.9];
        let dy = [0.4f32, -0.8, 1.2, 0.1];
        for activation in [Activation::Silu, Activation::GeluTanh] {
            let loss = |x: &[f32]| {
                let mut out = [0.0; 4];
                forward(activation, x, 2, &mut out);
                out.iter().zip(&dy).map(|(o, d)| (o * d) as f64).sum::<f64>()
            };
            let mut gradient = input;
            backward(activation, &mut gradient, 2, &dy);
            for i in 0..8 {
                let (mut up, mut down) = (input, input);
                up[i] += 1e-2;
                down[i] -= 1e-2;
                let numeric = (loss(&up) - loss(&down)) / 2e-2;
                assert!(
                    (numeric - gradient[i] as f64).abs() < 1e-3,
                    "{activation:?}, {i}: {numeric} {}",
                    gradient[i]
                );
            }
        }
    }
}
