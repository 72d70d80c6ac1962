//! The binding: the only room that names pyo3. It converts, releases the interpreter lock around
//! whole jobs, maps errors, reports progress and looks out for Ctrl-C.

mod batch;
mod blocks;
mod checkpoint;
mod checksum;
mod classify;
mod config;
mod corpus;
mod errors;
mod fasttext;
mod formats;
mod integers;
mod jobs;
mod keys;
mod mapped;
mod matrix;
mod phrases;
mod progress;
mod search;
mod sentences;
mod streams;
mod subwords;
mod train;

use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<checkpoint::PyCheckpointFolder>()?;
    module.add_class::<checkpoint::PyKeeping>()?;
    module.add_class::<classify::PyClassifier>()?;
    module.add_class::<config::PyTrainConfig>()?;
    module.add_class::<corpus::PyEncodedCorpus>()?;
    module.add_class::<corpus::PyScannedCorpus>()?;
    module.add_class::<corpus::PyTextReader>()?;
    module.add_class::<keys::PyKeyTable>()?;
    blocks::register(module)?;
    module.add_class::<subwords::PySubwords>()?;
    formats::register(module)?;
    fasttext::register(module)?;
    module.add_class::<matrix::PyMatrix>()?;
    phrases::register(module)?;
    module.add_class::<batch::PySentenceBatch>()?;
    module.add_function(wrap_pyfunction!(available_workers, module)?)?;
    module.add_function(wrap_pyfunction!(checksum::checksum, module)?)?;
    module.add_function(wrap_pyfunction!(corpus::scan_files, module)?)?;
    module.add_function(wrap_pyfunction!(corpus::write_text, module)?)?;
    module.add_function(wrap_pyfunction!(sentences::scan_sentences, module)?)?;
    module.add_function(wrap_pyfunction!(train::instruction_set, module)?)?;
    module.add_function(wrap_pyfunction!(train::train, module)?)?;
    module.add_function(wrap_pyfunction!(train::score, module)?)?;
    module.add_function(wrap_pyfunction!(search::nearest, module)?)?;
    module.add_function(wrap_pyfunction!(search::cosines, module)?)?;
    module.add_function(wrap_pyfunction!(search::row_norms, module)?)?;
    #[cfg(feature = "faults")]
    {
        module.add_function(wrap_pyfunction!(jobs::panic_in, module)?)?;
        module.add_function(wrap_pyfunction!(jobs::panic_later, module)?)?;
    }
    Ok(())
}

/// The cores this process may use (affinity and cgroup quota respected).
#[pyfunction]
fn available_workers() -> usize {
    crate::workers::available()
}
