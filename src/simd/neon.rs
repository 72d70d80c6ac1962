//! AArch64: NEON, four registers a vector.

use std::arch::aarch64::*;

use super::LANES;
use super::lanes::Lanes;
use crate::matrix::Row;

/// Four registers.
#[derive(Clone, Copy)]
pub struct Neon([float32x4_t; 4]);

/// Lanes in one register.
const QUARTER: usize = LANES / 4;

/// Applies an instruction to each of the four registers.
macro_rules! each {
    ($register:ident => $value:expr) => {{
        let at = |$register: usize| $value;
        [at(0), at(1), at(2), at(3)]
    }};
}

// SAFETY (all blocks in this file): the caller's promise, see `Lanes`: the processor has NEON, and
// rows hold the vectors that are loaded and stored, at any alignment.
#[allow(clippy::undocumented_unsafe_blocks)] // one argument for all, just above
impl Lanes for Neon {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([unsafe { vdupq_n_f32(value) }; 4])
    }

    #[inline(always)]
    unsafe fn load(row: Row, block: usize) -> Self {
        Self(each!(r => unsafe { vld1q_f32(row.add(block * LANES + r * QUARTER)) }))
    }

    #[inline(always)]
    unsafe fn store(self, row: Row, block: usize) {
        each!(r => unsafe { vst1q_f32(row.add(block * LANES + r * QUARTER), self.0[r]) });
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(each!(r => unsafe { vfmaq_f32(addend.0[r], self.0[r], factor.0[r]) }))
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        Self(each!(r => unsafe { vmulq_f32(self.0[r], factor.0[r]) }))
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(each!(r => unsafe { vaddq_f32(self.0[r], other.0[r]) }))
    }

    #[inline(always)]
    unsafe fn reduce(self) -> f32 {
        unsafe {
            let low = vaddq_f32(self.0[0], self.0[2]);
            let high = vaddq_f32(self.0[1], self.0[3]);
            let four = vaddq_f32(low, high);
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }
}
