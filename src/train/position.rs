//! How far training has got, and who keeps it.
//!
//! Between two units (blocks of ids, see [`super::schedule`]) nothing is under way: with what
//! [`Reached`] says and the matrices, training goes on as if it had never stopped. With one worker
//! that holds bit for bit.

use crate::config::TrainConfig;
use crate::error::{Error, Result};
use crate::progress::Observer;

use super::{EpochSummary, Weights};

/// A boundary between two units of work: everything before it is done, nothing behind it begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Epochs of this job that are done.
    pub epoch: u32,
    /// Units of the current epoch that are done.
    pub unit: u64,
}

/// How far a job has got.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reached {
    /// The boundary.
    pub position: Position,
    /// What came of each epoch that is done.
    pub epochs: Vec<EpochSummary>,
    /// What came of the current one so far.
    pub current: EpochSummary,
}

impl Reached {
    /// The current epoch is done, and the next begins.
    pub fn end_epoch(&mut self) {
        self.position = Position { epoch: self.position.epoch + 1, unit: 0 };
        self.epochs.push(std::mem::take(&mut self.current));
    }
}

/// Who keeps what training has come to: asked on the calling thread, while workers train or rest.
pub trait Keeper {
    /// Whether the workers should pause at their next boundary; asked about five times a second.
    fn is_due(&self) -> bool;

    /// Whether to keep at the end of an epoch, after so many.
    fn is_due_after(&self, epochs: u32) -> bool;

    /// The unit before which the workers rest at the latest, of those behind a position.
    fn rest_before(&self, _: Position) -> u64 {
        u64::MAX
    }

    /// Keeps the weights, which nobody changes meanwhile. An error ends training.
    fn keep(
        &mut self,
        reached: &Reached,
        weights: &Weights<'_>,
        observer: &mut dyn Observer,
    ) -> Result<()>;
}

/// The error that a row has become NaN or infinite, and when that was seen.
pub fn diverged(name: &str, row: usize, config: &TrainConfig, reached: &Reached) -> Error {
    let Position { epoch, unit } = reached.position;
    let place = match unit {
        0 => format!("after epoch {epoch} of {}", config.epochs),
        unit => format!("in epoch {} of {}, before block {unit}", epoch + 1, config.epochs),
    };
    Error::Diverged(format!(
        "row {row} of {name} is NaN or infinite {place}; try a lower alpha than {}",
        config.alpha
    ))
}
