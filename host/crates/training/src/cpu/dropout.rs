//! Stateless dropout: whether a value is dropped depends only on its token's key and its column, so that backward, a recomputed layer and
//! a resumed run drop the same values.

use super::vector::wide;

/// Dropout of one projection's input.
#[derive(Clone, Copy)]
pub struct Dropout<'a> {
    /// Dropout probability, in `(0, 1)`.
    pub share: f32,
    /// One key per token.
    pub keys: &'a [u32],
    /// Distinguishes this projection from every other.
    pub salt: u32,
}

impl Dropout<'_> {
    /// `out = mask * x / (1 - share)`, row by row.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        self.each_row(out, x.len() / self.keys.len(), |out, row, keep| {
            let width = out.len();
            for (column, (o, &x)) in out.iter_mut().zip(&x[row * width..]).enumerate() {
                *o = x * keep(column as u32);
            }
        });
    }

    /// Backward: `out += mask * d / (1 - share)`.
    pub fn add_gradient(&self, d: &[f32], out: &mut [f32]) {
        self.each_row(out, d.len() / self.keys.len(), |out, row, keep| {
            let width = out.len();
            for (column, (o, &d)) in out.iter_mut().zip(&d[row * width..]).enumerate() {
                *o += d * keep(column as u32);
            }
        });
    }

    #[inline(always)]
    fn each_row(&self, out: &mut [f32], width: usize, row: impl Fn(&mut [f32], usize, &dyn Fn(u32) -> f32)) {
        let threshold = (f64::from(self.share) * 4_294_967_296.0) as u32;
        let scale = 1.0 / (1.0 - self.share);
        for (number, (out, &key)) in out.chunks_exact_mut(width).zip(self.keys).enumerate() {
            let key = key ^ self.salt.wrapping_mul(0x9e37_79b9);
            wide!({
                row(out, number, &|column| {
                    if hash(key.wrapping_add(column.wrapping_mul(0x85eb_ca6b))) < threshold {
                        0.0
                    } else {
                        scale
                    }
                })
            });
        }
    }
}

/// A 32-bit integer hash of low bias (constants: C. Wellons, "lowbias32").
#[inline(always)]
fn hash(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_the_given_share_and_the_same_values_in_backward() {
        let keys: Vec<u32> = (0..400).map(|i| hash(i * 77 + 5)).collect();
        let dropout = Dropout {
            share: 0.25,
            keys: &keys,
            salt: 3,
        };
        let (mut out, mut back) = (vec![0.0; 400 * 50], vec![0.0; 400 * 50]);
        let ones = vec![1.0; 400 * 50];
        dropout.apply(&ones, &mut out);
        dropout.add_gradient(&ones, &mut back);
        assert_eq!(out, back);
        let dropped = out.iter().filter(|&&x| x == 0.0).count() as f64 / out.len() as f64;
        assert!((dropped - 0.25).abs() < 0.01, "{dropped}");
        let mut other = vec![0.0; 400 * 50];
        Dropout { salt: 4, ..dropout }.apply(&ones, &mut other);
        assert_ne!(out, other);
    }
}
