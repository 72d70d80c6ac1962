//! What an instruction set has to offer: registers of float32 values, and sums across them.

use super::LANES;
use super::tiles::{TILE, place};

/// One register: part of a vector of [`LANES`] values, or all of it.
///
/// # Safety
/// All methods need a processor with the instruction set; they are inlined into functions compiled
/// for it. `load` and `store` need an address that holds [`Register::WIDTH`] values,
/// `store_totals` one of [`TILE`] values; no alignment is needed.
pub trait Register: Copy {
    /// Values in a register; a divisor of [`LANES`].
    const WIDTH: usize;

    /// Registers in a vector of [`LANES`] values.
    const PARTS: usize = LANES / Self::WIDTH;

    /// A register for what is left where a row ends in half a vector. As rows are padded to whole
    /// vectors, `Self` will do.
    type Half: Register;

    /// The same value in every lane.
    unsafe fn splat(value: f32) -> Self;

    /// The values at an address.
    unsafe fn load(from: *const f32) -> Self;

    /// The first `count` values at an address, fewer than a register, and zeros; no other is touched.
    unsafe fn load_part(from: *const f32, count: usize) -> Self;

    /// Overwrites the values at an address.
    unsafe fn store(self, to: *mut f32);

    /// The products of the first half of a vector here and of one there, and zeros. As rows are
    /// padded with zeros, the products of whole vectors are the same.
    #[inline(always)]
    unsafe fn product_of_halves(here: *const f32, there: *const f32) -> Self {
        // SAFETY: the caller's promise (see `Register`).
        unsafe { Self::load(here).mul(Self::load(there)) }
    }

    /// self · factor + addend, rounded once.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// self · factor.
    unsafe fn mul(self, factor: Self) -> Self;

    /// self + other.
    unsafe fn add(self, other: Self) -> Self;

    /// Adds up the lanes of each sum, of two inputs against up to eight targets, and stores the
    /// totals as a tile, laid out as [`super::tiles::place`] says; the places of absent targets get
    /// anything finite.
    ///
    /// Each total is made in one fixed tree: the upper half of the lanes is added to the lower one
    /// until one value is left, so that every instruction set rounds alike.
    unsafe fn store_totals<const T: usize>(first: &[Self; T], second: &[Self; T], to: *mut f32);
}

/// The truth that the others are tested against: an array and loops.
#[derive(Clone, Copy)]
pub struct Plain([f32; LANES]);

impl Register for Plain {
    const WIDTH: usize = LANES;

    type Half = Self;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise (see `Register`).
        Self(unsafe { from.cast::<[f32; LANES]>().read() })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        let mut values = [0.0; LANES];
        // SAFETY: as above, of `count` values.
        unsafe { from.copy_to_nonoverlapping(values.as_mut_ptr(), count.min(LANES)) }
        Self(values)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { to.cast::<[f32; LANES]>().write(self.0) }
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
    unsafe fn store_totals<const T: usize>(first: &[Self; T], second: &[Self; T], to: *mut f32) {
        let mut totals = [0.0; TILE];
        for (input, sums) in [first, second].into_iter().enumerate() {
            for (target, sum) in sums.iter().enumerate() {
                totals[place(input, target, 2)] = sum.total();
            }
        }
        // SAFETY: the caller's promise: the tile is there.
        unsafe { to.cast::<[f32; TILE]>().write(totals) }
    }
}

impl Plain {
    /// The fixed tree.
    fn total(&self) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|l| self.0[l] + self.0[l + 8]);
        let four: [f32; 4] = std::array::from_fn(|l| eight[l] + eight[l + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}
