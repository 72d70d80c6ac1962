//! Exact search across the line.

use std::sync::OnceLock;

use half::f16;
use numpy::{
    PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::py::jobs::run;
use crate::search::{self, Hit, Question, Scope, Store, Sums, Values};
use crate::simd::Dense;
use crate::workers;

/// Rows and scores of the nearest of each vector, a row of the two arrays each; -1 and NaN where
/// fewer were found than are wanted.
type Found<'py> = (Bound<'py, PyArray2<i64>>, Bound<'py, PyArray2<f32>>);

/// The rows of a store as NumPy has them.
#[derive(FromPyObject)]
pub enum Stored<'py> {
    Float(PyReadonlyArray2<'py, f32>),
    Half(PyReadonlyArray2<'py, f16>),
    Byte(PyReadonlyArray2<'py, i8>),
}

/// Which queries a question adds up, and their weights: Q × K each.
type Terms<'py> = (PyReadonlyArray2<'py, u32>, PyReadonlyArray2<'py, f32>);

/// Rows and cosines of the nearest of each query, or of each weighted sum of queries.
#[pyfunction]
#[pyo3(signature = (
    vectors, norms, queries, wanted, *, start = 0, end = None, rows = None, excluded = None,
    sums = None
))]
#[allow(clippy::too_many_arguments)] // a store, a question and its scope, by keyword
pub fn nearest<'py>(
    py: Python<'py>,
    vectors: Stored<'py>,
    norms: PyReadonlyArray1<'py, f32>,
    queries: PyReadonlyArray2<'py, f32>,
    wanted: usize,
    start: usize,
    end: Option<usize>,
    rows: Option<PyReadonlyArray1<'py, u32>>,
    excluded: Option<Vec<Vec<u32>>>,
    sums: Option<Terms<'py>>,
) -> PyResult<Found<'py>> {
    let (store, asked) = (store(&vectors, &norms)?, dense(&queries)?);
    check_width(asked.width(), store)?;
    let rows = rows.as_ref().map(|rows| rows.as_slice()).transpose()?;
    let scope = scope(rows, start, end, store.len())?;
    let sums = sums.as_ref().map(|terms| as_sums(terms, asked.len())).transpose()?;
    let questions = sums.map_or(asked.len(), |sums| sums.len());
    let excluded = excluded.unwrap_or_else(|| vec![Vec::new(); questions]);
    if excluded.len() != questions || !excluded.iter().all(|rows| rows.is_sorted()) {
        return Err(PyValueError::new_err("excluded must hold ascending rows for each query"));
    }
    let question = Question { vectors: asked, sums, scope, excluded: &excluded, wanted };
    let hits = run(py, |observer| search::nearest(store, question, threads(), || observer.poll()))?;
    Ok(as_arrays(py, &hits))
}

/// The cores of this process, as it found them at the first query: to look takes as long as a query
/// over thousands of rows.
fn threads() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(workers::available)
}

fn scope(
    rows: Option<&[u32]>,
    start: usize,
    end: Option<usize>,
    all: usize,
) -> PyResult<Scope<'_>> {
    let end = end.unwrap_or(all).min(all);
    match rows {
        Some(rows) if !rows.is_sorted() || rows.last().is_some_and(|&row| row as usize >= all) => {
            Err(PyIndexError::new_err("rows must ascend and lie within the matrix"))
        }
        Some(rows) => Ok(Scope::Rows(rows)),
        None => Ok(Scope::Range(start.min(end), end)),
    }
}

fn as_sums<'a>((places, weights): &'a Terms<'_>, queries: usize) -> PyResult<Sums<'a>> {
    let terms = places.shape()[1];
    if places.shape() != weights.shape() || terms == 0 {
        return Err(PyValueError::new_err("sums must have a weight for each of their queries"));
    }
    let sums = Sums { places: places.as_slice()?, weights: weights.as_slice()?, terms };
    if sums.places.iter().any(|&place| place as usize >= queries) {
        return Err(PyIndexError::new_err("sums must name queries that are there"));
    }
    Ok(sums)
}

/// The cosine of one vector with each row from `start` to `end`.
#[pyfunction]
#[pyo3(signature = (vectors, norms, query, *, start = 0, end = None))]
pub fn cosines<'py>(
    py: Python<'py>,
    vectors: Stored<'py>,
    norms: PyReadonlyArray1<'py, f32>,
    query: PyReadonlyArray1<'py, f32>,
    start: usize,
    end: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let store = store(&vectors, &norms)?;
    let query = query.as_slice()?;
    check_width(query.len(), store)?;
    let end = end.unwrap_or(store.len()).min(store.len());
    let (rows, query) = (start.min(end)..end, Dense::new(query, query.len()));
    let found =
        run(py, |observer| search::cosines(store, rows, query, threads(), || observer.poll()))?;
    Ok(PyArray1::from_vec(py, found))
}

/// The length of each row.
#[pyfunction]
pub fn row_norms<'py>(
    py: Python<'py>,
    vectors: PyReadonlyArray2<'py, f32>,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let stored = dense(&vectors)?;
    let norms = run(py, |observer| search::row_norms(stored, threads(), || observer.poll()))?;
    Ok(PyArray1::from_vec(py, norms))
}

fn store<'a>(vectors: &'a Stored<'_>, norms: &'a PyReadonlyArray1<'_, f32>) -> PyResult<Store<'a>> {
    let (values, width) = match vectors {
        Stored::Float(array) => (Values::Float(array.as_slice()?), array.shape()[1]),
        Stored::Half(array) => (Values::Half(array.as_slice()?), array.shape()[1]),
        Stored::Byte(array) => (Values::Byte(array.as_slice()?), array.shape()[1]),
    };
    check_values(width)?;
    let store = Store { values, width, norms: norms.as_slice()? };
    let (rows, norms) = (store.len(), store.norms.len());
    if rows != norms || u32::try_from(rows).is_err() {
        return Err(PyValueError::new_err(format!("{norms} norms for {rows} rows")));
    }
    Ok(store)
}

fn check_width(given: usize, store: Store<'_>) -> PyResult<()> {
    let width = store.width;
    if width == given {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("a query of {given} numbers, expected {width}")))
}

fn check_values(width: usize) -> PyResult<()> {
    match width {
        0 => Err(PyValueError::new_err("the rows have no values, expected at least 1")),
        _ => Ok(()),
    }
}

fn dense<'a>(array: &'a PyReadonlyArray2<'_, f32>) -> PyResult<Dense<'a>> {
    let width = array.shape()[1];
    check_values(width)?;
    Ok(Dense::new(array.as_slice()?, width))
}

fn as_arrays<'py>(py: Python<'py>, found: &[Vec<Hit>]) -> Found<'py> {
    let width = found.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows = vec![-1; found.len() * width];
    let mut scores = vec![f32::NAN; found.len() * width];
    for (at, hits) in found.iter().enumerate() {
        for (place, hit) in (at * width..).zip(hits) {
            (rows[place], scores[place]) = (i64::from(hit.row), hit.score);
        }
    }
    let shape = [found.len(), width];
    let of_shape = "as many values as the shape has";
    (
        PyArray1::from_vec(py, rows).reshape(shape).expect(of_shape),
        PyArray1::from_vec(py, scores).reshape(shape).expect(of_shape),
    )
}
