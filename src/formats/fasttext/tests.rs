use std::path::PathBuf;

use super::*;
use crate::error::Error;
use crate::formats::Limits;
use crate::formats::output::{Destination, Output};
use crate::formats::source::Input;
use crate::progress::Silent;
use crate::vocab::KeyTable;

const SIZE: usize = 3;
const BUCKETS: usize = 4;
const ALL: ReadOptions =
    ReadOptions { limit: None, output: WantedOutput::Always, allow_nonfinite: false };

fn keys() -> KeyTable {
    ["socket", "naïve", ""].into_iter().collect()
}

fn numbers(rows: usize, start: f32) -> Vec<f32> {
    (0..rows * SIZE).map(|index| start + index as f32 / 8.0).collect()
}

fn written() -> Vec<u8> {
    let (keys, own, ngrams) = (keys(), numbers(3, -1.0), numbers(BUCKETS, 1.0));
    let model = WordsAndNgrams {
        keys: &keys,
        counts: Some(&[9, 5, u64::MAX]),
        own: &own,
        ngrams: &ngrams,
        size: SIZE,
        min_n: 2,
        max_n: 5,
        allow_nonfinite: false,
    };
    let (mut bytes, mut silent) = (Vec::new(), Silent);
    let mut output =
        Output::create(Destination::Stream(Box::new(&mut bytes), None), &mut silent).unwrap();
    write(&model, &mut output).unwrap();
    output.finish().unwrap();
    bytes
}

fn read_input(input: Input, options: &ReadOptions) -> Result<Model> {
    let mut silent = Silent;
    let reader = ByteReader::open(input, FORMAT, Limits::default(), &mut silent)?;
    read(reader, options, KeyDecoder::Strict)
}

fn read_bytes(bytes: &[u8], options: &ReadOptions) -> Result<Model> {
    read_input(Input::Stream(Box::new(bytes), None), options)
}

fn values(matrix: &Matrix) -> &[f32] {
    match matrix {
        Matrix::Dense { values, .. } => values,
        Matrix::Quantized(_) => panic!("expected rows of float32"),
    }
}

#[test]
fn what_is_written_is_read() {
    let model = read_bytes(&written(), &ALL).unwrap();
    assert_eq!(model.dictionary.words, keys());
    assert_eq!(model.dictionary.counts, [9, 5, i64::MAX as u64]);
    assert_eq!((model.args.minn, model.args.maxn, model.args.bucket), (2, 5, 4));
    assert_eq!(values(&model.input), [numbers(3, -1.0), numbers(BUCKETS, 1.0)].concat());
    assert_eq!(values(model.output.as_ref().unwrap()), [0.0; 3 * SIZE]);
}

#[test]
fn words_that_are_not_wanted_are_passed_over() {
    let options = ReadOptions { limit: Some(1), output: WantedOutput::OfSupervised, ..ALL };
    let model = read_bytes(&written(), &options).unwrap();
    assert_eq!(model.dictionary.words.len(), 1);
    assert!(model.output.is_none());
    assert_eq!(values(&model.input), [numbers(1, -1.0), numbers(BUCKETS, 1.0)].concat());
}

#[test]
fn beginnings_are_no_models_in_files_and_streams() {
    let (bytes, folder) = (written(), tempfile::tempdir().unwrap());
    let path: PathBuf = folder.path().join("model.bin");
    let is_refused = |result| matches!(result, Err(Error::Format(_)));
    for end in 0..bytes.len() {
        std::fs::write(&path, &bytes[..end]).unwrap();
        for output in [WantedOutput::Always, WantedOutput::Never] {
            let options = ReadOptions { output, ..ALL };
            assert!(is_refused(read_bytes(&bytes[..end], &options)), "{end}");
            assert!(is_refused(read_input(Input::Path(path.clone()), &options)), "{end}");
        }
    }
}

#[test]
fn every_turned_bit_is_an_error_or_a_model() {
    let bytes = written();
    for bit in 0..8 * bytes.len() {
        let mut turned = bytes.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        match read_bytes(&turned, &ALL) {
            Ok(model) => assert_eq!(
                values(&model.input).len(),
                (model.dictionary.words.len() + model.args.bucket as usize) * SIZE
            ),
            Err(error) => assert!(matches!(error, Error::Format(_)), "{error}"),
        }
    }
}
