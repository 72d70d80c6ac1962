//! Matrices that training threads share without locks.
//!
//! Threads update rows of one matrix at the same time, as word2vec.c does (Hogwild, Recht et al.
//! 2011): an update may be lost now and then, and quality does not suffer, because two threads
//! rarely meet on a row. On paper that is a data race. It is confined here: rows are reached
//! through raw pointers alone, never through a reference, each access is a plain load or store of
//! float32 values of which any bit pattern is valid, and the memory outlives the threads. No index,
//! length or pointer is ever read from a shared row, so a torn or stale value can make a vector
//! less exact and nothing else.
//!
//! Outside of this room and of the kernels a row is a [`Row`], which lives no longer than its matrix
//! and can be neither read nor written.

mod arena;
mod hot;
mod rows;

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::simd::LANES;
pub use arena::Arena;
pub use hot::HotRows;
pub use rows::{Address, Row, RowSource, Rows};

/// A row begins on a cache line.
const ALIGNMENT: usize = 64;

/// The values in a padded row of `columns` values.
pub fn padded(columns: usize) -> usize {
    columns.next_multiple_of(LANES)
}

/// A float32 matrix with room for padded rows, laid out dense while at rest and padded while
/// training ([`Matrix::pad_rows`], [`Matrix::compact_rows`], both in place).
#[derive(Debug)]
pub struct Matrix {
    start: NonNull<f32>,
    rows: usize,
    columns: usize,
    is_padded: bool,
}

// SAFETY: the matrix owns its memory, and float32 values may be used from any thread; what threads
// may do at the same time is said at the head of this file.
unsafe impl Send for Matrix {}
// SAFETY: as above; a shared `&Matrix` gives out addresses, not references.
unsafe impl Sync for Matrix {}

impl Matrix {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Result<Self> {
        let layout = layout(rows, columns)?;
        let start = if layout.size() == 0 {
            NonNull::dangling()
        } else {
            // SAFETY: the size is not zero.
            let memory = unsafe { alloc_zeroed(layout) };
            NonNull::new(memory.cast()).ok_or(Error::Memory { bytes: layout.size() })?
        };
        Ok(Self { start, rows, columns, is_padded: false })
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many values a row has, padding apart.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The address of the first value.
    pub fn as_ptr(&self) -> *mut f32 {
        self.start.as_ptr()
    }

    /// The dense values; `None` while the rows are padded.
    pub fn values(&self) -> Option<&[f32]> {
        // SAFETY: `rows · columns` values were allocated and zeroed; a dense matrix is not trained.
        let values =
            || unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.rows * self.columns) };
        (!self.is_padded).then(values)
    }

    /// The dense values for writing; `None` while the rows are padded.
    pub fn values_mut(&mut self) -> Option<&mut [f32]> {
        // SAFETY: as in `values`, and `&mut self` makes them ours alone.
        let values = || unsafe {
            std::slice::from_raw_parts_mut(self.start.as_ptr(), self.rows * self.columns)
        };
        (!self.is_padded).then(values)
    }

    /// A row that holds NaN or infinity.
    pub fn nonfinite_row(&self) -> Option<usize> {
        let stride = self.stride();
        // SAFETY: `rows · stride` values lie in the allocation and were zeroed when it was made;
        // whoever shares the rows with threads borrows the matrix mutably, so none is at work.
        let values = unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.rows * stride) };
        // Without an early way out within a block the compiler makes vectors of it.
        let is_finite = |block: &&[f32]| block.iter().fold(true, |all, v| all & v.is_finite());
        const BLOCK: usize = 1 << 16;
        let block = values.chunks(BLOCK).position(|block| !is_finite(&block))?;
        let within = values[block * BLOCK..].iter().position(|value| !value.is_finite())?;
        Some((block * BLOCK + within) / stride)
    }

    /// Appends rows to `dense`, without their padding.
    pub fn append_rows(&self, rows: Range<usize>, dense: &mut Vec<f32>) {
        assert!(rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        for row in rows {
            // SAFETY: as in `nonfinite_row`; the row lies in the allocation.
            let values = unsafe {
                let start = self.start.as_ptr().add(row * self.stride());
                std::slice::from_raw_parts(start, self.columns)
            };
            dense.extend_from_slice(values);
        }
    }

    /// From one row to the next, as they lie now.
    fn stride(&self) -> usize {
        if self.is_padded { padded(self.columns) } else { self.columns }
    }

    /// Spreads the rows so that each begins on a cache line and ends in zeros up to whole vectors.
    pub fn pad_rows(&mut self) {
        let (columns, stride) = (self.columns, padded(self.columns));
        if !std::mem::replace(&mut self.is_padded, true) && stride != columns {
            for row in (0..self.rows).rev() {
                // SAFETY: both ranges lie in the allocation of rows · stride values; rows are moved
                // from the last to the first, so that none is overwritten before it has moved.
                unsafe {
                    let to = self.start.as_ptr().add(row * stride);
                    std::ptr::copy(self.start.as_ptr().add(row * columns), to, columns);
                    std::ptr::write_bytes(to.add(columns), 0, stride - columns);
                }
            }
        }
    }

    /// Undoes [`Matrix::pad_rows`].
    pub fn compact_rows(&mut self) {
        let (columns, stride) = (self.columns, padded(self.columns));
        if std::mem::replace(&mut self.is_padded, false) && stride != columns {
            for row in 1..self.rows {
                // SAFETY: as in `pad_rows`; here the first row moves first.
                unsafe {
                    let from = self.start.as_ptr().add(row * stride);
                    std::ptr::copy(from, self.start.as_ptr().add(row * columns), columns);
                }
            }
        }
    }

    /// The rows for training threads; pads them first.
    pub fn share(&mut self) -> SharedMatrix<'_> {
        self.pad_rows();
        self.shared()
    }

    /// The rows of a matrix that was padded before.
    fn shared(&self) -> SharedMatrix<'_> {
        assert!(self.is_padded, "padded rows");
        SharedMatrix {
            start: self.start.as_ptr(),
            rows: self.rows,
            columns: self.columns,
            stride: padded(self.columns),
            width: self.columns.next_multiple_of(LANES / 2),
            matrix: PhantomData,
        }
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        if let Ok(layout) = layout(self.rows, self.columns)
            && layout.size() > 0
        {
            // SAFETY: allocated in `zeros` with this very layout.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

/// The memory of `rows` padded rows.
fn layout(rows: usize, columns: usize) -> Result<Layout> {
    rows.checked_mul(padded(columns))
        .and_then(|values| values.checked_mul(size_of::<f32>()))
        .and_then(|bytes| Layout::from_size_align(bytes, ALIGNMENT).ok())
        .ok_or_else(|| {
            let message = format!("of {columns} for {rows} words is more than memory can address");
            Error::config("vector_size", message)
        })
}

/// A padded matrix as the training threads see it: addresses of rows.
#[derive(Debug, Clone, Copy)]
pub struct SharedMatrix<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    width: usize,
    matrix: PhantomData<&'a Matrix>,
}

// SAFETY: it holds the address of memory that outlives it ('a); the head of this file says what
// threads may do with it at the same time.
unsafe impl Send for SharedMatrix<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedMatrix<'_> {}

impl<'a> SharedMatrix<'a> {
    /// From one row to the next: a multiple of [`LANES`] values.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// How wide its rows are, as [`Row::width`].
    pub fn width(&self) -> usize {
        self.width
    }

    /// One of its rows.
    #[inline(always)]
    pub fn row(&self, index: usize) -> Row<'a> {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        // SAFETY: the row lies in the allocation.
        let address = unsafe { self.start.add(index * self.stride) };
        Row { address, width: self.width, matrix: PhantomData }
    }
}

impl<'a> RowSource<'a> for SharedMatrix<'a> {
    #[inline(always)]
    fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    fn row(&mut self, index: usize) -> Row<'a> {
        SharedMatrix::row(self, index)
    }

    #[inline(always)]
    fn find(&self, index: usize) -> Row<'a> {
        SharedMatrix::row(self, index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_alike_however_they_lie() {
        let mut matrix = Matrix::zeros(70, 5).unwrap();
        let values: Vec<f32> = (0..350).map(|i| i as f32).collect();
        matrix.values_mut().unwrap().copy_from_slice(&values);
        for spread in [Matrix::compact_rows, Matrix::pad_rows] {
            spread(&mut matrix);
            let mut rows = vec![-1.0];
            matrix.append_rows(3..69, &mut rows);
            assert_eq!(rows[1..], values[15..345]);
            assert_eq!(matrix.nonfinite_row(), None);
        }
        for (row, value) in [(69, f32::NAN), (11, f32::NEG_INFINITY)] {
            matrix.compact_rows();
            matrix.values_mut().unwrap()[5 * row + 4] = value;
            assert_eq!(matrix.nonfinite_row(), Some(row));
            matrix.pad_rows();
            assert_eq!(matrix.nonfinite_row(), Some(row));
        }
    }

    #[test]
    fn padding_and_compacting_keep_every_value() {
        for columns in [1, 15, 16, 17, 100] {
            let mut matrix = Matrix::zeros(5, columns).unwrap();
            let values: Vec<f32> = (0..5 * columns).map(|i| i as f32).collect();
            matrix.values_mut().unwrap().copy_from_slice(&values);
            let shared = matrix.share();
            for row in 0..5 {
                let address = shared.row(row).address();
                assert_eq!(address.align_offset(ALIGNMENT), 0);
                // SAFETY: a row of `stride` values; no thread is at work.
                let row_values = unsafe { std::slice::from_raw_parts(address, shared.stride()) };
                assert_eq!(row_values[..columns], values[row * columns..][..columns]);
                assert!(row_values[columns..].iter().all(|&value| value == 0.0));
            }
            assert!(matrix.values().is_none());
            matrix.compact_rows();
            assert_eq!(matrix.values().unwrap(), values);
        }
    }

    #[test]
    fn an_absurd_size_is_an_error() {
        let error = Matrix::zeros(usize::MAX / 8, 300).unwrap_err().to_string();
        assert!(error.contains("vector_size of 300"), "{error}");
    }

    #[test]
    fn no_rows_are_a_matrix_too() {
        let mut matrix = Matrix::zeros(0, 100).unwrap();
        matrix.pad_rows();
        matrix.compact_rows();
        assert_eq!(matrix.values(), Some(&[][..]));
    }

    #[test]
    #[should_panic(expected = "row 3 of 3")]
    fn a_row_past_the_end_is_refused() {
        Matrix::zeros(3, 4).unwrap().share().row(3);
    }

    #[test]
    #[should_panic(expected = "rows of one width")]
    fn rows_of_two_widths_are_refused() {
        let (mut narrow, mut wide) = (Matrix::zeros(1, 8).unwrap(), Matrix::zeros(1, 9).unwrap());
        let mut rows = Rows::new(8);
        rows.push(narrow.share().row(0));
        rows.push(wide.share().row(0));
    }
}
