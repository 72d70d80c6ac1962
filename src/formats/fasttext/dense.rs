//! Matrices of float32.

use std::ops::Range;

use super::fields::Fields;
use super::{Matrix, Shape};
use crate::error::{Error, FormatErrorKind, Result};

/// Bytes read at once where it is not known how many there are.
const BLOCK: usize = 16 << 20;

/// Reads the rows of `ranges` of a matrix that must have this shape.
pub fn read(
    file: &mut Fields,
    shape: Shape,
    ranges: &[Range<u64>],
    allow_nonfinite: bool,
) -> Result<Matrix> {
    shape.expect(file)?;
    let row_bytes = 4 * shape.size as u64;
    shape.claim(file, row_bytes)?;
    let taken: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    let mut values = Vec::new();
    if file.remaining().is_some() {
        values = zeros(taken as usize * shape.size)?;
    }
    let (mut filled, mut row) = (0, 0);
    for range in ranges {
        skip_bytes(file, (range.start - row) * row_bytes, shape.what)?;
        row = range.end;
        let end = filled + (range.end - range.start) as usize * shape.size;
        while filled < end {
            // Room is made step by step where nothing vouches for the size.
            let step = if values.len() < end { end.min(filled + BLOCK / 4) } else { end };
            if values.len() < step {
                let room = step - values.len();
                values.try_reserve(room).map_err(|_| Error::Memory { bytes: 4 * step })?;
                values.resize(step, 0.0);
            }
            read_part(file, &mut values[filled..step], shape, allow_nonfinite)?;
            filled = step;
        }
    }
    skip_bytes(file, (shape.rows - row) * row_bytes, shape.what)?;
    Ok(Matrix::Dense { values, size: shape.size })
}

/// Passes over a matrix that must have this shape.
pub fn skip(file: &mut Fields, shape: Shape) -> Result<()> {
    shape.expect(file)?;
    let bytes = shape.claim(file, 4 * shape.size as u64)?;
    skip_bytes(file, bytes, shape.what)
}

/// Memory that the system fills with zeros when it is first touched.
pub fn zeros(length: usize) -> Result<Vec<f32>> {
    bytemuck::allocation::try_zeroed_vec(length)
        .map_err(|()| Error::Memory { bytes: length.saturating_mul(4) })
}

fn skip_bytes(file: &mut Fields, bytes: u64, what: &str) -> Result<()> {
    if file.reader().skip(bytes)? < bytes {
        return Err(file.truncated(what));
    }
    Ok(())
}

fn read_part(
    file: &mut Fields,
    values: &mut [f32],
    shape: Shape,
    allow_nonfinite: bool,
) -> Result<()> {
    let offset = file.offset();
    let bytes = bytemuck::cast_slice_mut(values);
    if file.reader().read_bulk(bytes)? < bytes.len() {
        return Err(file.truncated(shape.what));
    }
    if !allow_nonfinite && let Some(at) = first_nonfinite(values) {
        return Err(nonfinite(file, shape.what, values[at], offset + 4 * at as u64));
    }
    Ok(())
}

/// The error for a number that is none.
pub fn nonfinite(file: &Fields, what: &str, value: f32, offset: u64) -> Error {
    let message = format!("{what} holds {value} at byte {offset}; allow_nonfinite=True loads it");
    file.error(FormatErrorKind::NonFinite, message)
}

/// The place of the first NaN or infinity.
pub fn first_nonfinite(values: &[f32]) -> Option<usize> {
    // A pass without an early way out is made of vectors by the compiler.
    let is_finite = |part: &[f32]| part.iter().fold(true, |all, value| all & value.is_finite());
    let (block, part) = values.chunks(1 << 16).enumerate().find(|(_, part)| !is_finite(part))?;
    part.iter().position(|value| !value.is_finite()).map(|within| (block << 16) + within)
}
