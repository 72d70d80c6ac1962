//! What every target does with what its reader gives: question it, save it, and read it again.

use std::io::Cursor;

use synvec::error::{Error, Result};
use synvec::formats::Limits;
use synvec::formats::native::{NativeFile, Store, save};
use synvec::formats::output::{Destination, Output};
use synvec::formats::source::{ByteReader, Input};
use synvec::formats::word2vec::{
    self, KeyDecoder, Layout, ReadOptions, Rows, Style, Table, WriteOptions,
};
use synvec::progress::Silent;
use synvec::vocab::KeyTable;

/// For reading: small enough that a limit is met by inputs of a fuzzer's size.
pub fn limits() -> Limits {
    Limits {
        max_rows: 1 << 20,
        max_vector_size: 1 << 12,
        max_key_bytes: 1 << 8,
        max_line_bytes: 1 << 12,
        max_decompressed_bytes: 1 << 24,
        max_expansion_ratio: 200,
    }
}

pub fn stream(data: &[u8]) -> Input<'_> {
    Input::Stream(Box::new(Cursor::new(data)), None)
}

/// Reads rows as one layout; whatever comes out is questioned, saved and read again.
pub fn rows(data: &[u8], layout: Layout) {
    // The first byte chooses options, so that the fuzzer finds them.
    let Some((&choice, data)) = data.split_first() else { return };
    let limits = limits();
    let options = ReadOptions {
        layout,
        limit: (choice & 1 != 0).then_some(u64::from(choice >> 4)),
        count_actual: choice & 2 != 0,
        allow_nonfinite: choice & 4 != 0,
    };
    let (decoder, is_lossy) = match choice & 24 {
        8 => (KeyDecoder::Replace, true),
        16 => (KeyDecoder::Ignore, true),
        _ => (KeyDecoder::Strict, false),
    };
    let table = match read(data, &options, decoder, limits) {
        Ok(table) => table,
        Err(error) => return check(&error),
    };
    assert_eq!(table.vectors.len(), table.keys.len() * table.vector_size);
    assert!(options.allow_nonfinite || table.vectors.iter().all(|value| value.is_finite()));
    assert!(options.limit.is_none_or(|limit| table.keys.len() as u64 <= limit));
    question(&table.keys);
    round_trip(&table.keys, &table.vectors, table.vector_size);
    assert!(is_lossy || table.keys.iter().all(|key| key.len() as u64 <= limits.max_key_bytes));
    // What is left of a key that was not UTF-8 may be one that the layout cannot hold; and without a
    // header, D of a file without rows is unknown.
    if is_lossy || (layout == Layout::HeaderlessText && table.keys.is_empty()) {
        return;
    }
    let saved = write(&table, layout).expect("what was read can be written");
    let options =
        ReadOptions { limit: None, count_actual: false, allow_nonfinite: true, ..options };
    let again = read(&saved, &options, KeyDecoder::Strict, Limits::default());
    let again = again.expect("what was written can be read");
    same(&table.keys, &table.vectors, &again.keys, &again.vectors);
}

fn read(
    data: &[u8],
    options: &ReadOptions,
    decoder: KeyDecoder,
    limits: Limits,
) -> Result<Table<f32>> {
    let mut silent = Silent;
    let reader = ByteReader::open(stream(data), options.layout.format(), limits, &mut silent)?;
    word2vec::read(reader, options, decoder)
}

fn write(table: &Table<f32>, layout: Layout) -> Result<Vec<u8>> {
    let mut saved = Vec::new();
    let rows = Rows {
        keys: &table.keys,
        vectors: &table.vectors,
        vector_size: table.vector_size,
        order: None,
    };
    let options = WriteOptions {
        layout,
        style: Style::Gensim,
        prefix: "",
        total: None,
        has_header: layout != Layout::HeaderlessText,
        allow_nonfinite: true,
    };
    let mut silent = Silent;
    let mut output = Output::create(Destination::Stream(Box::new(&mut saved), None), &mut silent)?;
    word2vec::write(&rows, &options, &mut output)?;
    output.finish()?;
    Ok(saved)
}

/// Every key is found under its own index, and what is not there is not found.
pub fn question(keys: &KeyTable) {
    for index in 0..keys.len() {
        let key = keys.get(index).expect("a key at every index");
        assert_eq!(keys.index(key), Some(index));
    }
    assert_eq!(keys.get(keys.len()), None);
    assert_eq!(keys.verify(), Ok(()));
}

/// Saves as a native file and opens that.
pub fn round_trip(keys: &KeyTable, vectors: &[f32], vector_size: usize) {
    let store = Store {
        keys,
        vectors,
        vector_size,
        norms: None,
        counts: None,
        output_vectors: None,
        output_nodes: None,
        own_vectors: None,
        ngram_vectors: None,
        ngram_buckets: None,
        config: None,
        allow_nonfinite: true,
    };
    let mut saved = Vec::new();
    save(&store, Destination::Stream(Box::new(&mut saved), None), &mut Silent)
        .expect("what was read can be saved");
    let file = NativeFile::open(stream(&saved), Limits::default(), &mut Silent);
    let file = file.expect("what was saved can be opened");
    let (found, bytes) = (file.keys().expect("keys"), values(&file, "vectors"));
    same(keys, vectors, &found, &bytes);
}

/// The numbers of a tensor of an open file.
pub fn values(file: &NativeFile, name: &str) -> Vec<f32> {
    let range = file.range(name).expect("the tensor is there");
    let bytes = &(**file.mapping()).as_ref()[range];
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn same(keys: &KeyTable, vectors: &[f32], other_keys: &KeyTable, other_vectors: &[f32]) {
    assert!(keys == other_keys, "keys changed on the way");
    // A NaN may change its bits in text, never its being one.
    let is_same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    assert_eq!(vectors.len(), other_vectors.len());
    assert!(vectors.iter().zip(other_vectors).all(is_same), "vectors changed on the way");
}

/// Whether an error is about the file: nothing else may come of bytes alone.
pub fn check(error: &Error) {
    assert!(matches!(error, Error::Format(_)), "{error}");
}
