//! Core errors as the Python exceptions that gensim's users expect.

use pyo3::exceptions::{PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::error::{Error, FormatError, FormatErrorKind};

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Config { .. } => PyValueError::new_err(error.to_string()),
            Error::Io { path, source } => os_error(&path, &source),
            Error::Memory { .. } => PyMemoryError::new_err(error.to_string()),
            Error::Format(error) => format_error(&error),
            Error::EmptyVocabulary(_) | Error::Internal(_) => {
                PyRuntimeError::new_err(error.to_string())
            }
            // Whoever stopped the job has raised an exception of its own, which wins over this.
            Error::Stopped => PyRuntimeError::new_err("stopped"),
        }
    }
}

/// `OSError` with its code and path; Python picks the subclass (`FileNotFoundError`, …) itself.
fn os_error(path: &std::path::Path, source: &std::io::Error) -> PyErr {
    match source.raw_os_error() {
        Some(code) => {
            let text = source.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            PyOSError::new_err((code, text, path.to_string_lossy().into_owned()))
        }
        None => PyOSError::new_err(format!("{}: {source}", path.display())),
    }
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
