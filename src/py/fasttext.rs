//! fastText models across the line.

use std::sync::Arc;

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::formats::{PyLimits, decoder_of, run};
use super::keys::PyKeyTable;
use super::streams;
use crate::formats::fasttext::{
    self, Args, Matrix, Model, ReadOptions, WantedOutput, WordsAndNgrams,
};
use crate::formats::output::Output;
use crate::formats::source::ByteReader;

/// Adds the functions of this room to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_fasttext, module)?)?;
    module.add_function(wrap_pyfunction!(write_fasttext, module)?)
}

#[pyfunction]
#[pyo3(signature = (source, *, encoding, errors, limit, with_output, allow_nonfinite, limits))]
fn read_fasttext<'py>(
    source: &Bound<'py, PyAny>,
    encoding: String,
    errors: String,
    limit: Option<u64>,
    with_output: Option<bool>,
    allow_nonfinite: bool,
    limits: PyLimits,
) -> PyResult<Bound<'py, PyDict>> {
    let output = match with_output {
        Some(true) => WantedOutput::Always,
        Some(false) => WantedOutput::Never,
        None => WantedOutput::OfSupervised,
    };
    let options = ReadOptions { limit, output, allow_nonfinite };
    let (input, decoder) = (streams::input(source)?, decoder_of(encoding, errors));
    let limits = limits.into();
    let model = run(source.py(), |observer| {
        let reader = ByteReader::open(input, fasttext::FORMAT, limits, observer)?;
        fasttext::read(reader, &options, decoder)
    })?;
    parts_of(source.py(), model)
}

#[pyfunction]
#[pyo3(signature = (target, keys, own_vectors, ngram_vectors, *, counts, min_n, max_n, allow_nonfinite))]
#[allow(clippy::too_many_arguments)] // one for each part of the file
fn write_fasttext(
    target: &Bound<'_, PyAny>,
    keys: &PyKeyTable,
    own_vectors: PyReadonlyArray2<'_, f32>,
    ngram_vectors: PyReadonlyArray2<'_, f32>,
    counts: Option<PyReadonlyArray1<'_, u64>>,
    min_n: u32,
    max_n: u32,
    allow_nonfinite: bool,
) -> PyResult<()> {
    let table = Arc::clone(keys.table());
    let model = WordsAndNgrams {
        keys: &table,
        counts: counts.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
        own: own_vectors.as_slice()?,
        ngrams: ngram_vectors.as_slice()?,
        size: own_vectors.shape()[1],
        min_n,
        max_n,
        allow_nonfinite,
    };
    let destination = streams::destination(target, false)?;
    run(target.py(), |observer| {
        let mut output = Output::create(destination, observer)?;
        fasttext::write(&model, &mut output)?;
        output.finish()
    })
}

fn parts_of(py: Python<'_>, model: Model) -> PyResult<Bound<'_, PyDict>> {
    let (dictionary, parts) = (model.dictionary, PyDict::new(py));
    parts.set_item("args", args_dict(py, &model.args)?)?;
    parts.set_item("words", Bound::new(py, PyKeyTable::from(dictionary.words))?)?;
    parts.set_item("counts", PyArray1::from_vec(py, dictionary.counts))?;
    parts.set_item("labels", dictionary.labels)?;
    parts.set_item("label_counts", PyArray1::from_vec(py, dictionary.label_counts))?;
    parts.set_item("tokens", dictionary.tokens)?;
    parts.set_item("duplicates", dictionary.duplicates)?;
    let buckets = dictionary.ngram_buckets.map(|buckets| PyArray1::from_vec(py, buckets));
    parts.set_item("ngram_buckets", buckets)?;
    parts.set_item("input", matrix(py, model.input)?)?;
    parts.set_item("output", model.output.map(|output| matrix(py, output)).transpose()?)?;
    Ok(parts)
}

fn args_dict<'py>(py: Python<'py>, args: &Args) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("version", args.version)?;
    dict.set_item("dim", args.dim)?;
    dict.set_item("ws", args.ws)?;
    dict.set_item("epoch", args.epoch)?;
    dict.set_item("min_count", args.min_count)?;
    dict.set_item("neg", args.neg)?;
    dict.set_item("word_ngrams", args.word_ngrams)?;
    dict.set_item("loss", args.loss.name())?;
    dict.set_item("model", args.model.name())?;
    dict.set_item("bucket", args.bucket)?;
    dict.set_item("minn", args.minn)?;
    dict.set_item("maxn", args.maxn)?;
    dict.set_item("lr_update_rate", args.lr_update_rate)?;
    dict.set_item("t", args.t)?;
    Ok(dict)
}

/// An array, or a dictionary of the arrays that a quantised matrix is made of.
fn matrix(py: Python<'_>, matrix: Matrix) -> PyResult<Bound<'_, PyAny>> {
    let quantized = match matrix {
        Matrix::Dense { values, size } => {
            let shape = [values.len() / size, size];
            return Ok(PyArray1::from_vec(py, values).reshape(shape)?.into_any());
        }
        Matrix::Quantized(quantized) => quantized,
    };
    let (shape, dict) = ([quantized.rows(), quantized.parts()], PyDict::new(py));
    dict.set_item("size", quantized.size)?;
    dict.set_item("part_size", quantized.part_size)?;
    dict.set_item("codes", PyArray1::from_vec(py, quantized.codes).reshape(shape)?)?;
    dict.set_item("centroids", PyArray1::from_vec(py, quantized.centroids))?;
    let (codes, centroids) =
        quantized.norms.map_or((None, None), |norms| (Some(norms.codes), Some(norms.centroids)));
    dict.set_item("norm_codes", codes.map(|codes| PyArray1::from_vec(py, codes)))?;
    dict.set_item("norm_centroids", centroids.map(|values| PyArray1::from_vec(py, values)))?;
    Ok(dict.into_any())
}
