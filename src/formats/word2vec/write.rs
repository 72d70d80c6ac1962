//! Writing all three layouts, in gensim's habits or in word2vec.c's.

use super::{Layout, is_line_end, is_separator};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::output::Output;
use crate::vocab::KeyTable;

/// Bytes gathered before they are handed on.
const BLOCK: usize = 1 << 16;

/// Whose habits the file follows; every reader knows both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Shortest exact numbers, no trailing space; binary rows follow one another directly.
    Gensim,
    /// Six decimals and a trailing space in text, a newline after each binary row.
    Word2VecC,
}

/// The rows to be written.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    /// The keys.
    pub keys: &'a KeyTable,
    /// V × D, row by row.
    pub vectors: &'a [T],
    /// D.
    pub vector_size: usize,
    /// Which rows, in which order; all as they stand when not given.
    pub order: Option<&'a [usize]>,
}

impl<T> Rows<'_, T> {
    fn indices(&self) -> impl Iterator<Item = usize> {
        let rows = self.order.map_or(self.keys.len(), <[usize]>::len);
        (0..rows).map(|row| self.order.map_or(row, |order| order[row]))
    }
}

/// How to write them.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions<'a> {
    /// How rows are written down.
    pub layout: Layout,
    /// Whose habits to follow.
    pub style: Style,
    /// Stands before every key.
    pub prefix: &'a str,
    /// The number of rows that the header gives, when it is not that of `rows`.
    pub total: Option<u64>,
    /// Whether there is a header.
    pub has_header: bool,
    /// Whether NaN and infinity may be written.
    pub allow_nonfinite: bool,
}

/// Writes the rows; a key that the format cannot hold is refused before the first byte.
pub fn write<T: Element>(
    rows: &Rows<T>,
    options: &WriteOptions,
    output: &mut Output,
) -> Result<()> {
    check_shape(rows)?;
    for index in rows.indices() {
        check_key(rows.keys, index, options)?;
    }
    let mut block = Vec::with_capacity(2 * BLOCK);
    if options.has_header {
        let total = options.total.unwrap_or(rows.indices().count() as u64);
        block.extend_from_slice(format!("{total} {}\n", rows.vector_size).as_bytes());
    }
    for (row, index) in rows.indices().enumerate() {
        let vector = &rows.vectors[index * rows.vector_size..][..rows.vector_size];
        if !options.allow_nonfinite && !vector.iter().fold(true, |all, v| all & v.is_finite()) {
            let message = format!(
                "the vector of {:?} (row {row}) holds NaN or infinity; allow_nonfinite=True writes it",
                rows.keys.get(index).unwrap_or_default()
            );
            return Err(refuse(options, FormatErrorKind::NonFinite, message));
        }
        block.extend_from_slice(options.prefix.as_bytes());
        block.extend_from_slice(rows.keys.get_bytes(index).unwrap_or_default());
        match options.layout {
            Layout::Binary => write_binary(vector, options.style, &mut block),
            Layout::Text | Layout::HeaderlessText => write_text(vector, options.style, &mut block),
        }
        if block.len() >= BLOCK {
            output.write(&block)?;
            block.clear();
        }
    }
    output.write(&block)
}

fn write_binary<T: Element>(vector: &[T], style: Style, out: &mut Vec<u8>) {
    out.push(b' ');
    for value in vector {
        out.extend_from_slice(&value.to_f32().to_le_bytes());
    }
    if style == Style::Word2VecC {
        out.push(b'\n');
    }
}

fn write_text<T: Element>(vector: &[T], style: Style, out: &mut Vec<u8>) {
    match style {
        Style::Gensim => {
            for &value in vector {
                out.push(b' ');
                value.write_shortest(out);
            }
        }
        Style::Word2VecC => {
            out.push(b' ');
            for &value in vector {
                value.write_six_decimals(out);
                out.push(b' ');
            }
        }
    }
    out.push(b'\n');
}

fn check_shape<T>(rows: &Rows<T>) -> Result<()> {
    let (found, keys, size) = (rows.vectors.len(), rows.keys.len(), rows.vector_size);
    if size == 0 {
        return Err(Error::config("vectors", "have no dimension, expected at least one"));
    }
    if keys.checked_mul(size) != Some(found) {
        let message = format!("hold {found} numbers, expected {size} for each of {keys} keys");
        return Err(Error::config("vectors", message));
    }
    match rows.order.and_then(|order| order.iter().find(|&&index| index >= keys)) {
        Some(index) => {
            Err(Error::config("order", format!("names row {index}, there are {keys} rows")))
        }
        None => Ok(()),
    }
}

fn refuse(options: &WriteOptions, kind: FormatErrorKind, message: String) -> Error {
    FormatError { kind, path: None, format: options.layout.format(), message }.into()
}

/// Refuses a key that would not be read back as it is.
fn check_key(keys: &KeyTable, index: usize, options: &WriteOptions) -> Result<()> {
    let Some(key) = keys.get(index) else {
        let message = format!("key {index} is damaged; check its file with synvec.formats.verify");
        return Err(refuse(options, FormatErrorKind::Checksum, message));
    };
    let prefixed;
    let whole = if options.prefix.is_empty() {
        key
    } else {
        prefixed = format!("{}{key}", options.prefix);
        &prefixed
    };
    let fault = match options.layout {
        Layout::Binary => binary_fault(whole.as_bytes()),
        Layout::Text | Layout::HeaderlessText => text_fault(whole.as_bytes()),
    };
    let Some(fault) = fault else { return Ok(()) };
    let message = format!(
        "key {index} ({whole:?}) {fault}, so that it could not be read back; save as .kv, which \
         holds any text"
    );
    Err(refuse(options, FormatErrorKind::Row, message))
}

fn binary_fault(key: &[u8]) -> Option<&'static str> {
    match key {
        [] => Some("is empty"),
        [b'\n', ..] => Some("begins with a newline"),
        _ => key.contains(&b' ').then_some("holds a space, which ends a key in this format"),
    }
}

fn text_fault(key: &[u8]) -> Option<&'static str> {
    let ends = [key.first(), key.last()];
    if key.is_empty() {
        Some("is empty")
    } else if key.contains(&b'\n') {
        Some("holds a newline, which ends a row in this format")
    } else if ends.into_iter().flatten().any(|&byte| is_separator(byte) || is_line_end(byte)) {
        Some("begins or ends with a blank")
    } else {
        let start = key.iter().rposition(|&byte| is_separator(byte))? + 1;
        f64::parse(&key[start..]).map(|_| "ends in a number after a blank, like a vector")
    }
}
