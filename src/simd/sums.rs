//! Whole rows: passing over their registers, their sum, and a change that is added to each of them.

#![allow(clippy::needless_range_loop)] // see [`super::kernels`]

use super::lanes::Register;
use crate::matrix::{Address, Rows};

/// Does something at each register of a row, and at half a one where that is what is left.
macro_rules! for_each_register {
    ($register:ident, $width:expr, $does:ident $(, $count:ident)? ($($argument:expr),*)) => {{
        let (mut at, width) = (0, $width);
        while at + $register::WIDTH <= width {
            $does::<$register $(, $count)?>(at, $($argument),*);
            at += $register::WIDTH;
        }
        if at < width {
            $does::<$register::Half $(, $count)?>(at, $($argument),*);
        }
    }};
}

/// Does something for each eight rows, or fewer at the end, by their constant number: a loop over
/// them that ends after 5 rows here and 7 there would be guessed wrong by the processor each time.
macro_rules! for_eight_rows {
    ($rows:expr, $does:ident :: <$register:ty>($($argument:expr),*)) => {
        for_eight_rows!(@ $rows, $does::<$register>($($argument),*), 1 2 3 4 5 6 7 8)
    };
    (@ $rows:expr, $does:ident :: <$register:ty> $arguments:tt, $($count:literal)*) => {
        match $rows.len() {
            $($count => for_eight_rows!(@ call $does::<$register, $count>, $rows, $arguments),)*
            count => unreachable!("{count} rows of eight"),
        }
    };
    (@ call $does:ident :: <$register:ty, $count:literal>, $rows:expr, ($($argument:expr),*)) => {
        $does::<$register, $count>($rows, $($argument),*)
    };
}

/// Running sums of each register of a vector of [`super::LANES`] values, added up by the fixed tree as
/// far as it goes across registers. The place of the register is the last argument.
macro_rules! of_all_parts {
    ($register:ident, $sums:ident::<$r:ty, $i:ident, $t:ident>($($argument:expr),*)) => {{
        macro_rules! part {
            ($part:literal) => { $sums::<$r, $i, $t>($($argument),*, $part * $register::WIDTH) };
        }
        match $register::PARTS {
            1 => part!(0),
            2 => $crate::simd::sums::add_all(part!(0), part!(1)),
            _ => {
                let even = $crate::simd::sums::add_all(part!(0), part!(2));
                $crate::simd::sums::add_all(even, $crate::simd::sums::add_all(part!(1), part!(3)))
            }
        }
    }};
}

pub(super) use {for_each_register, for_eight_rows, of_all_parts};

/// Sums of two registers each.
#[inline(always)]
pub unsafe fn add_all<R: Register, const I: usize, const T: usize>(
    mut sums: [[R; T]; I],
    others: [[R; T]; I],
) -> [[R; T]; I] {
    for i in 0..I {
        for t in 0..T {
            // SAFETY: the caller's promise (see `Functions`).
            sums[i][t] = unsafe { sums[i][t].add(others[i][t]) };
        }
    }
    sums
}

/// A register of a row, or zeros.
#[inline(always)]
pub unsafe fn load_or_zero<R: Register>(row: Option<Address>, at: usize) -> R {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        match row {
            Some(row) => R::load(row.add(at)),
            None => R::splat(0.0),
        }
    }
}

/// `sum = scale · Σ rows`.
#[inline(always)]
pub unsafe fn sum_rows<R: Register>(rows: &Rows<'_>, scale: f32, sum: Address) {
    let (width, rows) = (rows.width(), rows.addresses());
    let mut first = 0;
    while first < rows.len() {
        let eight = &rows[first..rows.len().min(first + 8)];
        let so_far = (first > 0).then_some(sum);
        first += 8;
        let scale = if first < rows.len() { 1.0 } else { scale };
        // SAFETY: the caller's promise (see `Functions`).
        unsafe { for_eight_rows!(eight, sum_eight::<R>(width, scale, so_far, sum)) }
    }
}

/// `sum = scale · (so far + Σ rows)`.
#[inline(always)]
unsafe fn sum_eight<R: Register, const N: usize>(
    rows: &[Address],
    width: usize,
    scale: f32,
    so_far: Option<Address>,
    sum: Address,
) {
    let rows: [Address; N] = rows.try_into().expect("chosen by their number");
    // SAFETY: the caller's promise (see `Functions`).
    unsafe { for_each_register!(R, width, sum_column, N(&rows, scale, so_far, sum)) }
}

#[inline(always)]
unsafe fn sum_column<R: Register, const N: usize>(
    at: usize,
    rows: &[Address; N],
    scale: f32,
    so_far: Option<Address>,
    sum: Address,
) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let mut total = load_or_zero::<R>(so_far, at);
        for n in 0..N {
            total = total.add(R::load(rows[n].add(at)));
        }
        total.mul(R::splat(scale)).store(sum.add(at));
    }
}

/// `each row += share · change`.
#[inline(always)]
pub unsafe fn add_to_rows<R: Register>(rows: &Rows<'_>, share: f32, change: Address) {
    let (width, rows) = (rows.width(), rows.addresses());
    let mut first = 0;
    while first < rows.len() {
        let eight = &rows[first..rows.len().min(first + 8)];
        // SAFETY: the caller's promise (see `Functions`).
        unsafe { for_eight_rows!(eight, add_to_eight::<R>(width, share, change)) }
        first += 8;
    }
}

#[inline(always)]
unsafe fn add_to_eight<R: Register, const N: usize>(
    rows: &[Address],
    width: usize,
    share: f32,
    change: Address,
) {
    let rows: [Address; N] = rows.try_into().expect("chosen by their number");
    // SAFETY: the caller's promise (see `Functions`).
    unsafe { for_each_register!(R, width, add_column, N(&rows, share, change)) }
}

#[inline(always)]
unsafe fn add_column<R: Register, const N: usize>(
    at: usize,
    rows: &[Address; N],
    share: f32,
    change: Address,
) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let change = R::load(change.add(at)).mul(R::splat(share));
        for n in 0..N {
            R::load(rows[n].add(at)).add(change).store(rows[n].add(at));
        }
    }
}
