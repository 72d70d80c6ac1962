//! Product-quantised matrices: a row is a byte for each few dimensions, the number of a centroid
//! (Jégou et al. 2011; fastText's `QuantMatrix` and `ProductQuantizer`).

use std::ops::Range;

use super::Shape;
use super::dense::{first_nonfinite, nonfinite, zeros};
use super::fields::Fields;
use crate::error::{Error, FormatErrorKind, Result};

/// Centroids of each part of a row: what a byte can tell apart.
pub const CENTROIDS: usize = 256;

/// Codes and what they stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized {
    /// Rows × parts, row by row.
    pub codes: Vec<u8>,
    /// D.
    pub size: usize,
    /// Dimensions of a part; the last one has what is left of D.
    pub part_size: usize,
    /// For each part its 256 centroids, one after another: 256 × D in all.
    pub centroids: Vec<f32>,
    /// The length of each row, when rows were scaled to length 1 first.
    pub norms: Option<Norms>,
}

/// The lengths of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Norms {
    /// A code a row.
    pub codes: Vec<u8>,
    /// The 256 lengths that there are.
    pub centroids: Vec<f32>,
}

impl Quantized {
    /// Bytes of a row.
    pub fn parts(&self) -> usize {
        self.size.div_ceil(self.part_size)
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.codes.len() / self.parts()
    }
}

/// Reads the rows of `ranges` of a matrix that must have this shape.
pub fn read(
    file: &mut Fields,
    shape: Shape,
    ranges: &[Range<u64>],
    allow_nonfinite: bool,
) -> Result<Quantized> {
    let has_norms = file.flag("the mark of quantised norms")?;
    shape.expect(file)?;
    let (offset, code_bytes) = (file.offset(), file.int("the size of the codes")?);
    // The size of a part is only told after the codes.
    let parts = shape.rows.checked_sub(1).map_or(0, |_| code_bytes as u64 / shape.rows);
    let is_possible = code_bytes >= 0
        && parts * shape.rows == code_bytes as u64
        && (shape.rows == 0 || (1..=shape.size as u64).contains(&parts));
    if !is_possible {
        let message = format!(
            "the codes at byte {offset} take {code_bytes} bytes, expected {} times 1 to {}",
            shape.rows, shape.size
        );
        return Err(file.error(FormatErrorKind::Header, message));
    }
    shape.claim(file, parts)?;
    let codes = read_rows(file, shape, ranges, parts)?;
    let (part_size, centroids) = read_quantizer(file, shape, shape.size, allow_nonfinite)?;
    if shape.rows > 0 && parts != shape.size.div_ceil(part_size) as u64 {
        let message = format!(
            "{} has {parts} codes a row, expected {} for parts of {part_size} of {} dimensions",
            shape.what,
            shape.size.div_ceil(part_size),
            shape.size
        );
        return Err(file.error(FormatErrorKind::Header, message));
    }
    let mut norms = None;
    if has_norms {
        shape.claim(file, 1)?;
        let codes = read_rows(file, shape, ranges, 1)?;
        let (_, centroids) = read_quantizer(file, shape, 1, allow_nonfinite)?;
        norms = Some(Norms { codes, centroids });
    }
    Ok(Quantized { codes, size: shape.size, part_size, centroids, norms })
}

/// Reads the codes of rows, a fixed number of bytes each.
fn read_rows(
    file: &mut Fields,
    shape: Shape,
    ranges: &[Range<u64>],
    row_bytes: u64,
) -> Result<Vec<u8>> {
    const BLOCK: u64 = 1 << 20;
    let (mut codes, mut row) = (Vec::new(), 0);
    let pass = |file: &mut Fields, bytes: u64| match file.reader().skip(bytes)? {
        passed if passed < bytes => Err(file.truncated(shape.what)),
        _ => Ok(()),
    };
    for range in ranges {
        pass(file, (range.start - row) * row_bytes)?;
        row = range.end;
        let mut left = (range.end - range.start) * row_bytes;
        while left > 0 {
            let (start, step) = (codes.len(), left.min(BLOCK) as usize);
            codes.try_reserve(step).map_err(|_| Error::Memory { bytes: start + step })?;
            codes.resize(start + step, 0);
            file.fill(&mut codes[start..], shape.what)?;
            left -= step as u64;
        }
    }
    pass(file, (shape.rows - row) * row_bytes)?;
    Ok(codes)
}

/// Reads the centroids of a quantiser of `size` dimensions, and how many make a part.
fn read_quantizer(
    file: &mut Fields,
    shape: Shape,
    size: usize,
    allow_nonfinite: bool,
) -> Result<(usize, Vec<f32>)> {
    file.expect_int("the dimensions of a quantiser", size as i64)?;
    let offset = file.offset();
    let (parts, part_size, last) = (
        file.int("the parts of a quantiser")?,
        file.int("the size of a part")?,
        file.int("the size of the last part")?,
    );
    let is_consistent = usize::try_from(part_size).is_ok_and(|part_size| {
        (1..=size).contains(&part_size)
            && parts as i64 == size.div_ceil(part_size) as i64
            && last as i64 == ((size - 1) % part_size + 1) as i64
    });
    if !is_consistent {
        let message = format!(
            "the quantiser at byte {offset} has {parts} parts of {part_size} and a last one of \
             {last}, expected them to make up {size} dimensions"
        );
        return Err(file.error(FormatErrorKind::Header, message));
    }
    let bytes = (CENTROIDS * size) as u64 * 4;
    if file.remaining().is_some_and(|left| left < bytes) {
        return Err(file.truncated("the centroids"));
    }
    let offset = file.offset();
    let mut centroids = zeros(CENTROIDS * size)?;
    file.fill(bytemuck::cast_slice_mut(&mut centroids), "the centroids")?;
    if !allow_nonfinite && let Some(at) = first_nonfinite(&centroids) {
        return Err(nonfinite(file, shape.what, centroids[at], offset + 4 * at as u64));
    }
    Ok((part_size as usize, centroids))
}
