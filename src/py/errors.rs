//! Core errors as the Python exceptions that gensim's users expect.

use pyo3::exceptions::{
    PyBlockingIOError, PyFloatingPointError, PyMemoryError, PyOSError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

use crate::error::{Error, FormatError, FormatErrorKind};
use crate::formats::source::StreamError;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Config { .. } => PyValueError::new_err(error.to_string()),
            Error::Io { path, source } => os_error(&path, source, ""),
            Error::Spool { folder, source } => os_error(&folder, source, SPOOL_ADVICE),
            Error::Memory { .. } => PyMemoryError::new_err(error.to_string()),
            Error::Format(error) => format_error(&error),
            Error::EmptyVocabulary(_) | Error::Internal(_) => {
                PyRuntimeError::new_err(error.to_string())
            }
            Error::Diverged(_) => PyFloatingPointError::new_err(error.to_string()),
            Error::InUse { .. } => PyBlockingIOError::new_err(error.to_string()),
            // Whoever stopped the job has raised an exception of its own, which wins over this.
            Error::Stopped => PyRuntimeError::new_err("stopped"),
        }
    }
}

/// `OSError` with its code and path; Python picks the subclass (`FileNotFoundError`, …) itself.
fn os_error(path: &std::path::Path, source: std::io::Error, advice: &str) -> PyErr {
    let source = match raised_by_stream(source) {
        Ok(raised) => return raised,
        Err(source) => source,
    };
    match source.raw_os_error() {
        Some(code) => {
            let text = source.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned() + advice;
            let path = path.to_string_lossy().into_owned();
            if cfg!(windows) {
                // The code is Windows's own: Python takes it fourth and finds errno itself.
                return PyOSError::new_err((0, text, path, code));
            }
            PyOSError::new_err((code, text, path))
        }
        None => PyOSError::new_err(format!("{}: {source}{advice}", path.display())),
    }
}

/// What to do when the temporary file for ids cannot be written.
const SPOOL_ADVICE: &str = " while keeping the corpus's ids; choose a folder with more room with \
                            spool_dir, or keep more in memory with spool_bytes";

/// What a Python file object raised while it was read or written, as it was raised.
fn raised_by_stream(source: std::io::Error) -> Result<PyErr, std::io::Error> {
    let stream = source.downcast::<StreamError>()?;
    stream.0.downcast::<PyErr>().map(|raised| *raised).map_err(std::io::Error::other)
}

/// An instance of the class in `synvec.errors` that is named after the kind.
fn format_error(error: &FormatError) -> PyErr {
    let class = match error.kind {
        FormatErrorKind::Header => "HeaderError",
        FormatErrorKind::Truncated => "TruncatedFileError",
        FormatErrorKind::Row => "RowError",
        FormatErrorKind::Encoding => "EncodingError",
        FormatErrorKind::Limit => "LimitError",
        FormatErrorKind::Checksum => "ChecksumError",
        FormatErrorKind::Unsupported => "UnsupportedFormatError",
        FormatErrorKind::NonFinite => "NonFiniteError",
    };
    Python::attach(|py| {
        let made = py
            .import("synvec.errors")
            .and_then(|module| module.getattr(class))
            .and_then(|class| class.call1((error.to_string(),)));
        made.map_or_else(|failure| failure, PyErr::from_value)
    })
}
