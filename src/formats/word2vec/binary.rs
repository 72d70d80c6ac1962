//! word2vec binary.

use super::rows::{Builder, KeyDecoder, RowName};
use super::{Header, ReadOptions, Table, is_line_end};
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::numbers::Element;
use crate::formats::source::ByteReader;

const RECORD: RowName = RowName("record", 1);

/// Reads from the header to the end.
pub fn read<T: Element>(
    mut reader: ByteReader,
    options: &ReadOptions,
    decoder: KeyDecoder,
) -> Result<Table<T>> {
    let header = Header::read(&mut reader)?;
    // A key of one byte, a space, the numbers.
    let least = |size: u64| size.checked_mul(4)?.checked_add(2);
    let room = header.check_claim(&reader, options, least)?;
    let mut builder = Builder::<T>::new(&reader, options, decoder, room, header.size)?;
    let mut raw = vec![0f32; header.size.min(1 << 16)];
    let wanted = options.limit.unwrap_or(u64::MAX);
    let declared = if options.count_actual { u64::MAX } else { header.rows };
    while builder.rows() < wanted.min(declared) {
        reader.skip_while(|byte| byte == b'\n')?;
        if options.count_actual && reader.peek(1)?.is_empty() {
            break;
        }
        read_record(&mut reader, &mut builder, header, &mut raw)?;
    }
    if wanted > builder.rows() {
        expect_end(&mut reader, header)?;
    }
    let believed = options.count_actual && options.limit.is_none_or(|limit| limit >= header.rows);
    Ok(builder.finish(believed.then_some(header.rows)))
}

fn read_record<T: Element>(
    reader: &mut ByteReader,
    builder: &mut Builder<T>,
    header: Header,
    raw: &mut [f32],
) -> Result<()> {
    let (row, offset) = (builder.rows(), reader.offset());
    let limit = ("max_key_bytes", reader.limits().max_key_bytes);
    let Some(length) = reader.find(b' ', limit, "a key")? else {
        return Err(truncated(reader, header, row, offset));
    };
    builder
        .begin(&reader.ahead()[..length])
        .map_err(|fault| fault.at(reader, RECORD, row, offset))?;
    reader.consume(length + 1);
    if row == 0 {
        refuse_text(reader, header)?;
    }
    let vector = builder.vector().map_err(|fault| fault.at(reader, RECORD, row, offset))?;
    for part in vector.chunks_mut(raw.len()) {
        let raw = &mut raw[..part.len()];
        let bytes = bytemuck::cast_slice_mut(raw);
        if reader.read_into(bytes)? < bytes.len() {
            return Err(truncated(reader, header, row, offset));
        }
        for (value, &raw) in part.iter_mut().zip(raw.iter()) {
            *value = T::from_f32(raw);
        }
    }
    builder.end().map_err(|fault| fault.at(reader, RECORD, row, offset))
}

fn truncated(reader: &ByteReader, header: Header, row: u64, offset: u64) -> Error {
    let message = format!(
        "the file ends within record {} of {} (which begins at byte {offset}); get the whole file{}",
        row + 1,
        header.rows,
        super::text::hint_of_actual(reader, header.rows, row, offset)
    );
    reader.error(FormatErrorKind::Truncated, message)
}

/// Text read as binary would give numbers that mean nothing.
fn refuse_text(reader: &mut ByteReader, header: Header) -> Result<()> {
    let is_text =
        |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b' ' | b'\t');
    let bytes = (header.size * 4).min(256);
    let vector = reader.peek(bytes)?;
    if bytes >= 8 && vector.len() >= bytes && vector[..bytes].iter().all(is_text) {
        let message = "the first vector is made of digits and spaces; it looks like word2vec text: \
                       load with binary=False";
        return Err(reader.error(FormatErrorKind::Header, message));
    }
    Ok(())
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
