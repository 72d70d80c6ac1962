//! The matrices of a model, dense or product-quantised (Jégou et al. 2011), as rows to add up and to
//! multiply by. Sums run over the columns in order, as Facebook's program takes them.

use crate::error::{Error, Result};
use crate::simd::prefetch_line;

/// How many centroids each part of a quantised row chooses from.
const CENTROIDS: usize = 256;

/// Values in a cache line, of 64 bytes nearly everywhere.
const VALUES_A_LINE: usize = 16;

/// The rows of a matrix.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Row by row.
    Dense {
        /// R · D values.
        values: &'a [f32],
        /// D.
        width: usize,
    },
    /// A code for each part of a row.
    Quantized(Quantized<'a>),
}

/// A row is cut into parts, of each of which the nearest centroid is kept; and, apart, its norm.
#[derive(Debug, Clone, Copy)]
pub struct Quantized<'a> {
    codes: Codes<'a>,
    norms: Option<Codes<'a>>,
}

/// Which centroids make up each row.
#[derive(Debug, Clone, Copy)]
struct Codes<'a> {
    /// R · parts.
    codes: &'a [u8],
    /// 256 centroids of each part, part by part; the last part may be narrower.
    centroids: &'a [f32],
    width: usize,
    part_width: usize,
}

impl<'a> Codes<'a> {
    fn new(codes: &'a [u8], centroids: &'a [f32], width: usize, part_width: usize) -> Result<Self> {
        let parts = width.checked_div(part_width).map(|_| width.div_ceil(part_width));
        let fits = parts.is_some_and(|parts| {
            parts > 0
                && codes.len().is_multiple_of(parts)
                && width.checked_mul(CENTROIDS) == Some(centroids.len())
        });
        if !fits {
            let message = format!(
                "has {} codes and {} centroid values for rows of {width} in parts of {part_width}",
                codes.len(),
                centroids.len()
            );
            return Err(Error::config("matrix", message));
        }
        Ok(Self { codes, centroids, width, part_width })
    }

    fn parts(&self) -> usize {
        self.width.div_ceil(self.part_width)
    }

    /// The pieces of a row, from left to right.
    #[inline]
    fn row(&self, index: usize) -> impl Iterator<Item = &'a [f32]> {
        let Self { codes, centroids, width, part_width } = *self;
        let parts = self.parts();
        codes[index * parts..(index + 1) * parts].iter().enumerate().map(move |(part, &code)| {
            let size = part_width.min(width - part * part_width);
            let start = part * CENTROIDS * part_width + usize::from(code) * size;
            &centroids[start..start + size]
        })
    }
}

impl<'a> Quantized<'a> {
    /// `codes` and `norms` each hold codes and the centroids that they choose from; parts of a row
    /// are `part_width` wide, and a norm is one number.
    pub fn new(
        (codes, centroids): (&'a [u8], &'a [f32]),
        norms: Option<(&'a [u8], &'a [f32])>,
        width: usize,
        part_width: usize,
    ) -> Result<Self> {
        let codes = Codes::new(codes, centroids, width, part_width)?;
        let norms =
            norms.map(|(codes, centroids)| Codes::new(codes, centroids, 1, 1)).transpose()?;
        let made = Self { codes, norms };
        if norms.is_some_and(|norms| norms.codes.len() != made.len()) {
            return Err(Error::config("matrix", "has another number of norms than of rows"));
        }
        Ok(made)
    }

    fn len(&self) -> usize {
        self.codes.codes.len() / self.codes.parts()
    }

    #[inline]
    fn norm(&self, row: usize) -> f32 {
        self.norms.map_or(1.0, |norms| norms.centroids[usize::from(norms.codes[row])])
    }
}

impl<'a> Rows<'a> {
    /// Dense rows of `width` values.
    pub fn dense(values: &'a [f32], width: usize) -> Result<Self> {
        if width == 0 || !values.len().is_multiple_of(width) {
            let message = format!("has {} values, expected rows of {width}", values.len());
            return Err(Error::config("matrix", message));
        }
        Ok(Self::Dense { values, width })
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Dense { values, width } => values.len() / width,
            Self::Quantized(quantized) => quantized.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        match self {
            Self::Dense { width, .. } => *width,
            Self::Quantized(quantized) => quantized.codes.width,
        }
    }

    /// Adds a row to `sum`.
    #[inline]
    pub fn add_to(&self, row: usize, sum: &mut [f32]) {
        match self {
            Self::Dense { values, width } => {
                let row = &values[row * width..(row + 1) * width];
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            Self::Quantized(quantized) => {
                let norm = quantized.norm(row);
                let mut rest = sum;
                for piece in quantized.codes.row(row) {
                    let (here, after) = rest.split_at_mut(piece.len());
                    here.iter_mut().zip(piece).for_each(|(sum, value)| *sum += norm * value);
                    rest = after;
                }
            }
        }
    }

    /// Has a row fetched that will be needed soon.
    #[inline]
    pub fn prefetch(&self, row: usize) {
        if let Self::Dense { values, width } = self {
            for line in values[row * width..(row + 1) * width].chunks(VALUES_A_LINE) {
                prefetch_line(line.as_ptr());
            }
        }
    }

    /// The product of a row with a vector.
    #[inline]
    pub fn dot(&self, row: usize, vector: &[f32]) -> f32 {
        let add = |sum: f32, (x, y): (&f32, &f32)| sum + x * y;
        match self {
            Self::Dense { values, width } => {
                values[row * width..(row + 1) * width].iter().zip(vector).fold(0.0, add)
            }
            Self::Quantized(quantized) => {
                let values = quantized.codes.row(row).flatten();
                values.zip(vector).fold(0.0, add) * quantized.norm(row)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_rows_add_up() {
        let rows = Rows::dense(&[1.0, 2.0, 3.0, 4.0], 2).unwrap();
        let mut sum = [10.0, 20.0];
        rows.add_to(1, &mut sum);
        assert_eq!(sum, [13.0, 24.0]);
        assert_eq!(rows.dot(0, &[5.0, 7.0]), 19.0);
        assert_eq!((rows.len(), rows.width()), (2, 2));
    }

    #[test]
    fn quantized_rows_are_their_centroids_times_their_norm() {
        // Rows of 3 in parts of 2: the second part is 1 wide.
        let centroids: Vec<f32> = (0..3 * CENTROIDS).map(|value| value as f32).collect();
        let codes = [1, 0, 2, 255];
        let norms: Vec<f32> = (0..CENTROIDS).map(|value| value as f32).collect();
        let plain = Quantized::new((&codes, &centroids), None, 3, 2).unwrap();
        let scaled = Quantized::new((&codes, &centroids), Some((&[3, 10], &norms)), 3, 2).unwrap();
        let mut sum = [0.0; 3];
        Rows::Quantized(plain).add_to(1, &mut sum);
        assert_eq!(sum, [4.0, 5.0, 767.0]);
        Rows::Quantized(scaled).add_to(0, &mut sum);
        assert_eq!(sum, [4.0 + 6.0, 5.0 + 9.0, 767.0 + 3.0 * 512.0]);
        assert_eq!(Rows::Quantized(scaled).dot(0, &[1.0, 1.0, 0.0]), 15.0);
    }

    #[test]
    fn shapes_that_disagree_are_refused() {
        let centroids = [0.0; 3 * CENTROIDS];
        assert!(Rows::dense(&[1.0; 3], 2).is_err());
        assert!(Rows::dense(&[], 0).is_err());
        assert!(Quantized::new((&[0; 3], &centroids), None, 3, 2).is_err());
        assert!(Quantized::new((&[0; 4], &centroids[1..]), None, 3, 2).is_err());
        assert!(Quantized::new((&[0; 4], &centroids), None, 3, 0).is_err());
        let norms = [0.0; CENTROIDS];
        assert!(Quantized::new((&[0; 4], &centroids), Some((&[0; 3], &norms)), 3, 2).is_err());
        assert!(Quantized::new((&[0; 4], &centroids), Some((&[0; 2], &norms[1..])), 3, 2).is_err());
    }
}
