//! Training: an encoded corpus turns two matrices into word vectors.
//!
//! Workers take blocks of ids one after another from a counter, gather the tokens that subsampling
//! keeps ([`window`]), and train each center with its contexts ([`objective`]) against its targets
//! ([`targets`], [`negatives`]) on rows they share without locks ([`crate::matrix`], [`sharing`]);
//! rows that the caller wants unchanged are the business of [`locks`]. [`score`] asks a trained model
//! how likely sentences are.
//! Every random draw and learning rate is a function of the block ([`schedule`]), never of the
//! worker.

pub mod lanes;
pub mod locks;
pub mod negatives;
pub mod objective;
pub mod schedule;
pub mod score;
pub mod sharing;
pub mod targets;
pub mod window;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::config::TrainConfig;
use crate::corpus::EncodedCorpus;
use crate::error::{Error, Result};
use crate::matrix::{HotRows, Matrix, SharedMatrix};
use crate::progress::{Observer, Report, TrainProgress};
use crate::sampling::{AliasTable, SplitMix64, StreamKind, Subsampling};
use crate::simd;
use crate::vocab::huffman::HuffmanPaths;
use crate::workers;

use locks::Locks;
use objective::{HotRoom, Objective, Scratch, Shared, Sources};
use schedule::{BLOCK_IDS, Blocks, Schedule};
use sharing::Sharing;
use window::KeptTokens;

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
        }
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
    job.check(weights)?;
    let result = workers::caught(|| train_epochs(job, weights, observer));
    weights.compact();
    result
}

fn train_epochs(
    job: &Job<'_>,
    weights: &mut Weights<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<EpochSummary>> {
    let config = job.config;
    let kernels = simd::kernels()?;
    let subsampling = Subsampling::new(job.counts, config.sample);
    let table = AliasTable::new(job.counts, config.ns_exponent);
    let paths = match config.hierarchical_softmax {
        true => HuffmanPaths::new(job.counts),
        false => HuffmanPaths::default(),
    };
    let shared = Shared {
        config,
        kernels: &kernels,
        input_vectors: weights.input_vectors.share(),
        negatives: weights.output_vectors.as_mut().map(|matrix| (matrix.share(), &table)),
        tree: weights.output_nodes.as_mut().map(|matrix| (matrix.share(), &paths)),
        locks: job.locks,
    };
    if config.deterministic {
        let from = lanes::Position::default();
        return lanes::train(job, shared, &subsampling, from, &|_| Ok(()), observer);
    }
    let blocks = Blocks::new(job.corpus, job.block_ids);
    let workers = config.workers.min(blocks.count().max(1) as usize);
    let sharing = Sharing::new(job.counts, shared.input_vectors.stride(), workers);
    let mut summaries = Vec::new();
    for epoch in 0..config.epochs {
        let (subsampling, sharing) = (&subsampling, &sharing);
        let pass = Pass { job, shared, subsampling, sharing, workers, epoch, blocks };
        summaries.push(pass.run(&summaries, observer)?);
    }
    Ok(summaries)
}

/// One pass over the corpus.
struct Pass<'a> {
    job: &'a Job<'a>,
    shared: Shared<'a>,
    subsampling: &'a Subsampling,
    sharing: &'a Sharing,
    workers: usize,
    epoch: u32,
    blocks: Blocks,
}

/// What one worker has done, on a cache line of its own; only that worker writes it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Tally {
    raw_words: AtomicU64,
    trained_words: AtomicU64,
    /// The bits of an f64.
    loss: AtomicU64,
}

impl Tally {
    fn store(&self, summary: &EpochSummary) {
        self.raw_words.store(summary.raw_words, Ordering::Relaxed);
        self.trained_words.store(summary.trained_words, Ordering::Relaxed);
        self.loss.store(summary.loss.to_bits(), Ordering::Relaxed);
    }

    fn sum(tallies: &[Self]) -> EpochSummary {
        let mut sum = EpochSummary::default();
        for tally in tallies {
            sum.raw_words += tally.raw_words.load(Ordering::Relaxed);
            sum.trained_words += tally.trained_words.load(Ordering::Relaxed);
            sum.loss += f64::from_bits(tally.loss.load(Ordering::Relaxed));
        }
        sum
    }
}

/// Centers between two looks at the stop flag: a fraction of a second even for huge windows.
const CENTERS_PER_CHECK: usize = 64;

impl Pass<'_> {
    fn run(&self, earlier: &[EpochSummary], observer: &mut dyn Observer) -> Result<EpochSummary> {
        let started = Instant::now();
        let tallies: Vec<Tally> = (0..self.workers).map(|_| Tally::default()).collect();
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let work = |worker: usize| self.work(&next, &stop, &tallies[worker]);
        workers::run(self.workers, &stop, work, || {
            let now = Tally::sum(&tallies);
            observer.observe(Report::Train(self.job.progress(self.epoch, earlier, now)))
        })?;
        let summary =
            EpochSummary { seconds: started.elapsed().as_secs_f64(), ..Tally::sum(&tallies) };
        let progress = self.job.progress(self.epoch, earlier, summary);
        observer.observe(Report::Train(TrainProgress { epoch: self.epoch + 1, ..progress }))?;
        Ok(summary)
    }

    /// One worker: blocks until none is left.
    fn work(&self, next: &AtomicU64, stop: &AtomicBool, tally: &Tally) -> Result<()> {
        let mut kept = KeptTokens::default();
        let mut room = HotRoom::new(&self.shared, self.sharing)?;
        let mut scratch = Scratch::new(&self.shared)?;
        let sources = Sources::hot(&self.shared, self.sharing, &mut room);
        let mut objective = Objective::new(self.shared, sources, &mut scratch);
        let mut done = EpochSummary::default();
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= self.blocks.count() || stop.load(Ordering::Relaxed) {
                objective.hand_in();
                return Ok(());
            }
            done.trained_words += self.train_block(block, &mut kept, &mut objective, stop);
            done.raw_words += self.blocks.raw_words(block);
            done.loss += std::mem::take(&mut objective.loss);
            tally.store(&done);
        }
    }

    /// Trains the centers of a block; returns how many there were.
    fn train_block<'a>(
        &self,
        block: u64,
        kept: &mut KeptTokens,
        objective: &mut Objective<'a, SharedMatrix<'a>, HotRows<'a>>,
        stop: &AtomicBool,
    ) -> u64 {
        let (config, range) = (self.job.config, self.blocks.range(block));
        let epoch = self.job.epochs_before.wrapping_add(self.epoch);
        let stream = |kind, block| SplitMix64::stream(config.seed, epoch, kind, block);
        let subsampling = stream(StreamKind::Subsampling, 0);
        let mut generator = stream(StreamKind::Windows, block);

        let passes = f64::from(self.epoch) * self.job.corpus.raw_words as f64;
        objective.alpha =
            self.job.schedule.alpha(passes + self.blocks.raw_words_before(range.start));
        kept.fill(self.job.corpus.ids(), range, config.window, self.subsampling, &subsampling);
        let mut centers = 0;
        for place in kept.centers(config.window) {
            if centers % CENTERS_PER_CHECK == 0 && stop.load(Ordering::Relaxed) {
                break;
            }
            centers += 1;
            objective.train(place.window(config, &mut generator), &mut generator);
        }
        objective.finish();
        centers as u64
    }
}

#[cfg(test)]
mod tests;
