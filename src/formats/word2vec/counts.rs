//! The vocabulary file beside a vector file: a key and its count on each line.

use super::rows::{KeyDecoder, RowFault, RowName};
use super::{is_line_end, is_separator, shown};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::output::Output;
use crate::formats::source::ByteReader;
use crate::vocab::KeyTable;

/// The name of the format in messages.
pub const FORMAT: &str = "vocabulary file";

/// The count of each key, 0 for those that the file does not name, and how many these are.
pub fn read_counts(
    mut reader: ByteReader,
    keys: &KeyTable,
    mut decoder: KeyDecoder,
) -> Result<(Vec<u64>, u64)> {
    let mut counts: Vec<Option<u64>> = vec![None; keys.len()];
    let name = RowName("line", 1);
    for row in 0.. {
        let offset = reader.offset();
        let limit = ("max_line_bytes", reader.limits().max_line_bytes);
        let found = reader.find(b'\n', limit, "a line")?;
        let line = &reader.ahead()[..found.unwrap_or(reader.ahead().len())];
        let step = line.len() + usize::from(found.is_some());
        if step == 0 {
            break;
        }
        let (key, count) =
            parse(line, &mut decoder).map_err(|fault| fault.at(&reader, name, row, offset))?;
        if let Some(index) = keys.index(&key) {
            counts[index].get_or_insert(count);
        }
        reader.consume(step);
    }
    let missing = counts.iter().filter(|count| count.is_none()).count() as u64;
    Ok((counts.into_iter().map(Option::unwrap_or_default).collect(), missing))
}

fn parse(line: &[u8], decoder: &mut KeyDecoder) -> Result<(String, u64), RowFault> {
    let end =
        line.iter().rposition(|&b| !is_separator(b) && !is_line_end(b)).map_or(0, |at| at + 1);
    let line = &line[..end];
    let space = line.iter().rposition(|&byte| is_separator(byte));
    let count = space
        .and_then(|space| std::str::from_utf8(&line[space + 1..]).ok())
        .and_then(|text| text.parse().ok());
    let (Some(space), Some(count)) = (space, count) else {
        return Err(RowFault::Row(format!("is {}, expected a key and its count", shown(line))));
    };
    let key = &line[..space];
    let key = decoder.decode(key).map_err(|fault| {
        RowFault::Encoding(format!("has the key {}, which {fault}", shown(key)))
    })?;
    Ok((key.into_owned(), count))
}

/// Writes a key and its count on each line, in the order given.
pub fn write_counts(
    keys: &KeyTable,
    counts: &[i64],
    order: &[usize],
    prefix: &str,
    output: &mut Output,
) -> Result<()> {
    let mut line = Vec::new();
    for &index in order {
        let (Some(key), Some(count)) = (keys.get(index), counts.get(index)) else {
            return Err(Error::config("counts", format!("have nothing for row {index}")));
        };
        line.clear();
        line.extend_from_slice(format!("{prefix}{key} {count}\n").as_bytes());
        if memchr::memchr_iter(b'\n', &line).count() > 1 {
            let message =
                format!("key {index} ({key:?}) holds a newline, which ends a line; save as .kv");
            let kind = FormatErrorKind::Row;
            return Err(FormatError { kind, path: None, format: FORMAT, message }.into());
        }
        output.write(&line)?;
    }
    Ok(())
}
