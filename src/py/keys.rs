//! `KeyTable`: the keys of a store, found without a dictionary.

use std::ops::Range;
use std::sync::Arc;

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PySequence, PySlice, PyString, PyTuple, PyType};

use super::integers::Integer;
use super::jobs::brief;
use crate::error::{FormatError, FormatErrorKind};
use crate::vocab::keys::KeyTableError;
use crate::vocab::{Decimal, KeyKind, KeyTable};

/// Distinct strings or integers by index, and indices by key; in memory or in a mapped file alike.
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

    /// The key at an index, as Python has it.
    fn object<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        if index >= self.table.len() {
            let keys = self.table.len();
            return Err(PyIndexError::new_err(format!(
                "no key at index {index}, there are {keys}"
            )));
        }
        let key = match self.table.kind() {
            KeyKind::Text => {
                let text = brief(|| Ok(self.table.get(index)))?;
                text.map(|text| PyString::new(py, text).into_any())
            }
            KeyKind::Integer => {
                let integer = brief(|| Ok(self.table.get_integer(index)))?;
                integer.map(|integer| integer.into_pyobject(py)).transpose()?.map(Bound::into_any)
            }
        };
        key.ok_or_else(|| damaged(index))
    }

    /// The indices of `[start:stop]`, as a slice of a list would have them.
    fn sliced(&self, py: Python<'_>, start: isize, stop: Option<isize>) -> PyResult<Range<usize>> {
        let len = self.table.len() as isize;
        let range = PySlice::new(py, start, stop.unwrap_or(len), 1).indices(len)?;
        Ok(range.start as usize..range.stop.max(range.start) as usize)
    }

    /// The index of a text, where it is that of a key of this kind.
    fn index_of(&self, kind: KeyKind, text: &str) -> PyResult<i64> {
        if self.table.kind() != kind {
            return Ok(ABSENT); // the text of an integer is no string among keys that are integers
        }
        brief(|| Ok(self.table.index(text).map_or(ABSENT, |index| index as i64)))
    }
}

#[pymethods]
impl PyKeyTable {
    #[new]
    #[pyo3(signature = (keys = None))]
    fn new(keys: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut table = KeyTable::default();
        if let Some(keys) = keys {
            let keys = as_list(keys)?;
            check_keys(&table, &keys)?;
            insert_all(&mut table, &keys, |_| ())?;
        }
        Ok(table.into())
    }

    /// `KeyTable[int]` in an annotation, as for Python's own containers.
    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        class.py().import("types")?.getattr("GenericAlias")?.call1((class, key))
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
        let offsets = PyArray1::from_slice(py, self.table.offsets());
        Ok((rebuild, (bytes, offsets, self.table.kind().name())))
    }

    #[staticmethod]
    #[pyo3(signature = (key_bytes, key_offsets, key_type = "str"))]
    fn from_blob(
        key_bytes: Vec<u8>,
        key_offsets: PyReadonlyArray1<'_, u64>,
        key_type: &str,
    ) -> PyResult<Self> {
        let kind = KeyKind::from_name(key_type).ok_or_else(|| {
            PyValueError::new_err(format!("key_type is '{key_type}', expected 'str' or 'int'"))
        })?;
        let offsets = key_offsets.to_vec()?;
        let made = brief(|| Ok(KeyTable::from_blob(key_bytes, offsets, kind)))?;
        made.map(Self::from)
            .map_err(|error: KeyTableError| PyValueError::new_err(error.to_string()))
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.table.byte_size()
    }

    #[getter]
    fn key_type(&self) -> &'static str {
        self.table.kind().name()
    }

    fn index(&self, key: &Bound<'_, PyAny>) -> PyResult<i64> {
        if let Ok(text) = key.cast::<PyString>() {
            // A string with a lone surrogate is no key of any table: absent, as a dictionary says.
            return text.to_str().map_or(Ok(ABSENT), |text| self.index_of(KeyKind::Text, text));
        }
        match Integer::of(key) {
            Integer::Value(value) => self.index_of(KeyKind::Integer, Decimal::from(value).as_str()),
            Integer::OutOfRange => Ok(ABSENT),
            Integer::None => Err(no_key(key)),
        }
    }

    fn indices<'py>(&self, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let keys = as_list(keys)?;
        let mut indices = Vec::with_capacity(keys.len());
        for key in keys.iter() {
            indices.push(self.index(&key)?);
        }
        Ok(PyArray1::from_vec(keys.py(), indices))
    }

    fn key<'py>(&self, py: Python<'py>, index: i64) -> PyResult<Bound<'py, PyAny>> {
        self.object(py, unsigned(index)?)
    }

    #[pyo3(signature = (start = 0, stop = None))]
    fn keys<'py>(
        &self,
        py: Python<'py>,
        start: isize,
        stop: Option<isize>,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for index in self.sliced(py, start, stop)? {
            list.append(self.object(py, index)?)?;
        }
        Ok(list)
    }

    #[pyo3(signature = (start = 0, stop = None))]
    fn text<'py>(
        &self,
        py: Python<'py>,
        start: isize,
        stop: Option<isize>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyArray1<i64>>)> {
        let range = self.sliced(py, start, stop)?;
        let found = brief(|| Ok(self.table.text(range.clone())))?;
        let text = found.map_err(damaged)?;
        let offsets = &self.table.offsets()[range.start..=range.end];
        let offsets = offsets.iter().map(|&offset| (offset - offsets[0]) as i64);
        Ok((PyBytes::new(py, text.as_bytes()), PyArray1::from_iter(py, offsets)))
    }

    fn keys_at<'py>(
        &self,
        py: Python<'py>,
        indices: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for &index in indices.as_array() {
            list.append(self.object(py, unsigned(index)?)?)?;
        }
        Ok(list)
    }

    fn extend<'py>(&mut self, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let keys = as_list(keys)?;
        check_keys(&self.table, &keys)?;
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

    /// The keys as they would be kept, if all of them may be.
    fn checked<'py>(&self, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let keys = as_list(keys)?;
        check_keys(&self.table, &keys)?;
        let kept = PyList::empty(keys.py());
        for key in keys.iter() {
            match Integer::of(&key) {
                Integer::Value(value) => kept.append(value)?,
                _ => kept.append(key)?,
            }
        }
        Ok(kept)
    }

    /// The texts of the keys as a table.
    fn texts(&self) -> Self {
        match self.table.kind() {
            KeyKind::Text => self.copy(),
            KeyKind::Integer => {
                let mut table = (*self.table).clone();
                table.set_kind(KeyKind::Text);
                table.into()
            }
        }
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

type BlobState<'py> = (Bound<'py, PyBytes>, Bound<'py, PyArray1<u64>>, &'static str);

/// The items as a list that no foreign code can change or interrupt while we walk it.
fn as_list<'py>(keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    if keys.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "keys is a str, expected a sequence of keys: put a single key in a list",
        ));
    }
    match keys.cast::<PySequence>() {
        Ok(sequence) => sequence.to_list(),
        // Dictionary views and the like are no sequences but have an order all the same.
        Err(_) => PyTuple::new(keys.py(), keys.try_iter()?.collect::<PyResult<Vec<_>>>()?)
            .map(|tuple| tuple.to_list()),
    }
}

/// Refuses a bad key, and one of another kind, before the first good one is added.
fn check_keys(table: &KeyTable, keys: &Bound<'_, PyList>) -> PyResult<()> {
    let mut expected = (!table.is_empty()).then(|| table.kind());
    for key in keys.iter() {
        let kind = key_text(&key)?.kind();
        if *expected.get_or_insert(kind) != kind {
            return Err(other_kind(&key, kind));
        }
    }
    Ok(())
}

/// Adds keys that are checked.
fn insert_all(
    table: &mut KeyTable,
    keys: &Bound<'_, PyList>,
    mut each: impl FnMut(usize),
) -> PyResult<()> {
    if let (true, Ok(first)) = (table.is_empty(), keys.get_item(0)) {
        table.set_kind(key_text(&first)?.kind());
    }
    brief(|| {
        table.reserve(keys.len());
        for key in keys.iter() {
            let (index, _) = table.insert(key_text(&key)?.as_str())?;
            each(index);
        }
        Ok(())
    })
}

/// A key as a table keeps it.
enum KeyText<'a> {
    Text(&'a str),
    Integer(Decimal),
}

impl KeyText<'_> {
    fn kind(&self) -> KeyKind {
        match self {
            Self::Text(_) => KeyKind::Text,
            Self::Integer(_) => KeyKind::Integer,
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Integer(decimal) => decimal.as_str(),
        }
    }
}

/// The text of a key that is to be kept.
fn key_text<'a>(key: &'a Bound<'_, PyAny>) -> PyResult<KeyText<'a>> {
    if let Ok(text) = key.cast::<PyString>() {
        return text.to_str().map(KeyText::Text).map_err(|_| {
            PyValueError::new_err(format!(
                "{} holds a lone surrogate, expected text that UTF-8 can hold",
                shown(key)
            ))
        });
    }
    match Integer::of(key) {
        Integer::Value(value) => Ok(KeyText::Integer(value.into())),
        Integer::OutOfRange => Err(PyValueError::new_err(format!(
            "key {} is beyond 64 bits, expected -2**63 to 2**63 - 1",
            shown(key)
        ))),
        Integer::None => Err(no_key(key)),
    }
}

fn shown(key: &Bound<'_, PyAny>) -> String {
    key.repr().map_or_else(|_| "a key".to_owned(), |shown| shown.to_string())
}

fn no_key(key: &Bound<'_, PyAny>) -> PyErr {
    let kind = key.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("key {} is a {kind}, expected a str or an int", shown(key)))
}

fn other_kind(key: &Bound<'_, PyAny>, kind: KeyKind) -> PyErr {
    let (kind, others) = match kind {
        KeyKind::Text => ("a str", "int"),
        KeyKind::Integer => ("an int", "str"),
    };
    PyTypeError::new_err(format!(
        "key {} is {kind}, the other keys are {others}: keys are of one kind, convert it with \
         {others}()",
        shown(key)
    ))
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
