//! word2vec binary.

use std::ops::Range;

use super::room::{Room, Rooms, zeros};
use super::rows::{Block, Builder, KeyDecoder, RowFault, RowName, check_finite};
use super::{Header, ReadOptions, Table, is_line_end};
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;
use crate::pipeline::{self, Ends};

const RECORD: RowName = RowName("record", 1);

/// Reads from the header to the end.
pub fn read<T: Element>(
    mut reader: ByteReader,
    options: &ReadOptions,
    decoder: KeyDecoder,
    workers: usize,
) -> Result<Table<T>> {
    let header = Header::read(&mut reader)?;
    // A key of one byte, a space, the numbers.
    let least = |size: u64| size.checked_mul(4)?.checked_add(2);
    let room = header.check_claim(&reader, options, least)?;
    let max_rows = reader.limits().max_rows;
    let mut matrix = zeros::<T>(&reader, room, header.size)?;
    let wanted = options.limit.unwrap_or(u64::MAX);
    let declared = if options.count_actual { u64::MAX } else { header.rows };
    let mut records = Records {
        reader,
        builder: Builder::new(decoder, room, header.size, max_rows),
        rooms: Rooms::new(&mut matrix),
        header,
        begun: 0,
        target: wanted.min(declared),
        count_actual: options.count_actual,
    };
    pipeline::run(workers, &mut records, |block| copy_vectors(block, header.size, options))?;
    let Records { mut reader, builder, .. } = records;
    if wanted > builder.rows() {
        expect_end(&mut reader, header)?;
    }
    let believed = options.count_actual && options.limit.is_none_or(|limit| limit >= header.rows);
    Ok(builder.finish(matrix, believed.then_some(header.rows)))
}

/// The records of a file, cut into blocks of whole ones.
struct Records<'a, 'd, 'm, T> {
    reader: ByteReader<'a>,
    builder: Builder<'d, T>,
    rooms: Rooms<'m, T>,
    header: Header,
    /// Records in the blocks so far, and in all.
    begun: u64,
    target: u64,
    count_actual: bool,
}

impl<'m, T: Element> Ends for Records<'_, '_, 'm, T> {
    type Part = Block<'m, T>;
    type Product = Block<'m, T>;

    fn next(&mut self) -> Result<Option<Block<'m, T>>> {
        if self.begun == self.target {
            return Ok(None);
        }
        self.reader.skip_while(|byte| byte == b'\n')?;
        if self.count_actual && self.reader.peek(1)?.is_empty() {
            return Ok(None);
        }
        let limit = ("max_key_bytes", self.reader.limits().max_key_bytes);
        let Some(length) = self.reader.find(b' ', limit, "a key")? else {
            return Err(self.truncated());
        };
        let vector_bytes = self.header.size * 4;
        if self.begun == 0 && self.is_text(length + 1)? {
            return Ok(Some(self.fault(length, looks_like_text(&self.reader))));
        }
        if self.reader.peek(length + 1 + vector_bytes)?.len() < length + 1 + vector_bytes {
            return Ok(Some(self.fault(length, self.truncated())));
        }
        let keys = whole_records(
            self.reader.ahead(),
            length,
            vector_bytes,
            self.target - self.begun,
            limit.1,
        );
        let bytes = keys.last().map_or(0, |key| key.end + 1 + vector_bytes);
        let room = self.rooms.take(keys.len() * self.header.size)?;
        self.begun += keys.len() as u64;
        Ok(Some(Block { keys, ..Block::new(self.reader.take(bytes), room) }))
    }

    fn merge(&mut self, mut block: Block<'m, T>) -> Result<()> {
        let first = self.builder.rows();
        self.builder.add(&mut block).map_err(|(row, fault)| {
            let offset = block.piece.offset + block.keys[row].start as u64;
            fault.at(&self.reader, RECORD, first + row as u64, offset)
        })?;
        self.reader.give_back(block.piece);
        self.rooms.give_back(block.room);
        Ok(())
    }
}

impl<'m, T: Element> Records<'_, '_, 'm, T> {
    /// A record that has a key, which may be wrong itself, and otherwise an error.
    fn fault(&mut self, key_bytes: usize, error: Error) -> Block<'m, T> {
        Block {
            keys: std::iter::once(0..key_bytes).collect(),
            fault: Some((0, RowFault::Other(error))),
            ..Block::new(self.reader.take(key_bytes), Room::Own(Vec::new()))
        }
    }

    fn truncated(&self) -> Error {
        let (rows, row, offset) = (self.header.rows, self.begun, self.reader.offset());
        let message = format!(
            "the file ends within record {} of {rows} (which begins at byte {offset}); get the whole \
             file{}",
            row + 1,
            super::text::hint_of_actual(&self.reader, rows, row, offset)
        );
        self.reader.error(FormatErrorKind::Truncated, message)
    }

    /// Whether the first vector, which begins so far ahead, is text: as numbers it would mean
    /// nothing.
    fn is_text(&mut self, start: usize) -> Result<bool> {
        let is_text =
            |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b' ' | b'\t');
        let bytes = (self.header.size * 4).min(256);
        let vector = self.reader.peek(start + bytes)?.get(start..start + bytes);
        Ok(bytes >= 8 && vector.is_some_and(|vector| vector.iter().all(is_text)))
    }
}

/// Where the keys of the whole records lie, of which the first has a key of `key_bytes`; at most
/// `most` records. What is odd is left for the next block to begin with.
fn whole_records(
    ahead: &[u8],
    key_bytes: usize,
    vector_bytes: usize,
    most: u64,
    max_key_bytes: u64,
) -> Vec<Range<usize>> {
    let (mut keys, mut key) = (Vec::new(), 0..key_bytes);
    loop {
        let end = key.end + 1 + vector_bytes;
        keys.push(key);
        if keys.len() as u64 == most {
            return keys;
        }
        let newlines = ahead[end..].iter().take_while(|&&byte| byte == b'\n').count();
        let start = end + newlines;
        let Some(length) = memchr::memchr(b' ', &ahead[start..]) else { return keys };
        if length as u64 > max_key_bytes || start + length + 1 + vector_bytes > ahead.len() {
            return keys;
        }
        key = start..start + length;
    }
}

/// A worker's part: the numbers go to their room.
fn copy_vectors<'m, T: Element>(
    mut block: Block<'m, T>,
    size: usize,
    options: &ReadOptions,
) -> Block<'m, T> {
    let vectors = block.room.chunks_exact_mut(size);
    for (row, (key, vector)) in block.keys.iter().zip(vectors).enumerate() {
        let bytes = &block.piece[key.end + 1..][..size * 4];
        for (value, bytes) in vector.iter_mut().zip(bytes.as_chunks().0) {
            *value = T::from_f32(f32::from_le_bytes(*bytes));
        }
        if !options.allow_nonfinite
            && let Err(fault) = check_finite(vector)
        {
            block.keys.truncate(row + 1);
            block.fault = Some((row, fault));
            break;
        }
    }
    block
}

fn looks_like_text(reader: &ByteReader) -> Error {
    let message = "the first vector is made of digits and spaces; it looks like word2vec text: load \
                   with binary=False";
    reader.error(FormatErrorKind::Header, message)
}

fn expect_end(reader: &mut ByteReader, header: Header) -> Result<()> {
    reader.skip_while(is_line_end)?;
    if reader.peek(1)?.is_empty() {
        return Ok(());
    }
    let message = format!(
        "trailing data at byte {} after the {} records that the header gives; count=\"actual\" loads \
         all that is there",
        reader.offset(),
        header.rows
    );
    Err(reader.error(FormatErrorKind::Header, message))
}
