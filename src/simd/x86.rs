//! x86-64: AVX-512 (one register a vector) and AVX2 with FMA (two).

use std::arch::x86_64::*;

use super::lanes::Register;

/// AVX-512.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

// SAFETY (all blocks in this file): the caller's promise, see `Register`: the processor has the
// instruction set, and addresses hold the values that are loaded and stored, at any alignment.
#[allow(clippy::undocumented_unsafe_blocks)] // one argument for all, just above
impl Register for Avx512 {
    const WIDTH: usize = 16;

    type Half = Avx2;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn product_of_halves(here: *const f32, there: *const f32) -> Self {
        unsafe {
            let products = _mm256_mul_ps(_mm256_loadu_ps(here), _mm256_loadu_ps(there));
            Self(_mm512_zextps256_ps512(products))
        }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        Self(unsafe { _mm512_maskz_loadu_ps((1 << count) - 1, from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        Self(unsafe { _mm512_mul_ps(self.0, factor.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn store_totals<const T: usize>(first: &[Self; T], second: &[Self; T], to: *mut f32) {
        unsafe {
            let zero = _mm512_setzero_ps();
            // Quarters of a register in braces, (a, b) after each step a sum of two:
            // eight lanes each of {first, first, second, second} against one target,
            let mut eight = [zero; 8];
            for t in 0..T {
                let (a, b) = (first[t].0, second[t].0);
                let (low, high) =
                    (_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b));
                eight[t] = _mm512_add_ps(low, high);
            }
            // four lanes each of {first, second} against target t, {first, second} against t + 4,
            let mut four = [zero; 4];
            for t in 0..4 {
                let (a, b) = (eight[t], eight[t + 4]);
                let (low, high) =
                    (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xDD>(a, b));
                four[t] = _mm512_add_ps(low, high);
            }
            // two lanes each of targets t, t + 1 in every quarter,
            let mut two = [zero; 2];
            for t in 0..2 {
                let (a, b) = (four[2 * t], four[2 * t + 1]);
                let (low, high) =
                    (_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xEE>(a, b));
                two[t] = _mm512_add_ps(low, high);
            }
            // one lane each of t … t + 3, and all of the first before all of the second.
            let (a, b) = (two[0], two[1]);
            let one =
                _mm512_add_ps(_mm512_shuffle_ps::<0x88>(a, b), _mm512_shuffle_ps::<0xDD>(a, b));
            _mm512_storeu_ps(to, _mm512_shuffle_f32x4::<0xD8>(one, one));
        }
    }
}

/// AVX2 with FMA.
#[derive(Clone, Copy)]
pub struct Avx2(__m256);

#[allow(clippy::undocumented_unsafe_blocks)] // as for `Avx512`
impl Register for Avx2 {
    const WIDTH: usize = 8;

    type Half = Self;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes);
            Self(_mm256_maskload_ps(from, mask))
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, addend.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        Self(unsafe { _mm256_mul_ps(self.0, factor.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn store_totals<const T: usize>(first: &[Self; T], second: &[Self; T], to: *mut f32) {
        unsafe {
            // Four lanes each of {first, second} against one target,
            let mut four = [_mm256_setzero_ps(); 8];
            for t in 0..T {
                let (a, b) = (first[t].0, second[t].0);
                let (low, high) =
                    (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
                four[t] = _mm256_add_ps(low, high);
            }
            let mut one = [_mm256_setzero_ps(); 2];
            for half in 0..2 {
                // two lanes each of two targets in either half,
                let mut two = [_mm256_setzero_ps(); 2];
                for t in 0..2 {
                    let (a, b) = (four[4 * half + 2 * t], four[4 * half + 2 * t + 1]);
                    let (low, high) =
                        (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b));
                    two[t] = _mm256_add_ps(low, high);
                }
                // one lane each of four targets,
                let (a, b) = (two[0], two[1]);
                one[half] =
                    _mm256_add_ps(_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xDD>(a, b));
            }
            // and all of the first before all of the second.
            _mm256_storeu_ps(to, _mm256_permute2f128_ps::<0x20>(one[0], one[1]));
            _mm256_storeu_ps(to.add(8), _mm256_permute2f128_ps::<0x31>(one[0], one[1]));
        }
    }
}
