//! Python file objects as the core's streams, and paths.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::formats::output::Destination;
use crate::formats::source::{Input, StreamError};

/// A path, or a file object that is open for reading bytes.
pub fn input(source: &Bound<'_, PyAny>) -> PyResult<Input<'static>> {
    if source.hasattr("read")? {
        let reader = PyReader { file: source.clone().unbind(), rest: Vec::new() };
        return Ok(Input::Stream(Box::new(reader), name_of(source)));
    }
    path_of(source).map(Input::Path)
}

/// A path, or a file object that is open for writing bytes.
pub fn destination(target: &Bound<'_, PyAny>, append: bool) -> PyResult<Destination<'static>> {
    if target.hasattr("write")? {
        return Ok(Destination::Stream(Box::new(writer(target)), name_of(target)));
    }
    let path = path_of(target)?;
    Ok(if append { Destination::Append(path) } else { Destination::Path(path) })
}

/// A file object that is open for writing bytes, as a writer.
pub fn writer(file: &Bound<'_, PyAny>) -> impl Write + Send + use<> {
    PyWriter { file: file.clone().unbind() }
}

fn path_of(object: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    object.extract().map_err(|_| {
        let kind = object.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
        PyTypeError::new_err(format!("expected a path or a binary file object, not {kind}"))
    })
}

/// The name of a file object, when it has one that is text (a pipe's is a number).
fn name_of(file: &Bound<'_, PyAny>) -> Option<PathBuf> {
    file.getattr("name").ok()?.extract::<String>().ok().map(PathBuf::from)
}

struct PyReader {
    file: Py<PyAny>,
    /// What the file gave beyond what it was asked for.
    rest: Vec<u8>,
}

impl Read for PyReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let read = Python::attach(|py| {
                let given = self.file.bind(py).call_method1("read", (out.len(),))?;
                match given.cast::<PyBytes>() {
                    Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
                    Err(_) => Err(PyTypeError::new_err(
                        "the file object does not give bytes; open it in binary mode, as \"rb\"",
                    )),
                }
            });
            self.rest = read.map_err(raised)?;
        }
        let step = self.rest.len().min(out.len());
        out[..step].copy_from_slice(&self.rest[..step]);
        self.rest.drain(..step);
        Ok(step)
    }
}

struct PyWriter {
    file: Py<PyAny>,
}

impl Write for PyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Python::attach(|py| {
            let written = self.file.bind(py).call_method1("write", (PyBytes::new(py, bytes),))?;
            // Some file objects return nothing, and have then taken everything.
            Ok(written.extract::<Option<usize>>()?.unwrap_or(bytes.len()).min(bytes.len()))
        })
        .map_err(raised)
    }

    fn flush(&mut self) -> io::Result<()> {
        Python::attach(|py| {
            let file = self.file.bind(py);
            if file.hasattr("flush")? { file.call_method0("flush").map(drop) } else { Ok(()) }
        })
        .map_err(raised)
    }
}

/// What Python raised, as an I/O error that carries it to the caller.
pub fn raised(error: PyErr) -> io::Error {
    io::Error::other(StreamError(Box::new(error)))
}
