//! Writing `.bin`, version 12, so that Facebook's own program answers from it.
//!
//! What training alone would need is not there to be written: the output matrix is zeros and the
//! arguments are fastText's defaults for skip-grams.

use super::{FORMAT, MAGIC};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::output::Output;
use crate::vocab::KeyTable;

/// Numbers looked at and written at once.
const BLOCK: usize = 1 << 18;

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct WordsAndNgrams<'a> {
    /// The words.
    pub keys: &'a KeyTable,
    /// How often each occurs; once when not given.
    pub counts: Option<&'a [u64]>,
    /// The row of each word, V × D.
    pub own: &'a [f32],
    /// The row of each bucket, B × D.
    pub ngrams: &'a [f32],
    /// D.
    pub size: usize,
    /// Characters of the shortest n-gram.
    pub min_n: u32,
    /// Characters of the longest one.
    pub max_n: u32,
    /// Whether NaN and infinity may be written.
    pub allow_nonfinite: bool,
}

/// Writes a model; what the format cannot hold is refused before the first byte.
pub fn write(model: &WordsAndNgrams, output: &mut Output) -> Result<()> {
    let sizes = Sizes::of(model)?;
    check_keys(model.keys)?;
    check_finite("the row", model.own, model, output)?;
    check_finite("the n-gram row", model.ngrams, model, output)?;
    output.write(&head(model, sizes))?;
    write_dictionary(model, output)?;
    write_shape(sizes.words as i64 + i64::from(sizes.buckets), sizes.size, output)?;
    output.write(bytemuck::cast_slice(model.own))?;
    output.write(bytemuck::cast_slice(model.ngrams))?;
    write_shape(sizes.words.into(), sizes.size, output)?;
    let zeros = vec![0u8; 4 * BLOCK];
    let mut left = 4 * sizes.words as u64 * sizes.size as u64;
    while left > 0 {
        let step = left.min(zeros.len() as u64);
        output.write(&zeros[..step as usize])?;
        left -= step;
    }
    Ok(())
}

/// Sizes as the format has them.
#[derive(Clone, Copy)]
struct Sizes {
    words: i32,
    buckets: i32,
    size: i32,
}

impl Sizes {
    fn of(model: &WordsAndNgrams) -> Result<Self> {
        let (words, size) = (model.keys.len(), model.size);
        if size == 0 {
            return Err(Error::config("vectors", "have no dimension, expected at least one"));
        }
        if words.checked_mul(size) != Some(model.own.len()) || model.ngrams.len() % size != 0 {
            let message =
                format!("hold {} numbers, expected {size} for each of {words}", model.own.len());
            return Err(Error::config("vectors", message));
        }
        if let Some(counts) = model.counts.filter(|counts| counts.len() != words) {
            let message = format!("has {} numbers, expected {words}", counts.len());
            return Err(Error::config("counts", message));
        }
        let int = |name: &'static str, number: usize| {
            i32::try_from(number).map_err(|_| {
                Error::config(
                    name,
                    format!("is {number}, but the format holds at most {}", i32::MAX),
                )
            })
        };
        Ok(Self {
            words: int("the number of words", words)?,
            buckets: int("bucket", model.ngrams.len() / size)?,
            size: int("vector_size", size)?,
        })
    }
}

/// Magic, version and arguments.
fn head(model: &WordsAndNgrams, sizes: Sizes) -> Vec<u8> {
    const VERSION: i32 = 12;
    let (ws, epoch, min_count, neg, word_ngrams) = (5, 5, 1, 5, 1);
    let (negative_sampling, skip_gram, lr_update_rate) = (2, 2, 100);
    let ints = [
        MAGIC,
        VERSION,
        sizes.size,
        ws,
        epoch,
        min_count,
        neg,
        word_ngrams,
        negative_sampling,
        skip_gram,
        sizes.buckets,
        model.min_n as i32,
        model.max_n as i32,
        lr_update_rate,
    ];
    let mut bytes: Vec<u8> = ints.iter().flat_map(|int| int.to_le_bytes()).collect();
    bytes.extend_from_slice(&1e-4f64.to_le_bytes());
    bytes
}

fn write_dictionary(model: &WordsAndNgrams, output: &mut Output) -> Result<()> {
    const NO_LABELS: i32 = 0;
    const NOT_PRUNED: i64 = -1;
    const WORD: u8 = 0;
    let words = model.keys.len();
    // The format's counts are signed; what is beyond them is beyond every corpus.
    let count = |index| {
        model.counts.map_or(1, |counts: &[u64]| i64::try_from(counts[index]).unwrap_or(i64::MAX))
    };
    let tokens = (0..words).map(count).fold(0i64, i64::saturating_add);
    let mut block = Vec::new();
    for int in [words as i32, words as i32, NO_LABELS] {
        block.extend_from_slice(&int.to_le_bytes());
    }
    block.extend_from_slice(&tokens.to_le_bytes());
    block.extend_from_slice(&NOT_PRUNED.to_le_bytes());
    for index in 0..words {
        block.extend_from_slice(model.keys.get_bytes(index).unwrap_or_default());
        block.push(0);
        block.extend_from_slice(&count(index).to_le_bytes());
        block.push(WORD);
        if block.len() >= BLOCK {
            output.write(&block)?;
            block.clear();
        }
    }
    output.write(&block)
}

/// The mark of a matrix that is not quantised, its rows and columns.
fn write_shape(rows: i64, size: i32, output: &mut Output) -> Result<()> {
    output.write(&[0])?;
    output.write(&rows.to_le_bytes())?;
    output.write(&i64::from(size).to_le_bytes())
}

fn check_keys(keys: &KeyTable) -> Result<()> {
    for index in 0..keys.len() {
        let Some(key) = keys.get(index) else {
            let message =
                format!("key {index} is damaged; check its file with synvec.formats.verify");
            return Err(refuse(FormatErrorKind::Checksum, message));
        };
        if key.contains('\0') {
            let message = format!(
                "key {index} ({key:?}) holds a NUL, which ends a word in this format; save as .kv, \
                 which holds any text"
            );
            return Err(refuse(FormatErrorKind::Row, message));
        }
    }
    Ok(())
}

fn check_finite(
    what: &str,
    values: &[f32],
    model: &WordsAndNgrams,
    output: &mut Output,
) -> Result<()> {
    if model.allow_nonfinite {
        return Ok(());
    }
    for (block, part) in values.chunks(BLOCK).enumerate() {
        output.check()?;
        if let Some(at) = super::dense::first_nonfinite(part) {
            let row = (block * BLOCK + at) / model.size;
            let message =
                format!("{what} {row} holds NaN or infinity; allow_nonfinite=True writes it");
            return Err(refuse(FormatErrorKind::NonFinite, message));
        }
    }
    Ok(())
}

fn refuse(kind: FormatErrorKind, message: String) -> Error {
    FormatError { kind, path: None, format: FORMAT, message }.into()
}
