//! Arithmetic on rows: the kernels are written once ([`kernels`]) over what an instruction set has to
//! offer ([`lanes`]), compiled for each of them, and picked once at run time.
//!
//! Every backend gives the same bits: a dot product is 16 running sums of fused multiply-adds, added
//! up in one fixed tree, and the sigmoid is built of fused multiply-adds and one division. So a
//! result depends neither on the machine nor on `SYNVEC_SIMD`, which forces a backend.
//!
//! A row may lie anywhere ([`Row`]), so that it may be a private copy, and is padded to whole vectors
//! of [`LANES`] values.

mod kernels;
mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
mod products;
mod sigmoid;
mod sums;
pub mod tiles;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

use crate::error::Error;
use crate::matrix::{Address, Row, Rows};
pub use products::Dense;

/// Values in one vector: a row is a whole number of them.
pub const LANES: usize = 16;

/// The most inputs of one [`Step`].
pub const MAX_INPUTS: usize = 16;

/// The arithmetic of training, for one instruction set of this processor.
#[derive(Debug, Clone, Copy)]
pub struct Kernels {
    /// What `SYNVEC_SIMD` calls it.
    pub name: &'static str,
    functions: Functions,
}

/// The kernels themselves.
///
/// # Safety
/// They need a processor that has the instruction set, and rows of one width.
#[derive(Debug, Clone, Copy)]
struct Functions {
    step: unsafe fn(step: &mut Step<'_>),
    step_of_sum: unsafe fn(hidden: &Hidden<'_>, step: &mut Step<'_>),
    sequence: unsafe fn(hidden: &Hidden<'_>, step: &mut Step<'_>),
    products: unsafe fn(vectors: Dense<'_>, rows: Dense<'_>, products: &mut [f32]),
    integer_products: unsafe fn(vector: &[i16], rows: &[i8], products: &mut [i32]),
    decode: unsafe fn(halves: &[u16], values: &mut [f32]),
    add_up: unsafe fn(weights: &[f32], columns: &[&[f32]], sum: &mut [f32]),
}

impl Kernels {
    /// All inputs against all targets at once: scores, their sigmoids, and both sides changed, from
    /// the values before the step. Changes are added to the rows as they stand, so that an input
    /// that occurs twice loses nothing; targets must be distinct for the result to be right.
    #[inline(always)]
    pub fn step(&self, step: &mut Step<'_>) {
        step.check(step.inputs.width());
        // SAFETY: [`backends`] gives out nothing that the processor lacks; all widths are equal.
        unsafe { (self.functions.step)(step) }
    }

    /// The hidden vector, alone, against targets that are distinct; its change goes to the contexts
    /// it was made of.
    #[inline(always)]
    pub fn step_of_sum(&self, hidden: &Hidden<'_>, step: &mut Step<'_>) {
        step.check(hidden.width());
        // SAFETY: as in `step`.
        unsafe { (self.functions.step_of_sum)(hidden, step) }
    }

    /// The same, target after target as word2vec.c does it, so that one that occurs again is seen
    /// with its change. The bits are those of `step_of_sum` where targets are distinct.
    #[inline(always)]
    pub fn sequence(&self, hidden: &Hidden<'_>, step: &mut Step<'_>) {
        step.check(hidden.width());
        // SAFETY: as in `step`.
        unsafe { (self.functions.sequence)(hidden, step) }
    }

    /// Sets `products` to the dot product of each vector with each row, vector by vector.
    pub fn products(&self, vectors: Dense<'_>, rows: Dense<'_>, products: &mut [f32]) {
        assert_eq!(vectors.width(), rows.width(), "vectors as wide as rows");
        assert_eq!(products.len(), vectors.len() * rows.len(), "a product for each");
        // SAFETY: as in `step`.
        unsafe { (self.functions.products)(vectors, rows, products) }
    }

    /// Sets `products` to the dot product of the vector with each row.
    pub fn integer_products(&self, vector: &[i16], rows: &[i8], products: &mut [i32]) {
        assert_eq!(rows.len(), vector.len() * products.len(), "rows as wide as the vector");
        // SAFETY: as in `step`.
        unsafe { (self.functions.integer_products)(vector, rows, products) }
    }

    /// Sets `values` to those of finite float16 numbers, given as their bits.
    pub fn decode(&self, halves: &[u16], values: &mut [f32]) {
        assert_eq!(halves.len(), values.len(), "a value for each");
        // SAFETY: as in `step`.
        unsafe { (self.functions.decode)(halves, values) }
    }

    /// Sets `sum` to `Σ weight · column`, term after term.
    pub fn add_up(&self, weights: &[f32], columns: &[&[f32]], sum: &mut [f32]) {
        assert_eq!(weights.len(), columns.len(), "a weight for each");
        // SAFETY: as in `step`.
        unsafe { (self.functions.add_up)(weights, columns, sum) }
    }
}

/// What a step trains on. Scores, gradients, labels and multiplicities lie in tiles ([`tiles`]).
#[derive(Debug)]
pub struct Step<'a> {
    /// Rows whose dot products with the targets are the scores; 1 ..= [`MAX_INPUTS`]. Without use
    /// where a [`Hidden`] vector stands for them.
    pub inputs: &'a Rows<'a>,
    /// Output rows.
    pub targets: &'a Rows<'a>,
    /// What the sigmoid of each target's score should be, 1 or 0: one row of tiles, for all inputs.
    pub labels: &'a [f32],
    /// How often each target counts; 0 where a tile has none.
    pub multiplicities: &'a [f32],
    /// Set to the scores.
    pub scores: &'a mut [f32],
    /// Scratch, as long as `scores`.
    pub gradients: &'a mut [f32],
    /// Scratch.
    pub change: Row<'a>,
    /// The learning rate: g = (label − sigmoid(score)) · alpha · multiplicity.
    pub alpha: f32,
    /// Targets with |score| at or above this are left alone.
    pub score_limit: f32,
    /// Rows that a later step will use: they are asked for meanwhile, without effect on values.
    pub upcoming: &'a [Address],
    /// One more of them.
    pub arriving: Option<Row<'a>>,
}

impl Step<'_> {
    /// Values in a row: a multiple of half a vector.
    #[inline(always)]
    fn width(&self) -> usize {
        self.targets.width()
    }

    #[inline(always)]
    fn check(&self, width: usize) {
        assert!(self.width() == width && self.change.width() == width, "rows of one width");
    }
}

/// A hidden vector: `scale · Σ contexts`.
#[derive(Debug)]
pub struct Hidden<'a> {
    /// Rows that make up the vector and that get its change.
    pub contexts: &'a Rows<'a>,
    /// Where the vector is put: scratch.
    pub row: Row<'a>,
    /// What the sum is multiplied by.
    pub scale: f32,
    /// What the change is multiplied by before each context gets it.
    pub share: f32,
}

impl Hidden<'_> {
    /// Values in a row.
    #[inline(always)]
    fn width(&self) -> usize {
        assert_eq!(self.contexts.width(), self.row.width(), "rows of one width");
        self.row.width()
    }
}

/// Asks for the cache line at an address ahead of its use; a hint, without effect on values.
#[inline(always)]
pub fn prefetch_line(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and never faults, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above; the instruction touches neither memory, stack nor flags.
    unsafe {
        std::arch::asm!(
            "prfm pldl1keep, [{}]",
            in(reg) address,
            options(nostack, preserves_flags, readonly)
        );
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = address;
}

/// Compiles the kernels for an instruction set.
macro_rules! backend {
    ($module:ident, $name:literal, $register:ty $(, $feature:literal)?) => {
        mod $module {
            use super::*;

            $(#[target_feature(enable = $feature)])?
            unsafe fn step(step: &mut Step<'_>) {
                // SAFETY: the caller's promise (see `Functions`); so below.
                unsafe { super::kernels::step::<$register>(step) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn step_of_sum(hidden: &Hidden<'_>, step: &mut Step<'_>) {
                // SAFETY: as above.
                unsafe { super::kernels::step_of_sum::<$register>(hidden, step) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn sequence(hidden: &Hidden<'_>, step: &mut Step<'_>) {
                // SAFETY: as above.
                unsafe { super::kernels::sequence::<$register>(hidden, step) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn products(vectors: Dense<'_>, rows: Dense<'_>, products: &mut [f32]) {
                // SAFETY: as above.
                unsafe { super::products::products::<$register>(vectors, rows, products) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn integer_products(vector: &[i16], rows: &[i8], products: &mut [i32]) {
                super::products::integer_products(vector, rows, products)
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn decode(halves: &[u16], values: &mut [f32]) {
                super::products::decode(halves, values)
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn add_up(weights: &[f32], columns: &[&[f32]], sum: &mut [f32]) {
                super::products::add_up(weights, columns, sum)
            }

            const FUNCTIONS: Functions = Functions {
                step,
                step_of_sum,
                sequence,
                products,
                integer_products,
                decode,
                add_up,
            };
            pub const KERNELS: Kernels = Kernels { name: $name, functions: FUNCTIONS };
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
pub fn kernels() -> crate::Result<Kernels> {
    static CHOICE: OnceLock<Result<Kernels, String>> = OnceLock::new();
    let choice = CHOICE.get_or_init(|| choose(std::env::var("SYNVEC_SIMD").ok().as_deref()));
    choice.clone().map_err(|message| Error::config("SYNVEC_SIMD", message))
}

/// The error is the rest of a sentence that begins with `SYNVEC_SIMD`.
fn choose(wish: Option<&str>) -> Result<Kernels, String> {
    let backends = backends();
    let Some(wish) = wish.filter(|wish| !wish.is_empty()) else {
        return Ok(backends[backends.len() - 1]);
    };
    backends.iter().find(|kernels| kernels.name == wish).copied().ok_or_else(|| {
        let names: Vec<&str> = backends.iter().map(|kernels| kernels.name).collect();
        format!("is {wish:?}, but this processor can use {} (or leave it empty)", names.join(", "))
    })
}

#[cfg(test)]
mod tests;
