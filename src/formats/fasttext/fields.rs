//! Numbers one after another, each with its name for messages.

use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::Limits;
use crate::formats::source::ByteReader;

/// Reads fields in order.
pub struct Fields<'a> {
    reader: ByteReader<'a>,
}

impl<'a> Fields<'a> {
    /// Begins with the first byte.
    pub fn new(reader: ByteReader<'a>) -> Self {
        Self { reader }
    }

    /// What lies under the fields.
    pub fn reader(&mut self) -> &mut ByteReader<'a> {
        &mut self.reader
    }

    /// The limits to keep to.
    pub fn limits(&self) -> Limits {
        *self.reader.limits()
    }

    /// Where the next field begins.
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Bytes left, when the size of the file is known.
    pub fn remaining(&self) -> Option<u64> {
        self.reader.remaining()
    }

    /// An error about this file.
    pub fn error(&self, kind: FormatErrorKind, message: impl Into<String>) -> Error {
        self.reader.error(kind, message)
    }

    /// An error about the file's end.
    pub fn truncated(&self, what: &str) -> Error {
        let message = format!(
            "the file ends at byte {} within {what}; get the whole file",
            self.reader.offset() + self.reader.ahead().len() as u64
        );
        self.error(FormatErrorKind::Truncated, message)
    }

    /// A 32-bit integer.
    pub fn int(&mut self, what: &str) -> Result<i32> {
        self.bytes(what).map(i32::from_le_bytes)
    }

    /// A 64-bit integer.
    pub fn long(&mut self, what: &str) -> Result<i64> {
        self.bytes(what).map(i64::from_le_bytes)
    }

    /// A float64.
    pub fn double(&mut self, what: &str) -> Result<f64> {
        self.bytes(what).map(f64::from_le_bytes)
    }

    /// A byte.
    pub fn byte(&mut self, what: &str) -> Result<u8> {
        self.bytes(what).map(|[byte]| byte)
    }

    /// A byte that is 0 or 1.
    pub fn flag(&mut self, what: &str) -> Result<bool> {
        let offset = self.offset();
        match self.byte(what)? {
            0 => Ok(false),
            1 => Ok(true),
            other => {
                let message = format!("{what} at byte {offset} is {other}, expected 0 or 1");
                Err(self.error(FormatErrorKind::Header, message))
            }
        }
    }

    /// A 32-bit integer that must be `expected`.
    pub fn expect_int(&mut self, what: &str, expected: i64) -> Result<()> {
        let offset = self.offset();
        let found = self.int(what)?;
        if i64::from(found) == expected {
            return Ok(());
        }
        let message =
            format!("{what} at byte {offset} is {found}, expected {expected}; get the file again");
        Err(self.error(FormatErrorKind::Header, message))
    }

    /// Fills `out` with bytes.
    pub fn fill(&mut self, out: &mut [u8], what: &str) -> Result<()> {
        if self.reader.read_into(out)? < out.len() {
            return Err(self.truncated(what));
        }
        Ok(())
    }

    /// Nothing may follow.
    pub fn expect_end(&mut self) -> Result<()> {
        if self.reader.peek(1)?.is_empty() {
            return Ok(());
        }
        let message = format!(
            "trailing data at byte {} after the output matrix; get the file again",
            self.reader.offset()
        );
        Err(self.error(FormatErrorKind::Header, message))
    }

    fn bytes<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let ahead = self.reader.peek(N)?;
        let Some(bytes) = ahead.first_chunk::<N>().copied() else {
            return Err(self.truncated(what));
        };
        self.reader.consume(N);
        Ok(bytes)
    }
}
