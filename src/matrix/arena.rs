//! Rows that are had one after another, as many as turn out to be needed.

use std::sync::OnceLock;

use super::{Matrix, Row};
use crate::error::Result;

/// Rows in the first piece of memory.
const FIRST: usize = 256;

/// Padded rows that stay where they are while more are added: each piece of memory holds twice as
/// many as the one before.
#[derive(Debug)]
pub struct Arena {
    columns: usize,
    pieces: [OnceLock<Matrix>; 40],
}

impl Arena {
    /// No rows yet, of so many columns.
    pub fn new(columns: usize) -> Self {
        Self { columns, pieces: [const { OnceLock::new() }; 40] }
    }

    /// Sees to it that there are at least so many rows.
    pub fn reserve(&self, rows: usize) -> Result<()> {
        let needed = if rows == 0 { 0 } else { place(rows - 1).0 + 1 };
        for (at, piece) in self.pieces[..needed].iter().enumerate() {
            if piece.get().is_none() {
                let mut matrix = Matrix::zeros(FIRST << at, self.columns)?;
                matrix.pad_rows();
                piece.get_or_init(|| matrix);
            }
        }
        Ok(())
    }

    /// One of the rows that were reserved.
    pub fn row(&self, index: usize) -> Row<'_> {
        let (piece, row) = place(index);
        self.pieces[piece].get().expect("a reserved row").shared().row(row)
    }
}

/// The piece of a row, and its place there.
fn place(index: usize) -> (usize, usize) {
    let piece = (index / FIRST + 1).ilog2() as usize;
    (piece, index - FIRST * ((1 << piece) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_and_are_apart() {
        let arena = Arena::new(20);
        let mut addresses = Vec::new();
        for rows in [0, 1, 255, 256, 257, 768, 769, 3000] {
            arena.reserve(rows).unwrap();
            addresses.extend((addresses.len()..rows).map(|row| arena.row(row).address()));
            assert!((0..rows).all(|row| arena.row(row).address() == addresses[row]));
        }
        addresses.sort_unstable();
        assert!(addresses.windows(2).all(|pair| pair[1] as usize - pair[0] as usize >= 32 * 4));
    }

    #[test]
    #[should_panic(expected = "a reserved row")]
    fn a_row_that_was_not_reserved_is_refused() {
        let arena = Arena::new(1);
        arena.reserve(FIRST).unwrap();
        arena.row(FIRST);
    }
}
