//! Sentences of Python objects: one call for all of them, however many there are.

use std::path::PathBuf;
use std::time::Instant;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyString, PyTuple};

use super::batch::PySentenceBatch;
use super::corpus::{PyScannedCorpus, tokenizer};
use super::integers::{Integer, IntegerArray};
use super::jobs::{brief, run_observed};
use super::progress::PyObserver;
use crate::corpus::{Normalization, SentenceScan, SpoolConfig};
use crate::progress::{Observer, POLL_INTERVAL, Report};
use crate::vocab::KeyKind;

/// Takes sentences once.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // settings, by keyword
#[pyo3(signature = (
    sentences, *, spool_bytes, spool_dir, tokenize, lowercase, batches, warn, progress = None
))]
pub fn scan_sentences(
    sentences: &Bound<'_, PyAny>,
    spool_bytes: u64,
    spool_dir: Option<PathBuf>,
    tokenize: Option<&str>,
    lowercase: bool,
    batches: Bound<'_, PyAny>,
    warn: Bound<'_, PyAny>,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyScannedCorpus> {
    let py = sentences.py();
    let config = SpoolConfig { bytes: spool_bytes, folder: spool_dir };
    let cut = tokenize.map(tokenizer).transpose()?.unwrap_or_default();
    let mut reader = SentenceReader {
        scan: SentenceScan::new(
            config,
            Normalization { tokenize: cut, lowercase, ..Normalization::default() },
        ),
        are_texts: tokenize.is_some(),
        lowercase,
        batches,
        observer: PyObserver::new(progress),
        warn: Some(warn),
        sentence: 0,
        steps: 0,
        reported: Instant::now(),
    };
    brief(|| sentences.try_iter()?.try_for_each(|sentence| reader.sentence(&sentence?)))?;
    let SentenceReader { scan, observer, .. } = reader;
    let corpus = run_observed(py, observer, |observer| scan.finish(observer))?;
    Ok(PyScannedCorpus { corpus })
}

/// How many words are taken between two looks at the clock and the signals.
const STEPS: u32 = 1 << 12;

struct SentenceReader<'py> {
    scan: SentenceScan,
    /// Whether sentences are texts, whose words are still to be found.
    are_texts: bool,
    lowercase: bool,
    /// Called for what is no list: the batches that it holds, or `None` when it is a sentence.
    batches: Bound<'py, PyAny>,
    observer: PyObserver,
    /// Called for the first sentence that is a `str`.
    warn: Option<Bound<'py, PyAny>>,
    /// The current sentence, from 0.
    sentence: usize,
    steps: u32,
    reported: Instant,
}

impl<'py> SentenceReader<'py> {
    fn sentence(&mut self, sentence: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.are_texts {
            return self.text(sentence);
        }
        if let Ok(list) = sentence.cast_exact::<PyList>() {
            self.words(list.iter().map(Ok))?;
        } else if let Ok(tuple) = sentence.cast_exact::<PyTuple>() {
            self.words(tuple.iter().map(Ok))?;
        } else if let Some(array) = IntegerArray::of(sentence)? {
            return self.array(sentence, &array);
        } else if let Some(batches) = self.batches_of(sentence)? {
            return batches.try_iter()?.try_for_each(|batch| self.piece(&batch?));
        } else {
            let is_bytes = sentence.is_instance_of::<PyBytes>();
            if is_bytes || sentence.is_instance_of::<PyByteArray>() {
                return Err(self.not_words(sentence));
            }
            if let Ok(text) = sentence.cast::<PyString>() {
                self.warn_of(text)?;
            }
            let words = sentence.try_iter().map_err(|error| {
                let py = sentence.py();
                let is_type_error = error.is_instance_of::<PyTypeError>(py);
                if is_type_error { self.not_words(sentence) } else { error }
            })?;
            self.words(words)?;
        }
        self.end_sentence(sentence.py())
    }

    /// A sentence that is to be cut into words.
    fn text(&mut self, sentence: &Bound<'py, PyAny>) -> PyResult<()> {
        if let Ok(text) = sentence.cast::<PyString>() {
            self.scan.text(text.to_str().map_err(|_| self.not_text(None, text))?)?;
            return self.end_sentence(sentence.py());
        }
        match self.batches_of(sentence)? {
            Some(batches) => batches.try_iter()?.try_for_each(|batch| self.piece(&batch?)),
            None => Err(self.not_a_text(type_name(sentence))),
        }
    }

    /// A part of an Arrow array: a batch of sentences, or one of integers.
    fn piece(&mut self, piece: &Bound<'py, PyAny>) -> PyResult<()> {
        match piece.cast::<PySentenceBatch>() {
            Ok(batch) => self.batch(batch),
            Err(_) => self.sentence(piece),
        }
    }

    fn batches_of(&self, sentence: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if sentence.is_exact_instance_of::<PySentenceBatch>() {
            return PyTuple::new(sentence.py(), [sentence]).map(|one| Some(one.into_any()));
        }
        let batches = self.batches.call1((sentence,))?;
        Ok((!batches.is_none()).then_some(batches))
    }

    fn end_sentence(&mut self, py: Python<'_>) -> PyResult<()> {
        self.scan.end_sentence()?;
        self.sentence += 1;
        self.step(py)
    }

    /// An array of one dimension is a sentence, one of two a sentence a row.
    fn array(&mut self, object: &Bound<'_, PyAny>, array: &IntegerArray<'_>) -> PyResult<()> {
        let (py, len, width) = (object.py(), array.len(), array.width());
        if len * width > 0 {
            self.take_integers(0, || object.getattr("flat")?.get_item(0))?;
        }
        let mut values = Vec::new();
        let block = (STEPS as usize / width.max(1)).max(1);
        for start in (0..len).step_by(block) {
            let places = start..len.min(start + block);
            let first = self.sentence;
            array.copy(places.clone(), &mut values)?.map_err(|too_large| {
                let (sentence, word) = match array.has_rows() {
                    true => (first + too_large.row - start, too_large.column),
                    false => (first, too_large.row),
                };
                out_of_range(sentence, word, &too_large.value)
            })?;
            for row in 0..places.len() {
                for &value in &values[row * width..(row + 1) * width] {
                    self.scan.integer(value)?;
                    self.step(py)?;
                }
                if array.has_rows() {
                    self.end_sentence(py)?;
                }
            }
        }
        if array.has_rows() { Ok(()) } else { self.end_sentence(py) }
    }

    /// The interpreter lock is kept between two looks around, so that nobody else changes the arrays.
    fn batch(&mut self, batch: &Bound<'_, PySentenceBatch>) -> PyResult<()> {
        let (py, are_texts) = (batch.py(), batch.get().are_texts);
        if self.are_texts && !are_texts {
            return Err(self.not_a_text("a list".to_owned()));
        }
        if !self.scan.takes(KeyKind::Text) {
            return Err(self.other_kind(0, batch.as_any()));
        }
        batch.get().with(py, |batch| {
            for sentence in 0..batch.len() {
                for (place, word) in batch.words(sentence)?.enumerate() {
                    let text = batch.word(word)?.ok_or_else(|| self.null_word(place))?;
                    if are_texts {
                        self.scan.text(text)?
                    } else {
                        self.scan.word(text)?
                    }
                    self.step(py)?;
                }
                self.end_sentence(py)?;
            }
            Ok(())
        })
    }

    fn words(&mut self, words: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>) -> PyResult<()> {
        for (place, word) in words.enumerate() {
            let word = word?;
            if let Ok(text) = word.cast::<PyString>() {
                if !self.scan.takes(KeyKind::Text) {
                    return Err(self.other_kind(place, &word));
                }
                let text = text.to_str().map_err(|_| self.not_text(Some(place), text))?;
                self.scan.word(text)?;
            } else {
                self.integer(place, &word)?;
            }
            self.step(word.py())?;
        }
        Ok(())
    }

    fn integer(&mut self, place: usize, word: &Bound<'_, PyAny>) -> PyResult<()> {
        match Integer::of(word) {
            Integer::Value(value) => {
                self.take_integers(place, || Ok(word.clone()))?;
                Ok(self.scan.integer(value)?)
            }
            Integer::OutOfRange => Err(out_of_range(self.sentence, place, &shown(word))),
            Integer::None => Err(self.not_a_word(place, word)),
        }
    }

    /// Refuses integers where there were strings, and where they are to be lower-cased.
    fn take_integers<'a>(
        &mut self,
        place: usize,
        word: impl FnOnce() -> PyResult<Bound<'a, PyAny>>,
    ) -> PyResult<()> {
        if !self.scan.takes(KeyKind::Integer) {
            return Err(self.other_kind(place, &word()?));
        }
        if self.lowercase {
            return Err(PyValueError::new_err(
                "lowercase=True has no meaning for words that are integers; leave it out",
            ));
        }
        Ok(())
    }

    /// Now and then lets signals and other threads in and reports.
    #[inline]
    fn step(&mut self, py: Python<'_>) -> PyResult<()> {
        self.steps += 1;
        if self.steps < STEPS { Ok(()) } else { self.look_up(py) }
    }

    fn look_up(&mut self, py: Python<'_>) -> PyResult<()> {
        self.steps = 0;
        py.check_signals()?;
        py.detach(|| ());
        if self.reported.elapsed() < POLL_INTERVAL {
            return Ok(());
        }
        self.reported = Instant::now();
        let report = Report::Scan(self.scan.progress());
        let result = self.observer.observe(report);
        self.observer.take(result)
    }

    fn warn_of(&mut self, text: &Bound<'_, PyString>) -> PyResult<()> {
        let Some(warn) = self.warn.take() else { return Ok(()) };
        let message = format!(
            "each sentence should be a list of words, but sentence {} is the str {}: its \
             characters are taken for words; split it first, for example with .split()",
            self.sentence,
            shown(text.as_any())
        );
        warn.call1((message,)).map(drop)
    }

    fn not_words(&self, sentence: &Bound<'_, PyAny>) -> PyErr {
        PyTypeError::new_err(format!(
            "sentence {} is {}, expected a list of words: {}",
            self.sentence,
            type_name(sentence),
            shown(sentence)
        ))
    }

    fn not_a_word(&self, place: usize, word: &Bound<'_, PyAny>) -> PyErr {
        PyTypeError::new_err(format!(
            "word {place} of sentence {} is {}, expected str or int: {}; convert the words first, \
             for example with str()",
            self.sentence,
            type_name(word),
            shown(word)
        ))
    }

    fn other_kind(&self, place: usize, word: &Bound<'_, PyAny>) -> PyErr {
        let expected = if word.is_instance_of::<PyString>() { "int" } else { "str" };
        PyTypeError::new_err(format!(
            "word {place} of sentence {} is {}, expected {expected} as all words before it: {}; a \
             corpus holds strings or integers, not both",
            self.sentence,
            type_name(word),
            shown(word)
        ))
    }

    fn null_word(&self, place: usize) -> PyErr {
        PyTypeError::new_err(format!(
            "word {place} of sentence {} is null, expected str; drop or replace nulls first",
            self.sentence
        ))
    }

    fn not_a_text(&self, kind: String) -> PyErr {
        PyValueError::new_err(format!(
            "sentence {} is {kind}, which has been cut into words already, expected str: leave out \
             tokenize, or give the text itself",
            self.sentence
        ))
    }

    fn not_text(&self, place: Option<usize>, word: &Bound<'_, PyString>) -> PyErr {
        let place = place.map_or_else(String::new, |place| format!("word {place} of "));
        PyValueError::new_err(format!(
            "{place}sentence {} holds a lone surrogate, which UTF-8 cannot hold: {}; \
             decode the text with errors='replace'",
            self.sentence,
            shown(word.as_any())
        ))
    }
}

fn out_of_range(sentence: usize, word: usize, value: &str) -> PyErr {
    PyValueError::new_err(format!(
        "word {word} of sentence {sentence} is {value}, beyond 64 bits: expected -2**63 to \
         2**63 - 1; give such words as strings"
    ))
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// The beginning of an object's `repr`.
fn shown(object: &Bound<'_, PyAny>) -> String {
    const CHARACTERS: usize = 60;
    let text = object.repr().map_or_else(|_| "…".to_owned(), |text| text.to_string());
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
