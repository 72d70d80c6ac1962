//! Arithmetic on rows: the kernels are written once ([`kernels`]) over what an instruction set has to
//! offer ([`lanes`]), compiled for each of them, and picked once at run time.
//!
//! Every backend gives the same bits: a dot product is 16 running sums of fused multiply-adds, added
//! up in one fixed tree, and the sigmoid is built of fused multiply-adds and one division. So a
//! result depends neither on the machine nor on `SYNVEC_SIMD`, which forces a backend.
//!
//! Rows are addresses ([`Row`]), so that a row may lie in a private copy, and are padded to whole
//! vectors of [`LANES`] values.

mod kernels;
mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

use crate::matrix::Row;

/// Values in one vector: a row is a whole number of them.
pub const LANES: usize = 16;

/// The most inputs that [`Kernels::scores`] and [`Kernels::update`] take at once.
pub const MAX_INPUTS: usize = 16;

/// The arithmetic of training, for one instruction set.
///
/// # Safety
/// All functions need rows that are valid for reading and writing `width` values, `width` a
/// multiple of [`LANES`], and a processor that has the instruction set.
#[derive(Debug, Clone, Copy)]
pub struct Kernels {
    /// What `SYNVEC_SIMD` calls it.
    pub name: &'static str,

    /// Every input against every target: `scores[i · T + t] = inputs[i] · targets[t]`.
    pub scores: unsafe fn(inputs: &[Row], targets: &[Row], width: usize, scores: &mut [f32]),

    /// `values[k] = 1 / (1 + exp(−values[k]))`.
    pub sigmoid: unsafe fn(values: &mut [f32]),

    /// Both sides of a step, from the values before it: adds `Σ_t g[i · T + t] · targets[t]` to
    /// each input and `Σ_i g[i · T + t] · inputs[i]` to each target. Sums are added to the rows as
    /// they stand, so that an input that occurs twice loses nothing; targets must be distinct.
    pub update: unsafe fn(inputs: &[Row], targets: &[Row], width: usize, gradients: &[f32]),

    /// One hidden vector against its targets one after another, as word2vec.c does it.
    pub sequence: unsafe fn(sequence: &mut Sequence<'_>),

    /// `sum = scale · Σ rows`.
    pub sum_rows: unsafe fn(rows: &[Row], width: usize, scale: f32, sum: Row),

    /// Adds `scale · addend` to each row, one after another.
    pub add_to_rows: unsafe fn(rows: &[Row], width: usize, scale: f32, addend: Row),
}

/// Asks for a row ahead of its use, every cache line of it; a hint, without effect on values.
#[inline(always)]
pub fn prefetch(row: Row, width: usize) {
    for block in 0..width / LANES {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a prefetch reads nothing and never faults, whatever the address.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(block * LANES).cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (row, block); // no stable intrinsic elsewhere
    }
}

/// A hidden vector, its targets in order, and what comes of them.
#[derive(Debug)]
pub struct Sequence<'a> {
    /// The hidden vector h, read only.
    pub hidden: Row,
    /// Set to the sum of g · target, each target as it was before its own update.
    pub error: Row,
    /// Output rows; one may occur again and is then seen with its update.
    pub targets: &'a [Row],
    /// For each target what the sigmoid should say: 1 or 0.
    pub labels: &'a [f32],
    /// Set to h · target.
    pub scores: &'a mut [f32],
    /// Values in a row.
    pub width: usize,
    /// The learning rate: g = (label − sigmoid(score)) · alpha.
    pub alpha: f32,
    /// Targets with |score| at or above this are left alone.
    pub score_limit: f32,
}

/// Compiles the kernels for an instruction set.
macro_rules! backend {
    ($module:ident, $name:literal, $lanes:ty $(, $feature:literal)?) => {
        mod $module {
            use super::*;

            $(#[target_feature(enable = $feature)])?
            unsafe fn scores(inputs: &[Row], targets: &[Row], width: usize, scores: &mut [f32]) {
                // SAFETY: the caller's promise (see `Kernels`); so below.
                unsafe { super::kernels::scores::<$lanes>(inputs, targets, width, scores) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn sigmoid(values: &mut [f32]) {
                super::kernels::sigmoid_all(values);
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn update(inputs: &[Row], targets: &[Row], width: usize, gradients: &[f32]) {
                // SAFETY: as above.
                unsafe { super::kernels::update::<$lanes>(inputs, targets, width, gradients) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn sequence(sequence: &mut Sequence<'_>) {
                // SAFETY: as above.
                unsafe { super::kernels::sequence::<$lanes>(sequence) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn sum_rows(rows: &[Row], width: usize, scale: f32, sum: Row) {
                // SAFETY: as above.
                unsafe { super::kernels::sum_rows::<$lanes>(rows, width, scale, sum) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn add_to_rows(rows: &[Row], width: usize, scale: f32, addend: Row) {
                // SAFETY: as above.
                unsafe { super::kernels::add_to_rows::<$lanes>(rows, width, scale, addend) }
            }

            pub const KERNELS: Kernels =
                Kernels { name: $name, scores, sigmoid, update, sequence, sum_rows, add_to_rows };
        }
    };
}

backend!(scalar, "scalar", super::lanes::Plain);
#[cfg(target_arch = "x86_64")]
backend!(avx2, "avx2", super::x86::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
backend!(avx512, "avx512", super::x86::Avx512, "avx512f,avx512vl,avx512dq,avx512bw,fma");
#[cfg(target_arch = "aarch64")]
backend!(neon, "neon", super::neon::Neon, "neon");

/// The backends that this processor can run, the slowest first.
pub fn backends() -> Vec<Kernels> {
    #[allow(unused_mut)] // on processors without any other
    let mut found = vec![scalar::KERNELS];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            found.push(avx2::KERNELS);
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
            let full = is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw");
            if wide && full {
                found.push(avx512::KERNELS);
            }
        }
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("neon") {
        found.push(neon::KERNELS);
    }
    found
}

/// The kernels of this process: the fastest backend, or the one that `SYNVEC_SIMD` names.
///
/// A name that is unknown or that the processor cannot run is an error that lists those it can.
pub fn kernels() -> Result<Kernels, String> {
    static CHOICE: OnceLock<Result<Kernels, String>> = OnceLock::new();
    CHOICE.get_or_init(|| choose(std::env::var("SYNVEC_SIMD").ok().as_deref())).clone()
}

fn choose(wish: Option<&str>) -> Result<Kernels, String> {
    let backends = backends();
    let Some(wish) = wish.filter(|wish| !wish.is_empty()) else {
        return Ok(backends[backends.len() - 1]);
    };
    backends.iter().find(|kernels| kernels.name == wish).copied().ok_or_else(|| {
        let names: Vec<&str> = backends.iter().map(|kernels| kernels.name).collect();
        format!("SYNVEC_SIMD={wish} cannot be used here; this processor has {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests;
