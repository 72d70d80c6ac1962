//! The rows of one matrix as a lane sees them: in place, or copies where other lanes use them too.

use crate::error::Result;
use crate::matrix::{Arena, Row, RowSource, SharedMatrix};
use crate::simd::prefetch_line;
use crate::vocab::WordId;

use super::claims::Claims;

/// Rows asked for ahead while copies are made: main memory answers one by one too slowly.
const COPIES_AHEAD: usize = 4;

/// Claims asked for ahead: each is a change of what other cores may just have changed.
const CLAIMS_AHEAD: usize = 8;

/// Marks a place of the table that holds no row.
const NOTHING: u32 = u32::MAX;

/// Places of the table that one cache line has.
const PLACES_OF_A_LINE: usize = 16;

/// Places of the smallest table.
const FEWEST_PLACES: usize = 64;

/// What the lanes have in common of a matrix.
#[derive(Debug)]
pub struct Side<'a> {
    /// Its rows.
    pub matrix: SharedMatrix<'a>,
    /// Who uses them.
    pub claims: Claims,
    /// Gradients that a use of a row brings, about.
    pub gradients_per_use: f32,
}

/// One lane's view of a matrix.
///
/// Rows are found by hashing, since a lane uses some hundreds of them where the matrix may have
/// millions. The table holds no more than where to look, and what there is to know of the rows lies
/// side by side in the order of the claims: between claims and training a core is busy with other
/// lanes, and what this one needs again must come from further away the more there is of it.
#[derive(Debug)]
pub struct LaneRows<'a> {
    side: &'a Side<'a>,
    lane: u32,
    /// A hash table with open addressing: places in `used`. Three quarters of it are empty, since each
    /// row that is not where it is looked for first costs a branch that was guessed wrong.
    table: Vec<u32>,
    /// The rows that were claimed.
    used: Vec<Used<'a>>,
    /// Those that others use too, as places in `used`.
    copied: Vec<u32>,
    /// By the number of a row that others use too, its place in `used`, counted from 1.
    several: Vec<u32>,
    copies: &'a Arena,
}

/// A row that a lane uses in a round.
#[derive(Debug, Clone, Copy)]
struct Used<'a> {
    index: u32,
    /// How often it was used.
    uses: u32,
    /// Where it lies for this lane.
    row: Row<'a>,
}

impl<'a> LaneRows<'a> {
    /// A lane's view, with a place for its copies.
    pub fn new(side: &'a Side<'a>, lane: u32, copies: &'a Arena) -> Self {
        let table = vec![NOTHING; FEWEST_PLACES];
        Self { side, lane, table, used: vec![], copied: vec![], several: vec![], copies }
    }

    /// Forgets the round before.
    pub fn clear(&mut self) {
        self.table.fill(NOTHING);
        self.used.clear();
    }

    /// Claims rows for a round.
    pub fn claim_all(&mut self, round: u32, rows: &[WordId]) {
        for (at, word) in rows.iter().enumerate() {
            if let Some(later) = rows.get(at + CLAIMS_AHEAD) {
                self.side.claims.prefetch(later.row());
            }
            self.claim(round, word.row());
        }
    }

    /// Claims a row for a round.
    #[inline(always)]
    pub fn claim(&mut self, round: u32, index: usize) {
        let place = self.place(index as u32);
        if self.table[place] == NOTHING {
            self.take(round, index, place);
        }
    }

    fn take(&mut self, round: u32, index: usize, place: usize) {
        self.side.claims.claim(round, self.lane, index);
        self.table[place] = self.used.len() as u32;
        let row = self.side.matrix.row(index);
        self.used.push(Used { index: index as u32, uses: 0, row });
        if 4 * self.used.len() > self.table.len() {
            self.grow();
        }
    }

    fn grow(&mut self) {
        self.table = vec![NOTHING; 2 * self.table.len()];
        for at in 0..self.used.len() {
            let place = self.place(self.used[at].index);
            self.table[place] = at as u32;
        }
    }

    /// Where the table has a row, or would have it.
    #[inline(always)]
    fn place(&self, index: u32) -> usize {
        let mut place = self.first_place(index);
        while self.table[place] != NOTHING && self.used[self.table[place] as usize].index != index {
            place = self.next_place(place);
        }
        place
    }

    /// A row that was claimed, as a place in `used`.
    #[inline(always)]
    fn claimed(&self, index: u32) -> usize {
        let mut place = self.first_place(index);
        while self.used[self.table[place] as usize].index != index {
            place = self.next_place(place);
        }
        self.table[place] as usize
    }

    /// Fibonacci hashing by the upper bits, which spreads neighbours, as frequent words are, evenly.
    #[inline(always)]
    fn first_place(&self, index: u32) -> usize {
        (index.wrapping_mul(0x9E37_79B9) >> (u32::BITS - self.table.len().ilog2())) as usize
    }

    #[inline(always)]
    fn next_place(&self, place: usize) -> usize {
        (place + 1) & (self.table.len() - 1)
    }

    /// Finds out which rows others use too, once all have claimed theirs, and copies those.
    pub fn make_copies(&mut self) -> Result<()> {
        for line in self.table.chunks(PLACES_OF_A_LINE) {
            prefetch_line(line.as_ptr().cast());
        }
        let claims = &self.side.claims;
        self.several.clear();
        self.several.resize(claims.numbers(), 0);
        self.copied.clear();
        for (at, used) in self.used.iter().enumerate() {
            if let Some(later) = self.used.get(at + CLAIMS_AHEAD) {
                claims.prefetch(later.index as usize);
            }
            if let Some(number) = claims.number(used.index as usize) {
                self.several[number] = at as u32 + 1;
                self.copied.push(at as u32);
            }
        }
        self.copies.reserve(self.copied.len())?;
        for (at, &own) in self.copied.iter().enumerate() {
            if let Some(&later) = self.copied.get(at + COPIES_AHEAD) {
                self.used[later as usize].row.prefetch();
            }
            let (copy, used) = (self.copies.row(at), &mut self.used[own as usize]);
            copy.copy_from(used.row);
            used.row = copy;
        }
        Ok(())
    }

    /// The lane's copy of the row with a number, and how often it was used.
    #[inline(always)]
    pub fn copy(&self, number: usize) -> Option<(Row<'a>, u32)> {
        let own = self.several[number].checked_sub(1)? as usize;
        let Used { row, uses, .. } = self.used[own];
        (uses > 0).then_some((row, uses))
    }
}

impl<'a> RowSource<'a> for LaneRows<'a> {
    #[inline(always)]
    fn width(&self) -> usize {
        self.side.matrix.width()
    }

    /// A row that was claimed.
    #[inline(always)]
    fn row(&mut self, index: usize) -> Row<'a> {
        let own = self.claimed(index as u32);
        let used = &mut self.used[own];
        used.uses += 1;
        used.row
    }

    #[inline(always)]
    fn find(&self, index: usize) -> Row<'a> {
        self.used[self.claimed(index as u32)].row
    }
}
