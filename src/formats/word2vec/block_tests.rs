//! Where blocks end and how many threads parse them must not show: neither in a table nor in an
//! error. What they should give is worked out a second time here, in the plainest way.

use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::formats::Limits;
use crate::formats::source::Input;
use crate::progress::Silent;

/// What a file held, or what is wrong: the kind, and where, if it is one row.
type Answer = Result<(Vec<String>, Vec<f32>, u64), (FormatErrorKind, Option<String>)>;

/// How a test reads.
#[derive(Debug, Clone, Copy)]
struct Way {
    block: usize,
    workers: usize,
}

const WHOLE: Way = Way { block: 1 << 20, workers: 1 };
const WAYS: [Way; 5] = [
    Way { block: 1, workers: 1 },
    Way { block: 7, workers: 2 },
    Way { block: 16, workers: 3 },
    Way { block: 40, workers: 2 },
    Way { block: 1 << 20, workers: 4 },
];

fn read_in(bytes: &[u8], options: &ReadOptions, limits: Limits, way: Way) -> Result<Table<f32>> {
    let input = Input::Stream(Box::new(bytes), None);
    read_input(input, options, limits, way)
}

fn read_input(input: Input, options: &ReadOptions, limits: Limits, way: Way) -> Result<Table<f32>> {
    let mut silent = Silent;
    let reader = ByteReader::open(input, options.layout.format(), limits, &mut silent)?;
    read_with(reader.in_blocks_of(way.block), options, KeyDecoder::Strict, way.workers)
}

/// A table with its numbers as bits, or the whole message.
fn shown_result(result: &Result<Table<f32>>) -> String {
    match result {
        Ok(table) => format!(
            "{:?} {:?} {} {} {:?}",
            table.keys.iter().collect::<Vec<_>>(),
            table.vectors.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            table.vector_size,
            table.duplicates,
            table.miscount
        ),
        Err(Error::Format(error)) => format!("{:?}: {error}", error.kind),
        Err(error) => panic!("{error:?}"),
    }
}

fn answer_of(result: Result<Table<f32>>) -> Answer {
    match result {
        Ok(table) => {
            Ok((table.keys.iter().map(str::to_owned).collect(), table.vectors, table.duplicates))
        }
        Err(Error::Format(error)) => {
            let place = error.message.split(')').next().filter(|start| start.contains(" (byte "));
            let is_row = place.is_some_and(|place| !place.contains("data"));
            Err((error.kind, place.filter(|_| is_row).map(|place| format!("{place})"))))
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// Reads text without a header line by line, with nothing but the standard library.
fn plain_text(text: &[u8], size: usize, limit: u64) -> Answer {
    let (mut keys, mut vectors, mut duplicates) = (Vec::new(), Vec::new(), 0);
    let mut offset = 0;
    for (row, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if row as u64 == limit || text[offset..].iter().all(u8::is_ascii_whitespace) {
            break;
        }
        let fault = |kind| (kind, Some(format!("line {} (byte {offset})", row + 1)));
        let (key, vector) = plain_row(line, size).map_err(fault)?;
        if keys.contains(&key) {
            duplicates += 1;
        } else {
            keys.push(key);
            vectors.extend(vector);
        }
        offset += line.len();
    }
    Ok((keys, vectors, duplicates))
}

fn plain_row(line: &[u8], size: usize) -> Result<(String, Vec<f32>), FormatErrorKind> {
    let words: Vec<&[u8]> =
        line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<f32>().ok();
    let count = words.len().checked_sub(size).filter(|&count| count > 0);
    let count = count.ok_or(FormatErrorKind::Row)?;
    let (key, numbers) = words.split_at(count);
    if count > 1 && number(key[count - 1]).is_some() {
        return Err(FormatErrorKind::Row);
    }
    let key = String::from_utf8(key.join(&b' ')).map_err(|_| FormatErrorKind::Encoding)?;
    let vector: Option<Vec<f32>> = numbers.iter().map(|word| number(word)).collect();
    let vector = vector.ok_or(FormatErrorKind::Row)?;
    let is_finite = vector.iter().all(|value| value.is_finite());
    if is_finite { Ok((key, vector)) } else { Err(FormatErrorKind::NonFinite) }
}

/// Reads `rows` binary records; the file holds nothing else.
fn plain_binary(mut rest: &[u8], rows: u64, size: usize) -> Answer {
    let (mut keys, mut vectors, mut duplicates, mut offset) = (Vec::new(), Vec::new(), 0, 0);
    for row in 0..rows {
        let newlines = rest.iter().take_while(|&&byte| byte == b'\n').count();
        (rest, offset) = (&rest[newlines..], offset + newlines);
        let place = Some(format!("record {} (byte {offset})", row + 1));
        let space = rest.iter().position(|&byte| byte == b' ');
        let space = space.ok_or((FormatErrorKind::Truncated, None))?;
        if space == 0 {
            return Err((FormatErrorKind::Row, place));
        }
        let key = String::from_utf8(rest[..space].to_vec());
        let key = key.map_err(|_| (FormatErrorKind::Encoding, place.clone()))?;
        let end = space + 1 + 4 * size;
        let bytes = rest.get(space + 1..end).ok_or((FormatErrorKind::Truncated, None))?;
        let numbers = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let vector: Vec<f32> = numbers.collect();
        if vector.iter().any(|value| !value.is_finite()) {
            return Err((FormatErrorKind::NonFinite, place));
        }
        if keys.contains(&key) {
            duplicates += 1;
        } else {
            keys.push(key);
            vectors.extend(vector);
        }
        (rest, offset) = (&rest[end..], offset + end);
    }
    Ok((keys, vectors, duplicates))
}

/// A line of two numbers as a rule: right, odd, or wrong in one of many ways.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        12 => "[a-e]{1,2} -?[0-9]\\.[0-9]{1,20} -?[0-9]{1,3}\n",
        3 => "[a-c]{1,20}[ \t]{1,3}[0-9]{1,9}[ \t]{1,2}[0-9]e-?[0-9][ \t]{0,2}\r?\n",
        3 => "[a-c] [.x] [a-c] 0\\.5 1\n",
        1 => "[a-c] 1\n",
        1 => "[a-c] 1 2 3\n",
        1 => "[a-c] 1 x\n",
        1 => "[a-c] 1 (nan|inf|1e39)\n",
        1 => " {0,2}\r?\n",
    ];
    prop_oneof![22 => text.prop_map(String::into_bytes), 1 => Just(b"a\xff 1 2\n".to_vec())]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let lines = proptest::collection::vec(line(), 0..12);
    let end = prop_oneof![Just(""), Just("\n\n"), Just(" \t\r\n \n"), Just("a 1 2"), Just("a 1")];
    (lines, end).prop_map(|(lines, end)| {
        [b"first 1 2\n", lines.concat().as_slice(), end.as_bytes()].concat()
    })
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        12 => "[a-d]{1,3}".prop_map(String::into_bytes),
        2 => "[a-d]{20,40}".prop_map(String::into_bytes),
        1 => Just(Vec::new()),
        1 => Just(b"\xff".to_vec()),
    ];
    let number = prop_oneof![20 => any::<i16>().prop_map(f32::from), 1 => Just(f32::NAN)];
    (key, [number.clone(), number], "\n{0,2}").prop_map(|(key, numbers, end)| {
        [&key, &b" "[..], bytemuck::bytes_of(&numbers), end.as_bytes()].concat()
    })
}

fn options() -> impl Strategy<Value = ReadOptions> {
    let limit = prop_oneof![Just(None), (0u64..15).prop_map(Some)];
    let layout =
        prop_oneof![Just(Layout::Text), Just(Layout::HeaderlessText), Just(Layout::Binary)];
    (layout, limit, any::<bool>(), any::<bool>()).prop_map(
        |(layout, limit, count_actual, allow_nonfinite)| ReadOptions {
            layout,
            limit,
            count_actual,
            allow_nonfinite,
        },
    )
}

fn limits() -> impl Strategy<Value = Limits> {
    let any_size = |sizes| prop_oneof![3 => Just(1 << 20), 1 => sizes];
    (any_size(1u64..30), any_size(1u64..60)).prop_map(|(max_key_bytes, max_line_bytes)| Limits {
        max_key_bytes,
        max_line_bytes,
        ..Limits::default()
    })
}

/// In a file, of which the size is known before it is read, rows go straight to the matrix.
fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    file
}

const PLAIN: ReadOptions = ReadOptions {
    layout: Layout::HeaderlessText,
    limit: None,
    count_actual: false,
    allow_nonfinite: false,
};

proptest! {
    #[test]
    fn text_is_what_its_lines_say(text in text(), limit in prop_oneof![Just(None), (0u64..15).prop_map(Some)]) {
        let expected = plain_text(&text, 2, limit.unwrap_or(u64::MAX));
        let options = ReadOptions { limit, ..PLAIN };
        for way in WAYS {
            let found = answer_of(read_in(&text, &options, Limits::default(), way));
            prop_assert_eq!(&found, &expected, "{:?}", way);
        }
    }

    #[test]
    fn binary_is_what_its_records_say(
        records in proptest::collection::vec(record(), 0..12), missing in 0usize..20,
    ) {
        let header = format!("{} 2\n", records.len());
        let mut bytes = [header.as_bytes(), &records.concat()].concat();
        let missing = if missing < 10 { missing.min(bytes.len() - header.len()) } else { 0 };
        bytes.truncate(bytes.len() - missing);
        let body = &bytes[header.len()..];
        let expected = plain_binary(body, records.len() as u64, 2).map_err(|(kind, place)| {
            // Places count from the start of the file.
            let moved = place.map(|place| {
                let (row, byte) = place.split_once(" (byte ").unwrap();
                let byte: usize = byte.trim_end_matches(')').parse().unwrap();
                format!("{row} (byte {})", byte + header.len())
            });
            (kind, moved)
        });
        let options = ReadOptions { layout: Layout::Binary, ..PLAIN };
        let file = file_of(&bytes);
        for way in WAYS {
            let input = Input::Path(file.path().to_owned());
            for result in [
                read_in(&bytes, &options, Limits::default(), way),
                read_input(input, &options, Limits::default(), way),
            ] {
                let found = answer_of(result).map_err(|(kind, place)| {
                    (kind, place.filter(|_| kind != FormatErrorKind::Truncated))
                });
                prop_assert_eq!(&found, &expected, "{:?}", way);
            }
        }
    }

    /// With every option and limit, header right or wrong, in a stream and in a file: the same table
    /// or the same message to the letter.
    #[test]
    fn blocks_and_threads_do_not_show(
        body in prop_oneof![
            text(),
            proptest::collection::vec(record(), 0..12).prop_map(|records| records.concat()),
            proptest::collection::vec(any::<u8>(), 0..60),
        ],
        rows in 0u64..14, options in options(), limits in limits(),
    ) {
        let mut bytes = body;
        if options.layout != Layout::HeaderlessText {
            bytes.splice(0..0, format!("{rows} 2\n").into_bytes());
        }
        let file = file_of(&bytes);
        let path = || Input::Path(file.path().to_owned());
        let whole = shown_result(&read_in(&bytes, &options, limits, WHOLE));
        let whole_file = shown_result(&read_input(path(), &options, limits, WHOLE));
        for way in WAYS {
            prop_assert_eq!(&shown_result(&read_in(&bytes, &options, limits, way)), &whole);
            let found = shown_result(&read_input(path(), &options, limits, way));
            prop_assert_eq!(&found, &whole_file);
        }
    }
}

/// Every later block is wrong, too, and in another way; the first one counts.
#[test]
fn the_first_wrong_row_is_told_whatever_comes_after() {
    let right = "a 1 2\n".repeat(50);
    for (wrong, kind) in [
        ("b 1\n", FormatErrorKind::Row),
        ("b 1 nan\n", FormatErrorKind::NonFinite),
        ("\n", FormatErrorKind::Row),
        ("bbbbbbbbbbbb 1 2\n", FormatErrorKind::Limit),
    ] {
        let text = format!("{right}{wrong}{}", "b 1 x\n\nb 1\nb 1 nan\n".repeat(20));
        for way in WAYS {
            let limits = Limits { max_key_bytes: 8, ..Limits::default() };
            let Err(Error::Format(error)) = read_in(text.as_bytes(), &PLAIN, limits, way) else {
                panic!("{wrong:?} was read")
            };
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.message.starts_with("line 51 (byte 300) "), "{error}");
        }
    }
}

/// A stream that breaks counts only once the rows before the break are right.
#[test]
fn a_broken_stream_is_told_after_the_rows_before_it() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("broken"))
        }
    }
    for (text, expected) in [("a 1 2\nb 1\n", "line 2"), ("a 1 2\nb 1 2\n", "broken")] {
        let text = text.as_bytes();
        for way in WAYS {
            let stream = std::io::Read::chain(text, Broken);
            let input = Input::Stream(Box::new(stream), None);
            let error = read_input(input, &PLAIN, Limits::default(), way).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

/// Lines far shorter than D numbers would ask for room out of all proportion to their bytes.
#[test]
fn short_lines_after_a_wide_header_take_no_memory() {
    let text = format!("100000 {}\n{}", 1 << 20, "a\n".repeat(100_000));
    let options = ReadOptions { layout: Layout::Text, ..PLAIN };
    for way in [WHOLE, Way { block: 1 << 20, workers: 3 }] {
        let result = read_in(text.as_bytes(), &options, Limits::default(), way);
        let found = answer_of(result);
        assert_eq!(found, Err((FormatErrorKind::Row, Some("line 2 (byte 15)".to_owned()))));
    }
}
