//! Loops over contiguous `f32`, compiled for the widest vector unit of this machine.

/// Number of independent partial sums; a single dependency chain would not vectorise.
const LANES: usize = 32;

/// Makes a closure `FnOnce`, see [`wide`].
pub struct Once;

/// Evaluates an expression compiled for the widest vector unit found at run time (AVX-512, AVX2 or the baseline).
///
/// A macro, because the closure must be inlined: otherwise the compiler outlines it as a function for the baseline. The closure is `FnOnce` for
/// the same reason: one that could be called again would be outlined.
macro_rules! wide {
    ($work:expr) => {{
        let once = $crate::cpu::vector::Once;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let _consumed = once;
                $work
            },
        )
    }};
}
pub(super) use wide;

/// Sum of `f(a, b)` over two equally long slices.
#[inline(always)]
pub fn sum_pairs(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for i in 0..LANES {
            lanes[i] += f(x[i], y[i]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(&x, &y)| f(x, y)).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Dot product.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum_pairs(a, b, |x, y| x * y)
}

/// Sum of the values.
#[inline(always)]
pub fn sum(a: &[f32]) -> f32 {
    sum_pairs(a, a, |x, _| x)
}

/// Largest value, negative infinity when empty; NaN values are ignored.
#[inline(always)]
pub fn max(a: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for x in chunks {
        for i in 0..LANES {
            lanes[i] = if x[i] > lanes[i] { x[i] } else { lanes[i] };
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// `e^x` without a branch or a table: Cody-Waite reduction by ln 2 and the Taylor polynomial to degree 7 on
/// [-ln2/2, ln2/2]; at most 2 units in the last place off. Arguments are clamped to [-87, 88]; NaN stays NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to the nearest integer
    let clamped = x.clamp(-87.0, 88.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (clamped - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut p = 1.0 / 5040.0;
    for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = p * r + c;
    }
    let power = f32::from_bits(shifted.to_bits().wrapping_shl(23).wrapping_add(127 << 23));
    p * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_matches_the_standard_library() {
        let mut x = -86.9f32;
        while x < 88.0 {
            let (ours, exact) = (exp(x) as f64, (x as f64).exp());
            assert!(((ours - exact) / exact).abs() < 3e-7, "exp({x}) = {ours}, not {exact}");
            x += 0.0137;
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn reductions_cover_every_remainder() {
        for n in [0, 1, 31, 32, 33, 100] {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected: f32 = a.iter().map(|x| x * x).sum();
            assert_eq!(wide!(dot(&a, &a)), expected);
            assert_eq!(wide!(sum(&a)), a.iter().sum::<f32>());
            assert_eq!(wide!(max(&a)), a.last().copied().unwrap_or(f32::NEG_INFINITY));
        }
    }
}
