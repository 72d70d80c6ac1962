//! word2vec text, and GloVe's, which has no header.

use std::ops::Range;

use super::room::{Rooms, zeros};
use super::rows::{Block, Builder, KeyDecoder, RowFault, RowName, check_finite};
use super::{Header, Layout, ReadOptions, Table, is_line_end, is_separator, shown};
use crate::error::{FormatErrorKind, Result};
use crate::formats::Limits;
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;
use crate::pipeline::{self, Ends};

/// Reads from the header, or from the first row, to the end.
pub fn read<T: Element>(
    mut reader: ByteReader,
    options: &ReadOptions,
    decoder: KeyDecoder,
    workers: usize,
) -> Result<Table<T>> {
    let (header, name) = match options.layout {
        Layout::HeaderlessText => (None, RowName("line", 1)),
        _ => (Some(Header::read(&mut reader)?), RowName("line", 2)),
    };
    let (size, room) = match header {
        Some(header) => (header.size, header.check_claim(&reader, options, least_row_bytes)?),
        None => (columns_of_first_line(&mut reader)?, 0),
    };
    let Limits { max_key_bytes: key_limit, max_rows, .. } = *reader.limits();
    let mut matrix = zeros::<T>(&reader, room, size)?;
    let wanted = options.limit.unwrap_or(u64::MAX);
    let declared = header.filter(|_| !options.count_actual).map_or(u64::MAX, |header| header.rows);
    let mut lines = Lines {
        reader,
        builder: Builder::new(decoder, room, size, max_rows),
        rooms: Rooms::new(&mut matrix),
        name,
        size,
        begun: 0,
        target: wanted.min(declared),
    };
    let parser = RowParser { size, key_limit, allow_nonfinite: options.allow_nonfinite };
    pipeline::run(workers, &mut lines, |block| parser.parse_block(block))?;
    let Lines { mut reader, builder, .. } = lines;
    if wanted > builder.rows() {
        expect_end(&mut reader, header, declared, builder.rows())?;
    }
    let believed = header.filter(|header| {
        options.count_actual && options.limit.is_none_or(|limit| limit >= header.rows)
    });
    Ok(builder.finish(matrix, believed.map(|header| header.rows)))
}

/// A key of one byte; a separator and a digit for each number; a newline.
fn least_row_bytes(size: u64) -> Option<u64> {
    size.checked_mul(2)?.checked_add(2)
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

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|&byte| is_separator(byte) || is_line_end(byte))
}

/// The rows of a file, cut into blocks of whole lines.
struct Lines<'a, 'd, 'm, T> {
    reader: ByteReader<'a>,
    builder: Builder<'d, T>,
    rooms: Rooms<'m, T>,
    name: RowName,
    size: usize,
    /// Rows in the blocks so far, and in all.
    begun: u64,
    target: u64,
}

impl<'m, T: Element> Ends for Lines<'_, '_, 'm, T> {
    type Part = Block<'m, T>;
    type Product = Block<'m, T>;

    fn next(&mut self) -> Result<Option<Block<'m, T>>> {
        if self.begun == self.target {
            return Ok(None);
        }
        let Some((length, step)) = next_line(&mut self.reader)? else { return Ok(None) };
        if is_blank(&self.reader.ahead()[..length]) {
            self.skip_blank_lines()?;
            return Ok(None);
        }
        let (rows, bytes) = self.whole_lines(step);
        let room = self.rooms.take(rows * self.size)?;
        self.begun += rows as u64;
        Ok(Some(Block::new(self.reader.take(bytes), room)))
    }

    fn merge(&mut self, mut block: Block<'m, T>) -> Result<()> {
        let first = self.builder.rows();
        self.builder.add(&mut block).map_err(|(row, fault)| {
            let start = start_of_line(&block.piece, row);
            if first == 0 && row == 0 && begins_in_binary(&block.piece) {
                let message =
                    "the first row is not text; it looks like word2vec binary: load with binary=True";
                return self.reader.error(FormatErrorKind::Header, message);
            }
            let offset = block.piece.offset + start as u64;
            fault.at(&self.reader, self.name, first + row as u64, offset)
        })?;
        self.reader.give_back(block.piece);
        self.rooms.give_back(block.room);
        Ok(())
    }
}

impl<T: Element> Lines<'_, '_, '_, T> {
    /// How many whole rows lie ahead, and their bytes; the first has `step`. What is odd is left for
    /// the next block to begin with: a blank line, one that is too long, or so short that the room
    /// for its numbers would be out of proportion.
    fn whole_lines(&self, step: usize) -> (usize, usize) {
        let ahead = self.reader.ahead();
        let most = self.target - self.begun;
        let longest = self.reader.limits().max_line_bytes;
        let shortest = least_row_bytes(self.size as u64).unwrap_or(u64::MAX) - 1;
        let (mut rows, mut end) = (1, step);
        for newline in memchr::memchr_iter(b'\n', &ahead[step..]) {
            let line = &ahead[end..step + newline];
            let is_odd = !(shortest..=longest).contains(&(line.len() as u64)) || is_blank(line);
            if rows as u64 == most || is_odd {
                break;
            }
            (rows, end) = (rows + 1, step + newline + 1);
        }
        (rows, end)
    }

    /// Blank lines may only stand at the end.
    fn skip_blank_lines(&mut self) -> Result<()> {
        let offset = self.reader.offset();
        self.reader.skip_while(|byte| is_separator(byte) || is_line_end(byte))?;
        if self.reader.peek(1)?.is_empty() {
            return Ok(());
        }
        let fault = RowFault::Row("is empty, expected a key and its numbers".into());
        Err(fault.at(&self.reader, self.name, self.begun, offset))
    }
}

fn start_of_line(text: &[u8], line: usize) -> usize {
    let newline_before = line.checked_sub(1).and_then(|n| memchr::memchr_iter(b'\n', text).nth(n));
    newline_before.map_or(0, |newline| newline + 1)
}

/// Whether the first line holds bytes that no text has.
fn begins_in_binary(text: &[u8]) -> bool {
    text.iter().take_while(|&&byte| byte != b'\n').any(|&byte| byte < b'\t')
}

/// What a worker knows.
struct RowParser {
    size: usize,
    key_limit: u64,
    allow_nonfinite: bool,
}

impl RowParser {
    /// A worker's part: every line up to the first that is wrong.
    fn parse_block<'m, T: Element>(&self, mut block: Block<'m, T>) -> Block<'m, T> {
        // Where numbers lie in a line, again and again.
        let mut places = Vec::new();
        let (text, mut start) = (&*block.piece, 0);
        for (row, vector) in block.room.chunks_exact_mut(self.size).enumerate() {
            let rest = &text[start..];
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..length];
            let parsed = match parse_plain(line, vector) {
                Some(key) if key as u64 <= self.key_limit => {
                    block.keys.push(start..start + key);
                    Ok(())
                }
                _ => self.parse_any(line, vector, &mut places, |key| {
                    block.keys.push(start + key.start..start + key.end);
                }),
            };
            let checked = parsed
                .and_then(|()| if self.allow_nonfinite { Ok(()) } else { check_finite(vector) });
            if let Err(fault) = checked {
                block.fault = Some((row, fault));
                break;
            }
            start += length + 1;
        }
        block
    }

    /// Parses from the right, so that a key may hold spaces: the last D words are numbers, what
    /// stands before them is the key, which is told before the numbers are read.
    fn parse_any<T: Element>(
        &self,
        line: &[u8],
        vector: &mut [T],
        places: &mut Vec<Range<usize>>,
        tell_key: impl FnOnce(Range<usize>),
    ) -> Result<(), RowFault> {
        let blank = |byte: u8| is_separator(byte) || is_line_end(byte);
        let start = line.iter().position(|&byte| !blank(byte)).unwrap_or(line.len());
        let line = &line[start..];
        places.clear();
        let mut words = Words::new(line);
        places.extend(words.by_ref().take(self.size));
        let key = if places.len() == self.size { words.rest() } else { &[] };
        if key.len() as u64 > self.key_limit {
            return Err(RowFault::Limit(format!(
                "has a key of {} bytes, beyond max_key_bytes = {limit}; if it is meant, load with \
                 limits=synvec.Limits(max_key_bytes=…)",
                key.len(),
                limit = self.key_limit
            )));
        }
        if key.is_empty() || is_number_after_space::<T>(key) {
            return Err(wrong_columns::<T>(line, self.size));
        }
        tell_key(start..start + key.len());
        for (column, (value, place)) in vector.iter_mut().rev().zip(&*places).enumerate() {
            let word = &line[place.clone()];
            *value = T::parse(word).ok_or_else(|| {
                RowFault::Row(format!(
                    "has {} in column {}, expected a number (the key is {})",
                    shown(word),
                    self.size - column,
                    shown(key)
                ))
            })?;
        }
        Ok(())
    }
}

/// Parses a line as nearly all are, from the left: a key without blanks, and D numbers. Returns the
/// length of the key; `None` for everything else, right or wrong.
fn parse_plain<T: Element>(line: &[u8], vector: &mut [T]) -> Option<usize> {
    let key = line.iter().position(|&byte| is_separator(byte) || is_line_end(byte))?;
    let mut at = key;
    for value in vector {
        let (&blank, mut rest) = line.get(at..)?.split_first()?;
        if !is_separator(blank) {
            return None;
        }
        while let [byte, tail @ ..] = rest
            && is_separator(*byte)
        {
            rest = tail;
        }
        let (number, length) = T::parse_start(rest).or_else(|| parse_word(rest))?;
        *value = number;
        at = line.len() - rest.len() + length;
    }
    (key > 0 && is_blank(&line[at..])).then_some(key)
}

/// Parses a number of any notation, such as one of 17 digits, and tells its length.
#[cold]
fn parse_word<T: Element>(text: &[u8]) -> Option<(T, usize)> {
    let ends = |&byte: &u8| is_separator(byte) || is_line_end(byte);
    let length = text.iter().position(ends).unwrap_or(text.len());
    Some((T::parse(&text[..length])?, length))
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
