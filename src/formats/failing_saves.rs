//! Saves in which the N-th thing asked of the system fails, for every N and every writer.

use std::fs;
use std::path::Path;

use super::native;
use super::output::{Destination, Output, faults};
use super::word2vec::{self, Layout, Rows, Style, WriteOptions};
use crate::error::{Error, Result};
use crate::progress::Silent;
use crate::vocab::KeyTable;

/// Ten keys and vectors: several blocks of a test's `Output`, compressed or not.
fn store() -> (KeyTable, Vec<f32>) {
    let words: Vec<String> = (0..10).map(|i| format!("wörd{i}")).collect();
    let vectors = (0..160).map(|i| (i * 7919 % 997) as f32 / 991.0).collect();
    (words.iter().map(String::as_str).collect(), vectors)
}

fn save_native(destination: Destination) -> Result<()> {
    let (keys, vectors) = store();
    let counts: Vec<u64> = (0..10).rev().collect();
    let whole = native::Store {
        keys: &keys,
        vectors: &vectors,
        vector_size: 16,
        norms: None,
        counts: Some(&counts),
        output_vectors: Some(&vectors),
        output_nodes: None,
        own_vectors: None,
        ngram_vectors: None,
        ngram_buckets: None,
        config: Some("{}"),
        allow_nonfinite: false,
    };
    native::save(&whole, destination, &mut Silent)
}

fn save_rows(layout: Layout, destination: Destination) -> Result<()> {
    let (keys, vectors) = store();
    let rows = Rows { keys: &keys, vectors: &vectors, vector_size: 16, order: None };
    let has_header = layout != Layout::HeaderlessText;
    let options = WriteOptions {
        layout,
        style: Style::Gensim,
        prefix: "",
        total: None,
        has_header,
        allow_nonfinite: false,
    };
    let mut silent = Silent;
    let mut output = Output::create(destination, &mut silent)?;
    word2vec::write(&rows, &options, &mut output)?;
    output.finish()
}

fn save_counts(destination: Destination) -> Result<()> {
    let (keys, _) = store();
    let (counts, order): (Vec<i64>, Vec<usize>) = ((0..10).collect(), (0..10).collect());
    let mut silent = Silent;
    let mut output = Output::create(destination, &mut silent)?;
    word2vec::write_counts(&keys, &counts, &order, "", &mut output)?;
    output.finish()
}

type Save = fn(Destination) -> Result<()>;

const WRITERS: [(&str, Save); 5] = [
    ("a.kv", save_native),
    ("a.txt", |destination| save_rows(Layout::Text, destination)),
    ("a.bin", |destination| save_rows(Layout::Binary, destination)),
    ("glove.txt", |destination| save_rows(Layout::HeaderlessText, destination)),
    ("counts.txt", save_counts),
];

/// The error tells the path and the system's own code.
fn check_error(error: Error, path: &Path) {
    let Error::Io { path: named, source } = error else { panic!("{error}") };
    assert_eq!(named, path);
    assert!(source.raw_os_error().is_some(), "{source}");
}

/// Makes each step of a save fail in turn until one save succeeds; returns how many there were.
fn fail_every_step(folder: &Path, path: &Path, save: Save, old: Option<&[u8]>) -> u64 {
    let (name, mut after_rename) = (path.file_name().unwrap(), Vec::new());
    for step in 0..1000 {
        match old {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => drop(fs::remove_file(path)),
        }
        let (result, failed) =
            faults::failing_at(step, || save(Destination::Path(path.to_owned())));
        let left: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.iter().all(|found| found == name), "step {step} leaves {left:?}");
        let now = fs::read(path).ok();
        if result.is_ok() {
            assert!(!failed, "{name:?}: step {step} failed and nobody said so");
            // Only the last step, which makes the rename last, finds the new file in its place.
            assert_eq!(after_rename, [(step - 1, now)], "{name:?}");
            return step;
        }
        check_error(result.unwrap_err(), path);
        if now.as_deref() != old {
            after_rename.push((step, now));
        }
    }
    panic!("{name:?}: no save succeeds");
}

#[test]
fn whatever_fails_the_old_file_is_whole_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    for (name, save) in WRITERS {
        for ending in ["", ".gz", ".bz2", ".xz", ".zst"] {
            let path = folder.path().join(format!("{name}{ending}"));
            for old in [None, Some(&b"the old file"[..])] {
                let steps = fail_every_step(folder.path(), &path, save, old);
                // Making the file, at least one write, fsync, rename, fsync of the folder.
                assert!(steps >= 5 + u64::from(old.is_some()), "{name}{ending}: {steps} steps");
            }
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_stream_that_fails_is_an_error_with_its_name() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(std::io::Error::from_raw_os_error(28))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            self.write(b"").map(drop)
        }
    }
    for (name, save) in WRITERS {
        let writes = (0..1000).find(|&writes| {
            let stream = Destination::Stream(Box::new(Full(writes)), Some(name.into()));
            match save(stream) {
                Ok(()) => true,
                Err(error) => {
                    check_error(error, Path::new(name));
                    false
                }
            }
        });
        assert!(writes.is_some_and(|writes| writes >= 2), "{name}: {writes:?} writes");
    }
}

#[cfg(unix)]
#[test]
fn a_device_that_is_full_is_an_error() {
    let full = Path::new("/dev/full");
    if full.exists() {
        for (_, save) in WRITERS {
            check_error(save(Destination::Path(full.to_owned())).unwrap_err(), full);
        }
    }
}
