//! Frozen matrices packed into panels in the order products read them.

use super::super::factor::Use;

/// Smallest number of rows and columns for which fewer multiplications outweigh the additional sums.
const MIN_SIDE: usize = 256;

/// Panel layout for one vector unit; values exist only when the unit was detected.
#[derive(Clone, Copy)]
pub enum Layout {
    /// Panels of 16, for AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
    /// Panels of 32, for AVX-512.
    #[cfg(target_arch = "x86_64")]
    V4(pulp::x86::V4),
    /// Panels of 32, for any CPU.
    #[cfg(test)]
    Scalar,
}

impl Layout {
    /// The layout for this CPU and a matrix of `rows x cols`; `None` where the plain product is as fast or the shape does not divide.
    pub fn found(rows: usize, cols: usize) -> Option<Self> {
        Self::of_this_cpu().filter(|layout| layout.suits(rows, cols))
    }

    #[cfg(target_arch = "x86_64")]
    fn of_this_cpu() -> Option<Self> {
        match pulp::Arch::new() {
            pulp::Arch::V4(unit) => Some(Self::V4(unit)),
            pulp::Arch::V3(unit) => Some(Self::V3(unit)),
            _ => None,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn of_this_cpu() -> Option<Self> {
        None
    }

    fn suits(self, rows: usize, cols: usize) -> bool {
        let suits = |length: usize| length >= MIN_SIDE && length.is_multiple_of(2 * self.width());
        suits(rows) && suits(cols)
    }

    fn width(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::V3(_) => 16,
            #[cfg(target_arch = "x86_64")]
            Self::V4(_) => 32,
            #[cfg(test)]
            Self::Scalar => 32,
        }
    }
}

/// A matrix in panels of rows, each panel column by column. Products that sum along rows read panels sequentially; products that sum along
/// columns read square blocks and transpose them.
pub struct Panels {
    layout: Layout,
    rows: usize,
    cols: usize,
    values: Vec<f32>,
}

impl Panels {
    /// Packs `values`, `rows x cols` and row-major.
    pub fn new(values: &[f32], rows: usize, cols: usize, layout: Layout) -> Self {
        assert!(layout.suits(rows, cols) && values.len() == rows * cols);
        let width = layout.width();
        let mut packed = vec![0.0; values.len()];
        let panels = packed.chunks_exact_mut(width * cols);
        for (panel, values) in panels.zip(values.chunks_exact(width * cols)) {
            for (column, lanes) in panel.chunks_exact_mut(width).enumerate() {
                for (lane, row) in lanes.iter_mut().zip(values.chunks_exact(cols)) {
                    *lane = row[column];
                }
            }
        }
        Self {
            layout,
            rows,
            cols,
            values: packed,
        }
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// Number of summed values and of columns as the right operand in this use.
    pub fn shape(&self, used: Use) -> [usize; 2] {
        match used {
            Use::Transposed => [self.cols, self.rows],
            Use::AsItIs => [self.rows, self.cols],
        }
    }

    /// Columns of one panel, `WIDTH` values each.
    pub(super) fn columns<const WIDTH: usize>(&self, panel: usize) -> &[[f32; WIDTH]] {
        &self.values.as_chunks::<WIDTH>().0[panel * self.cols..][..self.cols]
    }

    /// One row.
    pub fn row(&self, row: usize) -> Vec<f32> {
        let width = self.layout.width();
        let panel = &self.values[row / width * width * self.cols..];
        panel
            .iter()
            .skip(row % width)
            .step_by(width)
            .take(self.cols)
            .copied()
            .collect()
    }

    /// Writes the whole matrix, row-major.
    pub fn open(&self, out: &mut [f32]) {
        let width = self.layout.width();
        let panels = self.values.chunks_exact(width * self.cols);
        for (panel, rows) in panels.zip(out.chunks_exact_mut(width * self.cols)) {
            for (column, lanes) in panel.chunks_exact(width).enumerate() {
                for (lane, row) in lanes.iter().zip(rows.chunks_exact_mut(self.cols)) {
                    row[column] = *lane;
                }
            }
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_round_trips() {
        let (rows, cols) = (320, 256);
        let values: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
        for layout in [Some(Layout::Scalar), Layout::found(rows, cols)].into_iter().flatten() {
            let panels = Panels::new(&values, rows, cols, layout);
            let mut opened = vec![0.0; rows * cols];
            panels.open(&mut opened);
            assert_eq!(opened, values);
            for row in [0, 15, 16, 33, rows - 1] {
                assert_eq!(panels.row(row), values[row * cols..][..cols]);
            }
        }
    }

    #[test]
    fn small_and_uneven_matrices_have_no_layout() {
        for (rows, cols) in [(128, 1_024), (1_024, 128), (264, 256), (256, 264)] {
            assert!(Layout::found(rows, cols).is_none(), "{rows} x {cols}");
        }
    }
}
