//! Batches of sentences across the line: NumPy arrays that are read where they lie.

use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::corpus::SentenceBatch;

/// Many sentences at once, as places in one text.
#[pyclass(name = "SentenceBatch", frozen)]
pub struct PySentenceBatch {
    starts: Py<PyArray1<i64>>,
    ends: Py<PyArray1<i64>>,
    word_offsets: Py<PyArray1<i64>>,
    text: Py<PyArray1<u8>>,
    valid: Option<Py<PyArray1<bool>>>,
    /// Whether each string is a text, whose words are still to be found.
    pub are_texts: bool,
}

#[pymethods]
impl PySentenceBatch {
    #[new]
    #[pyo3(signature = (starts, ends, word_offsets, text, valid = None, are_texts = false))]
    fn new(
        starts: Py<PyArray1<i64>>,
        ends: Py<PyArray1<i64>>,
        word_offsets: Py<PyArray1<i64>>,
        text: Py<PyArray1<u8>>,
        valid: Option<Py<PyArray1<bool>>>,
        are_texts: bool,
    ) -> Self {
        Self { starts, ends, word_offsets, text, valid, are_texts }
    }
}

impl PySentenceBatch {
    /// Gives the arrays, borrowed, to `read`.
    pub fn with<T>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(SentenceBatch<'_>) -> PyResult<T>,
    ) -> PyResult<T> {
        let (starts, ends) = (borrowed(py, &self.starts)?, borrowed(py, &self.ends)?);
        let (word_offsets, text) = (borrowed(py, &self.word_offsets)?, borrowed(py, &self.text)?);
        let valid = self.valid.as_ref().map(|valid| borrowed(py, valid)).transpose()?;
        read(SentenceBatch {
            starts: starts.as_slice()?,
            ends: ends.as_slice()?,
            word_offsets: word_offsets.as_slice()?,
            text: text.as_slice()?,
            valid: valid.as_ref().map(|valid| valid.as_slice()).transpose()?,
        })
    }
}

fn borrowed<'py, T: Element>(
    py: Python<'py>,
    array: &Py<PyArray1<T>>,
) -> PyResult<PyReadonlyArray1<'py, T>> {
    array.bind(py).try_readonly().map_err(|error| PyValueError::new_err(error.to_string()))
}
