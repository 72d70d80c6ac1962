//! Which rows of a matrix are used by one lane of a round, and which by several.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::LANES;

/// Marks a number that was given to no row.
const NO_ROW: u32 = u32::MAX;

/// Set where a row is used by several lanes.
const SEVERAL: u32 = 1 << 31;

/// Who uses a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This lane alone: it may change the row itself.
    One(u32),
    /// Several lanes: each works on a copy. The number tells such rows apart.
    Several(u32),
}

/// The claims of one round on the rows of one matrix.
///
/// Lanes claim at the same time, in any order; which rows are claimed by several of them does not
/// depend on it. (Their numbers do, and must decide nothing.) What earlier rounds claimed is told
/// by their numbers, so that nothing needs to be cleared.
#[derive(Debug)]
pub struct Claims {
    /// For each row the round that claimed it last, and its claim.
    rows: Vec<AtomicU64>,
    /// The rows that several lanes use, by number.
    several: Vec<AtomicU32>,
    count: AtomicU32,
}

impl Claims {
    /// On so many rows, of which a lane claims no more than `most` in a round.
    pub fn new(rows: usize, most: usize) -> Self {
        // Each lane asks for a number once a row at most, and two may do so for the same row.
        let numbers = most.min(rows) * LANES;
        Self {
            rows: (0..rows).map(|_| AtomicU64::new(0)).collect(),
            several: (0..numbers).map(|_| AtomicU32::new(NO_ROW)).collect(),
            count: AtomicU32::new(0),
        }
    }

    /// Forgets all claims: the next round begins. Rounds count from 1.
    pub fn clear(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    /// Claims a row for a lane; `None` where the lane was the only one and still is.
    #[inline(always)]
    pub fn claim(&self, round: u32, lane: u32, row: usize) -> Option<Claim> {
        let before = self.rows[row].load(Ordering::Relaxed);
        match decode(before, round) {
            Some(Claim::One(other)) if other == lane => None,
            Some(several @ Claim::Several(_)) => Some(several),
            _ => Some(self.claim_anew(round, lane, row, before)),
        }
    }

    fn claim_anew(&self, round: u32, lane: u32, row: usize, mut before: u64) -> Claim {
        let entry = &self.rows[row];
        loop {
            let claim = match decode(before, round) {
                None => Claim::One(lane),
                Some(Claim::One(_)) => {
                    let number = self.count.fetch_add(1, Ordering::Relaxed);
                    Claim::Several(number)
                }
                Some(several) => return several,
            };
            match entry.compare_exchange(
                before,
                encode(claim, round),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    if let Claim::Several(number) = claim {
                        self.several[number as usize].store(row as u32, Ordering::Relaxed);
                    }
                    return claim;
                }
                Err(now) => {
                    if let Claim::Several(number) = claim {
                        self.several[number as usize].store(NO_ROW, Ordering::Relaxed);
                    }
                    before = now;
                }
            }
        }
    }

    /// The claim on a row of this round, once all lanes have claimed theirs.
    #[inline(always)]
    pub fn of(&self, row: usize) -> Claim {
        decode_any(self.rows[row].load(Ordering::Relaxed) as u32)
    }

    /// Numbers given out.
    pub fn numbers(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    /// The row with a number.
    pub fn row(&self, number: usize) -> Option<usize> {
        let row = self.several[number].load(Ordering::Relaxed);
        (row != NO_ROW).then_some(row as usize)
    }
}

fn encode(claim: Claim, round: u32) -> u64 {
    let low = match claim {
        Claim::One(lane) => lane,
        Claim::Several(number) => SEVERAL | number,
    };
    u64::from(round) << 32 | u64::from(low)
}

#[inline(always)]
fn decode(entry: u64, round: u32) -> Option<Claim> {
    ((entry >> 32) as u32 == round).then(|| decode_any(entry as u32))
}

#[inline(always)]
fn decode_any(low: u32) -> Claim {
    if low & SEVERAL == 0 { Claim::One(low) } else { Claim::Several(low & !SEVERAL) }
}
