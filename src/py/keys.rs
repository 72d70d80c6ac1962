//! `KeyTable`: the keys of a store, found without a dictionary.

use std::sync::Arc;

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PySequence, PySlice, PyString, PyTuple};

use super::jobs::brief;
use crate::error::{FormatError, FormatErrorKind};
use crate::vocab::KeyTable;
use crate::vocab::keys::KeyTableError;

/// Distinct strings by index, and indices by string; in memory or in a mapped file alike.
///
/// The table is shared by counting: copies and long jobs cost nothing, and whoever adds a key while
/// someone else holds the table gets a copy of its own first.
#[pyclass(name = "KeyTable", module = "synvec._core")]
pub struct PyKeyTable {
    table: Arc<KeyTable>,
}

impl From<KeyTable> for PyKeyTable {
    fn from(table: KeyTable) -> Self {
        Self { table: Arc::new(table) }
    }
}

impl PyKeyTable {
    /// The table, for a job that outlives the interpreter lock.
    pub fn table(&self) -> &Arc<KeyTable> {
        &self.table
    }

    fn string<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyString>> {
        if index >= self.table.len() {
            let keys = self.table.len();
            return Err(PyIndexError::new_err(format!(
                "no key at index {index}, there are {keys}"
            )));
        }
        match brief(|| Ok(self.table.get(index)))? {
            Some(key) => Ok(PyString::new(py, key)),
            None => Err(damaged(index)),
        }
    }
}

#[pymethods]
impl PyKeyTable {
    #[new]
    #[pyo3(signature = (keys = None))]
    fn new(keys: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut table = KeyTable::default();
        if let Some(keys) = keys {
            insert_all(&mut table, &as_list(keys)?, |_| ())?;
        }
        Ok(table.into())
    }

    fn __len__(&self) -> usize {
        self.table.len()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        Ok(self.table == other.try_borrow()?.table)
    }

    fn __repr__(&self) -> String {
        format!("<KeyTable of {} keys>", self.table.len())
    }

    /// Built again from the blob and the offsets, which are checked like any foreign bytes.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, BlobState<'py>)> {
        let rebuild = py.get_type::<Self>().getattr("from_blob")?;
        let bytes = PyBytes::new(py, self.table.bytes());
        Ok((rebuild, (bytes, PyArray1::from_slice(py, self.table.offsets()))))
    }

    #[staticmethod]
    fn from_blob(key_bytes: Vec<u8>, key_offsets: PyReadonlyArray1<'_, u64>) -> PyResult<Self> {
        let offsets = key_offsets.to_vec()?;
        let made = brief(|| Ok(KeyTable::from_blob(key_bytes, offsets)))?;
        made.map(Self::from)
            .map_err(|error: KeyTableError| PyValueError::new_err(error.to_string()))
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.table.byte_size()
    }

    fn index(&self, key: &Bound<'_, PyString>) -> PyResult<i64> {
        // A string with a lone surrogate is no key of any table: absent, as a dictionary would say.
        let Ok(key) = key.to_str() else { return Ok(ABSENT) };
        brief(|| Ok(self.table.index(key).map_or(ABSENT, |index| index as i64)))
    }

    fn indices<'py>(&self, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let keys = as_list(keys)?;
        let mut indices = Vec::with_capacity(keys.len());
        for key in keys.iter() {
            indices.push(self.index(key.cast::<PyString>()?)?);
        }
        Ok(PyArray1::from_vec(keys.py(), indices))
    }

    fn key<'py>(&self, py: Python<'py>, index: i64) -> PyResult<Bound<'py, PyString>> {
        self.string(py, unsigned(index)?)
    }

    #[pyo3(signature = (start = 0, stop = None))]
    fn keys<'py>(
        &self,
        py: Python<'py>,
        start: isize,
        stop: Option<isize>,
    ) -> PyResult<Bound<'py, PyList>> {
        let len = self.table.len() as isize;
        let range = PySlice::new(py, start, stop.unwrap_or(len), 1).indices(len)?;
        let list = PyList::empty(py);
        for index in range.start..range.stop {
            list.append(self.string(py, index as usize)?)?;
        }
        Ok(list)
    }

    fn keys_at<'py>(
        &self,
        py: Python<'py>,
        indices: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for &index in indices.as_array() {
            list.append(self.string(py, unsigned(index)?)?)?;
        }
        Ok(list)
    }

    fn extend<'py>(&mut self, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let keys = as_list(keys)?;
        check_keys(&keys)?;
        let mut indices = Vec::with_capacity(keys.len());
        let table = Arc::make_mut(&mut self.table);
        insert_all(table, &keys, |index| indices.push(index as i64))?;
        Ok(PyArray1::from_vec(keys.py(), indices))
    }

    fn take(&self, order: PyReadonlyArray1<'_, i64>) -> PyResult<Self> {
        let mut indices = Vec::with_capacity(order.len()?);
        for &index in order.as_array() {
            let index = unsigned(index)?;
            if index >= self.table.len() {
                return Err(PyIndexError::new_err(format!(
                    "order names index {index}, there are {} keys",
                    self.table.len()
                )));
            }
            indices.push(index);
        }
        let taken = brief(|| Ok(self.table.take(indices)))?;
        taken.map(Self::from).ok_or_else(|| {
            PyValueError::new_err("order names an index twice, expected each at most once")
        })
    }

    fn copy(&self) -> Self {
        Self { table: Arc::clone(&self.table) }
    }

    fn __copy__(&self) -> Self {
        self.copy()
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> Self {
        self.copy()
    }
}

/// What [`PyKeyTable::index`] answers for a key that is not there.
const ABSENT: i64 = -1;

type BlobState<'py> = (Bound<'py, PyBytes>, Bound<'py, PyArray1<u64>>);

/// The items as a list that no foreign code can change or interrupt while we walk it.
fn as_list<'py>(keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    if keys.is_instance_of::<PyString>() {
        return Err(pyo3::exceptions::PyTypeError::new_err(
            "keys is a str, expected a sequence of str: put a single key in a list",
        ));
    }
    match keys.cast::<PySequence>() {
        Ok(sequence) => sequence.to_list(),
        // Dictionary views and the like are no sequences but have an order all the same.
        Err(_) => PyTuple::new(keys.py(), keys.try_iter()?.collect::<PyResult<Vec<_>>>()?)
            .map(|tuple| tuple.to_list()),
    }
}

/// Refuses a bad key before the first good one is added.
fn check_keys(keys: &Bound<'_, PyList>) -> PyResult<()> {
    for key in keys.iter() {
        key_text(key.cast::<PyString>()?)?;
    }
    Ok(())
}

fn insert_all(
    table: &mut KeyTable,
    keys: &Bound<'_, PyList>,
    mut each: impl FnMut(usize),
) -> PyResult<()> {
    brief(|| {
        table.reserve(keys.len());
        for key in keys.iter() {
            let (index, _) = table.insert(key_text(key.cast::<PyString>()?)?)?;
            each(index);
        }
        Ok(())
    })
}

/// The text of a key that is to be kept.
fn key_text<'a>(key: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    key.to_str().map_err(|_| {
        let shown = key.repr().map_or_else(|_| "a key".to_owned(), |shown| shown.to_string());
        PyValueError::new_err(format!(
            "{shown} holds a lone surrogate, expected text that UTF-8 can hold"
        ))
    })
}

fn unsigned(index: i64) -> PyResult<usize> {
    usize::try_from(index).map_err(|_| {
        PyIndexError::new_err(format!("index {index} is negative, expected 0 or more"))
    })
}

/// The key is inside the table, but its bytes are not what a table holds.
fn damaged(index: usize) -> PyErr {
    crate::error::Error::Format(FormatError {
        kind: FormatErrorKind::Checksum,
        path: None,
        format: "key table",
        message: format!(
            "key {index} is damaged; check the file it came from with synvec.formats.verify(path)"
        ),
    })
    .into()
}
