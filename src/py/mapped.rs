//! NumPy arrays over a mapped file.

use std::sync::Arc;

use numpy::ndarray::{ArrayView, Dimension, IntoDimension};
use numpy::{Element, PyArray, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::formats::PyLimits;
use super::jobs::run;
use super::keys::PyKeyTable;
use super::streams;
use crate::formats::native::NativeFile;
use crate::mapped::{Mapping, PrivateMapping};

/// Adds the functions of this room to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(open_native, module)?)
}

/// What the arrays over a mapping name as their base: it keeps the pages mapped while one lives.
#[pyclass(frozen, module = "synvec._core")]
struct MappedPages {
    pages: Pages,
}

#[derive(Clone)]
enum Pages {
    /// Shared with the file: arrays are read-only.
    Shared(Arc<Mapping>),
    /// Copied when first written.
    Private(Arc<PrivateMapping>),
}

#[pyfunction]
fn open_native<'py>(
    source: &Bound<'py, PyAny>,
    writable: bool,
    limits: PyLimits,
) -> PyResult<Bound<'py, PyDict>> {
    let py = source.py();
    let (input, limits) = (streams::input(source)?, limits.into());
    let native = run(py, |observer| NativeFile::open(input, limits, observer))?;
    let pages = if writable {
        Pages::Private(Arc::new(native.private_mapping()?))
    } else {
        Pages::Shared(Arc::clone(native.mapping()))
    };
    let (rows, size) = native.shape()?;
    let parts = PyDict::new(py);
    parts.set_item("keys", Bound::new(py, PyKeyTable::from(native.keys()?))?)?;
    parts.set_item("kind", native.kind().name())?;
    parts.set_item("config", native.config())?;
    let arrays = Arrays { py, native: &native, pages };
    parts.set_item("counts", arrays.array::<u64, _>("counts", [rows])?)?;
    if !native.kind().has_vectors() {
        let pairs = native.length("pair_counts");
        let between = native.length("pair_between");
        parts.set_item("scores", arrays.array::<f64, _>("scores", [rows])?)?;
        parts.set_item("pair_counts", arrays.array::<u64, _>("pair_counts", [pairs])?)?;
        parts.set_item("pair_offsets", arrays.array::<u64, _>("pair_offsets", [pairs + 1])?)?;
        parts.set_item("pair_first", arrays.array::<u32, _>("pair_first", [pairs])?)?;
        parts.set_item("pair_last", arrays.array::<u32, _>("pair_last", [pairs])?)?;
        parts.set_item("pair_between", arrays.array::<u32, _>("pair_between", [between])?)?;
        return Ok(parts);
    }
    for name in ["vectors", "output_vectors", "output_nodes", "own_vectors"] {
        parts.set_item(name, arrays.array::<f32, _>(name, [rows, size])?)?;
    }
    parts.set_item("norms", arrays.array::<f32, _>("norms", [rows])?)?;
    let ngrams = native.length("ngram_vectors");
    parts.set_item("ngram_vectors", arrays.array::<f32, _>("ngram_vectors", [ngrams, size])?)?;
    parts.set_item("ngram_buckets", arrays.array::<u32, _>("ngram_buckets", [ngrams])?)?;
    Ok(parts)
}

struct Arrays<'a, 'py> {
    py: Python<'py>,
    native: &'a NativeFile,
    pages: Pages,
}

impl<'py> Arrays<'_, 'py> {
    /// The array of a tensor; `None` when the file does not have it.
    fn array<T, S>(&self, name: &str, shape: S) -> PyResult<Option<Bound<'py, PyAny>>>
    where
        T: Element + bytemuck::Pod,
        S: IntoDimension,
        S::Dim: Dimension,
    {
        let Some(range) = self.native.range(name) else { return Ok(None) };
        let shape = shape.into_dimension();
        let length = range.len();
        let (pointer, is_writable) = match &self.pages {
            Pages::Private(pages) => (pages.pointer::<T>(range).map(<*mut T>::cast_const), true),
            Pages::Shared(pages) => {
                let bytes = (**pages).as_ref().get(range);
                (bytes.map(|bytes| bytes.as_ptr().cast::<T>()), false)
            }
        };
        let pointer = pointer.filter(|pointer| pointer.is_aligned());
        let (Some(pointer), true) = (pointer, length == shape.size() * size_of::<T>()) else {
            return Err(PyValueError::new_err(format!("{name} does not lie where it should")));
        };
        let base = Bound::new(self.py, MappedPages { pages: self.pages.clone() })?.into_any();
        // SAFETY: `pointer` is aligned and leads to `length` mapped bytes, just compared with the
        // shape; every pattern of bits is a T. The view ends with this statement.
        let view = unsafe { ArrayView::from_shape_ptr(shape, pointer) };
        // SAFETY: `base` keeps the pages mapped as long as the array lives, and they never move.
        // Private pages are reached through this array alone, never through a reference of ours;
        // shared pages are made read-only below before anyone sees the array.
        let array = unsafe { PyArray::borrow_from_array(&view, base) };
        if !is_writable {
            array.try_readwrite()?.make_nonwriteable();
        }
        Ok(Some(array.into_any()))
    }
}

impl MappedPages {
    /// Whether arrays over these pages may be written.
    fn is_writable(&self) -> bool {
        matches!(self.pages, Pages::Private(_))
    }
}

#[pymethods]
impl MappedPages {
    fn __repr__(&self) -> &'static str {
        if self.is_writable() { "<pages mapped copy-on-write>" } else { "<pages mapped read-only>" }
    }
}
