//! Rows as they come: keys decoded, the first of equal ones kept, vectors in one growing block.

use std::borrow::Cow;

use super::{ReadOptions, Table, shown};
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;
use crate::vocab::KeyTable;

/// Decodes keys by other means, such as a codec of Python's; says what is wrong when it cannot.
pub type ForeignDecoder<'a> = Box<dyn FnMut(&[u8]) -> Result<String, String> + Send + 'a>;

/// How the bytes of a key become text.
pub enum KeyDecoder<'a> {
    /// UTF-8, and anything else is an error.
    Strict,
    /// UTF-8; what is not is left out.
    Ignore,
    /// UTF-8; what is not becomes U+FFFD.
    Replace,
    /// Another encoding.
    Foreign(ForeignDecoder<'a>),
}

impl KeyDecoder<'_> {
    /// The text of a key.
    pub fn decode<'k>(&mut self, bytes: &'k [u8]) -> Result<Cow<'k, str>, String> {
        match self {
            Self::Replace => Ok(String::from_utf8_lossy(bytes)),
            Self::Ignore => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.into()),
                Err(_) => Ok(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()),
            },
            Self::Foreign(decode) => decode(bytes).map(Cow::Owned),
            Self::Strict => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let at = error.valid_up_to();
                format!(
                    "is not UTF-8 (byte {at} of it is 0x{:02x}); pass its encoding, or \
                     unicode_errors=\"replace\"",
                    bytes[at]
                )
            }),
        }
    }
}

/// A table in the making.
pub struct Builder<'d, T> {
    table: Table<T>,
    decoder: KeyDecoder<'d>,
    allow_nonfinite: bool,
    /// A file without a header, or one that is not believed, is held to it row by row.
    max_rows: u64,
    /// Whether the row under way has a key that came before.
    is_duplicate: bool,
    /// Rows begun, duplicates included.
    rows: u64,
}

/// What a row is called in messages: "line" or "record", and the number of the first one.
#[derive(Debug, Clone, Copy)]
pub struct RowName(pub &'static str, pub u64);

impl<'d, T: Element> Builder<'d, T> {
    /// A table of vectors of `size`, with room for `rows` of them.
    pub fn new(
        reader: &ByteReader,
        options: &ReadOptions,
        decoder: KeyDecoder<'d>,
        rows: usize,
        size: usize,
    ) -> Result<Self> {
        let mut vectors = Vec::new();
        let wanted = rows.checked_mul(size).ok_or(());
        if wanted.and_then(|wanted| vectors.try_reserve_exact(wanted).map_err(drop)).is_err() {
            let message = format!(
                "{rows} vectors of {size} dimensions do not fit into memory; load fewer with limit="
            );
            return Err(reader.error(FormatErrorKind::Limit, message));
        }
        let mut keys = KeyTable::default();
        keys.reserve(rows);
        let table = Table { keys, vectors, vector_size: size, duplicates: 0, miscount: None };
        let (allow_nonfinite, max_rows) = (options.allow_nonfinite, reader.limits().max_rows);
        Ok(Self { table, decoder, allow_nonfinite, max_rows, is_duplicate: false, rows: 0 })
    }

    /// D.
    pub fn size(&self) -> usize {
        self.table.vector_size
    }

    /// Rows so far, duplicates included.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Begins a row: its key. `Err` says what is wrong with it.
    pub fn begin(&mut self, key: &[u8]) -> Result<(), RowFault> {
        if self.rows >= self.max_rows {
            return Err(RowFault::Limit(format!(
                "is one more than max_rows = {}; if it is meant, load with \
                 limits=synvec.Limits(max_rows=…)",
                self.max_rows
            )));
        }
        if key.is_empty() {
            return Err(RowFault::Row(
                "has an empty key, expected some text before the numbers".into(),
            ));
        }
        let text = self.decoder.decode(key).map_err(|fault| {
            RowFault::Encoding(format!("has the key {}, which {fault}", shown(key)))
        })?;
        if text.is_empty() {
            return Err(RowFault::Encoding(format!(
                "has the key {}, of which nothing is left; use unicode_errors=\"replace\"",
                shown(key)
            )));
        }
        let (_, is_new) = self.table.keys.insert(&text).map_err(RowFault::Other)?;
        self.is_duplicate = !is_new;
        self.rows += 1;
        Ok(())
    }

    /// Where the numbers of the row go.
    pub fn vector(&mut self) -> Result<&mut [T], RowFault> {
        let (start, size) = (self.table.vectors.len(), self.table.vector_size);
        // Grows by doubling, as `resize` would, but a full memory is an error rather than an abort.
        self.table.vectors.try_reserve(size).map_err(|_| {
            RowFault::Other(Error::Memory { bytes: (start + size).saturating_mul(size_of::<T>()) })
        })?;
        self.table.vectors.resize(start + size, T::zeroed());
        Ok(&mut self.table.vectors[start..])
    }

    /// Ends the row.
    pub fn end(&mut self) -> Result<(), RowFault> {
        let start = self.table.vectors.len() - self.table.vector_size;
        let vector = &self.table.vectors[start..];
        if !self.allow_nonfinite && !vector.iter().fold(true, |all, value| all & value.is_finite())
        {
            let column = vector.iter().position(|value| !value.is_finite()).unwrap_or(0);
            return Err(RowFault::NonFinite(format!(
                "holds NaN, infinity or a number too large for the type in column {}; \
                 allow_nonfinite=True loads it",
                column + 1
            )));
        }
        if self.is_duplicate {
            self.table.vectors.truncate(start);
            self.table.duplicates += 1;
        }
        Ok(())
    }

    /// The table; `declared` is what the header said, if there was one and the rows were believed.
    pub fn finish(mut self, declared: Option<u64>) -> Table<T> {
        self.table.vectors.shrink_to_fit();
        self.table.miscount = declared
            .filter(|&declared| declared != self.rows)
            .map(|declared| (declared, self.rows));
        self.table
    }
}

/// What is wrong with one row; the reader adds the place.
#[derive(Debug)]
pub enum RowFault {
    Row(String),
    Encoding(String),
    NonFinite(String),
    Limit(String),
    Other(Error),
}

impl RowFault {
    /// The error, with its place: `row` rows came before this one, which began at byte `offset`.
    pub fn at(self, reader: &ByteReader, name: RowName, row: u64, offset: u64) -> Error {
        let (kind, message) = match self {
            Self::Row(message) => (FormatErrorKind::Row, message),
            Self::Encoding(message) => (FormatErrorKind::Encoding, message),
            Self::NonFinite(message) => (FormatErrorKind::NonFinite, message),
            Self::Limit(message) => (FormatErrorKind::Limit, message),
            Self::Other(error) => return error,
        };
        let RowName(name, first) = name;
        reader.error(kind, format!("{name} {} (byte {offset}) {message}", row + first))
    }
}
