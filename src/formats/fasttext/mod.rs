//! Facebook's fastText models: `.bin`, and `.ftz` whose matrices are product-quantised.
//!
//! Little-endian, one part after another (fastText's `FastText::saveModel` and the `save` of each
//! part): magic 793712314 and version; the arguments; the dictionary, words before labels, each
//! with its count; for a quantised model the buckets that were kept; the input matrix, a row for
//! each word and then for each bucket of n-grams; the output matrix. Files older than version 11
//! begin with the arguments and have neither magic, nor buckets kept, nor quantised matrices.

mod args;
mod dense;
mod dictionary;
mod fields;
mod quantized;
mod write;

use std::ops::Range;

use crate::error::{FormatErrorKind, Result};
use crate::formats::source::ByteReader;
use crate::formats::word2vec::KeyDecoder;

pub use args::{Args, Loss, ModelKind};
pub use dictionary::Dictionary;
pub use quantized::Quantized;
pub use write::{WordsAndNgrams, write};

use fields::Fields;

/// The name of the format in messages.
pub const FORMAT: &str = "fastText model";

/// How a file of version 11 or 12 begins.
pub const MAGIC: i32 = 793_712_314;

/// What is wanted of a file.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// Take so many words at most, the first ones.
    pub limit: Option<u64>,
    /// Which output matrix is wanted; any other is checked for its size and passed over.
    pub output: WantedOutput,
    /// Whether NaN and infinity are welcome.
    pub allow_nonfinite: bool,
}

/// Which output matrix is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedOutput {
    /// Any.
    Always,
    /// That of a supervised model, which can do nothing without it.
    OfSupervised,
    /// None.
    Never,
}

/// What a file held.
#[derive(Debug)]
pub struct Model {
    /// How it was trained.
    pub args: Args,
    /// Words, labels and their counts.
    pub dictionary: Dictionary,
    /// A row for each word of the dictionary, then one for each bucket of n-grams (or for each
    /// bucket that was kept).
    pub input: Matrix,
    /// A row for each label of a supervised model, for each word of another; when it is wanted.
    pub output: Option<Matrix>,
}

/// A matrix of a file, as it lies there.
#[derive(Debug)]
pub enum Matrix {
    /// Rows of float32.
    Dense {
        /// Row by row.
        values: Vec<f32>,
        /// D.
        size: usize,
    },
    /// Rows of codes.
    Quantized(Quantized),
}

/// Which rows of a matrix in the file are taken: ranges, ascending and apart.
type RowRanges = Vec<Range<u64>>;

/// Reads a file to its end.
pub fn read(reader: ByteReader, options: &ReadOptions, decoder: KeyDecoder) -> Result<Model> {
    let mut file = Fields::new(reader);
    let args = Args::read(&mut file)?;
    let (dictionary, words) = Dictionary::read(&mut file, &args, options.limit, decoder)?;
    let (input, is_quantized) = read_input(&mut file, &args, &dictionary, &words, options)?;
    let output = read_output(&mut file, &args, &dictionary, is_quantized, words.kept, options)?;
    file.expect_end()?;
    Ok(Model { args, dictionary, input, output })
}

/// How many words the file has, and which are taken.
#[derive(Debug)]
struct WordRows {
    words: u64,
    kept: RowRanges,
}

fn read_input(
    file: &mut Fields,
    args: &Args,
    dictionary: &Dictionary,
    words: &WordRows,
    options: &ReadOptions,
) -> Result<(Matrix, bool)> {
    let is_quantized = !args.is_older_layout() && file.flag("the mark of a quantised input")?;
    let pruned = dictionary.ngram_buckets.as_ref().map(Vec::len);
    if let (Some(_), false) = (pruned, is_quantized) {
        let message = "the dictionary was pruned but the matrix is not quantised, which fastText \
                       never writes; get the model again";
        return Err(file.error(FormatErrorKind::Header, message));
    }
    let ngrams = pruned.map_or(args.bucket as u64, |kept| kept as u64);
    let shape = Shape { what: "the input matrix", rows: words.words + ngrams, size: args.dim };
    let mut ranges = words.kept.clone();
    ranges.push(words.words..shape.rows);
    let matrix = if is_quantized {
        Matrix::Quantized(quantized::read(file, shape, &ranges, options.allow_nonfinite)?)
    } else {
        dense::read(file, shape, &ranges, options.allow_nonfinite)?
    };
    Ok((matrix, is_quantized))
}

fn read_output(
    file: &mut Fields,
    args: &Args,
    dictionary: &Dictionary,
    is_quantized: bool,
    kept_words: RowRanges,
    options: &ReadOptions,
) -> Result<Option<Matrix>> {
    let is_marked = !args.is_older_layout() && file.flag("the mark of a quantised output")?;
    let (rows, kept) = if args.model == ModelKind::Supervised {
        (dictionary.labels.len() as u64, vec![0..dictionary.labels.len() as u64])
    } else {
        (dictionary.words_in_file, kept_words)
    };
    let shape = Shape { what: "the output matrix", rows, size: args.dim };
    let is_wanted = match options.output {
        WantedOutput::Always => true,
        WantedOutput::OfSupervised => args.model == ModelKind::Supervised,
        WantedOutput::Never => false,
    };
    // fastText, too, heeds the mark in quantised models alone.
    match (is_quantized && is_marked, is_wanted) {
        (true, true) => {
            let matrix = quantized::read(file, shape, &kept, options.allow_nonfinite)?;
            Ok(Some(Matrix::Quantized(matrix)))
        }
        (true, false) => quantized::read(file, shape, &[], true).map(|_| None),
        (false, true) => dense::read(file, shape, &kept, options.allow_nonfinite).map(Some),
        (false, false) => dense::skip(file, shape).map(|()| None),
    }
}

/// The shape that a matrix must have, by what came before it.
#[derive(Debug, Clone, Copy)]
struct Shape {
    what: &'static str,
    rows: u64,
    size: usize,
}

impl Shape {
    /// Reads the shape that the file gives, which must be this one.
    fn expect(self, file: &mut Fields) -> Result<()> {
        let offset = file.offset();
        let (rows, size) = (file.long(self.what)?, file.long(self.what)?);
        if (rows, size) == (self.rows as i64, self.size as i64) {
            return Ok(());
        }
        let message = format!(
            "{} at byte {offset} has {rows} rows of {size}, expected {} rows of {} by the \
             arguments and the dictionary; get the file again",
            self.what, self.rows, self.size
        );
        Err(file.error(FormatErrorKind::Header, message))
    }

    /// The bytes of so many rows; an error when the file does not have them any more.
    fn claim(self, file: &Fields, row_bytes: u64) -> Result<u64> {
        let claimed = self.rows.checked_mul(row_bytes);
        let left = file.remaining();
        match claimed {
            Some(bytes) if left.is_none_or(|left| bytes <= left) => Ok(bytes),
            _ => {
                let message = format!(
                    "{} at byte {} takes {} bytes ({} rows of {row_bytes}), but {} are left; get \
                     the whole file",
                    self.what,
                    file.offset(),
                    claimed.map_or("more than any file's".to_owned(), |bytes| bytes.to_string()),
                    self.rows,
                    left.map_or("fewer".to_owned(), |left| left.to_string()),
                );
                Err(file.error(FormatErrorKind::Truncated, message))
            }
        }
    }
}
