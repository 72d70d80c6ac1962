//! Dot products of dense rows with vectors, for search: of one vector with many rows, or of many.
//!
//! Each product is 16 running sums and one tree, as in training, whatever stands beside it: equal
//! rows get equal scores wherever they lie, and a vector asked alone gets those that it gets among
//! thousands.

#![allow(clippy::needless_range_loop)] // see [`super::kernels`]

use std::ops::Range;

use super::LANES;
use super::kernels::add_products;
use super::lanes::Register;
use super::sums::of_all_parts;
use super::tiles::{TILE, TILE_TARGETS};
use crate::matrix::Address;

/// Dense rows that lie one after another.
#[derive(Debug, Clone, Copy)]
pub struct Dense<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Dense<'a> {
    /// Rows of `width` values each.
    pub fn new(values: &'a [f32], width: usize) -> Self {
        assert!(width > 0 && values.len().is_multiple_of(width), "rows of {width} values");
        Self { values, width }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One row.
    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// Some of the rows.
    #[inline(always)]
    pub fn part(&self, rows: Range<usize>) -> Self {
        Self { values: &self.values[rows.start * self.width..rows.end * self.width], ..*self }
    }

    #[inline(always)]
    fn addresses<const N: usize>(&self) -> [Address; N] {
        assert_eq!(self.values.len(), N * self.width);
        let mut addresses = [std::ptr::null_mut(); N];
        for n in 0..N {
            addresses[n] = self.values[n * self.width..].as_ptr().cast_mut(); // only read, below
        }
        addresses
    }
}

/// See [`super::Kernels::products`].
#[inline(always)]
pub unsafe fn products<R: Register>(vectors: Dense<'_>, rows: Dense<'_>, products: &mut [f32]) {
    let mut first = 0;
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        // As many rows at once as registers hold the sums of, with two vectors.
        first = match R::PARTS {
            2 => groups::<R, 6>(vectors, rows, first, products),
            _ => groups::<R, TILE_TARGETS>(vectors, rows, first, products),
        };
        groups::<R, 1>(vectors, rows, first, products);
    }
}

/// The products with all whole groups of T rows from `first` on; returns where they end.
#[inline(always)]
unsafe fn groups<R: Register, const T: usize>(
    vectors: Dense<'_>,
    rows: Dense<'_>,
    mut first: usize,
    products: &mut [f32],
) -> usize {
    while first + T <= rows.len() {
        let group = rows.part(first..first + T).addresses::<T>();
        let mut vector = 0;
        while vector < vectors.len() {
            let count = 2.min(vectors.len() - vector);
            let pair = vectors.part(vector..vector + count);
            let mut totals = [0.0; TILE];
            // SAFETY: the caller's promise (see `Functions`); addresses of whole rows.
            unsafe {
                match count {
                    2 => tile::<R, 2, T>(&pair.addresses(), &group, rows.width, &mut totals),
                    _ => tile::<R, 1, T>(&pair.addresses(), &group, rows.width, &mut totals),
                }
            }
            for v in 0..count {
                let start = (vector + v) * rows.len() + first;
                let of_vector = v * TILE_TARGETS..v * TILE_TARGETS + T;
                products[start..start + T].copy_from_slice(&totals[of_vector]);
            }
            vector += 2;
        }
        first += T;
    }
    first
}

/// The products of one or two vectors with T rows, laid out as [`super::tiles::place`] says.
#[inline(always)]
unsafe fn tile<R: Register, const I: usize, const T: usize>(
    vectors: &[Address; I],
    rows: &[Address; T],
    width: usize,
    totals: &mut [f32; TILE],
) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let sums = of_all_parts!(R, running_sums::<R, I, T>(vectors, rows, width));
        R::store_totals(&sums[0], &sums[I - 1], totals.as_mut_ptr());
    }
}

/// Each vector times each row, of every [`LANES`] columns the register that begins at `first`.
#[inline(always)]
unsafe fn running_sums<R: Register, const I: usize, const T: usize>(
    vectors: &[Address; I],
    rows: &[Address; T],
    width: usize,
    first: usize,
) -> [[R; T]; I] {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let mut sums = [[R::splat(0.0); T]; I];
        if I == 1 {
            // Row after row, as they lie in memory: eight at once are more streams than a processor
            // follows well, which costs a third of the speed where rows come from memory.
            for t in 0..T {
                let mut sum = [[R::splat(0.0)]; I];
                add_columns::<R, I, 1>(vectors, &[rows[t]], width, first, &mut sum);
                sums[0][t] = sum[0][0];
            }
        } else {
            add_columns::<R, I, T>(vectors, rows, width, first, &mut sums);
        }
        sums
    }
}

/// Adds the products of every [`LANES`] columns to the running sums.
#[inline(always)]
unsafe fn add_columns<R: Register, const I: usize, const T: usize>(
    vectors: &[Address; I],
    rows: &[Address; T],
    width: usize,
    first: usize,
    sums: &mut [[R; T]; I],
) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let mut at = first;
        while at + R::WIDTH <= width {
            add_products::<R, I, T>(vectors, rows, at, sums);
            at += LANES;
        }
        if at < width {
            for i in 0..I {
                let x = R::load_part(vectors[i].add(at), width - at);
                for t in 0..T {
                    let y = R::load_part(rows[t].add(at), width - at);
                    sums[i][t] = x.mul_add(y, sums[i][t]);
                }
            }
        }
    }
}

/// See [`super::Kernels::integer_products`]. Plain: a compiler makes of it what an instruction set
/// has for this, and integers round nowhere.
#[inline(always)]
pub fn integer_products(vector: &[i16], rows: &[i8], products: &mut [i32]) {
    for (row, product) in rows.chunks_exact(vector.len()).zip(products) {
        let pairs = row.iter().zip(vector);
        *product = pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
    }
}

/// See [`super::Kernels::decode`]. A float32 with the same bits of exponent and mantissa is the value
/// divided by 2^112, the distance of the two biases; subnormal numbers come out right as well.
#[inline(always)]
pub fn decode(halves: &[u16], values: &mut [f32]) {
    const SCALE: f32 = f32::from_bits((127 + 112) << 23);
    for (&half, value) in halves.iter().zip(values) {
        let half = u32::from(half);
        let bits = (half & 0x7FFF) << 13 | (half & 0x8000) << 16;
        *value = f32::from_bits(bits) * SCALE;
    }
}

/// See [`super::Kernels::add_up`]. Nothing is fused, so that every instruction set rounds alike.
#[inline(always)]
pub fn add_up(weights: &[f32], columns: &[&[f32]], sum: &mut [f32]) {
    if let ([u, v, w], [x, y, z]) = (weights, columns) {
        // What an analogy has, in one go.
        let (x, y, z) = (&x[..sum.len()], &y[..sum.len()], &z[..sum.len()]);
        for at in 0..sum.len() {
            sum[at] = u * x[at] + v * y[at] + w * z[at];
        }
        return;
    }
    sum.fill(0.0);
    for (weight, column) in weights.iter().zip(columns) {
        sum.iter_mut().zip(*column).for_each(|(sum, value)| *sum += weight * value);
    }
}
