//! Vector files across the line: whole jobs without the interpreter lock.

use std::path::Path;
use std::sync::Arc;

use half::f16;
use numpy::{
    Element as NumpyElement, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::jobs::run;
use super::keys::PyKeyTable;
use super::streams;
use crate::compression::Compression;
use crate::formats::numbers::Element;
use crate::formats::output::Output;
use crate::formats::source::{ByteReader, Input};
use crate::formats::word2vec::{
    self, KeyDecoder, Layout, ReadOptions, Rows, Style, Table, WriteOptions,
};
use crate::formats::{Limits, native};
use crate::vocab::KeyTable;

/// Adds the functions of this room to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_vectors, module)?)?;
    module.add_function(wrap_pyfunction!(read_counts, module)?)?;
    module.add_function(wrap_pyfunction!(write_vectors, module)?)?;
    module.add_function(wrap_pyfunction!(write_counts, module)?)?;
    module.add_function(wrap_pyfunction!(save_native, module)?)?;
    module.add_function(wrap_pyfunction!(verify_native, module)?)?;
    module.add_function(wrap_pyfunction!(unfolded_head, module)?)?;
    module.add_function(wrap_pyfunction!(read_unfolded, module)?)?;
    super::mapped::register(module)
}

/// `synvec.formats.Limits`, field by field.
#[derive(FromPyObject)]
pub struct PyLimits {
    max_rows: u64,
    max_vector_size: u64,
    max_key_bytes: u64,
    max_line_bytes: u64,
    max_decompressed_bytes: u64,
    max_expansion_ratio: u64,
}

impl From<PyLimits> for Limits {
    fn from(limits: PyLimits) -> Self {
        Self {
            max_rows: limits.max_rows,
            max_vector_size: limits.max_vector_size,
            max_key_bytes: limits.max_key_bytes,
            max_line_bytes: limits.max_line_bytes,
            max_decompressed_bytes: limits.max_decompressed_bytes,
            max_expansion_ratio: limits.max_expansion_ratio,
        }
    }
}

fn layout_of(name: &str) -> PyResult<Layout> {
    match name {
        "text" => Ok(Layout::Text),
        "headerless" => Ok(Layout::HeaderlessText),
        "binary" => Ok(Layout::Binary),
        _ => Err(PyValueError::new_err(format!("layout is {name:?}"))),
    }
}

/// How keys are decoded, by the names that `bytes.decode` takes.
pub fn decoder_of(encoding: String, errors: String) -> KeyDecoder<'static> {
    let is_utf8 = matches!(encoding.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "utf_8");
    match errors.as_str() {
        "strict" if is_utf8 => KeyDecoder::Strict,
        "ignore" if is_utf8 => KeyDecoder::Ignore,
        "replace" if is_utf8 => KeyDecoder::Replace,
        _ => KeyDecoder::Foreign(Box::new(move |bytes| {
            if let (true, Ok(text)) = (is_utf8, std::str::from_utf8(bytes)) {
                return Ok(text.to_owned()); // the handler of errors has nothing to do
            }
            Python::attach(|py| {
                let bytes = PyBytes::new(py, bytes);
                let text = bytes.call_method1("decode", (&encoding, &errors))?;
                text.extract::<String>()
            })
            .map_err(|raised| format!("cannot be decoded from {encoding} ({raised})"))
        })),
    }
}

type Read<'py> = (PyKeyTable, Bound<'py, PyAny>, u64, Option<(u64, u64)>);

#[pyfunction]
#[pyo3(signature = (source, layout, *, dtype, limit, count_actual, allow_nonfinite, encoding, errors, limits))]
#[allow(clippy::too_many_arguments)] // one for each of the public function's
fn read_vectors<'py>(
    source: &Bound<'py, PyAny>,
    layout: &str,
    dtype: &str,
    limit: Option<u64>,
    count_actual: bool,
    allow_nonfinite: bool,
    encoding: String,
    errors: String,
    limits: PyLimits,
) -> PyResult<Read<'py>> {
    let layout = layout_of(layout)?;
    let options = ReadOptions { layout, limit, count_actual, allow_nonfinite };
    let (input, decoder) = (streams::input(source)?, decoder_of(encoding, errors));
    let job = ReadJob { input, options, decoder, limits: limits.into() };
    let py = source.py();
    match dtype {
        "float16" => job.run::<f16>(py),
        "float32" => job.run::<f32>(py),
        "float64" => job.run::<f64>(py),
        _ => Err(PyValueError::new_err(format!(
            "datatype is {dtype}, expected float16, float32 or float64"
        ))),
    }
}

struct ReadJob {
    input: Input<'static>,
    options: ReadOptions,
    decoder: KeyDecoder<'static>,
    limits: Limits,
}

impl ReadJob {
    fn run<T: Element + NumpyElement>(self, py: Python<'_>) -> PyResult<Read<'_>> {
        let table: Table<T> = run(py, |observer| {
            let format = self.options.layout.format();
            let reader = ByteReader::open(self.input, format, self.limits, observer)?;
            word2vec::read(reader, &self.options, self.decoder)
        })?;
        let shape = [table.keys.len(), table.vector_size];
        let vectors = PyArray1::from_vec(py, table.vectors).reshape(shape)?;
        Ok((table.keys.into(), vectors.into_any(), table.duplicates, table.miscount))
    }
}

#[pyfunction]
fn read_counts<'py>(
    source: &Bound<'py, PyAny>,
    keys: &PyKeyTable,
    encoding: String,
    errors: String,
    limits: PyLimits,
) -> PyResult<(Bound<'py, PyArray1<u64>>, u64)> {
    let (input, decoder) = (streams::input(source)?, decoder_of(encoding, errors));
    let (keys, limits) = (Arc::clone(keys.table()), limits.into());
    let (counts, missing) = run(source.py(), |observer| {
        let reader = ByteReader::open(input, word2vec::COUNTS, limits, observer)?;
        word2vec::read_counts(reader, &keys, decoder)
    })?;
    Ok((PyArray1::from_vec(source.py(), counts), missing))
}

#[pyfunction]
#[pyo3(signature = (target, keys, vectors, *, layout, style, order, prefix, total, has_header, append, allow_nonfinite))]
#[allow(clippy::too_many_arguments)] // one for each of the public function's
fn write_vectors(
    target: &Bound<'_, PyAny>,
    keys: &PyKeyTable,
    vectors: &Bound<'_, PyAny>,
    layout: &str,
    style: &str,
    order: Option<PyReadonlyArray1<'_, i64>>,
    prefix: &str,
    total: Option<u64>,
    has_header: bool,
    append: bool,
    allow_nonfinite: bool,
) -> PyResult<()> {
    let style = match style {
        "gensim" => Style::Gensim,
        "word2vec.c" => Style::Word2VecC,
        _ => {
            let message = format!("style is {style:?}, expected \"gensim\" or \"word2vec.c\"");
            return Err(PyValueError::new_err(message));
        }
    };
    let layout = layout_of(layout)?;
    let options = WriteOptions { layout, style, prefix, total, has_header, allow_nonfinite };
    let order = order.as_ref().map(places);
    let job = WriteJob { keys: Arc::clone(keys.table()), order, options, append };
    if let Ok(vectors) = vectors.extract::<PyReadonlyArray2<'_, f32>>() {
        job.run(target, &vectors)
    } else if let Ok(vectors) = vectors.extract::<PyReadonlyArray2<'_, f64>>() {
        job.run(target, &vectors)
    } else if let Ok(vectors) = vectors.extract::<PyReadonlyArray2<'_, f16>>() {
        job.run(target, &vectors)
    } else {
        Err(PyTypeError::new_err("vectors is not a 2-D array of float16, float32 or float64"))
    }
}

/// A negative place is beyond every table, and refused as such.
fn places(order: &PyReadonlyArray1<'_, i64>) -> Vec<usize> {
    order.as_array().iter().map(|&index| index as usize).collect()
}

#[pyfunction]
#[pyo3(signature = (target, keys, counts, *, order, prefix, append))]
fn write_counts(
    target: &Bound<'_, PyAny>,
    keys: &PyKeyTable,
    counts: PyReadonlyArray1<'_, i64>,
    order: PyReadonlyArray1<'_, i64>,
    prefix: &str,
    append: bool,
) -> PyResult<()> {
    let destination = streams::destination(target, append)?;
    let (keys, counts, order) = (Arc::clone(keys.table()), counts.as_slice()?, places(&order));
    run(target.py(), |observer| {
        let mut output = Output::create(destination, observer)?;
        word2vec::write_counts(&keys, counts, &order, prefix, &mut output)?;
        output.finish()
    })
}

struct WriteJob<'a> {
    keys: Arc<KeyTable>,
    order: Option<Vec<usize>>,
    options: WriteOptions<'a>,
    append: bool,
}

impl WriteJob<'_> {
    fn run<T: Element + NumpyElement>(
        self,
        target: &Bound<'_, PyAny>,
        vectors: &PyReadonlyArray2<'_, T>,
    ) -> PyResult<()> {
        let destination = streams::destination(target, self.append)?;
        let rows = Rows {
            keys: &self.keys,
            vectors: dense("vectors", vectors)?,
            vector_size: vectors.shape()[1],
            order: self.order.as_deref(),
        };
        run(target.py(), |observer| {
            let mut output = Output::create(destination, observer)?;
            word2vec::write(&rows, &self.options, &mut output)?;
            output.finish()
        })
    }
}

/// The numbers of a matrix that lies row by row without gaps.
fn dense<'a, T: NumpyElement>(name: &str, array: &'a PyReadonlyArray2<'_, T>) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| {
        let message = format!("{name} is not C-contiguous; pass np.ascontiguousarray({name})");
        PyValueError::new_err(message)
    })
}

#[pyfunction]
#[pyo3(signature = (target, keys, vectors, *, norms, counts, output_vectors, output_nodes, own_vectors, ngram_vectors, ngram_buckets, config, allow_nonfinite))]
#[allow(clippy::too_many_arguments)] // one for each tensor of the file
fn save_native(
    target: &Bound<'_, PyAny>,
    keys: &PyKeyTable,
    vectors: PyReadonlyArray2<'_, f32>,
    norms: Option<PyReadonlyArray1<'_, f32>>,
    counts: Option<PyReadonlyArray1<'_, u64>>,
    output_vectors: Option<PyReadonlyArray2<'_, f32>>,
    output_nodes: Option<PyReadonlyArray2<'_, f32>>,
    own_vectors: Option<PyReadonlyArray2<'_, f32>>,
    ngram_vectors: Option<PyReadonlyArray2<'_, f32>>,
    ngram_buckets: Option<PyReadonlyArray1<'_, u32>>,
    config: Option<&str>,
    allow_nonfinite: bool,
) -> PyResult<()> {
    let table = Arc::clone(keys.table());
    let matrix = |name, array| dense(name, array);
    let store = native::Store {
        keys: &table,
        vectors: dense("vectors", &vectors)?,
        vector_size: vectors.shape()[1],
        norms: norms.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        counts: counts.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        output_vectors: output_vectors.as_ref().map(|m| matrix("output_vectors", m)).transpose()?,
        output_nodes: output_nodes.as_ref().map(|m| matrix("output_nodes", m)).transpose()?,
        own_vectors: own_vectors.as_ref().map(|m| matrix("own_vectors", m)).transpose()?,
        ngram_vectors: ngram_vectors.as_ref().map(|m| matrix("ngram_vectors", m)).transpose()?,
        ngram_buckets: ngram_buckets.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        config,
        allow_nonfinite,
    };
    let destination = streams::destination(target, false)?;
    run(target.py(), |observer| native::save(&store, destination, observer))
}

/// V, D, how many tensors match their checksums, whether all is finite, and the kind.
type Verified = (u64, u64, usize, bool, &'static str);

#[pyfunction]
fn verify_native(source: &Bound<'_, PyAny>, limits: PyLimits) -> PyResult<Verified> {
    let (input, limits) = (streams::input(source)?, limits.into());
    let found = run(source.py(), |observer| native::verify(input, limits, observer))?;
    let (rows, size) = (found.rows, found.vector_size);
    Ok((rows, size, found.tensors, found.is_finite, found.kind.name()))
}

/// What the first bytes of the file `name` unfold to, as far as they go; themselves when not
/// compressed.
#[pyfunction]
fn unfolded_head<'py>(py: Python<'py>, head: &[u8], name: &str) -> PyResult<Bound<'py, PyBytes>> {
    let Some(compression) = Compression::of(head) else { return Ok(PyBytes::new(py, head)) };
    let unfolded = run(py, |_| {
        unfold(head, compression).map_err(|error| compression.error(Path::new(name), error))
    })?;
    Ok(PyBytes::new(py, &unfolded))
}

fn unfold(head: &[u8], compression: Compression) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut reader = compression.reader(head)?;
    let mut unfolded = vec![0; 1 << 16];
    let mut filled = 0;
    while filled < unfolded.len() {
        match reader.read(&mut unfolded[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            // The head ends in the middle: what came before the error is what was asked for.
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    unfolded.truncate(filled);
    Ok(unfolded)
}

/// From so many bytes on the expansion ratio of a file that is read whole is looked at.
const WHOLE_RATIO_GRACE_BYTES: u64 = 16 << 20;

/// All bytes of a file, unfolded.
#[pyfunction]
fn read_unfolded<'py>(
    source: &Bound<'py, PyAny>,
    limits: PyLimits,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = source.py();
    let input = streams::input(source)?;
    let limits = limits.into();
    let bytes = run(py, |observer| {
        let mut reader = ByteReader::open(input, "compressed file", limits, observer)?;
        reader.set_ratio_grace(WHOLE_RATIO_GRACE_BYTES);
        let mut bytes = Vec::with_capacity(reader.remaining().unwrap_or(0) as usize);
        loop {
            let block = reader.peek(1)?;
            if block.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(block);
            let read = block.len();
            reader.consume(read);
        }
    })?;
    Ok(PyBytes::new(py, &bytes))
}
