//! Corpora across the line.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use crate::corpus::EncodedCorpus;
use crate::vocab::WordId;

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

    /// A copy of the ids; 0xFFFFFFFF closes each sentence.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        bytemuck::cast_slice::<WordId, u32>(self.corpus.ids()).to_pyarray(py)
    }
}
