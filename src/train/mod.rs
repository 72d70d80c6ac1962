//! Training: an encoded corpus turns two matrices into word vectors.
//!
//! Workers take blocks of ids one after another from a counter, gather the tokens that subsampling
//! keeps ([`window`]), and train each center with its contexts ([`objective`]) against its targets
//! ([`targets`], [`negatives`]) on rows they share without locks ([`crate::matrix`], [`sharing`]);
//! rows that the caller wants unchanged are the business of [`locks`]. A [`course`] is the way through
//! the epochs; between two blocks somebody may keep the weights ([`position`]), from where another
//! run goes on. [`score`] asks a trained model how likely sentences are.
//! Every random draw and learning rate is a function of the block ([`schedule`]), never of the
//! worker.

mod course;
pub mod lanes;
mod leg;
pub mod locks;
pub mod negatives;
pub mod objective;
pub mod position;
pub mod schedule;
pub mod score;
pub mod sharing;
pub mod targets;
pub mod window;

use crate::config::TrainConfig;
use crate::corpus::EncodedCorpus;
use crate::error::{Error, Result};
use crate::matrix::Matrix;
use crate::progress::{Observer, TrainProgress};
use crate::workers;

use course::Course;
use locks::Locks;
use position::{Keeper, Reached};
use schedule::{BLOCK_IDS, Schedule};

/// What one call trains on, and how.
#[derive(Debug)]
pub struct Job<'a> {
    /// Every hyper-parameter.
    pub config: &'a TrainConfig,
    /// The ids.
    pub corpus: &'a EncodedCorpus,
    /// Occurrences of each word, for negatives, the tree and subsampling.
    pub counts: &'a [u64],
    /// Rows that are locked in part or whole.
    pub locks: Option<Locks<'a>>,
    /// Epochs trained by earlier calls: they number the random streams.
    pub epochs_before: u32,
    /// The learning rate.
    pub schedule: Schedule,
    /// Ids in a block; [`BLOCK_IDS`] but for tests.
    pub block_ids: usize,
    /// Where an earlier run of this very job was left; its beginning by default.
    pub reached: Reached,
}

impl<'a> Job<'a> {
    /// A job over the whole corpus with the configuration's own learning rate.
    pub fn new(config: &'a TrainConfig, corpus: &'a EncodedCorpus, counts: &'a [u64]) -> Self {
        let schedule = Schedule {
            start_alpha: config.alpha,
            end_alpha: config.min_alpha,
            raw_words_before: 0,
            total_raw_words: corpus.raw_words * u64::from(config.epochs),
        };
        Self {
            config,
            corpus,
            counts,
            locks: None,
            epochs_before: 0,
            schedule,
            block_ids: BLOCK_IDS,
            reached: Reached::default(),
        }
    }

    /// The learning rate after some epochs of this call and some words of the next.
    ///
    /// Whole words are added up first, so that one call for all epochs and one for each agree.
    fn alpha(&self, epoch: u32, raw_words: f64) -> f32 {
        let passed = u64::from(epoch) * self.corpus.raw_words + self.schedule.raw_words_before;
        Schedule { raw_words_before: passed, ..self.schedule }.alpha(raw_words)
    }

    /// Where training stands after some epochs, and what an `epoch` has come to `now`.
    fn progress(&self, epoch: u32, earlier: &[EpochSummary], now: EpochSummary) -> TrainProgress {
        let raw_words = earlier.iter().map(|e| e.raw_words).sum::<u64>() + now.raw_words;
        TrainProgress {
            epoch,
            epochs: self.config.epochs,
            raw_words,
            total_raw_words: self.corpus.raw_words * u64::from(self.config.epochs),
            trained_words: earlier.iter().map(|e| e.trained_words).sum::<u64>() + now.trained_words,
            alpha: self.schedule.alpha(raw_words as f64),
            loss: now.loss,
        }
    }

    fn check(&self, weights: &Weights<'_>) -> Result<()> {
        self.config.validate()?;
        let shape = (self.counts.len(), self.config.vector_size);
        let fits = |matrix: &Matrix| (matrix.rows(), matrix.columns()) == shape;
        let present = (weights.output_vectors.is_some(), weights.output_nodes.is_some());
        let needed = (self.config.negative > 0, self.config.hierarchical_softmax);
        let outputs = [&weights.output_vectors, &weights.output_nodes];
        if present != needed
            || !outputs.into_iter().flatten().all(|m| fits(m))
            || !fits(weights.input_vectors)
        {
            return Err(Error::config(
                "vector_size",
                format!("and the vocabulary call for matrices of {shape:?}, one for each loss"),
            ));
        }
        let words = self.counts.len() as u32;
        let foreign = |id: &&crate::vocab::WordId| {
            id.0 >= words && **id != crate::vocab::WordId::SENTENCE_END
        };
        match self.corpus.ids().iter().find(foreign) {
            Some(id) => Err(Error::config(
                "corpus",
                format!("holds id {} but the vocabulary has {words} words", id.0),
            )),
            None => Ok(()),
        }
    }
}

/// The matrices of a model.
#[derive(Debug)]
pub struct Weights<'a> {
    /// syn0.
    pub input_vectors: &'a mut Matrix,
    /// syn1neg, exactly when negative sampling is trained.
    pub output_vectors: Option<&'a mut Matrix>,
    /// syn1, exactly when hierarchical softmax is trained.
    pub output_nodes: Option<&'a mut Matrix>,
}

impl Weights<'_> {
    /// The matrices that there are, with the names of what they hold.
    pub fn matrices(&self) -> impl Iterator<Item = (&'static str, &Matrix)> {
        let outputs = [
            ("output_vectors", self.output_vectors.as_deref()),
            ("output_nodes", self.output_nodes.as_deref()),
        ];
        let outputs = outputs.into_iter().filter_map(|(name, matrix)| Some((name, matrix?)));
        std::iter::once(("vectors", &*self.input_vectors)).chain(outputs)
    }

    /// A row that holds NaN or infinity, and which matrix's it is.
    pub fn nonfinite(&self) -> Option<(&'static str, usize)> {
        self.matrices().find_map(|(name, matrix)| Some((name, matrix.nonfinite_row()?)))
    }

    fn pad(&mut self) {
        self.input_vectors.pad_rows();
        for matrix in [&mut self.output_vectors, &mut self.output_nodes].into_iter().flatten() {
            matrix.pad_rows();
        }
    }

    fn compact(&mut self) {
        self.input_vectors.compact_rows();
        for matrix in [&mut self.output_vectors, &mut self.output_nodes].into_iter().flatten() {
            matrix.compact_rows();
        }
    }
}

/// What came of an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EpochSummary {
    /// Raw words passed.
    pub raw_words: u64,
    /// Words that subsampling kept.
    pub trained_words: u64,
    /// Summed loss; 0 unless `compute_loss`.
    pub loss: f64,
    /// Wall time.
    pub seconds: f64,
}

/// Trains all epochs. When the observer stops it, the error comes with the weights as far as they
/// got; they are dense again whatever happens.
pub fn train(
    job: &Job<'_>,
    weights: &mut Weights<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<EpochSummary>> {
    train_keeping(job, weights, None, observer)
}

/// As [`train`], with somebody who keeps the weights at boundaries. An observer that stops the job
/// then stops it at the next boundary, and the weights are kept once more; only if it says so again
/// does the job end where it is.
pub fn train_keeping(
    job: &Job<'_>,
    weights: &mut Weights<'_>,
    keeper: Option<&mut dyn Keeper>,
    observer: &mut dyn Observer,
) -> Result<Vec<EpochSummary>> {
    job.check(weights)?;
    let result = workers::caught(|| Course::new(job, weights)?.run(weights, keeper, observer));
    weights.compact();
    result
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod resuming_tests;
