//! Checkpoints across the line.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::config::PyTrainConfig;
use super::corpus::PyEncodedCorpus;
use super::jobs::{run, run_observed};
use super::keys::PyKeyTable;
use super::matrix::{Loan, PyMatrix};
use super::progress::PyObserver;
use crate::checkpoint::{Content, Folder, ids};
use crate::config::TrainConfig;
use crate::corpus::SpoolConfig;
use crate::error::{Error, Result};
use crate::progress::Observer;
use crate::train::position::{Keeper, Position, Reached};
use crate::train::{EpochSummary, Weights};
use crate::vocab::KeyTable;

/// What came of an epoch: raw words, trained words, loss, seconds.
pub type Row = (u64, u64, f64, f64);

/// How far a job has got: epochs done, units of the next one done, what came of each and of it.
pub type ReachedRow = (u32, u64, Vec<Row>, Row);

/// A checkpoint: its data file, how far training had got, the state, and what is wrong with newer
/// ones.
type Found = (PathBuf, ReachedRow, String, Vec<String>);

pub fn to_row(summary: &EpochSummary) -> Row {
    (summary.raw_words, summary.trained_words, summary.loss, summary.seconds)
}

fn from_row((raw_words, trained_words, loss, seconds): Row) -> EpochSummary {
    EpochSummary { raw_words, trained_words, loss, seconds }
}

pub fn reached_of((epoch, unit, epochs, current): ReachedRow) -> Reached {
    Reached {
        position: Position { epoch, unit },
        epochs: epochs.into_iter().map(from_row).collect(),
        current: from_row(current),
    }
}

fn row_of(reached: &Reached) -> ReachedRow {
    let Position { epoch, unit } = reached.position;
    (epoch, unit, reached.epochs.iter().map(to_row).collect(), to_row(&reached.current))
}

/// A folder of checkpoints, this process's alone until it is closed.
#[pyclass(frozen, name = "CheckpointFolder", module = "synvec._core")]
pub struct PyCheckpointFolder {
    folder: Mutex<Option<Folder>>,
    path: PathBuf,
    /// When the last one was written, or tried; at first, when the folder was opened.
    last: Mutex<Instant>,
}

impl PyCheckpointFolder {
    fn lock(&self) -> MutexGuard<'_, Option<Folder>> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Folder) -> Result<T>) -> Result<T> {
        match self.lock().as_mut() {
            Some(folder) => act(folder),
            None => Err(Error::config("checkpoint", "folder has been closed")),
        }
    }
}

#[pymethods]
impl PyCheckpointFolder {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let folder = run(py, |_| Folder::open(&path))?;
        Ok(Self { folder: Mutex::new(Some(folder)), path, last: Mutex::new(Instant::now()) })
    }

    /// Lets another process have the folder.
    fn close(&self) {
        *self.lock() = None;
    }

    /// How many checkpoints it holds, whole or not.
    fn count(&self) -> PyResult<usize> {
        Ok(self.with(|folder| folder.numbers())?.len())
    }

    /// The newest whole one: its data file, how far training had got, the state, and what is wrong
    /// with newer ones; None where there has never been one.
    fn newest(&self, py: Python<'_>) -> PyResult<Option<Found>> {
        let found = run(py, |observer| self.with(|folder| folder.newest(observer)))?;
        Ok(found.map(|it| (it.data, row_of(&it.reached), it.state, it.warnings)))
    }

    /// Keeps the ids of a corpus that cannot be read again; returns their checksum.
    fn save_ids(&self, py: Python<'_>, corpus: &Bound<'_, PyEncodedCorpus>) -> PyResult<u64> {
        let corpus = &corpus.get().corpus;
        run(py, |observer| {
            ids::save(&self.path, corpus, observer)?;
            Ok(corpus.checksum())
        })
    }

    /// The corpus that `save_ids` has kept.
    #[pyo3(signature = (checksum, sentences, raw_words, *, spool_bytes, spool_dir))]
    fn open_ids(
        &self,
        py: Python<'_>,
        checksum: u64,
        sentences: u64,
        raw_words: u64,
        spool_bytes: u64,
        spool_dir: Option<PathBuf>,
    ) -> PyResult<PyEncodedCorpus> {
        let spool = SpoolConfig { bytes: spool_bytes, folder: spool_dir };
        let corpus = run(py, |_| ids::open(&self.path, checksum, sentences, raw_words, &spool))?;
        Ok(PyEncodedCorpus { corpus })
    }
}

/// What one call into the core keeps, where, and how often.
#[pyclass(frozen, name = "Keeping", module = "synvec._core")]
pub struct PyKeeping {
    folder: Py<PyCheckpointFolder>,
    keys: Arc<KeyTable>,
    counts: Vec<u64>,
    model: String,
    state: String,
    every: Every,
    /// Called with a message when a checkpoint could not be written.
    warn: Py<PyAny>,
}

#[derive(Debug, Clone, Copy)]
enum Every {
    Interval(Duration),
    /// So many epochs, of all that there are, and of which some were done in earlier calls. Who
    /// trains keeps the end of the last one, when all that follows it is done.
    Epochs {
        epochs: u32,
        before: u32,
        total: u32,
    },
}

#[pymethods]
impl PyKeeping {
    #[new]
    #[pyo3(signature = (
        folder, keys, counts, *, model, state, warn, total_epochs, seconds = None,
        epochs = None, epochs_before = 0
    ))]
    #[allow(clippy::too_many_arguments)] // by keyword
    fn new(
        folder: Py<PyCheckpointFolder>,
        keys: &Bound<'_, PyKeyTable>,
        counts: numpy::PyReadonlyArray1<'_, u64>,
        model: String,
        state: String,
        warn: Py<PyAny>,
        total_epochs: u32,
        seconds: Option<f64>,
        epochs: Option<u32>,
        epochs_before: u32,
    ) -> PyResult<Self> {
        let every = match (seconds.map(Duration::try_from_secs_f64), epochs) {
            (Some(Ok(interval)), None) => Every::Interval(interval),
            (None, Some(epochs @ 1..)) => {
                Every::Epochs { epochs, before: epochs_before, total: total_epochs }
            }
            _ => {
                let message = "must be one of a time and a number of epochs from 1 on";
                return Err(Error::config("checkpoint_every", message).into());
            }
        };
        Ok(Self {
            folder,
            keys: Arc::clone(keys.borrow().table()),
            counts: counts.as_slice()?.to_vec(),
            model,
            state,
            every,
            warn,
        })
    }

    /// Keeps a model that is not being trained; a failure is an error.
    #[pyo3(signature = (
        config, reached, input_vectors, output_vectors = None, output_nodes = None, *, progress = None
    ))]
    #[allow(clippy::too_many_arguments)] // three matrices
    fn keep(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyTrainConfig>,
        reached: ReachedRow,
        input_vectors: &Bound<'_, PyMatrix>,
        output_vectors: Option<&Bound<'_, PyMatrix>>,
        output_nodes: Option<&Bound<'_, PyMatrix>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let mut input = input_vectors.get().lend()?;
        let mut output = output_vectors.map(|matrix| matrix.get().lend()).transpose()?;
        let mut nodes = output_nodes.map(|matrix| matrix.get().lend()).transpose()?;
        let weights = Weights {
            input_vectors: input.matrix(),
            output_vectors: output.as_mut().map(Loan::matrix),
            output_nodes: nodes.as_mut().map(Loan::matrix),
        };
        let (config, reached) = (&config.get().config, reached_of(reached));
        run_observed(py, PyObserver::new(progress), |observer| {
            self.write(config, &reached, &weights, observer)
        })
    }
}

impl PyKeeping {
    fn write(
        &self,
        config: &TrainConfig,
        reached: &Reached,
        weights: &Weights<'_>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let content = Content {
            keys: &self.keys,
            counts: &self.counts,
            model: &self.model,
            state: &self.state,
        };
        let folder = self.folder.get();
        let result = folder.with(|it| it.keep(&content, config, reached, weights, observer));
        *folder.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        result
    }
}

/// Keeps during one job. A full disk is no reason to throw away what is being trained: it is told,
/// and training goes on.
pub struct KeepingJob<'a> {
    pub keeping: &'a PyKeeping,
    pub config: &'a TrainConfig,
}

impl Keeper for KeepingJob<'_> {
    fn is_due(&self) -> bool {
        let last = *self.keeping.folder.get().last.lock().unwrap_or_else(PoisonError::into_inner);
        match self.keeping.every {
            Every::Interval(interval) => last.elapsed() >= interval,
            Every::Epochs { .. } => false,
        }
    }

    fn is_due_after(&self, done: u32) -> bool {
        match self.keeping.every {
            Every::Epochs { epochs, before, total } => {
                let done = before + done;
                done < total && done.is_multiple_of(epochs)
            }
            Every::Interval(_) => false,
        }
    }

    fn keep(
        &mut self,
        reached: &Reached,
        weights: &Weights<'_>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        match self.keeping.write(self.config, reached, weights, observer) {
            Err(Error::Io { path, source }) => {
                let message = format!(
                    "a checkpoint could not be written, the one before is whole and training goes \
                     on: {}: {source}",
                    path.display()
                );
                Python::attach(|py| self.keeping.warn.call1(py, (message,)).map(drop))
                    .map_err(|error| Error::Internal(error.to_string()))
            }
            result => result,
        }
    }
}
