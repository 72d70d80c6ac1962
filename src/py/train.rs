//! Training across the line.

use numpy::{PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::py::checkpoint::{KeepingJob, PyKeeping, ReachedRow, Row, reached_of, to_row};
use crate::py::config::PyTrainConfig;
use crate::py::corpus::PyEncodedCorpus;
use crate::py::jobs::{run, run_observed};
use crate::py::matrix::{Loan, PyMatrix};
use crate::py::progress::PyObserver;
use crate::train::locks::Locks;
use crate::train::position::Keeper;
use crate::train::schedule::{BLOCK_IDS, Schedule};
use crate::train::score::HierarchicalModel;
use crate::train::{Job, Weights, train_keeping};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

/// Trains all epochs in place; returns (raw words, trained words, loss, seconds) of each.
#[pyfunction]
#[pyo3(signature = (
    config, corpus, counts, input_vectors, output_vectors = None, output_nodes = None, *,
    locks = None, epochs_before = 0, raw_words_before = 0, total_raw_words = None, block_ids = BLOCK_IDS,
    reached = None, keeping = None, progress = None
))]
#[allow(clippy::too_many_arguments)] // three matrices and a schedule, by keyword
pub fn train(
    py: Python<'_>,
    config: &Bound<'_, PyTrainConfig>,
    corpus: &Bound<'_, PyEncodedCorpus>,
    counts: PyReadonlyArray1<'_, u64>,
    input_vectors: &Bound<'_, PyMatrix>,
    output_vectors: Option<&Bound<'_, PyMatrix>>,
    output_nodes: Option<&Bound<'_, PyMatrix>>,
    locks: Option<PyReadonlyArray1<'_, f32>>,
    epochs_before: u32,
    raw_words_before: u64,
    total_raw_words: Option<u64>,
    block_ids: usize,
    reached: Option<ReachedRow>,
    keeping: Option<&Bound<'_, PyKeeping>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Row>> {
    if block_ids == 0 {
        return Err(PyValueError::new_err("block_ids must be at least 1, not 0"));
    }
    let (config, corpus) = (&config.get().config, &corpus.get().corpus);
    let counts = counts.to_vec()?;
    let locks = locks.map(|locks| locks.to_vec()).transpose()?.unwrap_or_default();
    let mut input = input_vectors.get().lend()?;
    let mut output = output_vectors.map(|matrix| matrix.get().lend()).transpose()?;
    let mut nodes = output_nodes.map(|matrix| matrix.get().lend()).transpose()?;
    let job = Job {
        locks: Locks::new(&locks, counts.len(), corpus.ids())?,
        epochs_before,
        block_ids,
        schedule: Schedule {
            start_alpha: config.alpha,
            end_alpha: config.min_alpha,
            raw_words_before,
            total_raw_words: total_raw_words
                .unwrap_or(corpus.raw_words.saturating_mul(u64::from(config.epochs))),
        },
        reached: reached.map(reached_of).unwrap_or_default(),
        ..Job::new(config, corpus, &counts)
    };
    let mut weights = Weights {
        input_vectors: input.matrix(),
        output_vectors: output.as_mut().map(Loan::matrix),
        output_nodes: nodes.as_mut().map(Loan::matrix),
    };
    let mut keeper = keeping.map(|keeping| KeepingJob { keeping: keeping.get(), config });
    let epochs = run_observed(py, PyObserver::new(progress), |observer| {
        let keeper = keeper.as_mut().map(|keeper| keeper as &mut dyn Keeper);
        train_keeping(&job, &mut weights, keeper, observer)
    })?;
    Ok(epochs.iter().map(to_row).collect())
}

/// The instruction set that training uses in this process.
#[pyfunction]
pub fn instruction_set() -> PyResult<&'static str> {
    Ok(crate::simd::kernels()?.name)
}

/// The log probability of sentences under a model of hierarchical softmax.
#[pyfunction]
pub fn score(
    py: Python<'_>,
    config: &Bound<'_, PyTrainConfig>,
    ids: PyReadonlyArray1<'_, u32>,
    offsets: PyReadonlyArray1<'_, u64>,
    counts: PyReadonlyArray1<'_, u64>,
    input_vectors: PyReadonlyArray2<'_, f32>,
    output_nodes: PyReadonlyArray2<'_, f32>,
) -> PyResult<Vec<f64>> {
    let ids: Vec<WordId> = ids.as_slice()?.iter().map(|&id| WordId(id)).collect();
    let (offsets, counts) = (offsets.to_vec()?, counts.to_vec()?);
    let model = HierarchicalModel {
        config: &config.get().config,
        paths: &HuffmanPaths::new(&counts),
        input_vectors: input_vectors.as_slice()?,
        output_nodes: output_nodes.as_slice()?,
    };
    run(py, |observer| model.score(&ids, &offsets, || observer.poll()))
}
