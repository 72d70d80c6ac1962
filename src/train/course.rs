//! The way through all epochs, in legs: workers train from one boundary to the next at which somebody
//! wants them to rest. While they rest the matrices are nobody's, and can be kept.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::matrix::padded;
use crate::progress::{Observer, Report, TrainProgress};
use crate::sampling::{AliasTable, SplitMix64, StreamKind, Subsampling};
use crate::simd::{self, Kernels};
use crate::vocab::huffman::HuffmanPaths;
use crate::workers;

use super::objective::{Objective, PrivateRows, Shared, Window};
use super::position::{Keeper, Reached, diverged};
use super::schedule::{Blocks, Schedule};
use super::sharing::Sharing;
use super::window::{KeptTokens, contexts};
use super::{EpochSummary, Job, Weights};

/// What does not change on the way, and how far it has been gone.
pub struct Course<'a> {
    job: &'a Job<'a>,
    kernels: Kernels,
    subsampling: Subsampling,
    table: AliasTable,
    paths: HuffmanPaths,
    sharing: Sharing,
    blocks: Blocks,
    workers: usize,
    reached: Reached,
}

impl<'a> Course<'a> {
    /// A course that begins where the job was left.
    pub fn new(job: &'a Job<'a>, weights: &mut Weights<'_>) -> Result<Self> {
        let config = job.config;
        let blocks = Blocks::new(job.corpus, job.block_ids);
        let workers = config.workers.min(blocks.count().max(1) as usize);
        let course = Self {
            job,
            kernels: simd::kernels()?,
            subsampling: Subsampling::new(job.counts, config.sample),
            table: AliasTable::new(job.counts, config.ns_exponent),
            paths: match config.hierarchical_softmax {
                true => HuffmanPaths::new(job.counts),
                false => HuffmanPaths::default(),
            },
            sharing: Sharing::new(job.counts, padded(config.vector_size), workers),
            blocks,
            workers,
            reached: job.reached.clone(),
        };
        weights.pad();
        Ok(course)
    }

    /// Goes to the end, or as far as the observer lets it.
    pub fn run(
        mut self,
        weights: &mut Weights<'_>,
        mut keeper: Option<&mut dyn Keeper>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<EpochSummary>> {
        while self.reached.position.epoch < self.job.config.epochs {
            let mut stopped = self.leg(weights, keeper.as_deref(), observer)?;
            let ends_epoch = self.reached.position.unit >= self.blocks.count();
            if ends_epoch {
                self.reached.end_epoch();
                self.check(weights)?;
                if stopped.is_none() {
                    stopped = observer.observe(self.report(EpochSummary::default())).err();
                }
            }
            if let Some(keeper) = keeper.as_deref_mut() {
                let epochs = self.reached.position.epoch;
                let is_due = keeper.is_due() || (ends_epoch && keeper.is_due_after(epochs));
                if is_due || stopped.is_some() {
                    keeper.keep(&self.reached, weights, observer)?;
                }
            }
            if let Some(stopped) = stopped {
                return Err(stopped);
            }
        }
        Ok(self.reached.epochs)
    }

    /// Trains until the epoch ends, the keeper is due, or the observer stops it; what it said then.
    fn leg(
        &mut self,
        weights: &mut Weights<'_>,
        keeper: Option<&dyn Keeper>,
        observer: &mut dyn Observer,
    ) -> Result<Option<Error>> {
        let started = Instant::now();
        let before = self.reached.current;
        let tallies: Vec<Tally> = (0..self.workers).map(|_| Tally::default()).collect();
        tallies[0].store(&before);
        let from = self.reached.position;
        let rest = keeper.map_or(u64::MAX, |keeper| keeper.rest_before(from));
        let flags = Flags::new(from.unit, self.blocks.count().min(rest));
        let pass = Pass { course: self, shared: self.shared(weights), flags: &flags };
        let mut stopped = None;
        let work = |worker: usize| pass.work(&tallies[worker]);
        workers::run(self.workers, &flags.stop, work, || {
            let now = Tally::sum(&tallies);
            let wanted = observer.observe(self.report(now));
            match (wanted, keeper) {
                (Ok(()), Some(keeper)) if keeper.is_due() => flags.pause(),
                (Err(error), Some(_)) if stopped.is_none() => {
                    flags.pause();
                    stopped = Some(error);
                }
                (wanted, _) => return wanted,
            }
            Ok(())
        })?;
        let seconds = before.seconds + started.elapsed().as_secs_f64();
        let now = EpochSummary { seconds, ..Tally::sum(&tallies) };
        self.reached.current = now;
        self.reached.position.unit = flags.next.into_inner().min(flags.end);
        Ok(stopped)
    }

    fn shared<'b>(&'b self, weights: &'b mut Weights<'_>) -> Shared<'b> {
        Shared {
            config: self.job.config,
            kernels: &self.kernels,
            input_vectors: weights.input_vectors.share(),
            negatives: weights.output_vectors.as_mut().map(|matrix| (matrix.share(), &self.table)),
            tree: weights.output_nodes.as_mut().map(|matrix| (matrix.share(), &self.paths)),
            locks: self.job.locks,
        }
    }

    fn report(&self, now: EpochSummary) -> Report {
        let (job, done) = (self.job, &self.reached.epochs);
        let raw_words = done.iter().map(|e| e.raw_words).sum::<u64>() + now.raw_words;
        Report::Train(TrainProgress {
            epoch: self.reached.position.epoch,
            epochs: job.config.epochs,
            raw_words,
            total_raw_words: job.corpus.raw_words * u64::from(job.config.epochs),
            trained_words: done.iter().map(|e| e.trained_words).sum::<u64>() + now.trained_words,
            alpha: job.schedule.alpha(raw_words as f64),
            loss: match (now.raw_words, done.last()) {
                (0, Some(last)) => last.loss, // an epoch that ends is told with its own loss
                _ => now.loss,
            },
        })
    }

    /// Nothing that was trained on NaN is worth training on. (The loss does not show it: the kernels
    /// bound every score.)
    fn check(&self, weights: &Weights<'_>) -> Result<()> {
        match weights.nonfinite() {
            Some((name, row)) => Err(diverged(name, row, self.job.config, &self.reached)),
            None => Ok(()),
        }
    }
}

/// Which block comes next, and whether to go on.
struct Flags {
    next: AtomicU64,
    /// The block that the leg ends before.
    end: u64,
    /// Rest at the next boundary.
    pause: AtomicBool,
    /// Leave everything as it is.
    stop: AtomicBool,
}

impl Flags {
    fn new(next: u64, end: u64) -> Self {
        let [pause, stop] = [false; 2].map(AtomicBool::new);
        Self { next: AtomicU64::new(next), end, pause, stop }
    }

    fn pause(&self) {
        self.pause.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A block for whoever asks. One that is taken is trained, so that all before the next are done.
    fn take(&self) -> Option<u64> {
        if self.pause.load(Ordering::Relaxed) || self.is_stopped() {
            return None;
        }
        Some(self.next.fetch_add(1, Ordering::Relaxed)).filter(|&block| block < self.end)
    }
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

    fn load(&self) -> EpochSummary {
        EpochSummary {
            raw_words: self.raw_words.load(Ordering::Relaxed),
            trained_words: self.trained_words.load(Ordering::Relaxed),
            loss: f64::from_bits(self.loss.load(Ordering::Relaxed)),
            seconds: 0.0,
        }
    }

    fn sum(tallies: &[Self]) -> EpochSummary {
        tallies.iter().map(Self::load).fold(EpochSummary::default(), |sum, one| EpochSummary {
            raw_words: sum.raw_words + one.raw_words,
            trained_words: sum.trained_words + one.trained_words,
            loss: sum.loss + one.loss,
            seconds: 0.0,
        })
    }
}

/// Centers between two looks at the stop flag: a fraction of a second even for huge windows.
const CENTERS_PER_CHECK: usize = 64;

/// A leg as its workers see it.
struct Pass<'a> {
    course: &'a Course<'a>,
    shared: Shared<'a>,
    flags: &'a Flags,
}

impl Pass<'_> {
    /// One worker: blocks until none is left, or until it should rest.
    fn work(&self, tally: &Tally) -> Result<()> {
        let (blocks, sharing) = (&self.course.blocks, &self.course.sharing);
        let mut kept = KeptTokens::default();
        let mut rows = PrivateRows::new(&self.shared, sharing)?;
        let mut objective = Objective::new(self.shared, sharing, &mut rows);
        // What was done before counts as the first worker's, so that with one the losses are added
        // up in the same order wherever it rested.
        let mut done = tally.load();
        while let Some(block) = self.flags.take() {
            done.trained_words += self.train_block(block, &mut kept, &mut objective);
            done.raw_words += blocks.raw_words(block);
            done.loss += std::mem::take(&mut objective.loss);
            tally.store(&done);
        }
        objective.hand_in();
        Ok(())
    }

    /// Trains the centers of a block; returns how many there were.
    fn train_block(&self, block: u64, kept: &mut KeptTokens, objective: &mut Objective<'_>) -> u64 {
        let Course { job, blocks, subsampling, reached, .. } = self.course;
        let (config, range) = (job.config, blocks.range(block));
        let epoch = reached.position.epoch;
        let stream = |kind, block| {
            SplitMix64::stream(config.seed, job.epochs_before.wrapping_add(epoch), kind, block)
        };
        let draws = stream(StreamKind::Subsampling, 0);
        let mut generator = stream(StreamKind::Windows, block);

        // Whole words are added up first, so that one call for all epochs and one for each agree.
        let passed = u64::from(epoch) * job.corpus.raw_words + job.schedule.raw_words_before;
        objective.alpha = Schedule { raw_words_before: passed, ..job.schedule }
            .alpha(blocks.raw_words_before(range.start));
        kept.fill(job.corpus.ids(), range, config.window, subsampling, &draws);
        let mut centers = 0;
        for (sentence, center, arriving) in kept.centers(config.window) {
            if centers % CENTERS_PER_CHECK == 0 && self.flags.is_stopped() {
                break;
            }
            centers += 1;
            let window = match config.shrink_windows {
                true => 1 + generator.below(config.window as u32) as usize,
                false => config.window,
            };
            let contexts = contexts(sentence, center, window);
            objective
                .train(Window { center: sentence[center], contexts, arriving }, &mut generator);
        }
        objective.finish();
        centers as u64
    }
}
