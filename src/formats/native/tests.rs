use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::Limits;
use crate::formats::output::Destination;
use crate::formats::source::Input;
use crate::progress::Silent;
use crate::vocab::KeyTable;

fn store<'a>(keys: &'a KeyTable, vectors: &'a [f32], vector_size: usize) -> Store<'a> {
    Store {
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
        allow_nonfinite: false,
    }
}

fn saved(store: &Store, path: &Path) -> Result<()> {
    save(store, Destination::Path(path.to_owned()), &mut Silent)
}

fn opened(path: &Path) -> Result<NativeFile> {
    NativeFile::open(Input::Path(path.to_owned()), Limits::default(), &mut Silent)
}

fn small() -> (KeyTable, Vec<f32>) {
    (["socket", "year", "ß\u{2028}", ""].into_iter().collect(), (0..12).map(|i| i as f32).collect())
}

/// Everything that a reader of the file can see.
fn content(file: &NativeFile) -> (KeyTable, Vec<u8>, Option<String>) {
    let vectors = file.range("vectors").unwrap();
    let config = file.config().map(str::to_owned);
    (file.keys().unwrap(), (**file.mapping()).as_ref()[vectors].to_vec(), config)
}

fn kind(result: Result<NativeFile>) -> FormatErrorKind {
    match result {
        Err(Error::Format(error)) => error.kind,
        other => panic!("expected an error about the file, found {other:?}"),
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.kv");
    let (keys, vectors) = small();
    let counts = [4, 3, 2, 1];
    let whole = Store { counts: Some(&counts), config: Some("{}"), ..store(&keys, &vectors, 3) };
    saved(&whole, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let expected = content(&opened(&path).unwrap());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        if let Ok(file) = opened(&path) {
            assert!(content(&file) == expected, "bit {bit} goes unnoticed");
        }
    }
    for end in 0..bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        let found = kind(opened(&path));
        let is_clear = matches!(found, FormatErrorKind::Header | FormatErrorKind::Truncated);
        assert!(is_clear, "cut at {end}: {found:?}");
    }
    fs::write(&path, [&bytes[..], b"\0"].concat()).unwrap();
    assert_eq!(kind(opened(&path)), FormatErrorKind::Header);
}

#[test]
fn vectors_begin_at_a_cache_line_whatever_stands_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.kv");
    for rows in 0..20 {
        let words: Vec<String> = (0..rows).map(|i| i.to_string()).collect();
        let keys: KeyTable = words.iter().map(String::as_str).collect();
        saved(&store(&keys, &vec![1.0; rows * 5], 5), &path).unwrap();
        let file = opened(&path).unwrap();
        assert_eq!(file.range("vectors").unwrap().start % 64, 0);
        assert_eq!(file.shape().unwrap(), (rows, 5));
        assert_eq!(file.keys().unwrap(), keys);
    }
}

#[test]
fn nan_is_refused_by_name_or_saved_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.kv");
    let (keys, mut vectors) = small();
    vectors[4] = f32::NAN;
    let mut store = store(&keys, &vectors, 3);
    let error = saved(&store, &path).unwrap_err().to_string();
    assert!(error.contains("\"year\" (row 1, column 1) is NaN"), "{error}");
    assert!(!path.exists());
    store.allow_nonfinite = true;
    saved(&store, &path).unwrap();
    opened(&path).unwrap();
}

#[test]
fn shapes_that_do_not_go_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.kv");
    let (keys, vectors) = small();
    let short = [1u64];
    for wrong in [
        store(&keys, &vectors[..9], 3),
        store(&keys, &[], 0),
        Store { counts: Some(&short), ..store(&keys, &vectors, 3) },
        Store { output_nodes: Some(&vectors[..9]), ..store(&keys, &vectors, 3) },
    ] {
        assert!(matches!(saved(&wrong, &path), Err(Error::Config { .. })));
    }
    assert!(!path.exists());
}

/// A file with this header and so many bytes of data.
fn forged(path: &Path, json: &str, data: usize) -> Result<NativeFile> {
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    fs::write(path, bytes).unwrap();
    opened(path)
}

#[test]
fn hostile_headers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.kv");
    for length in [u64::MAX, 101_000_000, MAX_HEADER_BYTES + 1] {
        fs::write(&path, [&length.to_le_bytes()[..], b"{}"].concat()).unwrap();
        assert_eq!(kind(opened(&path)), FormatErrorKind::Header);
    }
    fs::write(&path, [&2u64.to_le_bytes()[..], b"\xff\xff"].concat()).unwrap();
    assert_eq!(kind(opened(&path)), FormatErrorKind::Header);
    for json in ["[]", "{", "null", &"[".repeat(100_000)] {
        assert_eq!(kind(forged(&path, json, 0)), FormatErrorKind::Header);
    }
    for json in [
        "{}",
        r#"{"__metadata__":[]}"#,
        r#"{"vectors":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        r#"{"__metadata__":{"format":"synvec","format_version":"2","key_type":"str"}}"#,
    ] {
        assert_eq!(kind(forged(&path, json, 4)), FormatErrorKind::Unsupported);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_saved_is_opened(
        words in proptest::collection::btree_set(".{0,6}", 0..40),
        vector_size in 1usize..9,
        seed in any::<u32>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.kv");
        let keys: KeyTable = words.iter().map(String::as_str).collect();
        let vectors: Vec<f32> = (0..words.len() * vector_size)
            .map(|i| ((i as u32).wrapping_mul(2_654_435_761) ^ seed) as f32 / 1e9)
            .collect();
        saved(&store(&keys, &vectors, vector_size), &path).unwrap();
        let (found, bytes, config) = content(&opened(&path).unwrap());
        prop_assert_eq!(&found, &keys);
        prop_assert_eq!(bytes, bytemuck::cast_slice::<f32, u8>(&vectors));
        prop_assert_eq!(config, None);
        for (index, word) in words.iter().enumerate() {
            prop_assert_eq!(found.index(word), Some(index));
        }
    }
}
