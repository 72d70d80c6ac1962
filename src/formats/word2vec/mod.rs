//! The text and binary formats of word2vec.c, which gensim and fastText write too, and the text of
//! GloVe, which is the same without a header.
//!
//! Text: `V D`, then a line for each key: the key and D numbers. Only spaces and tabs separate, so
//! that a no-break space belongs to its key; runs of them are one. Binary: the same header, then
//! for each key its bytes, a space, and D little-endian f32; word2vec.c ends each row with a
//! newline, gensim does not, both are read.

mod binary;
mod counts;
mod room;
mod rows;
mod text;
mod write;

use crate::error::{FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;
use crate::vocab::KeyTable;
use crate::workers;

pub use counts::{FORMAT as COUNTS, read_counts, write_counts};
pub use rows::KeyDecoder;
pub use write::{Rows, Style, WriteOptions, write};

/// The names of the formats in messages.
pub const TEXT: &str = "word2vec text";
/// See [`TEXT`].
pub const BINARY: &str = "word2vec binary";
/// See [`TEXT`].
pub const GLOVE: &str = "GloVe text";

/// How the rows of a file are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Text with a header.
    Text,
    /// Text without one.
    HeaderlessText,
    /// Binary.
    Binary,
}

impl Layout {
    /// The name of the format.
    pub fn format(self) -> &'static str {
        match self {
            Self::Text => TEXT,
            Self::HeaderlessText => GLOVE,
            Self::Binary => BINARY,
        }
    }
}

/// What is wanted of a file.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// How its rows are written down.
    pub layout: Layout,
    /// Read so many rows at most.
    pub limit: Option<u64>,
    /// Believe the rows that are there rather than the header.
    pub count_actual: bool,
    /// Whether NaN and infinity are welcome.
    pub allow_nonfinite: bool,
}

/// What a file held.
#[derive(Debug)]
pub struct Table<T> {
    /// The keys.
    pub keys: KeyTable,
    /// V × D, row by row.
    pub vectors: Vec<T>,
    /// D.
    pub vector_size: usize,
    /// Rows whose key had come before; the first was kept.
    pub duplicates: u64,
    /// What the header said where that is not what was found (only when the rows were believed).
    pub miscount: Option<(u64, u64)>,
}

/// More threads than this wait for the one that reads.
const MAX_WORKERS: usize = 16;

/// Reads a file to its end (or to `limit` rows): the calling thread reads and keeps the keys, others
/// read the numbers. What comes out, be it a table or an error, doesn't depend on how many there are.
pub fn read<T: Element>(
    reader: ByteReader,
    options: &ReadOptions,
    decoder: KeyDecoder,
) -> Result<Table<T>> {
    read_with(reader, options, decoder, workers::available().min(MAX_WORKERS))
}

fn read_with<T: Element>(
    mut reader: ByteReader,
    options: &ReadOptions,
    decoder: KeyDecoder,
    workers: usize,
) -> Result<Table<T>> {
    skip_byte_order_mark(&mut reader)?;
    match options.layout {
        Layout::Binary => binary::read(reader, options, decoder, workers),
        Layout::Text | Layout::HeaderlessText => text::read(reader, options, decoder, workers),
    }
}

fn skip_byte_order_mark(reader: &mut ByteReader) -> Result<()> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if reader.peek(MARK.len())?.starts_with(MARK) {
        reader.consume(MARK.len());
    }
    if reader.peek(1)?.is_empty() {
        return Err(reader.error(FormatErrorKind::Header, "file is empty"));
    }
    Ok(())
}

/// Spaces and tabs separate; nothing else does.
fn is_separator(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// Bytes shown in a message: readable, and not too many.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
    let dots = if bytes.len() > 60 { "…" } else { "" };
    format!("{:?}", format!("{text}{dots}"))
}

/// The first line of a file that has one: V and D.
#[derive(Debug, Clone, Copy)]
struct Header {
    rows: u64,
    size: usize,
}

impl Header {
    fn read(reader: &mut ByteReader) -> Result<Self> {
        let limit = ("max_line_bytes", reader.limits().max_line_bytes);
        let found = reader.find(b'\n', limit, "the first line")?;
        let line = &reader.ahead()[..found.unwrap_or(reader.ahead().len())];
        let parsed = Self::parse(line);
        let step = line.len() + usize::from(found.is_some());
        let header = parsed.map_err(|message| reader.error(FormatErrorKind::Header, message))?;
        reader.consume(step);
        let limits = *reader.limits();
        for (name, claimed, limit) in [
            ("max_rows", header.rows, limits.max_rows),
            ("max_vector_size", header.size as u64, limits.max_vector_size),
        ] {
            if claimed > limit {
                let message = format!(
                    "the header asks for {claimed}, beyond {name} = {limit}; if it is meant, load \
                     with limits=synvec.Limits({name}=…)"
                );
                return Err(reader.error(FormatErrorKind::Limit, message));
            }
        }
        Ok(header)
    }

    fn parse(line: &[u8]) -> Result<Self, String> {
        let fields: Vec<&[u8]> = line
            .split(|&byte| is_separator(byte) || is_line_end(byte))
            .filter(|field| !field.is_empty())
            .take(4)
            .collect();
        let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse::<i64>().ok();
        let &[rows, size] = fields.as_slice() else {
            let mut message =
                format!("line 1 is {}, expected two numbers: rows and dimensions", shown(line));
            if fields.len() > 2 && fields[1..].iter().all(|field| f64::parse(field).is_some()) {
                message += "; it looks like GloVe text: load with no_header=True";
            } else {
                message += "; text without a header loads with no_header=True, as GloVe's does";
            }
            return Err(message);
        };
        match (number(rows), number(size)) {
            (Some(rows @ 0..), Some(size @ 1..)) => {
                Ok(Self { rows: rows as u64, size: size as usize })
            }
            (Some(rows), Some(size)) => Err(format!(
                "the header gives {rows} rows of {size} dimensions, expected at least 0 rows of at \
                 least 1"
            )),
            _ => Err(format!(
                "line 1 is {}, expected two numbers: rows and dimensions; text without a header \
                 loads with no_header=True, as GloVe's does",
                shown(line)
            )),
        }
    }

    /// Refuses a header that asks for more than the rest of the file can hold, before anything is
    /// allocated. Returns the rows to make room for: none when the size of the file is unknown.
    fn check_claim(
        &self,
        reader: &ByteReader,
        options: &ReadOptions,
        row_bytes: impl Fn(u64) -> Option<u64>,
    ) -> Result<usize> {
        let rows = options.limit.map_or(self.rows, |limit| limit.min(self.rows));
        let Some(left) = reader.remaining() else { return Ok(0) };
        // A whole row more than the least it can take means that bytes were lost on the way.
        let fitting = row_bytes(self.size as u64).map_or(0, |bytes| left / bytes + 1);
        if options.count_actual {
            return Ok(rows.min(fitting) as usize);
        }
        let claimed = row_bytes(self.size as u64).and_then(|bytes| bytes.checked_mul(rows));
        if rows > fitting.saturating_mul(2).max(fitting + 1000) {
            let needed = claimed.map_or("more than any file".to_owned(), size_text);
            return Err(reader.error(
                FormatErrorKind::Header,
                format!(
                    "the header's {rows} rows of {} dimensions need at least {needed}, but {} follow; \
                     count=\"actual\" loads the rows that are there",
                    self.size,
                    size_text(left)
                ),
            ));
        }
        Ok(rows.min(fitting) as usize)
    }
}

/// A number of bytes as people write it.
fn size_text(bytes: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{size:.1} {}", units[unit]) }
}

#[cfg(test)]
mod block_tests;
#[cfg(test)]
mod tests;
