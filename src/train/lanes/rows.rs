//! The rows of one matrix as a lane sees them: in place, or copies where other lanes use them too.

use crate::error::Result;
use crate::matrix::{Arena, Row, RowSource, SharedMatrix};

use super::claims::Claims;

/// Rows asked for ahead while copies are made: main memory answers one by one too slowly.
const COPIES_AHEAD: usize = 4;

/// Marks a place of the table that holds no row.
const NOTHING: u32 = u32::MAX;

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
/// millions; what there is to know of a row lies in one place, in the core's own cache.
#[derive(Debug)]
pub struct LaneRows<'a> {
    side: &'a Side<'a>,
    lane: u32,
    /// A hash table with open addressing, at least half empty.
    table: Vec<Used<'a>>,
    /// The places of the table that are taken, in the order in which they were.
    taken: Vec<u32>,
    /// Those of rows that others use too.
    copied: Vec<u32>,
    /// By the number of a row that others use too, its place in the table, counted from 1.
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
        let table = vec![nothing(side); 64];
        Self { side, lane, table, taken: vec![], copied: vec![], several: vec![], copies }
    }

    /// Forgets the round before.
    pub fn clear(&mut self) {
        self.table.fill(nothing(self.side));
        self.taken.clear();
    }

    /// Claims a row for a round.
    #[inline(always)]
    pub fn claim(&mut self, round: u32, index: usize) {
        let place = self.place(index as u32);
        if self.table[place].index == NOTHING {
            self.take(round, index, place);
        }
    }

    fn take(&mut self, round: u32, index: usize, place: usize) {
        self.side.claims.claim(round, self.lane, index);
        self.table[place].index = index as u32;
        self.taken.push(place as u32);
        if 2 * self.taken.len() > self.table.len() {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let larger = vec![nothing(self.side); 2 * self.table.len()];
        let table = std::mem::replace(&mut self.table, larger);
        for at in 0..self.taken.len() {
            let used = table[self.taken[at] as usize];
            let place = self.place(used.index);
            self.table[place] = used;
            self.taken[at] = place as u32;
        }
    }

    /// Where the table has a row, or would have it.
    #[inline(always)]
    fn place(&self, index: u32) -> usize {
        let mask = self.table.len() - 1;
        // Fibonacci hashing: neighbours, as frequent words are, come to lie far apart.
        let mut place = (index.wrapping_mul(0x9E37_79B9) >> 7) as usize & mask;
        while self.table[place].index != index && self.table[place].index != NOTHING {
            place = (place + 1) & mask;
        }
        place
    }

    /// Finds out which rows others use too, once all have claimed theirs, and copies those.
    pub fn make_copies(&mut self) -> Result<()> {
        let Side { matrix, claims, .. } = self.side;
        self.several.clear();
        self.several.resize(claims.numbers(), 0);
        self.copied.clear();
        for &place in &self.taken {
            let used = &mut self.table[place as usize];
            used.row = matrix.row(used.index as usize);
            if let Some(number) = claims.number(used.index as usize) {
                self.several[number] = place + 1;
                self.copied.push(place);
            }
        }
        self.copies.reserve(self.copied.len())?;
        for (at, &place) in self.copied.iter().enumerate() {
            if let Some(&later) = self.copied.get(at + COPIES_AHEAD) {
                self.table[later as usize].row.prefetch();
            }
            let (copy, used) = (self.copies.row(at), &mut self.table[place as usize]);
            copy.copy_from(used.row);
            used.row = copy;
        }
        Ok(())
    }

    /// The lane's copy of the row with a number, and how often it was used.
    #[inline(always)]
    pub fn copy(&self, number: usize) -> Option<(Row<'a>, u32)> {
        let place = self.several[number].checked_sub(1)? as usize;
        let Used { row, uses, .. } = self.table[place];
        (uses > 0).then_some((row, uses))
    }
}

fn nothing<'a>(side: &Side<'a>) -> Used<'a> {
    Used { index: NOTHING, uses: 0, row: side.matrix.row(0) }
}

impl<'a> RowSource<'a> for LaneRows<'a> {
    #[inline(always)]
    fn width(&self) -> usize {
        self.side.matrix.width()
    }

    /// A row that was claimed.
    #[inline(always)]
    fn row(&mut self, index: usize) -> Row<'a> {
        let place = self.place(index as u32);
        let used = &mut self.table[place];
        debug_assert_eq!(used.index, index as u32, "a row that was claimed");
        used.uses += 1;
        used.row
    }

    #[inline(always)]
    fn find(&self, index: usize) -> Row<'a> {
        self.table[self.place(index as u32)].row
    }
}
