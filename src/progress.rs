//! How a long job tells its caller where it stands, and how the caller stops it.

use std::time::Duration;

use crate::error::Result;

/// How often the calling thread looks up from a job: often enough for Ctrl-C to feel instant.
pub const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Where the one pass over the corpus stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScanProgress {
    /// Bytes read so far; 0 for sentences handed over by the caller.
    pub bytes: u64,
    /// Bytes in all, when known.
    pub total_bytes: Option<u64>,
    /// Tokens seen so far.
    pub words: u64,
    /// Sentences seen so far.
    pub sentences: u64,
}

/// Where training stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TrainProgress {
    /// Epochs completed.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// Raw words passed so far, over all epochs (those pruned by `min_count` included).
    pub raw_words: u64,
    /// Raw words to pass in all.
    pub total_raw_words: u64,
    /// Words trained so far: what subsampling kept.
    pub trained_words: u64,
    /// The learning rate now.
    pub alpha: f32,
    /// Summed loss of the current epoch; 0 when it is not computed.
    pub loss: f64,
}

/// Where the reading or writing of one file stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FileProgress {
    /// Bytes read or written so far, after unfolding or before compressing.
    pub bytes: u64,
    /// Bytes in all, when known.
    pub total_bytes: Option<u64>,
}

/// What an observer is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Report {
    /// The corpus is being read.
    Scan(ScanProgress),
    /// The model is being trained.
    Train(TrainProgress),
    /// A file is being read or written.
    File(FileProgress),
    /// Training rests while it is kept.
    Checkpoint(FileProgress),
}

/// The caller's end of a long job, called on the calling thread about every [`POLL_INTERVAL`].
pub trait Observer {
    /// Takes note of a report; an error (usually [`crate::Error::Stopped`]) ends the job.
    fn observe(&mut self, report: Report) -> Result<()>;
}

/// An observer that never stops anything.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&mut self, _: Report) -> Result<()> {
        Ok(())
    }
}
