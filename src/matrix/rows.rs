//! Rows of a matrix as they are handed about: addresses that live no longer than their matrix.

use std::marker::PhantomData;

use super::Matrix;
use crate::simd::{LANES, prefetch_line};

/// Where a row begins, for those who promise to stay within it.
pub type Address = *mut f32;

/// A row of a padded matrix that lives as long as `'a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    pub(super) address: Address,
    pub(super) width: usize,
    pub(super) matrix: PhantomData<&'a Matrix>,
}

impl Row<'_> {
    /// Valid for reading and writing [`Row::width`] values, rounded up to whole vectors.
    #[inline(always)]
    pub fn address(self) -> Address {
        self.address
    }

    /// The values that arithmetic must pass over: whole and half vectors. The rest is 0.
    #[inline(always)]
    pub fn width(self) -> usize {
        self.width
    }

    /// Takes over the values of another row.
    pub fn copy_from(self, other: Row<'_>) {
        assert_eq!(self.width, other.width, "rows of one width");
        // SAFETY: both rows have `width` values.
        unsafe { other.address.copy_to(self.address, self.width) }
    }

    /// Asks for the row ahead of its use; a hint, without effect on values.
    #[inline(always)]
    pub fn prefetch(self) {
        (0..self.width).step_by(LANES).for_each(|at| prefetch_line(self.address.wrapping_add(at)));
    }

    /// Adds a share of what each of some copies of this row, as it is now, has come to since:
    /// `factor · Σ (copy − row)`, in the order of the copies.
    pub fn add_changes(self, factor: f32, copies: &[Row<'_>]) {
        assert!(copies.iter().all(|copy| copy.width == self.width), "rows of one width");
        for start in (0..self.width).step_by(LANES) {
            let end = (start + LANES).min(self.width) - start;
            // SAFETY: all rows have `width` values; the last of them may be half a vector, after
            // which there are zeros up to a whole one.
            unsafe {
                let row = self.address.add(start).cast::<[f32; LANES]>();
                let values = row.read();
                let mut sum = [0.0; LANES];
                for copy in copies {
                    let copy = copy.address.add(start).cast::<[f32; LANES]>().read();
                    for at in 0..LANES {
                        sum[at] += copy[at] - values[at];
                    }
                }
                let mut changed = values;
                for at in 0..end {
                    changed[at] += factor * sum[at];
                }
                row.write(changed);
            }
        }
    }

    /// Adds a share of what lies between two rows, `factor · (now − before)`.
    pub fn add_change(self, factor: f32, now: Row<'_>, before: Row<'_>) {
        assert_eq!([now.width, before.width], [self.width; 2], "rows of one width");
        for at in 0..self.width {
            // SAFETY: all three rows have `width` values.
            unsafe {
                let change = *now.address.add(at) - *before.address.add(at);
                *self.address.add(at) += factor * change;
            }
        }
    }
}

// SAFETY: an address of memory that outlives it ('a); the head of `super` says what threads may do with
// it at the same time.
unsafe impl Send for Row<'_> {}
// SAFETY: as above.
unsafe impl Sync for Row<'_> {}

/// Where the rows of a matrix lie for one who trains: in the matrix, or in copies of its own.
pub trait RowSource<'a> {
    /// How wide the rows are, as [`Row::width`].
    fn width(&self) -> usize;

    /// A row that will be used once.
    fn row(&mut self, index: usize) -> Row<'a>;

    /// Where a row lies that will be used later on.
    fn find(&self, index: usize) -> Row<'a>;
}

/// Some rows of one width; a row may stand there more than once.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    addresses: Vec<Address>,
    width: usize,
    matrix: PhantomData<&'a Matrix>,
}

// SAFETY: as for [`Row`].
unsafe impl Send for Rows<'_> {}
// SAFETY: as above.
unsafe impl Sync for Rows<'_> {}

impl<'a> Rows<'a> {
    /// No rows yet, all of which will be `width` values wide.
    pub fn new(width: usize) -> Self {
        Self { addresses: Vec::new(), width, matrix: PhantomData }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.addresses.clear();
    }

    /// Adds a row.
    #[inline(always)]
    pub fn push(&mut self, row: Row<'a>) {
        assert_eq!(row.width, self.width, "rows of one width");
        self.addresses.push(row.address);
    }

    /// Adds rows that will be used once each.
    #[inline(always)]
    pub fn extend(
        &mut self,
        source: &mut impl RowSource<'a>,
        indices: impl Iterator<Item = usize>,
    ) {
        assert_eq!(source.width(), self.width, "rows of one width");
        self.addresses.extend(indices.map(|index| source.row(index).address));
    }

    /// Where the rows begin, each as [`Row::address`].
    #[inline(always)]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// How wide each of them is, as [`Row::width`].
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }
}
