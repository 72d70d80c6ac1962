//! The one door from Python into the core: the interpreter lock is let go of for whole jobs, Ctrl-C
//! and what streams raise come back as they are, and a panic, which is a defect of ours, comes back
//! as a `RuntimeError`. (Left to pyo3 it would be a `BaseException`, which nobody catches.)

use pyo3::prelude::*;

use super::progress::PyObserver;
use crate::error::Result as CoreResult;
use crate::workers;

/// Runs a job without the interpreter lock.
pub fn run<T: Send>(
    py: Python<'_>,
    job: impl FnOnce(&mut PyObserver) -> CoreResult<T> + Send,
) -> PyResult<T> {
    run_observed(py, PyObserver::new(None), job)
}

/// As [`run`], under an observer that somebody listens to.
pub fn run_observed<T: Send>(
    py: Python<'_>,
    mut observer: PyObserver,
    job: impl FnOnce(&mut PyObserver) -> CoreResult<T> + Send,
) -> PyResult<T> {
    let result = py.detach(|| workers::caught(|| job(&mut observer)));
    observer.finish(result)
}

/// Runs short work of the core under the lock.
pub fn brief<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    workers::caught(|| Ok(work()))?
}

/// A job that panics, for the tests of this door; only in builds with the feature `faults`.
#[cfg(feature = "faults")]
#[pyfunction]
#[pyo3(signature = (place, progress = None))]
pub fn panic_in(py: Python<'_>, place: &str, progress: Option<Py<PyAny>>) -> PyResult<()> {
    use std::sync::atomic::AtomicBool;

    use crate::progress::{FileProgress, Observer, Report};

    match place {
        "brief" => brief(|| panic!("a test's panic")),
        "job" => run_observed(py, PyObserver::new(progress), |observer| {
            observer.observe(Report::File(FileProgress::default()))?;
            panic!("a test's panic")
        }),
        "attached" => run(py, |_| Python::attach(|_| panic!("a test's panic"))),
        "worker" => run(py, |_| {
            let stop = AtomicBool::new(false);
            workers::run(2, &stop, |_| panic!("a test's panic"), || Ok(())).map(|_: Vec<()>| ())
        }),
        _ => Err(pyo3::exceptions::PyValueError::new_err("no such place")),
    }
}

/// Lets the next thread of the core that passes a place panic, for the same tests.
#[cfg(feature = "faults")]
#[pyfunction]
pub fn panic_later(place: &str) -> PyResult<()> {
    use crate::faults::{Place, arm};

    match place {
        "training" => arm(Place::Training),
        "gathering" => arm(Place::Gathering),
        _ => return Err(pyo3::exceptions::PyValueError::new_err("no such place")),
    }
    Ok(())
}
