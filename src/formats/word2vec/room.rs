//! Where the numbers of a block go, so that threads may write them at the same time: straight to
//! their place in the matrix as long as that is known.

use std::ops::{Deref, DerefMut};

use bytemuck::allocation::try_zeroed_vec;

use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;

/// A matrix of zeros, of which pages that nobody writes to take up no memory.
///
/// Making the pages is the larger half of what reading a binary file costs, so it is left to the
/// workers that first write there. Huge pages were tried: over 1.2 GB they cost from 1.3 to 5 times
/// the CPU time of small ones in a fresh process, while the system finds room for them; asking for
/// small ones ahead (`MADV_POPULATE_WRITE`) gained nothing.
pub fn zeros<T: Element>(reader: &ByteReader, rows: usize, size: usize) -> Result<Vec<T>> {
    let vectors = rows.checked_mul(size).and_then(|values| try_zeroed_vec(values).ok());
    vectors.ok_or_else(|| {
        let message = format!(
            "{rows} vectors of {size} dimensions do not fit into memory; load fewer with limit="
        );
        reader.error(FormatErrorKind::Limit, message)
    })
}

/// Room for the numbers of one block.
pub enum Room<'m, T> {
    /// Their place in the matrix.
    Matrix(&'m mut [T]),
    /// Elsewhere, to be copied.
    Own(Vec<T>),
}

impl<T> Deref for Room<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Matrix(values) => values,
            Self::Own(values) => values,
        }
    }
}

impl<T> DerefMut for Room<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Matrix(values) => values,
            Self::Own(values) => values,
        }
    }
}

/// Hands out rooms in the order of the blocks.
pub struct Rooms<'m, T> {
    /// What is left of the matrix.
    left: &'m mut [T],
    /// Rooms elsewhere that were given back.
    spare: Vec<Vec<T>>,
}

impl<'m, T: Element> Rooms<'m, T> {
    /// Rooms in a matrix, and elsewhere once it is full.
    pub fn new(matrix: &'m mut [T]) -> Self {
        Self { left: matrix, spare: Vec::new() }
    }

    /// Room for the next block. What it holds is left from earlier ones.
    pub fn take(&mut self, values: usize) -> Result<Room<'m, T>> {
        let left = std::mem::take(&mut self.left);
        if values <= left.len() {
            let (room, rest) = left.split_at_mut(values);
            self.left = rest;
            return Ok(Room::Matrix(room));
        }
        // Nothing is left of the matrix for smaller blocks either: rows must stay in order.
        let mut room = self.spare.pop().unwrap_or_default();
        let more = values.saturating_sub(room.len());
        room.try_reserve(more).map_err(|_| Error::Memory { bytes: size_of::<T>() * values })?;
        room.resize(values, T::zeroed());
        Ok(Room::Own(room))
    }

    /// Takes back a room whose numbers have been copied.
    pub fn give_back(&mut self, room: Room<'m, T>) {
        if let Room::Own(values) = room {
            self.spare.push(values);
        }
    }
}

/// Removes rows, given in ascending order.
pub fn remove_rows<T: Copy>(values: &mut Vec<T>, size: usize, rows: &[usize]) {
    let Some(&first) = rows.first() else { return };
    let mut end = first * size;
    for (index, &row) in rows.iter().enumerate() {
        let next = rows.get(index + 1).map_or(values.len(), |&next| next * size);
        let kept = (row + 1) * size..next;
        let length = kept.len();
        values.copy_within(kept, end);
        end += length;
    }
    values.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_removed_and_the_others_stay_in_order() {
        for (rows, expected) in [
            (&[][..], &[0, 1, 2, 3, 4][..]),
            (&[0], &[1, 2, 3, 4]),
            (&[4], &[0, 1, 2, 3]),
            (&[1, 2], &[0, 3, 4]),
            (&[0, 2, 4], &[1, 3]),
            (&[0, 1, 2, 3, 4], &[]),
        ] {
            let mut values: Vec<i32> = (0..5).flat_map(|row| [row, -row]).collect();
            remove_rows(&mut values, 2, rows);
            let expected: Vec<i32> = expected.iter().flat_map(|&row| [row, -row]).collect();
            assert_eq!(values, expected, "{rows:?}");
        }
    }

    #[test]
    fn once_the_matrix_has_no_room_nothing_more_goes_there() {
        let mut matrix = [0f32; 5];
        let mut rooms = Rooms::new(&mut matrix);
        assert!(matches!(rooms.take(3).unwrap(), Room::Matrix(room) if room.len() == 3));
        let room = rooms.take(3).unwrap();
        assert!(matches!(&room, Room::Own(room) if room.len() == 3));
        rooms.give_back(room);
        assert!(matches!(rooms.take(1).unwrap(), Room::Own(room) if room.len() == 1));
        assert!(matches!(rooms.take(0).unwrap(), Room::Matrix(_)));
    }
}
