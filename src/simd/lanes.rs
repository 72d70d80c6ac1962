//! What an instruction set has to offer: 16 float32 values at once.

use super::LANES;
use crate::matrix::Row;

/// One vector of a row, in as many registers as the instruction set needs for it.
///
/// # Safety
/// All methods need a processor with the instruction set; they are inlined into functions compiled
/// for it. `load` and `store` need a row that holds vector number `block`; no alignment is needed.
pub trait Lanes: Copy {
    /// Sixteen times the same.
    unsafe fn splat(value: f32) -> Self;

    /// Vector number `block` of a row.
    unsafe fn load(row: Row, block: usize) -> Self;

    /// Overwrites vector number `block` of a row.
    unsafe fn store(self, row: Row, block: usize);

    /// self · factor + addend, rounded once.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// self · factor.
    unsafe fn mul(self, factor: Self) -> Self;

    /// self + other.
    unsafe fn add(self, other: Self) -> Self;

    /// The sum of the lanes in a fixed tree: the upper half is added to the lower one until one
    /// value is left, so that every instruction set rounds alike.
    unsafe fn reduce(self) -> f32;
}

/// The truth that the others are tested against: an array and loops.
#[derive(Clone, Copy)]
pub struct Plain([f32; LANES]);

impl Lanes for Plain {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    unsafe fn load(row: Row, block: usize) -> Self {
        // SAFETY: the caller's promise (see `Lanes`).
        Self(unsafe { row.add(block * LANES).cast::<[f32; LANES]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, row: Row, block: usize) {
        // SAFETY: as above.
        unsafe { row.add(block * LANES).cast::<[f32; LANES]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|l| self.0[l].mul_add(factor.0[l], addend.0[l])))
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        Self(std::array::from_fn(|l| self.0[l] * factor.0[l]))
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|l| self.0[l] + other.0[l]))
    }

    #[inline(always)]
    unsafe fn reduce(self) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|l| self.0[l] + self.0[l + 8]);
        let four: [f32; 4] = std::array::from_fn(|l| eight[l] + eight[l + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}
