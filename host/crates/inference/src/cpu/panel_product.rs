//! Products of inputs with panels: rows of a matrix, interleaved so that a vector register holds one column of them.

use pulp::{Simd, WithSimd};

/// Rows of a panel: two registers of sixteen values, four of eight, or eight of four.
pub(super) const PANEL_ROWS: usize = 32;
/// Registers of a panel's column that a tile has; every machine's panel is a multiple of them.
const TILE_REGISTERS: usize = 2;
/// Panels that are read side by side: memory answers several streams faster than one.
const SIDE_BY_SIDE: usize = 3;
/// The same for a single input, which leaves registers for more.
const SIDE_BY_SIDE_ALONE: usize = 8;

/// Inputs `[inputs, columns]` times panels `[columns, PANEL_ROWS]`.
///
/// Each product is one chain of additions, from the first column to the last, fused where the machine can. It is therefore the same, bit for bit,
/// whatever it is computed beside and however wide registers are.
pub(super) struct PanelProduct<'a, 'b> {
    pub(super) panels: &'a [&'a [f32]],
    /// Rows of as many values as panels have columns.
    pub(super) inputs: &'a [f32],
    /// How far the beginnings of rows lie apart.
    pub(super) stride: usize,
    /// A row per input, of `PANEL_ROWS` products per panel; of a last panel that is not full there may be fewer.
    pub(super) out: &'a mut [&'b mut [f32]],
    /// Whether chains go on from what is there.
    pub(super) goes_on: bool,
}

impl WithSimd for PanelProduct<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut panel = 0;
        if self.out.len() == 1 {
            while panel + SIDE_BY_SIDE_ALONE <= self.panels.len() {
                self.tile::<S, 1, SIDE_BY_SIDE_ALONE>(simd, 0, panel);
                panel += SIDE_BY_SIDE_ALONE;
            }
        }
        while panel + SIDE_BY_SIDE <= self.panels.len() {
            self.panels::<S, SIDE_BY_SIDE>(simd, panel);
            panel += SIDE_BY_SIDE;
        }
        while panel < self.panels.len() {
            self.panels::<S, 1>(simd, panel);
            panel += 1;
        }
    }
}

impl PanelProduct<'_, '_> {
    /// All inputs times `P` panels. Tiles of many inputs are the fastest where panels lie in the cache, into which the first tile, of few, brings them.
    #[inline(always)]
    fn panels<S: Simd, const P: usize>(&mut self, simd: S, panel: usize) {
        // Wide registers come in greater number; a tile must fit into them.
        let mut input = 0;
        if S::REGISTER_COUNT >= 32 {
            if self.out.len() >= 4 {
                self.tile::<S, 4, P>(simd, 0, panel);
                input = 4;
            }
            input = self.one_by_one::<S, 12, P>(simd, input, panel);
            input = self.tiles::<S, 4, P>(simd, input, panel);
        } else {
            if self.out.len() >= 2 {
                self.tile::<S, 2, P>(simd, 0, panel);
                input = 2;
            }
            input = self.one_by_one::<S, 6, P>(simd, input, panel);
        }
        input = self.tiles::<S, 2, P>(simd, input, panel);
        self.tiles::<S, 1, P>(simd, input, panel);
    }

    /// Tiles of `M` inputs from `input` on, as long as there are so many; gives the first that is left.
    #[inline(always)]
    fn tiles<S: Simd, const M: usize, const P: usize>(&mut self, simd: S, mut input: usize, panel: usize) -> usize {
        while input + M <= self.out.len() {
            self.tile::<S, M, P>(simd, input, panel);
            input += M;
        }
        input
    }

    /// The same, one panel after the other.
    #[inline(always)]
    fn one_by_one<S: Simd, const M: usize, const P: usize>(&mut self, simd: S, input: usize, panel: usize) -> usize {
        let mut end = input;
        for panel in panel..panel + P {
            end = self.tiles::<S, M, 1>(simd, input, panel);
        }
        end
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const P: usize>(&mut self, simd: S, input: usize, panel: usize) {
        for part in 0..PANEL_ROWS / (TILE_REGISTERS * S::F32_LANES) {
            self.part_of_tile::<S, M, P>(simd, input, panel, part);
        }
    }

    /// Products of `M` inputs with some rows of `P` panels.
    #[inline(always)]
    fn part_of_tile<S: Simd, const M: usize, const P: usize>(
        &mut self,
        simd: S,
        input: usize,
        panel: usize,
        part: usize,
    ) {
        let mut products = [[[0.0; PANEL_ROWS]; P]; M];
        if self.goes_on {
            for (m, products) in products.iter_mut().enumerate() {
                for (p, products) in products.iter_mut().enumerate() {
                    let row = self.products::<S>(input + m, panel + p, part);
                    products[..row.len()].copy_from_slice(row);
                }
            }
        }
        let mut weights: [&[f32]; P] = [&[]; P];
        weights.copy_from_slice(&self.panels[panel..panel + P]);
        let columns = weights[0].len() / PANEL_ROWS;
        let mut x: [&[f32]; M] = [&[]; M];
        for (x, input) in x.iter_mut().zip(input..) {
            *x = &self.inputs[input * self.stride..][..columns];
        }
        add_products::<S, M, P>(simd, x, weights, part, &mut products);
        for (m, products) in products.iter().enumerate() {
            for (p, products) in products.iter().enumerate() {
                let row = self.products::<S>(input + m, panel + p, part);
                copy_few(&products[..row.len()], row);
            }
        }
    }

    /// Where an input's products with one part of a panel's rows are.
    #[inline(always)]
    fn products<S: Simd>(&mut self, input: usize, panel: usize, part: usize) -> &mut [f32] {
        let width = TILE_REGISTERS * S::F32_LANES;
        let row = &mut *self.out[input];
        let begin = (panel * PANEL_ROWS + part * width).min(row.len());
        let end = (begin + width).min(row.len());
        &mut row[begin..end]
    }
}

/// Copies values, most of them by sixteen: a call would take longer than so few do.
#[inline(always)]
fn copy_few(from: &[f32], to: &mut [f32]) {
    let (whole, rest) = from.as_chunks::<16>();
    let (to_whole, to_rest) = to.as_chunks_mut::<16>();
    for (to, from) in to_whole.iter_mut().zip(whole) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(rest) {
        *to = *from;
    }
}

/// Adds the products of `x` with one part of the rows of `weights` to what is in the first registers of `products`.
///
/// No closures here: they would not be compiled for the dispatched instruction set.
#[inline(always)]
#[allow(
    clippy::manual_memcpy,
    clippy::needless_range_loop,
    reason = "sums are in registers only as long as plain loops that can be unrolled touch them"
)]
fn add_products<S: Simd, const M: usize, const P: usize>(
    simd: S,
    x: [&[f32]; M],
    weights: [&[f32]; P],
    part: usize,
    products: &mut [[[f32; PANEL_ROWS]; P]; M],
) {
    let mut sums = [[[simd.splat_f32s(0.0); TILE_REGISTERS]; P]; M];
    for m in 0..M {
        for p in 0..P {
            let begun = S::as_simd_f32s(&products[m][p]).0;
            for register in 0..TILE_REGISTERS {
                sums[m][p][register] = begun[register];
            }
        }
    }
    let columns = x[0].len();
    let registers = PANEL_ROWS / S::F32_LANES;
    let mut panels: [&[S::f32s]; P] = [&[]; P];
    for p in 0..P {
        panels[p] = &S::as_simd_f32s(weights[p]).0[..columns * registers];
    }
    for column in 0..columns {
        let first = column * registers + part * TILE_REGISTERS;
        for m in 0..M {
            let value = simd.splat_f32s(x[m][column]);
            for p in 0..P {
                for register in 0..TILE_REGISTERS {
                    let weight = panels[p][first + register];
                    sums[m][p][register] = simd.mul_add_e_f32s(value, weight, sums[m][p][register]);
                }
            }
        }
    }
    for m in 0..M {
        for p in 0..P {
            let done = S::as_mut_simd_f32s(&mut products[m][p]).0;
            for register in 0..TILE_REGISTERS {
                done[register] = sums[m][p][register];
            }
        }
    }
}
