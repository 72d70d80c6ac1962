//! Phrases across the line.

use std::sync::{Arc, Mutex};

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::corpus::PyScannedCorpus;
use super::jobs::run;
use super::keys::PyKeyTable;
use super::streams;
use crate::corpus::{ScannedCorpus, lock};
use crate::formats::native;
use crate::phrases::{PhraseModel, PhraseSet, Scoring};
use crate::vocab::{KeyKind, Vocabulary, WordId};
use crate::workers;

/// Adds the classes of this room to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(save_phrases, module)?)?;
    module.add_class::<PyPhraseModel>()?;
    module.add_class::<PyPhraseSet>()
}

/// Counts of words and of pairs of them. One job at a time: the others wait.
#[pyclass(frozen, name = "PhraseModel", module = "synvec._core")]
struct PyPhraseModel {
    model: Mutex<PhraseModel>,
}

impl PyPhraseModel {
    /// Runs a job on the model, without the interpreter lock while it waits and works.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        job: impl FnOnce(&PhraseModel) -> T + Send,
    ) -> PyResult<T> {
        run(py, |_| Ok(job(&lock(&self.model))))
    }
}

type Phrases<'py> = (Vec<String>, Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl PyPhraseModel {
    #[new]
    fn new(connectors: Vec<String>, max_pairs: usize) -> Self {
        Self { model: Mutex::new(PhraseModel::new(connectors, max_pairs)) }
    }

    /// Counts a corpus on top of what was counted before.
    #[pyo3(signature = (corpus, workers = None))]
    fn add(
        &self,
        py: Python<'_>,
        corpus: &Bound<'_, PyScannedCorpus>,
        workers: Option<usize>,
    ) -> PyResult<()> {
        let workers = workers.unwrap_or_else(workers::available).max(1);
        let scanned = of_text(corpus)?;
        run(py, |observer| lock(&self.model).add(scanned, workers, || observer.poll()))
    }

    /// Every word, in order of first sight, and its count.
    fn words<'py>(&self, py: Python<'py>) -> PyResult<(PyKeyTable, Bound<'py, PyArray1<u64>>)> {
        let Vocabulary { keys, counts } = self.with(py, |model| model.vocabulary.clone())?;
        Ok((keys.into(), counts.to_pyarray(py)))
    }

    /// Words read.
    #[getter]
    fn total_words(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |model| model.words)
    }

    /// Distinct words, connectors left out, and pairs.
    #[getter]
    fn distinct(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, PhraseModel::distinct)
    }

    /// The pairs above a score, the best first: as they read, their counts and scores.
    fn scored<'py>(
        &self,
        py: Python<'py>,
        scoring: &str,
        min_count: f64,
        threshold: f64,
        delimiter: &str,
    ) -> PyResult<Phrases<'py>> {
        let scoring = match scoring {
            "default" => Scoring::Default,
            "npmi" => Scoring::Npmi,
            "word2phrase" => Scoring::Word2Phrase,
            _ => return Err(PyValueError::new_err(format!("scoring is {scoring:?}"))),
        };
        let found =
            self.with(py, |model| model.scored(scoring, min_count, threshold, delimiter))?;
        let counts: Vec<u64> = found.iter().map(|found| found.count).collect();
        let scores: Vec<f64> = found.iter().map(|found| found.score).collect();
        let phrases = found.into_iter().map(|found| found.phrase).collect();
        Ok((phrases, counts.to_pyarray(py), scores.to_pyarray(py)))
    }

    /// The pairs that occur at least `min_count` times, in the order of their words, as arrays:
    /// `first` and `last` (indices of words), `count`, and the words `between`, of which those of
    /// pair i lie from `offsets[i]` to `offsets[i + 1]`.
    fn pairs<'py>(&self, py: Python<'py>, min_count: u64) -> PyResult<Bound<'py, PyDict>> {
        let (pairs, between, offsets) = self.with(py, |model| {
            let pairs = model.candidates(min_count);
            let (mut between, mut offsets) = (Vec::new(), vec![0u64]);
            for &(pair, _) in &pairs {
                between.extend(model.pairs.between(pair).iter().map(|word| word.0));
                offsets.push(between.len() as u64);
            }
            (pairs, between, offsets)
        })?;
        let arrays = PyDict::new(py);
        let ids = |word: fn(&crate::phrases::Pair) -> WordId| -> Vec<u32> {
            pairs.iter().map(|(pair, _)| word(pair).0).collect()
        };
        arrays.set_item("first", ids(|pair| pair.first).to_pyarray(py))?;
        arrays.set_item("last", ids(|pair| pair.last).to_pyarray(py))?;
        let counts: Vec<u64> = pairs.iter().map(|&(_, count)| count).collect();
        arrays.set_item("count", counts.to_pyarray(py))?;
        arrays.set_item("between", between.to_pyarray(py))?;
        arrays.set_item("offsets", offsets.to_pyarray(py))?;
        Ok(arrays)
    }

    /// A model of counts made elsewhere, as [`Self::words`] and [`Self::pairs`] give them.
    #[staticmethod]
    #[allow(clippy::too_many_arguments)] // the parts of a model, by keyword
    #[pyo3(signature = (
        connectors, max_pairs, *, keys, counts, total_words, first, last, count, between, offsets
    ))]
    fn from_parts(
        connectors: Vec<String>,
        max_pairs: usize,
        keys: &PyKeyTable,
        counts: PyReadonlyArray1<'_, u64>,
        total_words: u64,
        first: PyReadonlyArray1<'_, u32>,
        last: PyReadonlyArray1<'_, u32>,
        count: PyReadonlyArray1<'_, u64>,
        between: PyReadonlyArray1<'_, u32>,
        offsets: PyReadonlyArray1<'_, u64>,
    ) -> PyResult<Self> {
        let mut model = PhraseModel::new(connectors, max_pairs);
        let (keys, counts) = ((**keys.table()).clone(), counts.as_slice()?.to_vec());
        let words = keys.len();
        let (first, last, count) = (first.as_slice()?, last.as_slice()?, count.as_slice()?);
        let (between, offsets) = (between.as_slice()?, offsets.as_slice()?);
        let lengths = [last.len(), count.len(), offsets.len().wrapping_sub(1)];
        let is_known = |ids: &[u32]| ids.iter().all(|&id| (id as usize) < words);
        let ends = (offsets.first(), offsets.last());
        let are_bounds = offsets.is_sorted() && ends == (Some(&0), Some(&(between.len() as u64)));
        let ids_known = is_known(first) && is_known(last) && is_known(between);
        if counts.len() != words || lengths != [first.len(); 3] || !are_bounds || !ids_known {
            return Err(PyValueError::new_err("the parts of the phrases do not go together"));
        }
        let between: Vec<WordId> = between.iter().map(|&id| WordId(id)).collect();
        for at in 0..first.len() {
            let words = &between[offsets[at] as usize..offsets[at + 1] as usize];
            model.pairs.add(WordId(first[at]), words, WordId(last[at]), count[at]);
        }
        model.vocabulary = Vocabulary { keys, counts };
        model.words = total_words;
        Ok(Self { model: Mutex::new(model) })
    }
}

/// A corpus whose words are strings, of which phrases can be made.
fn of_text<'a>(corpus: &'a Bound<'_, PyScannedCorpus>) -> PyResult<&'a ScannedCorpus> {
    let scanned = &corpus.get().corpus;
    match scanned.vocabulary().keys.kind() {
        KeyKind::Text => Ok(scanned),
        KeyKind::Integer => Err(PyTypeError::new_err(
            "the words of the corpus are int, and phrases are made of str: convert the words \
             first, for example with str()",
        )),
    }
}

/// Phrases to be found in corpora.
#[pyclass(frozen, name = "PhraseSet", module = "synvec._core")]
struct PyPhraseSet {
    set: Arc<PhraseSet>,
}

#[pymethods]
impl PyPhraseSet {
    #[new]
    fn new(phrases: &PyKeyTable, delimiter: String, connectors: Vec<String>) -> PyResult<Self> {
        if delimiter.is_empty() {
            return Err(PyValueError::new_err("delimiter is empty, expected some text"));
        }
        let phrases = (**phrases.table()).clone();
        Ok(Self { set: Arc::new(PhraseSet { phrases, delimiter, connectors }) })
    }

    /// The corpus with phrases in the place of their words.
    fn apply(
        &self,
        py: Python<'_>,
        corpus: &Bound<'_, PyScannedCorpus>,
    ) -> PyResult<PyScannedCorpus> {
        let scanned = of_text(corpus)?;
        let corpus = run(py, |observer| self.set.apply(scanned, || observer.poll()))?;
        Ok(PyScannedCorpus { corpus })
    }
}

/// Saves a native file of phrases: of the words and pairs that were counted, or, with `scores`, of
/// the phrases that were chosen.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one for each tensor of the file
#[pyo3(signature = (
    target, keys, config, *, scores = None, counts = None, count = None, offsets = None,
    first = None, last = None, between = None
))]
fn save_phrases(
    target: &Bound<'_, PyAny>,
    keys: &PyKeyTable,
    config: &str,
    scores: Option<PyReadonlyArray1<'_, f64>>,
    counts: Option<PyReadonlyArray1<'_, u64>>,
    count: Option<PyReadonlyArray1<'_, u64>>,
    offsets: Option<PyReadonlyArray1<'_, u64>>,
    first: Option<PyReadonlyArray1<'_, u32>>,
    last: Option<PyReadonlyArray1<'_, u32>>,
    between: Option<PyReadonlyArray1<'_, u32>>,
) -> PyResult<()> {
    fn numbers<'a, T: numpy::Element>(
        array: &'a Option<PyReadonlyArray1<'_, T>>,
    ) -> PyResult<&'a [T]> {
        array.as_ref().map_or(Ok(&[]), |array| Ok(array.as_slice()?))
    }
    let content = match &scores {
        Some(scores) => native::PhraseContent::Scores(scores.as_slice()?),
        None => native::PhraseContent::Counts(
            numbers(&counts)?,
            native::PairArrays {
                counts: numbers(&count)?,
                offsets: numbers(&offsets)?,
                first: numbers(&first)?,
                last: numbers(&last)?,
                between: numbers(&between)?,
            },
        ),
    };
    let keys = Arc::clone(keys.table());
    let store = native::PhraseStore { keys: &keys, content, config };
    let destination = streams::destination(target, false)?;
    run(target.py(), |observer| native::save_phrases(&store, destination, observer))
}
