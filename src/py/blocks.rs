//! Bytes for the formats that Python reads and writes: files unfolded for it, and its blocks
//! written as every other file is, whole or not at all.

use std::io::Write;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyIterator;

use super::formats::PyLimits;
use super::jobs::run;
use super::streams;
use crate::error::{Error, Result as CoreResult};
use crate::formats::output::Output;
use crate::formats::source::ByteReader;

/// Adds the functions of this room to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(unfold, module)?)?;
    module.add_function(wrap_pyfunction!(write_blocks, module)?)
}

/// Copies what a source holds, unfolded if it is compressed, to a file object.
#[pyfunction]
fn unfold(source: &Bound<'_, PyAny>, target: &Bound<'_, PyAny>, limits: PyLimits) -> PyResult<()> {
    let (input, limits) = (streams::input(source)?, limits.into());
    let mut writer = streams::writer(target);
    run(source.py(), |observer| {
        let mut reader = ByteReader::open(input, "compressed file", limits, observer)?;
        while !reader.peek(1)?.is_empty() {
            let bytes = reader.ahead().len();
            let written = writer.write_all(reader.ahead());
            written.map_err(|error| Error::io("temporary file", error))?;
            reader.consume(bytes);
        }
        Ok(())
    })
}

/// Writes the blocks that an iterator gives.
#[pyfunction]
fn write_blocks(target: &Bound<'_, PyAny>, blocks: &Bound<'_, PyAny>) -> PyResult<()> {
    let blocks = blocks.try_iter()?.unbind();
    let destination = streams::destination(target, false)?;
    run(target.py(), |observer| {
        let mut output = Output::create(destination, observer)?;
        while let Some(block) = next_block(&blocks)? {
            output.write(&block)?;
        }
        output.finish()
    })
}

fn next_block(blocks: &Py<PyIterator>) -> CoreResult<Option<PyBackedBytes>> {
    Python::attach(|py| {
        let block = blocks.bind(py).clone().next().transpose()?;
        block.map(|block| block.extract().map_err(PyErr::from)).transpose()
    })
    .map_err(|error| Error::io("", streams::raised(error)))
}
