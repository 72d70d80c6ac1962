//! Progress and Ctrl-C across the line: a Python callable as the core's [`Observer`].

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Error, Result};
use crate::progress::{Observer, Report};

/// Looks out for Ctrl-C and passes reports to a Python callable as dictionaries.
///
/// It is called without the interpreter lock, on the thread that called into the core; what Python
/// raises is kept until [`PyObserver::finish`] hands it back.
pub struct PyObserver {
    callback: Option<Py<PyAny>>,
    raised: Option<PyErr>,
}

impl PyObserver {
    /// `callback` takes one dictionary; `None` only looks out for Ctrl-C.
    pub fn new(callback: Option<Py<PyAny>>) -> Self {
        Self { callback, raised: None }
    }

    /// A job's result, with the exception that stopped it if there was one.
    pub fn finish<T>(mut self, result: Result<T>) -> PyResult<T> {
        self.take(result)
    }

    /// As [`PyObserver::finish`], for a job that observes between its own calls into Python.
    pub fn take<T>(&mut self, result: Result<T>) -> PyResult<T> {
        match (result, self.raised.take()) {
            (Err(Error::Stopped), Some(raised)) => Err(raised),
            (result, _) => result.map_err(PyErr::from),
        }
    }
}

impl PyObserver {
    /// Looks out for Ctrl-C alone.
    pub fn poll(&mut self) -> Result<()> {
        self.attached(|_, py| py.check_signals())
    }

    fn attached(&mut self, call: impl FnOnce(&Self, Python<'_>) -> PyResult<()>) -> Result<()> {
        Python::attach(|py| {
            call(self, py).map_err(|raised| {
                // A callable that has failed would fail again; one that Ctrl-C met was only there.
                if !raised.is_instance_of::<PyKeyboardInterrupt>(py) {
                    self.callback = None;
                }
                self.raised = Some(raised);
                Error::Stopped
            })
        })
    }
}

impl Observer for PyObserver {
    fn observe(&mut self, report: Report) -> Result<()> {
        self.attached(|own, py| {
            py.check_signals()?;
            match &own.callback {
                Some(callback) => callback.call1(py, (report_dict(py, report)?,)).map(drop),
                None => Ok(()),
            }
        })
    }
}

fn report_dict(py: Python<'_>, report: Report) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    match report {
        Report::Scan(scan) => {
            dict.set_item("phase", "scan")?;
            dict.set_item("bytes", scan.bytes)?;
            dict.set_item("total_bytes", scan.total_bytes)?;
            dict.set_item("words", scan.words)?;
            dict.set_item("sentences", scan.sentences)?;
        }
        Report::File(file) => {
            dict.set_item("phase", "file")?;
            dict.set_item("bytes", file.bytes)?;
            dict.set_item("total_bytes", file.total_bytes)?;
        }
        Report::Checkpoint(file) => {
            dict.set_item("phase", "checkpoint")?;
            dict.set_item("bytes", file.bytes)?;
            dict.set_item("total_bytes", file.total_bytes)?;
        }
        Report::Train(train) => {
            dict.set_item("phase", "train")?;
            dict.set_item("epoch", train.epoch)?;
            dict.set_item("epochs", train.epochs)?;
            dict.set_item("raw_words", train.raw_words)?;
            dict.set_item("total_raw_words", train.total_raw_words)?;
            dict.set_item("trained_words", train.trained_words)?;
            dict.set_item("alpha", train.alpha)?;
            dict.set_item("loss", train.loss)?;
        }
    }
    Ok(dict)
}
