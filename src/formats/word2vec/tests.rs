use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::formats::Limits;
use crate::formats::output::{Destination, Output};
use crate::formats::source::Input;
use crate::progress::Silent;

const LAYOUTS: [Layout; 3] = [Layout::Text, Layout::HeaderlessText, Layout::Binary];

fn parsed<T: Element>(bytes: &[u8], layout: Layout) -> Result<Table<T>> {
    let options = ReadOptions { layout, limit: None, count_actual: false, allow_nonfinite: false };
    let input = Input::Stream(Box::new(bytes), None);
    let mut silent = Silent;
    let reader = ByteReader::open(input, layout.format(), Limits::default(), &mut silent)?;
    read(reader, &options, KeyDecoder::Strict)
}

fn written<T: Element>(
    keys: &KeyTable,
    vectors: &[T],
    size: usize,
    layout: Layout,
    style: Style,
) -> Result<Vec<u8>> {
    let options = WriteOptions {
        layout,
        style,
        prefix: "",
        total: None,
        has_header: layout != Layout::HeaderlessText,
        allow_nonfinite: false,
    };
    let mut bytes = Vec::new();
    let mut silent = Silent;
    let destination = Destination::Stream(Box::new(&mut bytes), None);
    let mut output = Output::create(destination, &mut silent)?;
    write(&Rows { keys, vectors, vector_size: size, order: None }, &options, &mut output)?;
    output.finish()?;
    Ok(bytes)
}

#[test]
fn rows_go_out_and_come_back_in_every_layout_and_style() {
    let keys: KeyTable = ["the", "ß☃", "1", "a\u{a0}b"].into_iter().collect();
    let vectors = [0.5f32, -0.25, 1.0, 2.0, -0.0, 8.0, 0.125, 3.0];
    for layout in LAYOUTS {
        for style in [Style::Gensim, Style::Word2VecC] {
            let bytes = written(&keys, &vectors, 2, layout, style).unwrap();
            let table = parsed::<f32>(&bytes, layout).unwrap();
            assert_eq!((table.keys, table.vector_size), (keys.clone(), 2));
            assert_eq!(bytemuck::cast_slice::<_, u32>(&table.vectors), vectors.map(f32::to_bits));
        }
    }
}

#[test]
fn a_claim_beyond_the_file_is_refused_before_anything_is_allocated() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"2000000000 300\nthe 1234").unwrap();
    for layout in [Layout::Text, Layout::Binary] {
        let options =
            ReadOptions { layout, limit: None, count_actual: false, allow_nonfinite: false };
        let mut silent = Silent;
        let input = Input::Path(file.path().to_owned());
        let reader =
            ByteReader::open(input, layout.format(), Limits::default(), &mut silent).unwrap();
        match read::<f32>(reader, &options, KeyDecoder::Strict) {
            Err(Error::Format(error)) => assert_eq!(error.kind, FormatErrorKind::Header),
            other => panic!("expected an error about the header, found {other:?}"),
        }
    }
}

#[test]
fn a_wrong_shape_is_refused() {
    let keys: KeyTable = ["a"].into_iter().collect();
    for (vectors, size) in [(&[1.0f32, 2.0][..], 3), (&[], 0), (&[1.0, 2.0], 1)] {
        let written = written(&keys, vectors, size, Layout::Text, Style::Gensim);
        assert!(matches!(written, Err(Error::Config { .. })));
    }
}

proptest! {
    #[test]
    fn any_bytes_give_a_table_or_an_error(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            "[0-3] [1-3]\n([a-c ]{0,3} [0-9. \t-]{0,8}\n?){0,4}".prop_map(String::into_bytes),
        ],
    ) {
        for layout in LAYOUTS {
            match parsed::<f32>(&bytes, layout) {
                Ok(table) => {
                    prop_assert_eq!(table.vectors.len(), table.keys.len() * table.vector_size);
                    prop_assert!(table.vectors.iter().all(|value| value.is_finite()));
                    prop_assert!(table.keys.iter().all(|key| !key.is_empty()));
                }
                Err(Error::Format(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// What the writer accepts, the reader gives back; what it would not, the writer refuses.
    #[test]
    fn no_key_is_written_that_is_read_as_another(
        words in proptest::collection::btree_set("[a1. \t\n\r\u{a0}-]{0,4}", 1..5),
        size in 1usize..4,
    ) {
        let keys: KeyTable = words.iter().map(String::as_str).collect();
        let vectors = vec![0.5f32; keys.len() * size];
        for layout in LAYOUTS {
            let Ok(bytes) = written(&keys, &vectors, size, layout, Style::Gensim) else { continue };
            prop_assert_eq!(parsed::<f32>(&bytes, layout).unwrap().keys, keys.clone());
        }
    }
}
