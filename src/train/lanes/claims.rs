//! Which rows of a matrix are used by one lane of a round, and which by several.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::LANES;
use crate::simd::prefetch_line;

/// Marks a number that no row got.
const NO_ROW: u32 = u32::MAX;

/// Set where several lanes use a row; the other bits are its number then, or else the lane.
const SEVERAL: u32 = 1 << 31;

/// The claims of one round on the rows of one matrix.
///
/// Lanes claim at the same time, in any order; which rows several of them have claimed in the end
/// does not depend on it. (The *numbers* of those do: they find things, and must decide nothing.) A
/// claim carries its round, so that nothing needs to be cleared.
#[derive(Debug)]
pub struct Claims {
    /// For each row the round that claimed it last, and for whom.
    rows: Vec<AtomicU64>,
    /// By number, the rows that several lanes use.
    several: Vec<AtomicU32>,
    count: AtomicU32,
}

impl Claims {
    /// On so many rows, of which a lane claims no more than `most` in a round.
    pub fn new(rows: usize, most: usize) -> Self {
        // A lane asks for one number a row at most.
        let numbers = most.min(rows) * LANES;
        Self {
            rows: (0..rows).map(|_| AtomicU64::new(0)).collect(),
            several: (0..numbers).map(|_| AtomicU32::new(NO_ROW)).collect(),
            count: AtomicU32::new(0),
        }
    }

    /// Ends a round.
    pub fn clear(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    /// Asks for what a claim on a row will need.
    #[inline(always)]
    pub fn prefetch(&self, row: usize) {
        prefetch_line(self.rows.as_ptr().wrapping_add(row).cast());
    }

    /// Claims a row for a lane, which does so once a round. Rounds count from 1.
    pub fn claim(&self, round: u32, lane: u32, row: usize) {
        let entry = &self.rows[row];
        let mut before = entry.load(Ordering::Relaxed);
        let mut number = None;
        while !(is_of(before, round) && before as u32 & SEVERAL != 0) {
            let claim = match is_of(before, round) {
                false => lane,
                true => SEVERAL | *number.get_or_insert_with(|| self.number_for(row)),
            };
            let now = u64::from(round) << 32 | u64::from(claim);
            match entry.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => before = other,
            }
        }
        if let Some(unused) = number {
            self.several[unused as usize].store(NO_ROW, Ordering::Relaxed);
        }
    }

    fn number_for(&self, row: usize) -> u32 {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.several[number as usize].store(row as u32, Ordering::Relaxed);
        number
    }

    /// The number of a row that was claimed in this round, if by several lanes. To be asked once all
    /// lanes have claimed theirs.
    #[inline(always)]
    pub fn number(&self, row: usize) -> Option<usize> {
        let claim = self.rows[row].load(Ordering::Relaxed) as u32;
        (claim & SEVERAL != 0).then_some((claim & !SEVERAL) as usize)
    }

    /// Numbers given out.
    pub fn numbers(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    /// The row with a number; a few numbers have none.
    #[inline(always)]
    pub fn row(&self, number: usize) -> Option<usize> {
        let row = self.several[number].load(Ordering::Relaxed);
        (row != NO_ROW).then_some(row as usize)
    }
}

fn is_of(entry: u64, round: u32) -> bool {
    (entry >> 32) as u32 == round
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::SplitMix64;

    #[test]
    fn what_several_claim_is_known_whatever_the_order() {
        let claims = Claims::new(50, 50);
        for round in 1..40 {
            let mut generator = SplitMix64::new(u64::from(round));
            let mut wanted: Vec<(u32, usize)> =
                (0..120).map(|_| (generator.below(16), generator.below(50) as usize)).collect();
            wanted.sort_unstable();
            wanted.dedup();
            std::thread::scope(|scope| {
                for lanes in [0..5, 5..16] {
                    let (claims, wanted) = (&claims, &wanted);
                    let mine = move |&&(lane, _): &&(u32, usize)| lanes.contains(&lane);
                    scope.spawn(move || {
                        let mine = wanted.iter().filter(mine);
                        mine.for_each(|&(lane, row)| claims.claim(round, lane, row));
                    });
                }
            });
            let users = |row| wanted.iter().filter(|claim| claim.1 == row).count();
            for row in (0..50).filter(|&row| users(row) > 0) {
                assert_eq!(claims.number(row).is_some(), users(row) > 1);
                assert!(claims.number(row).is_none_or(|n| claims.row(n) == Some(row)));
            }
            let numbered = (0..claims.numbers()).filter_map(|number| claims.row(number)).count();
            assert_eq!(numbered, (0..50).filter(|&row| users(row) > 1).count());
            claims.clear();
        }
    }
}
