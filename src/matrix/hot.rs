//! Private copies of the rows that all threads use all the time.

use std::ops::Range;

use super::{Matrix, Row, RowSource, SharedMatrix};
use crate::error::Result;

/// A matrix as one thread sees it: rows that all threads use all the time are copies of its own,
/// and go to the shared ones and back every so many uses.
///
/// Without copies such a row moves from core to core with almost every use, which costs more than
/// the arithmetic on it. An exchange adds what was changed here to the shared row and takes over
/// what others have changed meanwhile: `own + (shared - base)`, where `base` is the shared row as
/// it was at the exchange before. A thread alone finds `shared == base`, so its results are those of
/// rows without copies.
#[derive(Debug)]
pub struct HotRows<'a> {
    shared: SharedMatrix<'a>,
    first: usize,
    /// Uses of each copy since its last exchange.
    uses: Vec<u32>,
    /// Uses between two exchanges.
    period: u32,
    /// For each hot row its copy, then the shared row as it was when they were last exchanged.
    copies: SharedMatrix<'a>,
}

impl<'a> HotRows<'a> {
    /// Room for copies of some rows, for [`HotRows::new`].
    pub fn room(shared: SharedMatrix<'_>, hot: &Range<usize>) -> Result<Matrix> {
        Matrix::zeros(2 * hot.len(), shared.columns)
    }

    /// Copies of the rows `hot`, in `room` made for them, exchanged every `period` uses.
    pub fn new(
        shared: SharedMatrix<'a>,
        hot: Range<usize>,
        period: u32,
        room: &'a mut Matrix,
    ) -> Self {
        let copies = room.share();
        assert!(hot.end <= shared.rows, "hot rows {hot:?} of {}", shared.rows);
        assert_eq!((copies.rows, copies.columns), (2 * hot.len(), shared.columns), "the room");
        for (at, row) in hot.clone().enumerate() {
            let from = shared.row(row).address;
            for copy in [copies.row(2 * at), copies.row(2 * at + 1)] {
                // SAFETY: `stride` values each, in different allocations.
                unsafe { from.copy_to_nonoverlapping(copy.address, shared.stride) }
            }
        }
        Self { shared, first: hot.start, uses: vec![0; hot.len()], period, copies }
    }

    /// Hands all changes to the shared rows.
    pub fn exchange_all(&mut self) {
        (0..self.uses.len()).for_each(|hot| self.exchange(hot));
    }

    fn exchange(&mut self, hot: usize) {
        if std::mem::take(&mut self.uses[hot]) == 0 {
            return;
        }
        let shared = self.shared.row(self.first + hot).address;
        let [own, base] = [2 * hot, 2 * hot + 1].map(|row| self.copies.row(row).address);
        for at in 0..self.shared.stride {
            // SAFETY: rows of `stride` values; two of them are ours alone.
            unsafe {
                let merged = *own.add(at) + (*shared.add(at) - *base.add(at));
                *shared.add(at) = merged;
                *own.add(at) = merged;
                *base.add(at) = merged;
            }
        }
    }
}

impl<'a> RowSource<'a> for HotRows<'a> {
    #[inline(always)]
    fn width(&self) -> usize {
        self.shared.width
    }

    #[inline(always)]
    fn row(&mut self, index: usize) -> Row<'a> {
        let hot = index.wrapping_sub(self.first);
        let Some(uses) = self.uses.get_mut(hot) else {
            return self.shared.row(index);
        };
        *uses += 1;
        if *uses >= self.period {
            self.exchange(hot);
        }
        self.copies.row(2 * hot)
    }

    #[inline(always)]
    fn find(&self, index: usize) -> Row<'a> {
        let hot = index.wrapping_sub(self.first);
        if hot < self.uses.len() { self.copies.row(2 * hot) } else { self.shared.row(index) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds 1 to each value of a row.
    fn count_up(row: Row<'_>) {
        for at in 0..row.width() {
            // SAFETY: a row of `width` values; no thread is at work.
            unsafe { *row.address().add(at) += 1.0 }
        }
    }

    #[test]
    fn hot_rows_of_two_threads_lose_no_change() {
        let mut matrix = Matrix::zeros(6, 5).unwrap();
        let shared = matrix.share();
        let mut rooms = [(); 2].map(|()| HotRows::room(shared, &(1..4)).unwrap());
        let [mut one, mut other] = rooms.each_mut().map(|room| HotRows::new(shared, 1..4, 3, room));
        for step in 0..20 {
            for row in 0..6 {
                count_up(one.row(row));
                if step % 2 == 0 {
                    count_up(other.row(row));
                }
            }
        }
        one.exchange_all();
        other.exchange_all();
        matrix.compact_rows();
        assert_eq!(matrix.values().unwrap(), [30.0; 30]);
    }

    #[test]
    fn a_hot_row_is_seen_by_others_after_its_period() {
        let mut matrix = Matrix::zeros(3, 1).unwrap();
        let shared = matrix.share();
        let mut room = HotRows::room(shared, &(0..2)).unwrap();
        let mut hot = HotRows::new(shared, 0..2, 3, &mut room);
        // SAFETY: a row of the matrix; no thread is at work.
        let seen = |row| unsafe { *shared.row(row).address() };
        let mut history = Vec::new();
        for _ in 0..6 {
            count_up(hot.row(1));
            count_up(hot.row(2));
            history.push((seen(1), seen(2)));
        }
        // An exchange comes before a use, so what it hands over are the uses before.
        let expected = [(0.0, 1.0), (0.0, 2.0), (2.0, 3.0), (2.0, 4.0), (2.0, 5.0), (5.0, 6.0)];
        assert_eq!(history, expected);
    }
}
