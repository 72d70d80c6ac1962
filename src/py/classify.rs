//! Classifiers across the line: texts go in as they are, numbers come out, many at a time.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{
    PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::keys::PyKeyTable;
use super::progress::PyObserver;
use crate::classify::rows::Quantized;
use crate::classify::{Answers, Asked, Batch, Classifier, Features, OutputLayer, Rows};
use crate::error::{FormatError, FormatErrorKind, Result as CoreResult};
use crate::formats::fasttext::Loss;
use crate::vocab::subword::{Hashing, Subwords};

/// A model that tells labels from texts. Its matrices stay NumPy's.
#[pyclass(name = "Classifier", frozen)]
pub struct PyClassifier {
    features: Features,
    layer: OutputLayer,
    input: PyRows,
    output: PyRows,
}

/// The indices and probabilities of all labels, text after text, and where each text's end.
type Predicted<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<f32>>, Ends<'py>);
type Ends<'py> = Bound<'py, PyArray1<i64>>;

/// Lines that were asked and lines that were not; for each label a row of three counts.
type Tested<'py> = (u64, u64, Bound<'py, PyArray2<u64>>);

#[pymethods]
impl PyClassifier {
    #[new]
    #[pyo3(signature = (
        words, labels, label_counts, input, output, *, loss, word_ngrams, min_n, max_n, bucket, kept
    ))]
    #[allow(clippy::too_many_arguments)] // the parts of a file, by keyword
    fn new(
        py: Python<'_>,
        words: &PyKeyTable,
        labels: &PyKeyTable,
        label_counts: PyReadonlyArray1<'_, u64>,
        input: PyRows,
        output: PyRows,
        loss: &str,
        word_ngrams: u32,
        min_n: u32,
        max_n: u32,
        bucket: u32,
        kept: Option<PyReadonlyArray1<'_, u32>>,
    ) -> PyResult<Self> {
        let losses = [Loss::Softmax, Loss::OneVsAll, Loss::NegativeSampling, Loss::Hierarchical];
        let Some(loss) = losses.into_iter().find(|known| known.name() == loss) else {
            return Err(PyValueError::new_err(format!("loss is {loss:?}")));
        };
        let kept = kept.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
        let subwords = Subwords { min_n, max_n, bucket, hashing: Hashing::Bytes };
        let (words, labels) = (Arc::clone(words.table()), Arc::clone(labels.table()));
        let features = Features::new(words, labels, word_ngrams, subwords, kept)?;
        let layer = {
            let rows = output.borrow(py)?;
            OutputLayer::new(loss, label_counts.as_slice()?, rows.rows()?)?
        };
        let made = Self { features, layer, input, output };
        made.with(py, |_, _| Ok(()))?;
        Ok(made)
    }

    /// The likely labels of each text.
    #[pyo3(signature = (texts, *, k, threshold))]
    fn predict<'py>(
        &self,
        texts: &Bound<'py, PyList>,
        k: usize,
        threshold: f32,
    ) -> PyResult<Predicted<'py>> {
        let (py, texts) = (texts.py(), strings(texts)?);
        let texts = one_line_each(&texts)?;
        self.answer(py, &texts, Asked { k, threshold })
    }

    /// The likely labels of each line of a block of text.
    #[pyo3(signature = (block, *, k, threshold, name, first_line))]
    fn predict_lines<'py>(
        &self,
        py: Python<'py>,
        block: &[u8],
        k: usize,
        threshold: f32,
        name: PathBuf,
        first_line: u64,
    ) -> PyResult<Predicted<'py>> {
        self.answer(py, &lines(block, name, first_line)?, Asked { k, threshold })
    }

    /// Predictions held against the labels that stand in the lines of a block of text.
    #[pyo3(signature = (block, *, k, threshold, name, first_line))]
    fn test_lines<'py>(
        &self,
        py: Python<'py>,
        block: &[u8],
        k: usize,
        threshold: f32,
        name: PathBuf,
        first_line: u64,
    ) -> PyResult<Tested<'py>> {
        let lines = lines(block, name, first_line)?;
        let asked = Asked { k, threshold };
        let tally = self.with(py, |classifier, observer| {
            classifier.test(Batch(&lines), asked, || observer.poll())
        })?;
        let counts = tally.labels.iter().flat_map(|of| [of.gold, of.predicted, of.correct]);
        let counts = PyArray1::from_iter(py, counts).reshape([tally.labels.len(), 3])?;
        Ok((tally.examples, tally.skipped, counts))
    }

    /// The mean of the rows of each text; 0 where nothing is known.
    fn text_vectors<'py>(&self, texts: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (py, texts) = (texts.py(), strings(texts)?);
        let texts = one_line_each(&texts)?;
        let (vectors, width) = self.with(py, |classifier, observer| {
            let vectors = classifier.text_vectors(Batch(&texts), || observer.poll())?;
            Ok((vectors, classifier.width()))
        })?;
        PyArray1::from_vec(py, vectors).reshape([texts.len(), width])
    }

    /// The vector of each word; 0 where nothing is known.
    fn word_vectors<'py>(&self, words: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (py, words) = (words.py(), strings(words)?);
        let words = texts_of(&words)?;
        let (vectors, width) = self.with(py, |classifier, observer| {
            let vectors = classifier.word_vectors(Batch(&words), || observer.poll())?;
            Ok((vectors, classifier.width()))
        })?;
        PyArray1::from_vec(py, vectors).reshape([words.len(), width])
    }
}

impl PyClassifier {
    /// Runs a job without the interpreter lock.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        job: impl FnOnce(Classifier<'_>, &mut PyObserver) -> CoreResult<T> + Send,
    ) -> PyResult<T> {
        let (input, output) = (self.input.borrow(py)?, self.output.borrow(py)?);
        let (input, output) = (input.rows()?, output.rows()?);
        let classifier = Classifier::new(&self.features, input, output, &self.layer)?;
        super::jobs::run(py, |observer| job(classifier, observer))
    }

    fn answer<'py>(
        &self,
        py: Python<'py>,
        texts: &[&str],
        asked: Asked,
    ) -> PyResult<Predicted<'py>> {
        let Answers { predictions, ends } = self.with(py, |classifier, observer| {
            classifier.predict(Batch(texts), asked, || observer.poll())
        })?;
        Ok((
            PyArray1::from_iter(py, predictions.iter().map(|found| found.label)),
            PyArray1::from_iter(py, predictions.iter().map(|found| found.probability)),
            PyArray1::from_iter(py, ends.iter().map(|&end| end as i64)),
        ))
    }
}

/// A matrix as `read_fasttext` gives it: an array, or the arrays of a quantised one.
enum PyRows {
    Dense(Py<PyArray2<f32>>),
    Quantized(PyQuantized),
}

/// A code for each row's norm, and the norms that they choose from.
type PyNorms = (Py<PyArray1<u8>>, Py<PyArray1<f32>>);

struct PyQuantized {
    codes: Py<PyArray2<u8>>,
    centroids: Py<PyArray1<f32>>,
    norms: Option<PyNorms>,
    size: usize,
    part_size: usize,
}

impl<'a, 'py> FromPyObject<'a, 'py> for PyRows {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Ok(parts) = object.cast::<PyDict>() else {
            return Ok(Self::Dense(object.extract()?));
        };
        let norm_codes: Option<_> = parts.as_any().get_item("norm_codes")?.extract()?;
        let norm_centroids: Option<_> = parts.as_any().get_item("norm_centroids")?.extract()?;
        Ok(Self::Quantized(PyQuantized {
            codes: parts.as_any().get_item("codes")?.extract()?,
            centroids: parts.as_any().get_item("centroids")?.extract()?,
            norms: norm_codes.zip(norm_centroids),
            size: parts.as_any().get_item("size")?.extract()?,
            part_size: parts.as_any().get_item("part_size")?.extract()?,
        }))
    }
}

impl PyRows {
    fn borrow<'py>(&self, py: Python<'py>) -> PyResult<BorrowedRows<'py>> {
        let failed = |error: numpy::BorrowError| PyValueError::new_err(error.to_string());
        Ok(match self {
            Self::Dense(values) => {
                BorrowedRows::Dense(values.bind(py).try_readonly().map_err(failed)?)
            }
            Self::Quantized(parts) => BorrowedRows::Quantized {
                codes: parts.codes.bind(py).try_readonly().map_err(failed)?,
                centroids: parts.centroids.bind(py).try_readonly().map_err(failed)?,
                norms: match &parts.norms {
                    Some((codes, centroids)) => Some((
                        codes.bind(py).try_readonly().map_err(failed)?,
                        centroids.bind(py).try_readonly().map_err(failed)?,
                    )),
                    None => None,
                },
                size: parts.size,
                part_size: parts.part_size,
            },
        })
    }
}

enum BorrowedRows<'py> {
    Dense(PyReadonlyArray2<'py, f32>),
    Quantized {
        codes: PyReadonlyArray2<'py, u8>,
        centroids: PyReadonlyArray1<'py, f32>,
        norms: Option<(PyReadonlyArray1<'py, u8>, PyReadonlyArray1<'py, f32>)>,
        size: usize,
        part_size: usize,
    },
}

impl BorrowedRows<'_> {
    fn rows(&self) -> PyResult<Rows<'_>> {
        match self {
            Self::Dense(values) => Ok(Rows::dense(values.as_slice()?, values.shape()[1])?),
            Self::Quantized { codes, centroids, norms, size, part_size } => {
                let norms = match norms {
                    Some((codes, centroids)) => Some((codes.as_slice()?, centroids.as_slice()?)),
                    None => None,
                };
                let codes = (codes.as_slice()?, centroids.as_slice()?);
                Ok(Rows::Quantized(Quantized::new(codes, norms, *size, *part_size)?))
            }
        }
    }
}

fn strings<'py>(texts: &Bound<'py, PyList>) -> PyResult<Vec<Bound<'py, PyString>>> {
    let mut strings = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        strings.push(text.cast_into::<PyString>().map_err(|error| {
            let kind = error.into_inner().get_type().to_string();
            PyTypeError::new_err(format!("text {index} is a {kind}, expected a str"))
        })?);
    }
    Ok(strings)
}

fn texts_of<'a>(strings: &'a [Bound<'_, PyString>]) -> PyResult<Vec<&'a str>> {
    let text = |(index, string): (usize, &'a Bound<'_, PyString>)| {
        string.to_str().map_err(|_| {
            let message = format!("text {index} holds a lone surrogate, expected Unicode text");
            PyValueError::new_err(message)
        })
    };
    strings.iter().enumerate().map(text).collect()
}

fn one_line_each<'a>(strings: &'a [Bound<'_, PyString>]) -> PyResult<Vec<&'a str>> {
    let texts = texts_of(strings)?;
    let with_newline = |text: &&str| memchr::memchr(b'\n', text.as_bytes()).is_some();
    match texts.iter().position(with_newline) {
        Some(index) => Err(PyValueError::new_err(format!(
            "text {index} holds a newline, expected one line; put a space in its place, or ask for \
             the lines one by one"
        ))),
        None => Ok(texts),
    }
}

/// The lines of a block; `name` and `first_line`, which counts from 1, are for messages.
fn lines(block: &[u8], name: PathBuf, first_line: u64) -> CoreResult<Vec<&str>> {
    match std::str::from_utf8(block) {
        Ok(text) => Ok(text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .filter(|_| !text.is_empty())
            .collect()),
        Err(error) => {
            let before = &block[..error.valid_up_to()];
            let line = first_line + memchr::memchr_iter(b'\n', before).count() as u64;
            let message = format!(
                "byte {:#04x} in line {line} is not UTF-8; convert the text to UTF-8 first",
                block[error.valid_up_to()]
            );
            Err(FormatError {
                kind: FormatErrorKind::Encoding,
                path: Some(name),
                format: "text",
                message,
            }
            .into())
        }
    }
}
