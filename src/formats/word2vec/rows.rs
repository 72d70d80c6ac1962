//! Rows as they come, a block at a time: keys decoded, the first of equal ones kept.

use std::borrow::Cow;
use std::ops::Range;

use super::room::{Room, remove_rows};
use super::{Table, shown};
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::{ByteReader, Piece};
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

/// Whole rows of a file: parsed by any thread, added to the table by one.
pub struct Block<'m, T> {
    /// The bytes of the rows.
    pub piece: Piece,
    /// Where their keys lie in it; the last may be the key of a row whose numbers are at fault.
    pub keys: Vec<Range<usize>>,
    /// Where their numbers go.
    pub room: Room<'m, T>,
    /// The first row that is wrong, counted within the block, and what is wrong with it.
    pub fault: Option<(usize, RowFault)>,
}

impl<'m, T> Block<'m, T> {
    /// Rows that nobody has looked at.
    pub fn new(piece: Piece, room: Room<'m, T>) -> Self {
        Self { piece, keys: Vec::new(), room, fault: None }
    }
}

/// A table in the making.
pub struct Builder<'d, T> {
    keys: KeyTable,
    decoder: KeyDecoder<'d>,
    /// D.
    size: usize,
    /// A file without a header, or one that is not believed, is held to it row by row.
    max_rows: u64,
    /// Rows so far, duplicates included, and the duplicates among them.
    rows: u64,
    duplicates: u64,
    /// How many rows lie in the matrix, and which of them are duplicates.
    placed: usize,
    dropped: Vec<usize>,
    /// The vectors of rows for which the matrix had no room, without duplicates.
    beyond: Vec<T>,
}

impl<'d, T: Element> Builder<'d, T> {
    /// A table of vectors of `size`, with room for the keys of `rows` of them, and of `max_rows` at
    /// most.
    pub fn new(decoder: KeyDecoder<'d>, rows: usize, size: usize, max_rows: u64) -> Self {
        let mut keys = KeyTable::default();
        keys.reserve(rows);
        Self {
            keys,
            decoder,
            size,
            max_rows,
            rows: 0,
            duplicates: 0,
            placed: 0,
            dropped: Vec::new(),
            beyond: Vec::new(),
        }
    }

    /// Rows so far, duplicates included.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the rows of a block. `Err` says which of them is wrong, and how.
    pub fn add(&mut self, block: &mut Block<T>) -> Result<(), (usize, RowFault)> {
        let mut repeated = Vec::new();
        for (row, key) in block.keys.iter().enumerate() {
            self.check_count(row).map_err(|fault| (row, fault))?;
            if !self.add_key(&block.piece[key.clone()]).map_err(|fault| (row, fault))? {
                repeated.push(row);
            }
        }
        if let Some(fault) = block.fault.take() {
            return Err(fault);
        }
        self.rows += block.keys.len() as u64;
        self.duplicates += repeated.len() as u64;
        match &block.room {
            Room::Matrix(_) => {
                self.dropped.extend(repeated.iter().map(|row| self.placed + row));
                self.placed += block.keys.len();
                Ok(())
            }
            Room::Own(vectors) => {
                self.add_vectors(vectors, &repeated).map_err(|error| (0, RowFault::Other(error)))
            }
        }
    }

    /// Refuses a row, counted within its block, that is one too many.
    fn check_count(&self, row: usize) -> Result<(), RowFault> {
        if self.rows + (row as u64) < self.max_rows {
            return Ok(());
        }
        Err(RowFault::Limit(format!(
            "is one more than max_rows = {}; if it is meant, load with \
             limits=synvec.Limits(max_rows=…)",
            self.max_rows
        )))
    }

    /// Whether the key is new.
    fn add_key(&mut self, key: &[u8]) -> Result<bool, RowFault> {
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
        let (_, is_new) = self.keys.insert(&text).map_err(RowFault::Other)?;
        Ok(is_new)
    }

    /// Appends all vectors but the repeated ones.
    fn add_vectors(&mut self, vectors: &[T], repeated: &[usize]) -> Result<()> {
        // Grows by doubling, but a full memory is an error rather than an abort.
        self.beyond.try_reserve(vectors.len()).map_err(|_| {
            let values = self.beyond.len().saturating_add(vectors.len());
            Error::Memory { bytes: values.saturating_mul(size_of::<T>()) }
        })?;
        let mut next = 0;
        for &row in repeated {
            self.beyond.extend_from_slice(&vectors[next..row * self.size]);
            next = (row + 1) * self.size;
        }
        self.beyond.extend_from_slice(&vectors[next..]);
        Ok(())
    }

    /// The table. `matrix` is what rooms were taken of; `declared` is what the header said, if there
    /// was one and the rows were believed.
    pub fn finish(self, mut matrix: Vec<T>, declared: Option<u64>) -> Table<T> {
        matrix.truncate(self.placed * self.size);
        remove_rows(&mut matrix, self.size, &self.dropped);
        if matrix.is_empty() {
            matrix = self.beyond;
        } else {
            matrix.extend_from_slice(&self.beyond);
        }
        matrix.shrink_to_fit();
        Table {
            keys: self.keys,
            vectors: matrix,
            vector_size: self.size,
            duplicates: self.duplicates,
            miscount: declared
                .filter(|&declared| declared != self.rows)
                .map(|declared| (declared, self.rows)),
        }
    }
}

/// NaN and infinity are a fault.
pub fn check_finite<T: Element>(vector: &[T]) -> Result<(), RowFault> {
    if vector.iter().fold(true, |all, value| all & value.is_finite()) {
        return Ok(());
    }
    let column = vector.iter().position(|value| !value.is_finite()).unwrap_or(0);
    Err(RowFault::NonFinite(format!(
        "holds NaN, infinity or a number too large for the type in column {}; \
         allow_nonfinite=True loads it",
        column + 1
    )))
}

/// What a row is called in messages: "line" or "record", and the number of the first one.
#[derive(Debug, Clone, Copy)]
pub struct RowName(pub &'static str, pub u64);

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
