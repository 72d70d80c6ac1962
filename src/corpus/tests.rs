//! The whole pass against a naive one: split at spaces, a hash map, one thread.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::compression::tests::compressed;
use crate::error::{Error, FormatErrorKind, Result};
use crate::progress::{Observer, Report, ScanProgress, Silent};
use crate::vocab::KeyTable;

/// A corpus as plainly as it can be read.
#[derive(Debug, Default, PartialEq)]
struct Naive {
    /// In order of first sight.
    words: Vec<(String, u64)>,
    sentences: Vec<Vec<String>>,
    invalid: u64,
}

impl Naive {
    fn read(texts: &[Vec<u8>]) -> Self {
        let mut naive = Self::default();
        for text in texts {
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
            lines.pop_if(|last| last.is_empty());
            for line in lines {
                naive.add(line);
            }
        }
        let mut index = HashMap::new();
        for word in naive.sentences.iter().flatten() {
            let next = naive.words.len();
            let at = *index.entry(word.clone()).or_insert(next);
            if at == next {
                naive.words.push((word.clone(), 0));
            }
            naive.words[at].1 += 1;
        }
        naive
    }

    fn add(&mut self, line: &[u8]) {
        let words = line.split(|byte| b" \t\n\x0b\x0c\r".contains(byte));
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        self.invalid += words.iter().filter(|word| str::from_utf8(word).is_err()).count() as u64;
        let words = words.into_iter().map(|word| String::from_utf8_lossy(word).into_owned());
        self.sentences.push(words.collect());
    }

    fn encode(&self, keys: &KeyTable) -> Vec<WordId> {
        let mut ids = Vec::new();
        for sentence in &self.sentences {
            let before = ids.len();
            let found = sentence.iter().filter_map(|word| keys.index(word));
            ids.extend(found.map(|index| WordId(index as u32)));
            if ids.len() > before {
                ids.push(WordId::SENTENCE_END);
            }
        }
        ids
    }

    fn assert_equals(&self, scanned: &ScannedCorpus) {
        let vocabulary = scanned.vocabulary();
        let words: Vec<(String, u64)> = vocabulary
            .keys
            .iter()
            .map(str::to_owned)
            .zip(vocabulary.counts.iter().copied())
            .collect();
        assert_eq!(words, self.words);
        assert_eq!(scanned.sentences, self.sentences.len() as u64);
        assert_eq!(scanned.raw_words(), self.words.iter().map(|word| word.1).sum::<u64>());
        assert_eq!(scanned.invalid_words(), self.invalid);
        for min_count in [1, 2, 1000] {
            let keys = vocabulary.pruned(min_count, true).unwrap().keys;
            let encoded = scanned.encode(&keys, || Ok(())).unwrap();
            let expected = self.encode(&keys);
            assert_eq!(encoded.ids(), expected, "min_count {min_count}");
            let words = expected.iter().filter(|&&id| id != WordId::SENTENCE_END).count();
            assert_eq!(encoded.words, words as u64);
            assert_eq!(encoded.sentences, scanned.sentences);
            assert_eq!(encoded.raw_words, scanned.raw_words());
        }
    }
}

/// Files in a folder that goes with them.
struct Files {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Files {
    fn new<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |(i, text): (usize, &[u8])| {
            let path = folder.path().join(i.to_string());
            fs::write(&path, text).unwrap();
            path
        };
        let paths = texts.into_iter().enumerate().map(write).collect();
        Self { folder, paths }
    }

    fn scan(&self, config: &ScanConfig) -> Result<ScannedCorpus> {
        scan_files(&self.paths, config, &mut Silent)
    }
}

/// A corpus in the ids of its own words.
fn ids(scanned: &ScannedCorpus) -> Vec<u32> {
    let encoded = scanned.encode(&scanned.vocabulary().keys, || Ok(())).unwrap();
    encoded.ids().iter().map(|id| id.0).collect()
}

fn config(workers: usize, chunk_bytes: usize, spool_bytes: u64) -> ScanConfig {
    let spool = SpoolConfig { bytes: spool_bytes, folder: None };
    ScanConfig { workers, chunk_bytes, spool, ..ScanConfig::default() }
}

/// Bytes that meet often where it matters: few words, every space, halves of characters.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "the", "é", "日本", "\0", "incomprehensibilities"])
            .prop_map(|word| word.as_bytes().to_vec()),
        6 => prop::sample::select(b" \n\t\x0b\x0c\r".to_vec()).prop_map(|byte| vec![byte]),
        1 => Just(b"\r\n".to_vec()),
        2 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    let not_utf_16 = |text: &Vec<u8>| !matches!(text[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    prop::collection::vec(piece, 0..120)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("UTF-16", not_utf_16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_like_the_naive_way(
        texts in prop::collection::vec(text(), 0..4),
        workers in 1usize..5,
        chunk_bytes in prop_oneof![1usize..40, Just(1 << 20)],
        spool_bytes in prop_oneof![Just(0u64), 1u64..400, Just(1 << 30)],
        compression in 0usize..5,
        mark in any::<bool>(),
    ) {
        let texts: Vec<Vec<u8>> = texts
            .into_iter()
            .map(|text| if mark { [b"\xef\xbb\xbf", &text[..]].concat() } else { text })
            .collect();
        let stored: Vec<Vec<u8>> = match compression {
            4 => texts.clone(),
            kind => texts.iter().map(|text| compressed(text).swap_remove(kind).1).collect(),
        };
        let files = Files::new(stored.iter().map(Vec::as_slice));
        let scanned = files.scan(&config(workers, chunk_bytes, spool_bytes)).unwrap();
        Naive::read(&texts).assert_equals(&scanned);
    }

    #[test]
    fn sentences_give_the_ids_of_the_file(text in text(), spool_bytes in prop_oneof![Just(0), Just(1u64 << 30)]) {
        let naive = Naive::read(&[text]);
        let mut scan = SentenceScan::new(SpoolConfig { bytes: spool_bytes, folder: None }, Normalization::default());
        for sentence in &naive.sentences {
            for word in sentence {
                scan.word(word).unwrap();
            }
            scan.end_sentence().unwrap();
        }
        let scanned = scan.finish(&mut Silent).unwrap();
        Naive { invalid: 0, ..naive }.assert_equals(&scanned);
    }

    #[test]
    fn normalization_is_that_of_each_token(text in text(), workers in 1usize..4, chunk_bytes in 1usize..30) {
        let files = Files::new([&text[..]]);
        let normalization = Normalization {
            tokenize: Tokenize::Words,
            lowercase: true,
            ..Normalization::default()
        };
        let scan = ScanConfig { normalization, ..config(workers, chunk_bytes, 100) };
        let scanned = files.scan(&scan).unwrap();
        let mut naive = Naive::read(&[text]);
        for sentence in &mut naive.sentences {
            use unicode_segmentation::UnicodeSegmentation;
            let lowered: Vec<String> = sentence.iter().map(|word| word.to_lowercase()).collect();
            *sentence = lowered
                .iter()
                .flat_map(|token| token.unicode_words())
                .map(str::to_owned)
                .collect();
        }
        let lines: Vec<Vec<u8>> =
            naive.sentences.iter().map(|sentence| (sentence.join(" ") + "\n").into_bytes()).collect();
        let words = Naive::read(&[lines.concat()]);
        Naive { invalid: naive.invalid, ..words }.assert_equals(&scanned);
    }
}

proptest! {
    #[test]
    fn texts_that_are_handed_over_are_those_of_a_file(
        lines in prop::collection::vec("[aé \t.B]{0,90}", 0..9), lowercase: bool,
    ) {
        for tokenize in [Tokenize::Whitespace, Tokenize::Words] {
            let normalization = Normalization { tokenize, lowercase, ..Normalization::default() };
            let text: String = lines.iter().map(|line| line.clone() + "\n").collect();
            let files = Files::new([text.as_bytes()]);
            let expected = files.scan(&ScanConfig { normalization, ..config(1, 64, 0) }).unwrap();
            let mut scan = SentenceScan::new(SpoolConfig::default(), normalization);
            for line in &lines {
                scan.text(line).unwrap();
                scan.end_sentence().unwrap();
            }
            let scanned = scan.finish(&mut Silent).unwrap();
            prop_assert_eq!(ids(&scanned), ids(&expected));
            prop_assert_eq!(scanned.sentences, expected.sentences);
            prop_assert_eq!(&scanned.vocabulary().counts, &expected.vocabulary().counts);
        }
    }
}

#[test]
fn newlines_of_a_text_that_is_handed_over_end_no_sentence() {
    let mut scan = SentenceScan::new(SpoolConfig::default(), Normalization::default());
    scan.text("a\n\nb\n").unwrap();
    scan.end_sentence().unwrap();
    let scanned = scan.finish(&mut Silent).unwrap();
    assert_eq!((scanned.sentences, ids(&scanned)), (1, vec![0, 1, u32::MAX]));
}

#[test]
fn a_sentence_longer_than_a_chunk_of_ids_stays_whole() {
    for spool_bytes in [0, 1 << 20, 1 << 30] {
        let config = SpoolConfig { bytes: spool_bytes, folder: None };
        let mut scan = SentenceScan::new(config, Normalization::default());
        let words = 2_500_000u32;
        for i in 0..words {
            scan.word(["a", "b", "c"][i as usize % 3]).unwrap();
        }
        scan.end_sentence().unwrap();
        let scanned = scan.finish(&mut Silent).unwrap();
        let encoded = scanned.encode(&scanned.vocabulary().keys, || Ok(())).unwrap();
        let (last, ids) = encoded.ids().split_last().unwrap();
        assert_eq!(*last, WordId::SENTENCE_END);
        assert!(ids.iter().enumerate().all(|(i, id)| id.row() == i % 3));
        assert_eq!(ids.len(), words as usize);
    }
}

#[test]
fn a_spool_leaves_nothing_behind() {
    let files = Files::new([&b"one two\nthree"[..]]);
    let spool = tempfile::tempdir().unwrap();
    let folder = Some(spool.path().to_owned());
    let scan = ScanConfig { spool: SpoolConfig { bytes: 0, folder }, ..config(2, 4, 0) };
    let scanned = files.scan(&scan).unwrap();
    assert_eq!(scanned.file_ids.len(), 5);
    let keys = scanned.vocabulary().keys.clone();
    let encoded = scanned.encode(&keys, || Ok(())).unwrap();
    assert!(matches!(encoded.ids, Buffer::Mapped(_)));
    if cfg!(unix) {
        assert_eq!(fs::read_dir(spool.path()).unwrap().count(), 0);
    }
    drop(scanned);
    assert_eq!(encoded.ids().len(), 5);
    drop(encoded);
    assert_eq!(fs::read_dir(spool.path()).unwrap().count(), 0);
}

#[test]
fn a_spool_that_cannot_be_written_names_folder_and_settings() {
    let files = Files::new([&b"one"[..]]);
    let folder = Some(files.folder.path().join("absent"));
    let scan = ScanConfig { spool: SpoolConfig { bytes: 0, folder }, ..config(1, 4, 0) };
    let error = files.scan(&scan).err().unwrap();
    assert!(matches!(error, Error::Spool { .. }));
    let message = error.to_string();
    for part in ["absent", "spool_dir", "spool_bytes"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_word_beyond_the_limit_is_an_error_however_the_chunks_fall() {
    let text = [b"ab cd ".to_vec(), b"x".repeat(101), b" ef".to_vec()].concat();
    let fits = [b"ab cd ".to_vec(), b"x".repeat(100), b" ef".to_vec()].concat();
    for chunk_bytes in [1, 7, 50, 104, 1000] {
        let scan = ScanConfig { max_word_bytes: 100, ..config(2, chunk_bytes, 1 << 20) };
        let error = Files::new([&text[..]]).scan(&scan).err().unwrap();
        let Error::Format(error) = error else { panic!("{error}") };
        assert_eq!(error.kind, FormatErrorKind::Limit);
        assert!(error.message.contains("byte 6 "), "{}", error.message);
        assert!(error.message.contains("100 bytes"), "{}", error.message);
        Files::new([&fits[..]]).scan(&scan).unwrap();
    }
}

#[test]
fn a_compressed_word_without_end_is_refused_in_little_memory() {
    for (_, bytes) in compressed(&b"a".repeat(1 << 20)) {
        let scan = ScanConfig { max_word_bytes: 1 << 10, ..config(1, 64, 1 << 20) };
        let error = Files::new([&bytes[..]]).scan(&scan).err().unwrap();
        assert!(matches!(error, Error::Format(e) if e.kind == FormatErrorKind::Limit));
    }
}

#[test]
fn a_cut_stream_names_its_file() {
    let text: Vec<u8> =
        (0..20_000u32).flat_map(|i| format!("w{} ", i % 977).into_bytes()).collect();
    for (compression, bytes) in compressed(&text) {
        let files = Files::new([b"fine", &bytes[..bytes.len() / 2]]);
        let error = files.scan(&config(3, 100, 1 << 20)).err().unwrap();
        let Error::Format(error) = error else { panic!("{error}") };
        assert_eq!(error.kind, FormatErrorKind::Truncated, "{compression:?}");
        assert_eq!(error.path.as_ref(), Some(&files.paths[1]));
    }
}

#[test]
fn utf_16_is_refused_and_a_missing_file_is_found_before_the_first_is_read() {
    let error = Files::new([&b"\xff\xfea\0"[..]]).scan(&config(1, 4, 0)).err().unwrap();
    assert!(matches!(error, Error::Format(e) if e.kind == FormatErrorKind::Encoding));
    let mut files = Files::new([&b"\xff\xfea\0"[..]]);
    files.paths.push(files.folder.path().join("absent"));
    let error = files.scan(&config(1, 4, 0)).err().unwrap();
    assert!(matches!(error, Error::Io { path, .. } if path.ends_with("absent")));
    files.paths = vec![files.folder.path().to_owned()];
    assert!(matches!(files.scan(&config(1, 4, 0)), Err(Error::Io { .. })));
}

struct Last(Option<ScanProgress>);

impl Observer for Last {
    fn observe(&mut self, report: Report) -> Result<()> {
        if let Report::Scan(progress) = report {
            self.0 = Some(progress);
        }
        Ok(())
    }
}

#[test]
fn the_last_report_is_the_whole() {
    let files = Files::new([&b"one two\n\nthree"[..], b"four\n"]);
    let mut last = Last(None);
    scan_files(&files.paths, &config(2, 3, 1 << 20), &mut last).unwrap();
    let expected = ScanProgress { bytes: 19, total_bytes: Some(19), words: 4, sentences: 4 };
    assert_eq!(last.0, Some(expected));
}

struct Stops;

impl Observer for Stops {
    fn observe(&mut self, _: Report) -> Result<()> {
        Err(Error::Stopped)
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_and_one_that_nobody_writes_to_can_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let paths = [pipe.clone()];
    let stopped = scan_files(&paths, &config(2, 4, 0), &mut Stops);
    assert!(matches!(stopped, Err(Error::Stopped)));
    // The thread that was left waits for a writer, too: a pipe of its own for the second scan.
    let pipe = folder.path().join("second");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "one two\nthree")
    });
    let scanned = scan_files(&[pipe], &config(2, 4, 0), &mut Silent).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!((scanned.sentences, scanned.raw_words()), (2, 3));
}
