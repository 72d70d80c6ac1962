//! word2vec text, and GloVe's, which has no header.

use std::ops::Range;

use super::rows::{Builder, KeyDecoder, RowFault, RowName};
use super::{Header, Layout, ReadOptions, Table, is_line_end, is_separator, shown};
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;

/// Reads from the header, or from the first row, to the end.
pub fn read<T: Element>(
    mut reader: ByteReader,
    options: &ReadOptions,
    decoder: KeyDecoder,
) -> Result<Table<T>> {
    let (header, name) = match options.layout {
        Layout::HeaderlessText => (None, RowName("line", 1)),
        _ => (Some(Header::read(&mut reader)?), RowName("line", 2)),
    };
    // A key of one byte; a separator and a digit for each number; a newline.
    let least = |size: u64| size.checked_mul(2)?.checked_add(2);
    let (size, room) = match header {
        Some(header) => (header.size, header.check_claim(&reader, options, least)?),
        None => (columns_of_first_line(&mut reader)?, 0),
    };
    let mut builder = Builder::<T>::new(&reader, options, decoder, room, size)?;
    let mut numbers = Vec::new();
    let wanted = options.limit.unwrap_or(u64::MAX);
    let declared = header.filter(|_| !options.count_actual).map_or(u64::MAX, |header| header.rows);
    while builder.rows() < wanted.min(declared) {
        if !read_row(&mut reader, &mut builder, name, &mut numbers)? {
            break;
        }
    }
    if wanted > builder.rows() {
        expect_end(&mut reader, header, declared, builder.rows())?;
    }
    let believed = header.filter(|header| {
        options.count_actual && options.limit.is_none_or(|limit| limit >= header.rows)
    });
    Ok(builder.finish(believed.map(|header| header.rows)))
}

/// The line ahead, without its newline, and the bytes to consume for it; `None` at the end.
fn next_line(reader: &mut ByteReader) -> Result<Option<(usize, usize)>> {
    let limit = ("max_line_bytes", reader.limits().max_line_bytes);
    let found = reader.find(b'\n', limit, "a line")?;
    Ok(match found {
        Some(length) => Some((length, length + 1)),
        None if reader.ahead().is_empty() => None,
        None => Some((reader.ahead().len(), reader.ahead().len())),
    })
}

/// Reads one row; false where only empty lines or nothing follow.
fn read_row<T: Element>(
    reader: &mut ByteReader,
    builder: &mut Builder<T>,
    name: RowName,
    numbers: &mut Vec<Range<usize>>,
) -> Result<bool> {
    let (row, offset) = (builder.rows(), reader.offset());
    let Some((length, step)) = next_line(reader)? else { return Ok(false) };
    let line = &reader.ahead()[..length];
    if line.iter().all(|&byte| is_separator(byte) || is_line_end(byte)) {
        reader.skip_while(|byte| is_separator(byte) || is_line_end(byte))?;
        if reader.peek(1)?.is_empty() {
            return Ok(false);
        }
        let fault = RowFault::Row("is empty, expected a key and its numbers".into());
        return Err(fault.at(reader, name, row, offset));
    }
    let key_limit = reader.limits().max_key_bytes;
    let parsed = parse_row(line, builder, key_limit, numbers);
    let is_binary = row == 0 && line.iter().any(|&byte| byte < b'\t');
    parsed.map_err(|fault| match fault {
        _ if is_binary => reader.error(
            FormatErrorKind::Header,
            "the first row is not text; it looks like word2vec binary: load with binary=True",
        ),
        LineFault::Row(fault) => fault.at(reader, name, row, offset),
        LineFault::LongKey(bytes) => long_key(reader, name, row, offset, bytes),
    })?;
    reader.consume(step);
    Ok(true)
}

enum LineFault {
    Row(RowFault),
    LongKey(usize),
}

impl From<RowFault> for LineFault {
    fn from(fault: RowFault) -> Self {
        Self::Row(fault)
    }
}

fn long_key(reader: &ByteReader, name: RowName, row: u64, offset: u64, bytes: usize) -> Error {
    let (RowName(name, first), limit) = (name, reader.limits().max_key_bytes);
    let message = format!(
        "{name} {} (byte {offset}) has a key of {bytes} bytes, beyond max_key_bytes = {limit}; if it \
         is meant, load with limits=synvec.Limits(max_key_bytes=…)",
        row + first
    );
    reader.error(FormatErrorKind::Limit, message)
}

/// Parses from the right, so that a key may hold spaces: the last D words are numbers, what stands
/// before them is the key. `numbers` is room to note where they lie, used again for every line.
fn parse_row<T: Element>(
    line: &[u8],
    builder: &mut Builder<T>,
    key_limit: u64,
    numbers: &mut Vec<Range<usize>>,
) -> Result<(), LineFault> {
    let line = trim_start(line);
    numbers.clear();
    let mut words = Words::new(line);
    numbers.extend(words.by_ref().take(builder.size()));
    let key = if numbers.len() == builder.size() { words.rest() } else { &[] };
    if key.len() as u64 > key_limit {
        return Err(LineFault::LongKey(key.len()));
    }
    if key.is_empty() || is_number_after_space::<T>(key) {
        return Err(wrong_columns::<T>(line, builder.size()).into());
    }
    builder.begin(key)?;
    let size = builder.size();
    for (column, (value, word)) in builder.vector()?.iter_mut().rev().zip(&*numbers).enumerate() {
        let word = &line[word.clone()];
        *value = T::parse(word).ok_or_else(|| {
            RowFault::Row(format!(
                "has {} in column {}, expected a number (the key is {})",
                shown(word),
                size - column,
                shown(key)
            ))
        })?;
    }
    Ok(builder.end()?)
}

/// A key that ends in a number is a row with a column too many.
fn is_number_after_space<T: Element>(key: &[u8]) -> bool {
    let mut words = Words::new(key);
    let last = words.next().unwrap_or_default();
    words.next().is_some() && T::parse(&key[last]).is_some()
}

/// The words of a line, and the numbers at its end; the first word is a key whatever it is.
fn words_and_numbers<T: Element>(line: &[u8]) -> (usize, usize) {
    let words = Words::new(line).count();
    let numbers =
        Words::new(line).take_while(|word| T::parse(&line[word.clone()]).is_some()).count();
    (words, numbers.min(words.saturating_sub(1)))
}

fn wrong_columns<T: Element>(line: &[u8], size: usize) -> RowFault {
    let (_, numbers) = words_and_numbers::<T>(line);
    RowFault::Row(format!("has {numbers} numbers, expected {size}; it begins {}", shown(line)))
}

/// Where the words of a line lie, from the right.
struct Words<'a> {
    line: &'a [u8],
}

impl<'a> Words<'a> {
    fn new(line: &'a [u8]) -> Self {
        Self { line }
    }

    /// What stands before the words that were taken.
    fn rest(mut self) -> &'a [u8] {
        self.trim();
        self.line
    }

    fn trim(&mut self) {
        while let [rest @ .., last] = self.line
            && (is_separator(*last) || is_line_end(*last))
        {
            self.line = rest;
        }
    }
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        self.trim();
        let end = self.line.len();
        let start = self.line.iter().rposition(|&byte| is_separator(byte)).map_or(0, |at| at + 1);
        self.line = &self.line[..start];
        (start < end).then_some(start..end)
    }
}

fn trim_start(line: &[u8]) -> &[u8] {
    let is_blank = |byte: u8| is_separator(byte) || is_line_end(byte);
    let start = line.iter().position(|&byte| !is_blank(byte)).unwrap_or(line.len());
    &line[start..]
}

/// D of a file without a header: the numbers at the end of its first line.
fn columns_of_first_line(reader: &mut ByteReader) -> Result<usize> {
    let (length, _) = next_line(reader)?.unwrap_or_default();
    let line = &reader.ahead()[..length];
    let (words, size) = words_and_numbers::<f64>(line);
    let is_header =
        words == 2 && Words::new(line).all(|word| line[word].iter().all(u8::is_ascii_digit));
    let fault = if is_header {
        format!(
            "line 1 is {}; it looks like the header of word2vec text: load without no_header=True",
            shown(line)
        )
    } else if size == 0 {
        format!("line 1 is {}, expected a key and its numbers", shown(line))
    } else {
        let limit = reader.limits().max_vector_size;
        if size as u64 <= limit {
            return Ok(size);
        }
        let message = format!(
            "line 1 has {size} numbers, beyond max_vector_size = {limit}; if it is meant, load with \
             limits=synvec.Limits(max_vector_size=…)"
        );
        return Err(reader.error(FormatErrorKind::Limit, message));
    };
    Err(reader.error(FormatErrorKind::Header, fault))
}

fn expect_end(
    reader: &mut ByteReader,
    header: Option<Header>,
    declared: u64,
    rows: u64,
) -> Result<()> {
    let Some(header) = header else { return Ok(()) };
    let offset = reader.offset();
    if declared != u64::MAX && rows < declared {
        let message = format!(
            "the file ends after {rows} of the {declared} rows that the header gives; get the whole \
             file{}",
            hint_of_actual(reader, declared, rows, offset)
        );
        return Err(reader.error(FormatErrorKind::Truncated, message));
    }
    reader.skip_while(|byte| is_separator(byte) || is_line_end(byte))?;
    if reader.peek(1)?.is_empty() {
        return Ok(());
    }
    let message = format!(
        "trailing data on line {} (byte {offset}) after the {} rows that the header gives; \
         count=\"actual\" loads all that is there",
        rows + 2,
        header.rows
    );
    Err(reader.error(FormatErrorKind::Header, message))
}

/// When a file ends between two rows, its header may be what is wrong.
pub fn hint_of_actual(reader: &ByteReader, declared: u64, rows: u64, offset: u64) -> String {
    if reader.offset() == offset && reader.ahead().is_empty() && rows < declared {
        format!(", or load the {rows} that are there with count=\"actual\"")
    } else {
        String::new()
    }
}
