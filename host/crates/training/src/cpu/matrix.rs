//! Strided matrix views and their product.

/// A read-only view of `rows x cols` numbers with arbitrary strides.
#[derive(Clone, Copy)]
pub struct View<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> View<'a> {
    /// `rows x cols` values whose rows start `stride` values apart.
    pub fn new(data: &'a [f32], rows: usize, cols: usize, stride: usize) -> Self {
        let view = Self {
            data,
            rows,
            cols,
            row_stride: stride,
            col_stride: 1,
        };
        view.check();
        view
    }

    /// The same numbers with rows and columns exchanged; nothing is copied.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    fn check(&self) {
        assert!(span(self.rows, self.cols, self.row_stride, self.col_stride) <= self.data.len());
    }
}

/// A writable view of `rows x cols` row-major numbers whose rows start `stride` values apart.
pub struct ViewMut<'a> {
    data: &'a mut [f32],
    rows: usize,
    cols: usize,
    stride: usize,
}

impl<'a> ViewMut<'a> {
    /// `rows x cols` values whose rows start `stride` values apart.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize, stride: usize) -> Self {
        assert!(stride >= cols && span(rows, cols, stride, 1) <= data.len());
        Self {
            data,
            rows,
            cols,
            stride,
        }
    }
}

/// Values from the first to one past the last element of a view.
fn span(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 {
        0
    } else {
        (rows - 1) * row_stride + (cols - 1) * col_stride + 1
    }
}

/// `out = scale * left * right`, single-threaded: workers parallelise over the batch.
pub fn product(out: ViewMut, scale: f32, left: View, right: View) {
    gemm(out, false, scale, left, right);
}

/// `out += scale * left * right`.
pub fn add_product(out: ViewMut, scale: f32, left: View, right: View) {
    gemm(out, true, scale, left, right);
}

fn gemm(out: ViewMut, accumulate: bool, scale: f32, left: View, right: View) {
    assert!(left.rows == out.rows && right.cols == out.cols && left.cols == right.rows);
    // SAFETY: every view was checked against its slice when it was made, `out` is borrowed
    // exclusively, its rows do not overlap (stride >= cols), and the shapes agree.
    unsafe {
        gemm::gemm(
            out.rows,
            out.cols,
            left.cols,
            out.data.as_mut_ptr(),
            1,
            out.stride as isize,
            accumulate,
            left.data.as_ptr(),
            left.col_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.col_stride as isize,
            right.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_and_accumulation() {
        let left = [1., 2., 9., 3., 4., 9.];
        let right = [1., 0., 1., 1.];
        let mut out = [1.0f32; 6];
        product(
            ViewMut::new(&mut out, 2, 2, 3),
            2.0,
            View::new(&left, 2, 2, 3),
            View::new(&right, 2, 2, 2).transposed(),
        );
        assert_eq!(out, [2., 6., 1., 6., 14., 1.]);
        add_product(
            ViewMut::new(&mut out, 2, 2, 3),
            1.0,
            View::new(&left, 2, 2, 3),
            View::new(&right, 2, 2, 2),
        );
        assert_eq!(out, [5., 8., 1., 13., 18., 1.]);
    }
}
