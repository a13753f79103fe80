//! Rotary position embedding (Su et al. 2021) in the half-split layout of Hugging Face checkpoints.

use super::vector::wide;

/// Cosines and sines for positions `0..positions`, `head_dim / 2` of each per position.
pub struct RotaryTable {
    half: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RotaryTable {
    /// Tables from the inverse frequencies and YaRN's scale on both (1 without YaRN).
    pub fn new(inverse_frequencies: &[f32], factor: f32, positions: usize) -> Self {
        let half = inverse_frequencies.len();
        let mut table = Self {
            half,
            cos: Vec::with_capacity(positions * half),
            sin: Vec::with_capacity(positions * half),
        };
        for position in 0..positions {
            for &frequency in inverse_frequencies {
                let angle = position as f32 * frequency;
                table.cos.push(angle.cos() * factor);
                table.sin.push(angle.sin() * factor);
            }
        }
        table
    }

    /// Rotates the first `heads` heads of each row (rows start `stride` values apart) by the row's position.
    pub fn rotate(&self, rows: &mut [f32], stride: usize, heads: usize, positions: &[usize]) {
        self.map_pairs(rows, stride, heads, positions, |a, b, c, s| {
            (a * c - b * s, b * c + a * s)
        });
    }

    /// Backward of [`rotate`](Self::rotate): its transpose.
    pub fn rotate_back(&self, rows: &mut [f32], stride: usize, heads: usize, positions: &[usize]) {
        self.map_pairs(rows, stride, heads, positions, |a, b, c, s| {
            (a * c + b * s, b * c - a * s)
        });
    }

    #[inline(always)]
    fn map_pairs(
        &self,
        rows: &mut [f32],
        stride: usize,
        heads: usize,
        positions: &[usize],
        pair: impl Fn(f32, f32, f32, f32) -> (f32, f32),
    ) {
        let half = self.half;
        wide!({
            for (row, &position) in rows.chunks_mut(stride).zip(positions) {
                let cos = &self.cos[position * half..][..half];
                let sin = &self.sin[position * half..][..half];
                for head in row[..heads * 2 * half].chunks_exact_mut(2 * half) {
                    let (first, second) = head.split_at_mut(half);
                    for (((a, b), &c), &s) in first.iter_mut().zip(second).zip(cos).zip(sin) {
                        (*a, *b) = pair(*a, *b, c, s);
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotate_back_inverts_rotate_and_skips_other_heads() {
        let table = RotaryTable::new(&[1.0, 0.1], 1.0, 8);
        let original: Vec<f32> = (0..24).map(|i| i as f32 * 0.25 - 2.0).collect();
        let mut rows = original.clone();
        table.rotate(&mut rows, 12, 2, &[3, 7]);
        assert_ne!(rows[..8], original[..8]);
        assert_eq!(rows[8..12], original[8..12]);
        table.rotate_back(&mut rows, 12, 2, &[3, 7]);
        for (a, b) in rows.iter().zip(&original) {
            assert!((a - b).abs() < 1e-5);
        }
    }
}
