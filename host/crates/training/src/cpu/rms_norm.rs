//! Root mean square normalisation (Zhang & Sennrich 2019): `y = x / sqrt(mean(x^2) + eps) * w`.

use super::vector::{dot, sum_pairs, wide};

/// Normalises each row of `x` (`rows x w.len()`) into `out` and saves each row's `1 / rms` for backward.
pub fn forward(x: &[f32], w: &[f32], eps: f32, out: &mut [f32], inverse_rms: &mut [f32]) {
    let width = w.len();
    wide!({
        for ((x, out), inverse) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(inverse_rms) {
            *inverse = 1.0 / (dot(x, x) / width as f32 + eps).sqrt();
            apply_row(x, w, *inverse, out);
        }
    });
}

/// Recomputes the output from the saved `1 / rms`.
pub fn reapply(x: &[f32], w: &[f32], inverse_rms: &[f32], out: &mut [f32]) {
    let width = w.len();
    wide!({
        for ((x, out), &inverse) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(inverse_rms) {
            apply_row(x, w, inverse, out);
        }
    });
}

#[inline(always)]
fn apply_row(x: &[f32], w: &[f32], inverse: f32, out: &mut [f32]) {
    for ((o, &x), &w) in out.iter_mut().zip(x).zip(w) {
        *o = w * (x * inverse);
    }
}

/// Adds the gradient of the input to `dx`, given the gradient `dy` of the output:
/// `dx += r (w dy) - x r^3 / n * sum(w dy x)` with `r = 1 / rms`.
pub fn backward(x: &[f32], w: &[f32], inverse_rms: &[f32], dy: &[f32], dx: &mut [f32]) {
    let width = w.len();
    wide!({
        let rows = x
            .chunks_exact(width)
            .zip(dy.chunks_exact(width))
            .zip(dx.chunks_exact_mut(width));
        for (((x, dy), dx), &r) in rows.zip(inverse_rms) {
            add_row_gradient(x, w, r, dy, dx);
        }
    });
}

#[inline(always)]
fn add_row_gradient(x: &[f32], w: &[f32], r: f32, dy: &[f32], dx: &mut [f32]) {
    let mut weighted = 0.0;
    const BLOCK: usize = 512;
    let mut scaled = [0.0f32; BLOCK];
    for start in (0..w.len()).step_by(BLOCK) {
        let end = (start + BLOCK).min(w.len());
        for ((s, &w), &dy) in scaled.iter_mut().zip(&w[start..end]).zip(&dy[start..end]) {
            *s = w * dy;
        }
        weighted += sum_pairs(&scaled[..end - start], &x[start..end], |s, x| s * x);
    }
    let pull = r * r * r / w.len() as f32 * weighted;
    for (((dx, &x), &w), &dy) in dx.iter_mut().zip(x).zip(w).zip(dy) {
        *dx += r * (w * dy) - x * pull;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_matches_finite_differences() {
        let x = [0.3f32, -1.2, 0.7, 2.0, 0.1, -0.4];
        let w = [1.1f32, 0.9, -0.5];
        let dy = [0.2f32, -0.3, 0.5, 1.0, -0.7, 0.6];
        let loss = |x: &[f32]| {
            let (mut out, mut r) = ([0.0; 6], [0.0; 2]);
            forward(x, &w, 1e-6, &mut out, &mut r);
            out.iter().zip(&dy).map(|(o, d)| (o * d) as f64).sum::<f64>()
        };
        let (mut out, mut r, mut dx) = ([0.0; 6], [0.0; 2], [0.0; 6]);
        forward(&x, &w, 1e-6, &mut out, &mut r);
        backward(&x, &w, &r, &dy, &mut dx);
        for i in 0..6 {
            let (mut up, mut down) = (x, x);
            up[i] += 1e-2;
            down[i] -= 1e-2;
            let numeric = (loss(&up) - loss(&down)) / 2e-2;
            assert!((numeric - dx[i] as f64).abs() < 1e-3, "{i}: {numeric} {}", dx[i]);
        }
    }
}
