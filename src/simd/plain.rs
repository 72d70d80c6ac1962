//! The kernels as plain loops over vectors of 16 values, which the compiler turns into the
//! instructions of whichever backend it is compiling them for.
//!
//! Performance notes: a tile of accumulators must stay in registers, so its shape is a constant and
//! its loops are unrolled; a vector is an array, which the optimizer keeps in one or two registers
//! as long as nothing takes its address in a loop of unknown length.

use super::{LANES, MAX_INPUTS, Sequence};
use crate::matrix::Row;

/// One vector of a row.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Lanes([f32; LANES]);

impl Lanes {
    const ZERO: Self = Self([0.0; LANES]);

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// Vector number `block` of a row.
    ///
    /// # Safety
    /// The row holds it.
    #[inline(always)]
    unsafe fn load(row: Row, block: usize) -> Self {
        // SAFETY: the caller's promise; an array of f32 needs no more alignment than f32.
        Self(unsafe { row.add(block * LANES).cast::<[f32; LANES]>().read() })
    }

    /// Overwrites vector number `block` of a row.
    ///
    /// # Safety
    /// The row holds it.
    #[inline(always)]
    unsafe fn store(self, row: Row, block: usize) {
        // SAFETY: as in `load`.
        unsafe { row.add(block * LANES).cast::<[f32; LANES]>().write(self.0) }
    }

    /// self · factor + addend, rounded once.
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|l| self.0[l].mul_add(factor.0[l], addend.0[l])))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|l| self.0[l] + other.0[l]))
    }

    /// The sum of the lanes in a fixed tree: halves are added until one value is left.
    #[inline(always)]
    fn reduce(self) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|l| self.0[l] + self.0[l + 8]);
        let four: [f32; 4] = std::array::from_fn(|l| eight[l] + eight[l + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}

/// Targets in one tile of scores.
const TILE_TARGETS: usize = 6;
/// Inputs in one tile of scores.
const TILE_INPUTS: usize = 2;

/// See [`super::Kernels::scores`].
#[inline(always)]
pub unsafe fn scores(inputs: &[Row], targets: &[Row], width: usize, scores: &mut [f32]) {
    let stride = targets.len();
    let mut i = 0;
    while i < inputs.len() {
        let pair = inputs.len() - i >= TILE_INPUTS;
        let mut t = 0;
        while t < stride {
            let (tile, at) = (&targets[t..], i * stride + t);
            let out = &mut scores[at..];
            // SAFETY: the caller's promise.
            unsafe {
                match (pair, tile.len() >= TILE_TARGETS) {
                    (true, true) => {
                        tile_scores::<TILE_INPUTS, TILE_TARGETS>(
                            &inputs[i..],
                            tile,
                            width,
                            stride,
                            out,
                        );
                    }
                    (false, true) => {
                        tile_scores::<1, TILE_TARGETS>(&inputs[i..], tile, width, stride, out);
                    }
                    (true, false) => {
                        tile_scores::<TILE_INPUTS, 1>(&inputs[i..], tile, width, stride, out);
                    }
                    (false, false) => tile_scores::<1, 1>(&inputs[i..], tile, width, stride, out),
                }
            }
            t += if tile.len() >= TILE_TARGETS { TILE_TARGETS } else { 1 };
        }
        i += if pair { TILE_INPUTS } else { 1 };
    }
}

/// The scores of I inputs against T targets, their accumulators in registers.
#[inline(always)]
unsafe fn tile_scores<const I: usize, const T: usize>(
    inputs: &[Row],
    targets: &[Row],
    width: usize,
    stride: usize,
    scores: &mut [f32],
) {
    let inputs: &[Row; I] = inputs[..I].try_into().expect("I inputs");
    let targets: &[Row; T] = targets[..T].try_into().expect("T targets");
    let mut sums = [[Lanes::ZERO; T]; I];
    for block in 0..width / LANES {
        // SAFETY: the caller's promise: rows of `width` values.
        let x: [Lanes; I] = std::array::from_fn(|i| unsafe { Lanes::load(inputs[i], block) });
        for t in 0..T {
            // SAFETY: as above.
            let y = unsafe { Lanes::load(targets[t], block) };
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

/// See [`super::Kernels::update`].
#[inline(always)]
pub unsafe fn update(inputs: &[Row], targets: &[Row], width: usize, gradients: &[f32]) {
    macro_rules! for_each_count {
        ($($count:literal)*) => {
            match inputs.len() {
                // SAFETY: the caller's promise.
                $($count => unsafe { update_inputs::<$count>(inputs, targets, width, gradients) },)*
                count => assert_eq!(count, 0, "at most {MAX_INPUTS} inputs"),
            }
        };
    }
    for_each_count!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// The update for a known number of inputs: a column block of all of them and of their changes
/// stays in registers while the targets pass by.
#[inline(always)]
unsafe fn update_inputs<const I: usize>(
    inputs: &[Row],
    targets: &[Row],
    width: usize,
    gradients: &[f32],
) {
    let inputs: &[Row; I] = inputs[..I].try_into().expect("I inputs");
    for block in 0..width / LANES {
        // SAFETY: the caller's promise: rows of `width` values.
        let x: [Lanes; I] = std::array::from_fn(|i| unsafe { Lanes::load(inputs[i], block) });
        let mut change = [Lanes::ZERO; I];
        for (t, &target) in targets.iter().enumerate() {
            // SAFETY: as above.
            let y = unsafe { Lanes::load(target, block) };
            let mut target_change = Lanes::ZERO;
            for i in 0..I {
                let gradient = Lanes::splat(gradients[i * targets.len() + t]);
                change[i] = gradient.mul_add(y, change[i]);
                target_change = gradient.mul_add(x[i], target_change);
            }
            // SAFETY: as above.
            unsafe { y.add(target_change).store(target, block) };
        }
        for i in 0..I {
            // Read again: the same word may stand twice among the inputs. SAFETY: as above.
            unsafe { Lanes::load(inputs[i], block).add(change[i]).store(inputs[i], block) };
        }
    }
}

/// See [`super::Kernels::sequence`].
#[inline(always)]
pub unsafe fn sequence(sequence: &mut Sequence<'_>) {
    let Sequence { hidden, error, targets, labels, scores, width, alpha, score_limit } = sequence;
    let blocks = *width / LANES;
    for block in 0..blocks {
        // SAFETY: the caller's promise: rows of `width` values.
        unsafe { Lanes::ZERO.store(*error, block) };
    }
    for ((&target, &label), score) in targets.iter().zip(labels.iter()).zip(scores.iter_mut()) {
        let mut sum = Lanes::ZERO;
        for block in 0..blocks {
            // SAFETY: as above.
            let (h, y) = unsafe { (Lanes::load(*hidden, block), Lanes::load(target, block)) };
            sum = h.mul_add(y, sum);
        }
        *score = sum.reduce();
        if score.abs() >= *score_limit {
            continue;
        }
        let gradient = Lanes::splat((label - sigmoid(*score)) * *alpha);
        for block in 0..blocks {
            // SAFETY: as above.
            unsafe {
                let (h, y) = (Lanes::load(*hidden, block), Lanes::load(target, block));
                gradient.mul_add(y, Lanes::load(*error, block)).store(*error, block);
                gradient.mul_add(h, y).store(target, block);
            }
        }
    }
}

/// See [`super::Kernels::sum_rows`].
#[inline(always)]
pub unsafe fn sum_rows(rows: &[Row], width: usize, scale: f32, sum: Row) {
    for block in 0..width / LANES {
        let mut total = Lanes::ZERO;
        for &row in rows {
            // SAFETY: the caller's promise: rows of `width` values.
            total = total.add(unsafe { Lanes::load(row, block) });
        }
        let scaled = Lanes(total.0.map(|value| value * scale));
        // SAFETY: as above.
        unsafe { scaled.store(sum, block) };
    }
}

/// See [`super::Kernels::add_to_rows`].
#[inline(always)]
pub unsafe fn add_to_rows(rows: &[Row], width: usize, scale: f32, addend: Row) {
    for block in 0..width / LANES {
        // SAFETY: the caller's promise: rows of `width` values.
        let change = Lanes(unsafe { Lanes::load(addend, block) }.0.map(|value| value * scale));
        for &row in rows {
            // SAFETY: as above.
            unsafe { Lanes::load(row, block).add(change).store(row, block) };
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
