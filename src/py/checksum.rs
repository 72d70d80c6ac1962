//! The checksum of native files, for the files that Python writes.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::py::jobs::run;

/// Bytes between two looks at Ctrl-C.
const BLOCK: usize = 16 << 20;

/// The xxh3-64 of an array of bytes.
#[pyfunction]
pub fn checksum(py: Python<'_>, bytes: PyReadonlyArray1<'_, u8>) -> PyResult<u64> {
    let bytes = bytes.as_slice()?;
    run(py, |observer| {
        let mut hasher = Xxh3::new();
        for block in bytes.chunks(BLOCK) {
            observer.poll()?;
            hasher.update(block);
        }
        Ok(if bytes.is_empty() { xxh3_64(b"") } else { hasher.digest() })
    })
}
