//! x86-64: AVX-512 (one register a vector) and AVX2 with FMA (two).

use std::arch::x86_64::*;

use super::LANES;
use super::lanes::Lanes;
use crate::matrix::Row;

/// AVX-512: one register.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

// SAFETY (all blocks in this file): the caller's promise, see `Lanes`: the processor has the
// instruction set, and rows hold the vectors that are loaded and stored, at any alignment.
#[allow(clippy::undocumented_unsafe_blocks)] // one argument for all, just above
impl Lanes for Avx512 {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(row: Row, block: usize) -> Self {
        Self(unsafe { _mm512_loadu_ps(row.add(block * LANES)) })
    }

    #[inline(always)]
    unsafe fn store(self, row: Row, block: usize) {
        unsafe { _mm512_storeu_ps(row.add(block * LANES), self.0) }
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
    unsafe fn reduce(self) -> f32 {
        unsafe {
            let low = _mm512_castps512_ps256(self.0);
            reduce_eight(_mm256_add_ps(low, _mm512_extractf32x8_ps::<1>(self.0)))
        }
    }
}

/// AVX2 with FMA: two registers.
#[derive(Clone, Copy)]
pub struct Avx2(__m256, __m256);

/// Lanes in one register of [`Avx2`].
const HALF: usize = LANES / 2;

#[allow(clippy::undocumented_unsafe_blocks)] // as for `Avx512`
impl Lanes for Avx2 {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        let half = unsafe { _mm256_set1_ps(value) };
        Self(half, half)
    }

    #[inline(always)]
    unsafe fn load(row: Row, block: usize) -> Self {
        unsafe {
            let start = row.add(block * LANES);
            Self(_mm256_loadu_ps(start), _mm256_loadu_ps(start.add(HALF)))
        }
    }

    #[inline(always)]
    unsafe fn store(self, row: Row, block: usize) {
        unsafe {
            let start = row.add(block * LANES);
            _mm256_storeu_ps(start, self.0);
            _mm256_storeu_ps(start.add(HALF), self.1);
        }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        unsafe {
            let low = _mm256_fmadd_ps(self.0, factor.0, addend.0);
            Self(low, _mm256_fmadd_ps(self.1, factor.1, addend.1))
        }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, factor.0), _mm256_mul_ps(self.1, factor.1)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    unsafe fn reduce(self) -> f32 {
        unsafe { reduce_eight(_mm256_add_ps(self.0, self.1)) }
    }
}

/// The rest of the tree, from eight lanes on.
///
/// # Safety
/// The processor has AVX.
#[inline(always)]
#[allow(clippy::undocumented_unsafe_blocks)] // as for `Avx512`
unsafe fn reduce_eight(eight: __m256) -> f32 {
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}
