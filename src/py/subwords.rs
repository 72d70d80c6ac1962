//! n-grams of words across the line.

use std::sync::Arc;

use numpy::{
    PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use super::keys::PyKeyTable;
use super::progress::PyObserver;
use crate::compose::{self, NgramRows, Words};
use crate::vocab::subword::{Hashing, Subwords};
use crate::workers;

/// How words are cut into n-grams, and which buckets these have.
#[pyclass(frozen, name = "Subwords", module = "synvec._core")]
pub struct PySubwords {
    subwords: Subwords,
    /// The buckets that have a row, ascending; all of them when not given.
    kept: Option<Vec<u32>>,
}

/// The buckets of all n-grams, one word after another, and where each word begins.
type Buckets<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<i64>>);
/// A sum of rows a text, and of how many.
type RowSums<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray1<u32>>);
/// What a copy is made of.
type Parts<'py> = (u32, u32, u32, bool, Option<Bound<'py, PyArray1<u32>>>);

#[pymethods]
impl PySubwords {
    #[new]
    #[pyo3(signature = (min_n, max_n, bucket, compatible_hash = true, kept = None))]
    fn new(
        min_n: u32,
        max_n: u32,
        bucket: u32,
        compatible_hash: bool,
        kept: Option<PyReadonlyArray1<'_, u32>>,
    ) -> PyResult<Self> {
        let hashing = if compatible_hash { Hashing::Bytes } else { Hashing::CodePoints };
        let kept = kept.map(|kept| kept.to_vec()).transpose()?;
        let ascends = |kept: &Vec<u32>| {
            kept.windows(2).all(|pair| pair[0] < pair[1])
                && kept.last().is_none_or(|&last| last < bucket)
        };
        if !kept.as_ref().is_none_or(ascends) {
            return Err(PyValueError::new_err("kept buckets must ascend and lie below bucket"));
        }
        Ok(Self { subwords: Subwords { min_n, max_n, bucket, hashing }, kept })
    }

    #[getter]
    fn min_n(&self) -> u32 {
        self.subwords.min_n
    }

    #[getter]
    fn max_n(&self) -> u32 {
        self.subwords.max_n
    }

    #[getter]
    fn bucket(&self) -> u32 {
        self.subwords.bucket
    }

    #[getter]
    fn compatible_hash(&self) -> bool {
        self.subwords.hashing == Hashing::Bytes
    }

    #[getter]
    fn kept<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<u32>>> {
        self.kept.as_ref().map(|kept| PyArray1::from_slice(py, kept))
    }

    /// Rows that a matrix of n-grams must have.
    #[getter]
    fn rows(&self) -> usize {
        self.kept.as_ref().map_or(self.subwords.bucket as usize, Vec::len)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Parts<'py>)> {
        let (class, of) = (py.get_type::<Self>().into_any(), self.subwords);
        Ok((class, (of.min_n, of.max_n, of.bucket, self.compatible_hash(), self.kept(py))))
    }

    fn buckets<'py>(&self, py: Python<'py>, words: Vec<String>) -> Buckets<'py> {
        let (mut buckets, mut ends) = (Vec::new(), vec![0]);
        for word in &words {
            self.subwords.for_each(word, |bucket| buckets.push(bucket));
            ends.push(buckets.len() as i64);
        }
        (PyArray1::from_vec(py, buckets), PyArray1::from_vec(py, ends))
    }

    fn sums<'py>(
        &self,
        py: Python<'py>,
        words: Vec<String>,
        ngram_vectors: PyReadonlyArray2<'py, f32>,
    ) -> PyResult<RowSums<'py>> {
        let ngrams = self.ngram_rows(&ngram_vectors)?;
        let mut observer = PyObserver::new(None);
        let result = py.detach(|| compose::ngram_sums(&words, ngrams, || observer.poll()));
        let (sums, counts) = observer.finish(result)?;
        let shape = [counts.len(), ngrams.size()];
        Ok((PyArray1::from_vec(py, sums).reshape(shape)?, PyArray1::from_vec(py, counts)))
    }

    #[pyo3(signature = (keys, own_vectors, ngram_vectors, positions = None))]
    fn word_vectors<'py>(
        &self,
        py: Python<'py>,
        keys: &PyKeyTable,
        own_vectors: PyReadonlyArray2<'py, f32>,
        ngram_vectors: PyReadonlyArray2<'py, f32>,
        positions: Option<PyReadonlyArray1<'py, i64>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let ngrams = self.ngram_rows(&ngram_vectors)?;
        let table = Arc::clone(keys.table());
        if own_vectors.shape() != [table.len(), ngrams.size()] {
            return Err(PyValueError::new_err(format!(
                "own vectors have shape {:?}, expected {} rows of {}",
                own_vectors.shape(),
                table.len(),
                ngrams.size()
            )));
        }
        let positions = positions.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
        let mut given = positions.unwrap_or_default().iter();
        if given.any(|&position| !usize::try_from(position).is_ok_and(|at| at < table.len())) {
            return Err(PyIndexError::new_err("positions must lie within the keys"));
        }
        let words = Words { keys: &table, own: own_vectors.as_slice()?, positions };
        let mut observer = PyObserver::new(None);
        let result = py.detach(|| {
            compose::word_vectors(words, ngrams, workers::available(), || observer.poll())
        });
        let vectors = observer.finish(result)?;
        PyArray1::from_vec(py, vectors).reshape([words.len(), ngrams.size()])
    }
}

impl PySubwords {
    fn ngram_rows<'a>(&'a self, vectors: &'a PyReadonlyArray2<'_, f32>) -> PyResult<NgramRows<'a>> {
        let (slice, size) = (vectors.as_slice()?, vectors.shape()[1]);
        Ok(NgramRows::new(self.subwords, self.kept.as_deref(), slice, size)?)
    }
}
