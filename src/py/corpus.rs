//! Corpora across the line.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::jobs::{run, run_observed};
use super::keys::PyKeyTable;
use super::progress::PyObserver;
use super::streams;
use crate::corpus::source::{Source, Text, Watch};
use crate::corpus::{
    EncodedCorpus, Normalization, ScanConfig, ScannedCorpus, SpoolConfig, Tokenize, scan_texts,
};
use crate::error::Error;
use crate::formats::output::Output;
use crate::formats::source::Input;
use crate::vocab::WordId;
use crate::workers;

/// Reads files once, with the interpreter lock released.
#[pyfunction]
#[pyo3(signature = (
    sources, *, workers, spool_bytes, spool_dir, tokenize, lowercase, progress = None
))]
#[allow(clippy::too_many_arguments)] // settings, by keyword
pub fn scan_files(
    py: Python<'_>,
    sources: Vec<Bound<'_, PyAny>>,
    workers: usize,
    spool_bytes: u64,
    spool_dir: Option<PathBuf>,
    tokenize: &str,
    lowercase: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyScannedCorpus> {
    let texts = sources.iter().map(text).collect::<PyResult<_>>()?;
    let config = ScanConfig {
        workers,
        spool: SpoolConfig { bytes: spool_bytes, folder: spool_dir },
        normalization: Normalization {
            tokenize: tokenizer(tokenize)?,
            lowercase,
            ..Normalization::default()
        },
        ..ScanConfig::default()
    };
    let corpus = run_observed(py, PyObserver::new(progress), |observer| {
        scan_texts(texts, &config, observer)
    })?;
    Ok(PyScannedCorpus { corpus })
}

/// The way to cut a text that goes by this name.
pub fn tokenizer(name: &str) -> PyResult<Tokenize> {
    match name {
        "whitespace" => Ok(Tokenize::Whitespace),
        "words" => Ok(Tokenize::Words),
        other => Err(PyValueError::new_err(format!(
            "tokenize must be 'whitespace', 'words' or a function, not '{other}'"
        ))),
    }
}

/// A path, or a file object open for reading bytes.
fn text(source: &Bound<'_, PyAny>) -> PyResult<Text> {
    Ok(match streams::input(source)? {
        Input::Path(path) => Text::Path(path),
        Input::Stream(reader, name) => {
            Text::Stream(name.unwrap_or_else(|| PathBuf::from("<stream>")), reader)
        }
    })
}

/// A corpus that was read once.
#[pyclass(frozen, name = "ScannedCorpus", module = "synvec._core")]
pub struct PyScannedCorpus {
    pub corpus: ScannedCorpus,
}

#[pymethods]
impl PyScannedCorpus {
    /// Sentences: lines of files, blank ones too, or what was handed over.
    #[getter]
    fn sentences(&self) -> u64 {
        self.corpus.sentences
    }

    /// Words in all.
    #[getter]
    fn raw_words(&self) -> u64 {
        self.corpus.raw_words()
    }

    /// How many of the words that were read were not valid UTF-8.
    #[getter]
    fn invalid_words(&self) -> u64 {
        self.corpus.invalid_words()
    }

    /// How many distinct words there are.
    #[getter]
    fn distinct(&self) -> usize {
        self.corpus.vocabulary().counts.len()
    }

    /// The count of each distinct word, in order of first sight.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u64>> {
        self.corpus.vocabulary().counts.to_pyarray(py)
    }

    /// The distinct words, in order of first sight.
    #[getter]
    fn keys(&self) -> PyKeyTable {
        self.corpus.vocabulary().keys.clone().into()
    }

    /// The words that occur at least `min_count` times, and their counts.
    #[pyo3(signature = (min_count, sorted_vocab = true))]
    fn vocabulary<'py>(
        &self,
        py: Python<'py>,
        min_count: i64,
        sorted_vocab: bool,
    ) -> PyResult<(PyKeyTable, Bound<'py, PyArray1<u64>>)> {
        let min_count = u64::try_from(min_count).unwrap_or_default();
        let kept = run(py, |_| self.corpus.vocabulary().pruned(min_count, sorted_vocab))?;
        Ok((kept.keys.into(), kept.counts.to_pyarray(py)))
    }

    /// The corpus in the ids of `keys`; words outside it are dropped.
    fn encode(&self, py: Python<'_>, keys: &Bound<'_, PyKeyTable>) -> PyResult<PyEncodedCorpus> {
        let keys = Arc::clone(keys.borrow().table());
        let words = &self.corpus.vocabulary().keys;
        if !words.is_empty() && !keys.is_empty() && words.kind() != keys.kind() {
            return Err(PyTypeError::new_err(format!(
                "the words of the corpus are {}, those of the vocabulary are {}: give a corpus of \
                 words of the same kind",
                words.kind().name(),
                keys.kind().name()
            )));
        }
        let corpus = run(py, |observer| self.corpus.encode(&keys, || observer.poll()))?;
        Ok(PyEncodedCorpus { corpus })
    }
}

/// Writes a corpus as text: a sentence a line, words separated by spaces.
#[pyfunction]
pub fn write_text(corpus: &Bound<'_, PyScannedCorpus>, target: &Bound<'_, PyAny>) -> PyResult<()> {
    let destination = streams::destination(target, false)?;
    let scanned = &corpus.get().corpus;
    run(target.py(), |observer| {
        let mut output = Output::create(destination, observer)?;
        scanned.write_text(&mut output)?;
        output.finish()
    })
}

/// A text's bytes, unfolded and without a byte order mark.
#[pyclass(frozen, name = "TextReader", module = "synvec._core")]
pub struct PyTextReader {
    source: Mutex<Source>,
    watch: Arc<Watch>,
}

#[pymethods]
impl PyTextReader {
    #[new]
    fn new(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = Mutex::new(Some(text(source)?));
        let watch = Arc::new(Watch::default());
        let source = watched(source.py(), &watch, || {
            let text = text.lock().map_err(|_| Error::Stopped)?.take().ok_or(Error::Stopped)?;
            Source::open(text, &watch)
        })?;
        Ok(Self { source: Mutex::new(source), watch })
    }

    /// The next `size` bytes; fewer at the end alone.
    fn read<'py>(&self, py: Python<'py>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = watched(py, &self.watch, || {
            let mut bytes = vec![0; size];
            let mut source = self.source.lock().map_err(|_| Error::Stopped)?;
            let count = source.fill(&mut bytes)?;
            bytes.truncate(count);
            Ok(bytes)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }
}

/// Reads on a thread of its own, so that Ctrl-C ends a wait for another program, too.
fn watched<T: Send>(
    py: Python<'_>,
    watch: &Watch,
    read: impl Fn() -> crate::Result<T> + Sync,
) -> PyResult<T> {
    run(py, |observer| {
        let read = workers::run(1, &watch.stop, |_| read(), || observer.poll())?;
        read.into_iter().next().ok_or_else(|| Error::Internal("nothing was read".to_owned()))
    })
}

/// A corpus as ids of a vocabulary.
#[pyclass(frozen, name = "EncodedCorpus", module = "synvec._core")]
pub struct PyEncodedCorpus {
    pub corpus: EncodedCorpus,
}

#[pymethods]
impl PyEncodedCorpus {
    /// A corpus of ids; `sentences` and `raw_words` as they were before words were dropped.
    #[staticmethod]
    fn from_ids(ids: Vec<u32>, sentences: u64, raw_words: u64) -> Self {
        let ids: Vec<WordId> = ids.into_iter().map(WordId).collect();
        Self { corpus: EncodedCorpus::from_ids(ids, sentences, raw_words) }
    }

    /// Sentences as they were handed over, empty ones included.
    #[getter]
    fn sentences(&self) -> u64 {
        self.corpus.sentences
    }

    /// Tokens as they were handed over, those outside the vocabulary included.
    #[getter]
    fn raw_words(&self) -> u64 {
        self.corpus.raw_words
    }

    /// Tokens in the vocabulary.
    #[getter]
    fn words(&self) -> u64 {
        self.corpus.words
    }

    /// The xxh3-64 of the ids.
    fn checksum(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.corpus.checksum())
    }

    /// A copy of the ids; 0xFFFFFFFF closes each sentence.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        bytemuck::cast_slice::<WordId, u32>(self.corpus.ids()).to_pyarray(py)
    }
}
