//! A checkpoint is whole or it is not there, whatever fails and whatever happens to its files.

use std::collections::BTreeMap;

use super::*;
use crate::corpus::{EncodedCorpus, SpoolConfig};
use crate::matrix::Matrix;
use crate::progress::Silent;
use crate::train::EpochSummary;
use crate::train::position::Position;
use crate::vocab::WordId;

const WORDS: usize = 10;
const SIZE: usize = 5;

/// A model whose every number tells which checkpoint it belongs to.
struct Model {
    keys: KeyTable,
    counts: Vec<u64>,
    matrices: [Matrix; 2],
}

impl Model {
    fn new(number: f32) -> Self {
        Self::with_size(number, SIZE)
    }

    fn with_size(number: f32, size: usize) -> Self {
        let words: Vec<String> = (0..WORDS).map(|i| format!("wörd{i}")).collect();
        let mut matrices = [(); 2].map(|()| Matrix::zeros(WORDS, size).unwrap());
        for matrix in &mut matrices {
            matrix.values_mut().unwrap().fill(number);
            matrix.pad_rows();
        }
        let counts = (0..WORDS as u64).rev().collect();
        Self { keys: words.iter().map(String::as_str).collect(), counts, matrices }
    }

    fn keep(&mut self, folder: &mut Folder, unit: u64) -> Result<()> {
        let Self { keys, counts, matrices: [input, output] } = self;
        let content = Content { keys, counts, model: "{}", state: r#"{"alpha":0.1,"seed":7}"# };
        let weights =
            Weights { input_vectors: input, output_vectors: Some(output), output_nodes: None };
        folder.keep(&content, &TrainConfig::default(), &reached(unit), &weights, &mut Silent)
    }
}

fn reached(unit: u64) -> Reached {
    let epoch = EpochSummary { raw_words: 3, trained_words: 2, loss: 0.1 + 0.2, seconds: 1e-3 };
    let current = EpochSummary { loss: 1.0 / 3.0, ..epoch };
    Reached { position: Position { epoch: 1, unit }, epochs: vec![epoch], current }
}

/// Opens a folder as a process that goes on would; the newest whole checkpoint's unit, which every
/// number of its model must be.
fn found(path: &Path) -> Result<Option<u64>> {
    let mut folder = Folder::open(path)?;
    let Some(checkpoint) = folder.newest(&mut Silent)? else { return Ok(None) };
    let unit = checkpoint.reached.position.unit;
    assert_eq!(checkpoint.reached, reached(unit));
    assert_eq!(checkpoint.state, r#"{"alpha":0.1,"seed":7}"#);
    let file = crate::formats::native::NativeFile::open(
        Input::Path(checkpoint.data),
        Limits::default(),
        &mut Silent,
    )?;
    let size = file.buffer::<f32>("vectors")?.len() / WORDS;
    for name in ["vectors", "output_vectors"] {
        assert_eq!(*file.buffer::<f32>(name)?, vec![unit as f32; WORDS * size]);
    }
    let length = unit as f32 * (size as f32).sqrt();
    assert!(file.buffer::<f32>("norms")?.iter().all(|norm| (norm - length).abs() < 1e-3));
    Ok(Some(unit))
}

fn kept(path: &Path, units: std::ops::RangeInclusive<u64>) {
    let mut folder = Folder::open(path).unwrap();
    for unit in units {
        Model::new(unit as f32).keep(&mut folder, unit).unwrap();
    }
}

fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
    };
    fs::read_dir(path).unwrap().map(entry).collect()
}

fn restore(path: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(path).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, bytes) in files {
        fs::write(path.join(name), bytes).unwrap();
    }
}

#[test]
fn two_are_kept_and_the_newest_is_found() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("new");
    assert_eq!(found(&path).unwrap(), None);
    kept(&path, 1..=5);
    assert_eq!(found(&path).unwrap(), Some(5));
    let names: Vec<_> = files(&path).into_keys().collect();
    let pair = |number| [name(number, ".json"), name(number, ".kv")];
    assert_eq!(names, [&pair(4)[..], &pair(5), &["lock".to_owned()]].concat());
}

#[test]
fn whatever_step_fails_a_whole_checkpoint_is_left_and_the_next_one_goes_well() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path();
    kept(path, 1..=2);
    let before = files(path);
    for step in 0..200 {
        restore(path, &before);
        let mut folder = Folder::open(path).unwrap();
        folder.newest(&mut Silent).unwrap();
        // Large enough to be written by several calls.
        let (result, failed) =
            faults::failing_at(step, || Model::with_size(3.0, 500).keep(&mut folder, 3));
        drop(folder);
        let now = found(path).unwrap();
        assert!(matches!(now, Some(2 | 3)), "step {step}: {now:?}");
        if result.is_ok() {
            assert!(!failed && now == Some(3));
            // Two files of at least a write, fsync, rename and fsync of the folder; two removals.
            assert!(step > 20, "{step} steps");
            return;
        }
        kept(path, 4..=5);
        assert_eq!(found(path).unwrap(), Some(5), "after step {step}");
        assert_eq!(files(path).len(), 5, "what was left is cleared away after step {step}");
    }
    panic!("no checkpoint succeeds");
}

#[test]
fn a_process_that_dies_leaves_files_that_do_no_harm() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path();
    kept(path, 1..=2);
    fs::write(path.join(".synvec-dead.tmp"), b"half a file").unwrap();
    fs::write(path.join(name(3, ".kv")), b"renamed, without a manifest").unwrap();
    assert_eq!(found(path).unwrap(), Some(2));
    kept(path, 3..=4);
    assert_eq!(found(path).unwrap(), Some(4));
    assert_eq!(files(path).len(), 5);
}

/// Damages a file of the newest of two checkpoints: the one before must be found.
fn damaged(path: &Path, before: &BTreeMap<String, Vec<u8>>, name: &str, bytes: &[u8], how: &str) {
    fs::write(path.join(name), bytes).unwrap();
    let mut folder = Folder::open(path).unwrap();
    match folder.newest(&mut Silent) {
        Ok(Some(checkpoint)) => {
            assert_eq!(checkpoint.reached.position.unit, 1, "{how}");
            assert!(checkpoint.warnings[0].contains("checkpoint-000002"), "{how}");
        }
        // A flip may make a version of it that is whole in no sense, but never an old one silently.
        other => panic!("{how}: {other:?}"),
    }
    drop(folder);
    fs::write(path.join(name), &before[name]).unwrap();
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path();
    kept(path, 1..=2);
    let before = files(path);
    for ending in [".json", ".kv"] {
        let name = name(2, ending);
        let bytes = &before[&name];
        for at in (0..bytes.len()).step_by(3) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            damaged(path, &before, &name, &flipped, &format!("bit of byte {at} of {name}"));
            if at % 7 == 0 || at + 9 > bytes.len() {
                damaged(path, &before, &name, &bytes[..at], &format!("{name} cut at {at}"));
            }
        }
        let longer = [bytes, &b"x"[..]].concat();
        damaged(path, &before, &name, &longer, &format!("{name} with a byte more"));
    }
    assert_eq!(found(path).unwrap(), Some(2));
    fs::remove_file(path.join(name(2, ".kv"))).unwrap();
    assert_eq!(found(path).unwrap(), Some(1));
}

#[test]
fn where_none_is_whole_the_newest_is_told() {
    let temporary = tempfile::tempdir().unwrap();
    kept(temporary.path(), 1..=2);
    for number in 1..=2 {
        fs::write(temporary.path().join(name(number, ".json")), b"{\"format\":\"another\"}")
            .unwrap();
    }
    let message = found(temporary.path()).unwrap_err().to_string();
    assert!(message.contains("checkpoint-000002.json (synvec checkpoint): format is \"another\""));
    assert!(message.contains("no other checkpoint is whole, so start anew"), "{message}");

    kept(temporary.path(), 3..=4);
    for number in 3..=4 {
        let data = temporary.path().join(name(number, ".kv"));
        let mut bytes = fs::read(&data).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&data, bytes).unwrap();
    }
    let message = found(temporary.path()).unwrap_err().to_string();
    let told = "since it was saved; no other checkpoint is whole, so start anew";
    assert!(message.contains(told), "{message}");
}

#[test]
fn another_version_is_refused_and_not_passed_over() {
    let temporary = tempfile::tempdir().unwrap();
    kept(temporary.path(), 1..=2);
    let path = temporary.path().join(name(2, ".json"));
    let text = fs::read_to_string(&path).unwrap().replace("\"version\":1", "\"version\":2");
    let sum = &text[13..29].to_owned();
    let blank = text.replacen(sum, &"0".repeat(16), 1);
    let sum = format!("{:016x}", xxh3_64(blank.as_bytes()));
    fs::write(&path, blank.replacen(&"0".repeat(16), &sum, 1)).unwrap();
    let error = found(temporary.path()).unwrap_err();
    assert!(matches!(&error, Error::Format(e) if e.kind == FormatErrorKind::Unsupported));
    assert!(error.to_string().contains("version is 2, expected 1"), "{error}");
}

#[test]
fn a_second_process_is_told_who_has_the_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let first = Folder::open(temporary.path()).unwrap();
    let message = Folder::open(temporary.path()).unwrap_err().to_string();
    assert!(message.contains(&format!("in use by process {}", std::process::id())), "{message}");
    drop(first);
    Folder::open(temporary.path()).unwrap();
}

#[test]
fn weights_that_are_not_finite_take_no_good_ones_place() {
    let temporary = tempfile::tempdir().unwrap();
    kept(temporary.path(), 1..=2);
    let before = files(temporary.path());
    let mut folder = Folder::open(temporary.path()).unwrap();
    let mut model = Model::new(3.0);
    model.matrices[1].compact_rows();
    model.matrices[1].values_mut().unwrap()[7 * SIZE + 2] = f32::INFINITY;
    let message = model.keep(&mut folder, 3).unwrap_err().to_string();
    assert!(
        message.contains(
            "row 7 of output_vectors is NaN or infinite in epoch 2 of 5, before \
                              block 3"
        ),
        "{message}"
    );
    drop(folder);
    assert!(files(temporary.path()).keys().eq(before.keys()));
    assert_eq!(found(temporary.path()).unwrap(), Some(2));
}

#[test]
fn ids_come_back_and_a_changed_file_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    for (length, spool_bytes) in [(0, 0), (100, 0), (100, 1 << 20)] {
        let spool = SpoolConfig { bytes: spool_bytes, folder: None };
        let ids: Vec<WordId> = (0..length).map(|i| WordId(i % 9)).collect();
        let corpus = EncodedCorpus::from_ids(ids, 3, 120);
        ids::save(folder, &corpus, &mut Silent).unwrap();
        let opened = ids::open(folder, corpus.checksum(), 3, 120, &spool).unwrap();
        assert_eq!(opened.ids(), corpus.ids());
        assert_eq!((opened.sentences, opened.raw_words, opened.words), (3, 120, corpus.words));
        let path = ids::path(folder, corpus.checksum());
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, b"").unwrap();
        assert_eq!(opened.ids(), corpus.ids(), "what has been opened needs the file no more");
        for damaged in [[&bytes[..], b"abcd"].concat(), [&bytes[..], b"a"].concat()] {
            fs::write(&path, damaged).unwrap();
            let error = ids::open(folder, corpus.checksum(), 3, 120, &spool).unwrap_err();
            assert!(matches!(error, Error::Format(_)), "{error}");
        }
    }
}
