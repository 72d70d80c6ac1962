//! The kernels, written once for every instruction set ([`Register`]).
//!
//! Performance notes: sums must stay in registers, so the shape of a tile is a constant and its
//! loops are unrolled. Loops over plain arrays were tried first: the compiler takes such tiles
//! apart into single values, a fifth of the speed. Where a vector is several registers, each of
//! them passes over the whole row on its own, so that twelve running sums fit AVX2's sixteen.
//! Arrays of registers are filled by loops: a closure (`array::from_fn`) has no instruction set of
//! its own, and each intrinsic in it becomes a call. Iterator adapters (`chunks`, `zip`) around the
//! tiles cost as much time as the arithmetic: each step built and copied their state on the stack.

#![allow(clippy::needless_range_loop)] // iterator adapters are what costs here, see above

use super::lanes::Register;
use super::sigmoid::sigmoid;
use super::sums::{
    add_to_rows, for_each_register, for_eight_rows, load_or_zero, of_all_parts, sum_rows,
};
use super::tiles::{TILE, TILE_TARGETS, place, tiled, tiles};
use super::{Hidden, LANES, MAX_INPUTS, Step, prefetch_line};
use crate::matrix::Address;

/// See [`super::Kernels::step`].
#[inline(always)]
pub unsafe fn step<R: Register>(step: &mut Step<'_>) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        scores::<R>(step.inputs.addresses(), step);
        gradients(step);
        update::<R>(step);
    }
}

/// Every input against every target.
#[inline(always)]
unsafe fn scores<R: Register>(inputs: &[Address], step: &mut Step<'_>) {
    let width = step.width();
    let (mut first_target, mut place) = (0, 0);
    while first_target < step.targets.len() {
        let end = step.targets.len().min(first_target + TILE_TARGETS);
        let targets = &step.targets.addresses()[first_target..end];
        let mut first_input = 0;
        while first_input < inputs.len() {
            let pair = &inputs[first_input..inputs.len().min(first_input + 2)];
            let scores = &mut step.scores[place..place + TILE];
            macro_rules! for_each_count {
                ($($t:literal)*) => {
                    match (pair.len(), targets.len()) {
                        // SAFETY: the caller's promise (see `Functions`).
                        $((2, $t) => unsafe { tile::<R, 2, $t>(pair, targets, width, scores) },
                        // SAFETY: as above.
                        (1, $t) => unsafe { tile::<R, 1, $t>(pair, targets, width, scores) },)*
                        shape => unreachable!("no tile is {shape:?}"),
                    }
                };
            }
            for_each_count!(1 2 3 4 5 6 7 8);
            first_input += 2;
            place += TILE;
        }
        first_target += TILE_TARGETS;
    }
}

/// The scores of one or two inputs against T targets, their sums in registers.
#[inline(always)]
unsafe fn tile<R: Register, const I: usize, const T: usize>(
    inputs: &[Address],
    targets: &[Address],
    width: usize,
    scores: &mut [f32],
) {
    assert!(inputs.len() == I && targets.len() == T && scores.len() == TILE);
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let sums = of_all_parts!(R, running_sums::<R, I, T>(inputs, targets, width));
        R::store_totals(&sums[0], &sums[I - 1], scores.as_mut_ptr());
    }
}

/// Each input times each target, of every [`LANES`] columns the register that begins at `first`.
///
/// The columns of the last vector come first, so that where only half a vector is left the sums
/// begin with half a product, which costs half the time on machines that take a wide register in
/// two goes.
#[inline(always)]
unsafe fn running_sums<R: Register, const I: usize, const T: usize>(
    inputs: &[Address],
    targets: &[Address],
    width: usize,
    first: usize,
) -> [[R; T]; I] {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let mut sums = [[R::splat(0.0); T]; I];
        let end = last_vector(width) + first;
        if end + R::WIDTH <= width {
            add_products::<R, I, T>(inputs, targets, end, &mut sums);
        } else if end < width {
            for i in 0..I {
                for t in 0..T {
                    sums[i][t] = R::product_of_halves(inputs[i].add(end), targets[t].add(end));
                }
            }
        }
        let mut at = first;
        while at < end {
            add_products::<R, I, T>(inputs, targets, at, &mut sums);
            at += LANES;
        }
        sums
    }
}

/// Adds the products of the registers at a column to the running sums.
#[inline(always)]
pub unsafe fn add_products<R: Register, const I: usize, const T: usize>(
    inputs: &[Address],
    targets: &[Address],
    at: usize,
    sums: &mut [[R; T]; I],
) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let mut x = [R::splat(0.0); I];
        for i in 0..I {
            x[i] = R::load(inputs[i].add(at));
        }
        for t in 0..T {
            let y = R::load(targets[t].add(at));
            for i in 0..I {
                sums[i][t] = x[i].mul_add(y, sums[i][t]);
            }
        }
    }
}

/// Where the last whole or half vector of a row begins.
#[inline(always)]
fn last_vector(width: usize) -> usize {
    (width - 1) / LANES * LANES
}

/// From scores to the changes they call for: (label − sigmoid) · alpha · multiplicity.
#[inline(always)]
fn gradients(step: &mut Step<'_>) {
    let across = tiles(step.targets.len());
    let inputs = step.scores.len() / across;
    for tile in 0..across {
        let of_tile = tile * TILE..(tile + 1) * TILE;
        let (labels, multiplicities) =
            (&step.labels[of_tile.clone()], &step.multiplicities[of_tile]);
        let mut start = tile * inputs;
        while start < (tile + 1) * inputs {
            let scores = &step.scores[start..start + TILE];
            let gradients = &mut step.gradients[start..start + TILE];
            for k in 0..TILE {
                let wanted = (labels[k] - sigmoid(scores[k])) * (step.alpha * multiplicities[k]);
                gradients[k] = if scores[k].abs() < step.score_limit { wanted } else { 0.0 };
            }
            start += TILE;
        }
    }
}

/// Both sides of a step.
#[inline(always)]
unsafe fn update<R: Register>(step: &Step<'_>) {
    macro_rules! for_each_count {
        ($($count:literal)*) => {
            match step.inputs.len() {
                // SAFETY: the caller's promise (see `Functions`).
                1 => unsafe {
                    update_targets::<R>(step.inputs.addresses()[0], step);
                    add_to_rows::<R>(step.inputs, 1.0, step.change.address());
                },
                // SAFETY: as above.
                $($count => unsafe { update_of::<R, $count>(step) },)*
                count => assert_eq!(count, 0, "at most {MAX_INPUTS} inputs"),
            }
        };
    }
    for_each_count!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// The update for a known number of inputs.
#[inline(always)]
unsafe fn update_of<R: Register, const I: usize>(step: &Step<'_>) {
    let inputs: [Address; I] = step.inputs.addresses().try_into().expect("chosen by their number");
    assert!(step.gradients.len() >= tiled(I, step.targets.len()));
    // SAFETY: the caller's promise (see `Functions`); the length of `gradients` was checked.
    unsafe { for_each_register!(R, step.width(), update_column, I(&inputs, step)) }
}

/// A column of all inputs and of their changes stays in registers while the targets pass by.
#[inline(always)]
unsafe fn update_column<R: Register, const I: usize>(
    at: usize,
    inputs: &[Address; I],
    step: &Step<'_>,
) {
    // SAFETY: the caller's promise (see `Functions`); there is a gradient for each input and target.
    unsafe {
        let (mut x, mut change) = ([R::splat(0.0); I], [R::splat(0.0); I]);
        for i in 0..I {
            x[i] = R::load(inputs[i].add(at));
        }
        let mut first = 0;
        while first < step.targets.len() {
            let eight =
                &step.targets.addresses()[first..step.targets.len().min(first + TILE_TARGETS)];
            let gradients = step.gradients.as_ptr().add(place(0, first, I));
            for t in 0..eight.len() {
                let y = R::load(eight[t].add(at));
                // Two sums, of even and of odd inputs, wait half as long as one.
                let mut changed = [y, R::splat(0.0)];
                for i in 0..I {
                    let gradient = R::splat(*gradients.add(place(i, 0, I) + t));
                    change[i] = gradient.mul_add(y, change[i]);
                    changed[i % 2] = gradient.mul_add(x[i], changed[i % 2]);
                }
                changed[0].add(changed[1]).store(eight[t].add(at));
            }
            first += TILE_TARGETS;
        }
        for i in 0..I {
            // Read again: the same word may stand twice among the inputs.
            R::load(inputs[i].add(at)).add(change[i]).store(inputs[i].add(at));
        }
    }
    prefetch_column(step, at);
}

/// Asks for one cache line of each row of the next step: a few at a time, since a processor waits
/// when it is asked for more lines than it can have under way.
#[inline(always)]
fn prefetch_column(step: &Step<'_>, at: usize) {
    if at.is_multiple_of(LANES) {
        for row in step.upcoming {
            prefetch_line(row.wrapping_add(at));
        }
        if let Some(row) = step.arriving {
            prefetch_line(row.address().wrapping_add(at));
        }
    }
}

/// See [`super::Kernels::step_of_sum`].
#[inline(always)]
pub unsafe fn step_of_sum<R: Register>(hidden: &Hidden<'_>, step: &mut Step<'_>) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        sum_rows::<R>(hidden.contexts, hidden.scale, hidden.row.address());
        scores::<R>(&[hidden.row.address()], step);
        gradients(step);
        update_targets::<R>(hidden.row.address(), step);
        add_to_rows::<R>(hidden.contexts, hidden.share, step.change.address());
    }
}

/// The update of all targets against one vector, whose own change is put in `step.change`.
#[inline(always)]
unsafe fn update_targets<R: Register>(x: Address, step: &Step<'_>) {
    let targets = step.targets.addresses();
    let mut first = 0;
    while first < targets.len() {
        let eight = &targets[first..targets.len().min(first + 8)];
        // SAFETY: the caller's promise (see `Functions`).
        unsafe { for_eight_rows!(eight, update_eight::<R>(first, x, step)) }
        first += 8;
    }
}

#[inline(always)]
unsafe fn update_eight<R: Register, const N: usize>(
    targets: &[Address],
    first: usize,
    x: Address,
    step: &Step<'_>,
) {
    let targets: [Address; N] = targets.try_into().expect("chosen by their number");
    let mut gradients = [0.0; N];
    for n in 0..N {
        gradients[n] = step.gradients[place(0, first + n, 1)];
    }
    let so_far = (first > 0).then_some(step.change.address());
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        for_each_register!(R, step.width(), eight_column, N(&targets, &gradients, so_far, x, step))
    }
}

#[inline(always)]
unsafe fn eight_column<R: Register, const N: usize>(
    at: usize,
    targets: &[Address; N],
    gradients: &[f32; N],
    so_far: Option<Address>,
    x: Address,
    step: &Step<'_>,
) {
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        let x = R::load(x.add(at));
        let mut change = load_or_zero::<R>(so_far, at);
        for n in 0..N {
            let (y, gradient) = (R::load(targets[n].add(at)), R::splat(gradients[n]));
            change = gradient.mul_add(y, change);
            gradient.mul_add(x, y).store(targets[n].add(at));
        }
        change.store(step.change.address().add(at));
    }
    if so_far.is_none() {
        prefetch_column(step, at);
    }
}

/// See [`super::Kernels::sequence`].
#[inline(always)]
pub unsafe fn sequence<R: Register>(hidden: &Hidden<'_>, step: &mut Step<'_>) {
    let width = step.width();
    let columns = || (0..width).step_by(R::WIDTH);
    // SAFETY: the caller's promise (see `Functions`).
    unsafe {
        sum_rows::<R>(hidden.contexts, hidden.scale, hidden.row.address());
        for at in columns() {
            R::splat(0.0).store(step.change.address().add(at));
        }
        for (t, target) in step.targets.addresses().iter().enumerate() {
            let place = place(0, t, 1);
            let mut totals = [0.0; TILE];
            tile::<R, 1, 1>(&[hidden.row.address()], &[*target], width, &mut totals);
            let score = totals[0];
            step.scores[place] = score;
            if score.abs() >= step.score_limit {
                continue;
            }
            let wanted = (step.labels[place] - sigmoid(score)) * step.alpha;
            let gradient = R::splat(wanted * step.multiplicities[place]);
            for at in columns() {
                let (x, y) = (R::load(hidden.row.address().add(at)), R::load(target.add(at)));
                let change = R::load(step.change.address().add(at));
                gradient.mul_add(y, change).store(step.change.address().add(at));
                gradient.mul_add(x, y).store(target.add(at));
            }
        }
        add_to_rows::<R>(hidden.contexts, hidden.share, step.change.address());
    }
}
