//! AArch64: NEON, four registers a vector.

use std::arch::aarch64::*;

use super::lanes::Register;

/// One of the four.
#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

// SAFETY (all blocks in this file): the caller's promise, see `Register`: the processor has NEON,
// and addresses hold the values that are loaded and stored, at any alignment.
#[allow(clippy::undocumented_unsafe_blocks)] // one argument for all, just above
impl Register for Neon {
    const WIDTH: usize = 4;

    type Half = Self;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { vdupq_n_f32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { vld1q_f32(from) })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        let mut values = [0.0; 4];
        unsafe {
            from.copy_to_nonoverlapping(values.as_mut_ptr(), count.min(4));
            Self::load(values.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(unsafe { vfmaq_f32(addend.0, self.0, factor.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        Self(unsafe { vmulq_f32(self.0, factor.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn store_totals<const T: usize>(first: &[Self; T], second: &[Self; T], to: *mut f32) {
        unsafe {
            for half in 0..2 {
                for (input, sums) in [first, second].into_iter().enumerate() {
                    // Two lanes each of two targets,
                    let mut two = [vdupq_n_f32(0.0); 4];
                    for t in 0..T.saturating_sub(4 * half).min(4) {
                        let four = sums[4 * half + t].0;
                        two[t] = vaddq_f32(four, vextq_f32::<2>(four, four));
                    }
                    // and one lane each of four.
                    let (a, b) = (lower_halves(two[0], two[1]), lower_halves(two[2], two[3]));
                    let one = vaddq_f32(vuzp1q_f32(a, b), vuzp2q_f32(a, b));
                    vst1q_f32(to.add(8 * input + 4 * half), one);
                }
            }
        }
    }
}

/// The lower two lanes of `a`, then those of `b`.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
#[allow(clippy::undocumented_unsafe_blocks)] // as for `Neon`
unsafe fn lower_halves(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    unsafe { vcombine_f32(vget_low_f32(a), vget_low_f32(b)) }
}
