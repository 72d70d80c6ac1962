//! The kernels, written once for every instruction set ([`Lanes`]).
//!
//! Performance notes: a tile of accumulators must stay in registers, so its shape is a constant and
//! its loops are unrolled. Loops over plain arrays were tried first: the compiler takes such tiles
//! apart into single values, a fifth of the speed.

use super::lanes::Lanes;
use super::{LANES, MAX_INPUTS, Sequence};
use crate::matrix::Row;

/// The most targets in one tile of scores; with two inputs their sums fill twelve vectors.
const TILE_TARGETS: usize = 6;

/// See [`super::Kernels::scores`].
#[inline(always)]
pub unsafe fn scores<L: Lanes>(inputs: &[Row], targets: &[Row], width: usize, scores: &mut [f32]) {
    let stride = targets.len();
    for (pair, scores) in inputs.chunks(2).zip(scores.chunks_mut(2 * stride)) {
        for (tile, targets) in targets.chunks(TILE_TARGETS).enumerate() {
            let out = &mut scores[tile * TILE_TARGETS..];
            macro_rules! for_each_shape {
                ($($t:literal)*) => {
                    match (pair.len(), targets.len()) {
                        // SAFETY: the caller's promise (see `Kernels`).
                        $((2, $t) => unsafe { tile_scores::<L, 2, $t>(pair, targets, width, stride, out) },
                        // SAFETY: as above.
                        (1, $t) => unsafe { tile_scores::<L, 1, $t>(pair, targets, width, stride, out) },)*
                        shape => unreachable!("no tile is {shape:?}"),
                    }
                };
            }
            for_each_shape!(1 2 3 4 5 6);
        }
    }
}

/// The scores of I inputs against T targets, their sums in registers.
#[inline(always)]
unsafe fn tile_scores<L: Lanes, const I: usize, const T: usize>(
    inputs: &[Row],
    targets: &[Row],
    width: usize,
    stride: usize,
    scores: &mut [f32],
) {
    // SAFETY: the caller's promise (see `Kernels`).
    unsafe {
        let mut sums = [[L::splat(0.0); T]; I];
        let mut x = [L::splat(0.0); I];
        for block in 0..width / LANES {
            for i in 0..I {
                x[i] = L::load(inputs[i], block);
            }
            for t in 0..T {
                let y = L::load(targets[t], block);
                for i in 0..I {
                    sums[i][t] = x[i].mul_add(y, sums[i][t]);
                }
            }
        }
        for i in 0..I {
            for t in 0..T {
                scores[i * stride + t] = sums[i][t].reduce();
            }
        }
    }
}

/// See [`super::Kernels::update`].
#[inline(always)]
pub unsafe fn update<L: Lanes>(inputs: &[Row], targets: &[Row], width: usize, gradients: &[f32]) {
    macro_rules! for_each_count {
        ($($count:literal)*) => {
            match inputs.len() {
                // SAFETY: the caller's promise (see `Kernels`).
                $($count => unsafe { update_inputs::<L, $count>(inputs, targets, width, gradients) },)*
                count => assert_eq!(count, 0, "at most {MAX_INPUTS} inputs"),
            }
        };
    }
    for_each_count!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// The update for a known number of inputs: a column block of all of them and of their changes
/// stays in registers while the targets pass by.
#[inline(always)]
unsafe fn update_inputs<L: Lanes, const I: usize>(
    inputs: &[Row],
    targets: &[Row],
    width: usize,
    gradients: &[f32],
) {
    assert!(inputs.len() == I && gradients.len() == I * targets.len());
    // SAFETY: the caller's promise (see `Kernels`).
    unsafe {
        for block in 0..width / LANES {
            let mut x = [L::splat(0.0); I];
            let mut change = [L::splat(0.0); I];
            for i in 0..I {
                x[i] = L::load(inputs[i], block);
            }
            for (t, &target) in targets.iter().enumerate() {
                let y = L::load(target, block);
                let mut target_change = L::splat(0.0);
                for i in 0..I {
                    let gradient = L::splat(gradients[i * targets.len() + t]);
                    change[i] = gradient.mul_add(y, change[i]);
                    target_change = gradient.mul_add(x[i], target_change);
                }
                y.add(target_change).store(target, block);
            }
            for i in 0..I {
                // Read again: the same word may stand twice among the inputs.
                L::load(inputs[i], block).add(change[i]).store(inputs[i], block);
            }
        }
    }
}

/// See [`super::Kernels::sequence`].
#[inline(always)]
pub unsafe fn sequence<L: Lanes>(sequence: &mut Sequence<'_>) {
    let Sequence { hidden, error, targets, labels, scores, width, alpha, score_limit } = sequence;
    let blocks = *width / LANES;
    // SAFETY: the caller's promise (see `Kernels`).
    unsafe {
        for block in 0..blocks {
            L::splat(0.0).store(*error, block);
        }
        for ((&target, &label), score) in targets.iter().zip(labels.iter()).zip(scores.iter_mut()) {
            let mut sum = L::splat(0.0);
            for block in 0..blocks {
                sum = L::load(*hidden, block).mul_add(L::load(target, block), sum);
            }
            *score = sum.reduce();
            if score.abs() >= *score_limit {
                continue;
            }
            let gradient = L::splat((label - sigmoid(*score)) * *alpha);
            for block in 0..blocks {
                let y = L::load(target, block);
                gradient.mul_add(y, L::load(*error, block)).store(*error, block);
                gradient.mul_add(L::load(*hidden, block), y).store(target, block);
            }
        }
    }
}

/// See [`super::Kernels::sum_rows`].
#[inline(always)]
pub unsafe fn sum_rows<L: Lanes>(rows: &[Row], width: usize, scale: f32, sum: Row) {
    // SAFETY: the caller's promise (see `Kernels`).
    unsafe {
        for block in 0..width / LANES {
            let mut total = L::splat(0.0);
            for &row in rows {
                total = total.add(L::load(row, block));
            }
            total.mul(L::splat(scale)).store(sum, block);
        }
    }
}

/// See [`super::Kernels::add_to_rows`].
#[inline(always)]
pub unsafe fn add_to_rows<L: Lanes>(rows: &[Row], width: usize, scale: f32, addend: Row) {
    // SAFETY: the caller's promise (see `Kernels`).
    unsafe {
        for block in 0..width / LANES {
            let change = L::load(addend, block).mul(L::splat(scale));
            for &row in rows {
                L::load(row, block).add(change).store(row, block);
            }
        }
    }
}

/// Beyond this exp leaves the normal range of float32, and the sigmoid is 0 or 1 anyway.
const MAX_SCORE: f32 = 87.0;

/// See [`super::Kernels::sigmoid`].
#[inline(always)]
pub fn sigmoid_all(values: &mut [f32]) {
    for value in values {
        *value = sigmoid(*value);
    }
}

/// 1 / (1 + exp(−x)), within 2e-7 of the true value.
///
/// exp(y) = 2^n · exp(r): n is y / ln 2 rounded by adding and subtracting 1.5 · 2^23, which leaves
/// n in the low bits of the sum; r, at most ln 2 / 2, goes through the Taylor series up to r^6 / 6!
/// (rest below 2e-7 relative).
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    const ROUNDING: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4; // the leading bits of ln 2, so that n · LN_2_HIGH is exact
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const TAYLOR: [f32; 5] = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let y = -x.clamp(-MAX_SCORE, MAX_SCORE);
    let shifted = y.mul_add(std::f32::consts::LOG2_E, ROUNDING);
    let n = shifted - ROUNDING;
    let r = (-n).mul_add(LN_2_LOW, (-n).mul_add(LN_2_HIGH, y));
    let mut series = 1.0 / 720.0f32;
    for coefficient in TAYLOR {
        series = series.mul_add(r, coefficient);
    }
    series = series.mul_add(r, 1.0);
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    1.0 / series.mul_add(power, 1.0)
}
