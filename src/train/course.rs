//! The way through all epochs, in legs: workers train from one boundary to the next at which somebody
//! wants them to rest. While they rest the matrices are nobody's, and can be kept.

use std::time::Instant;

use crate::error::{Error, Result};
use crate::faults::{self, Place};
use crate::matrix::{HotRows, SharedMatrix, padded};
use crate::progress::{Observer, Report};
use crate::sampling::{AliasTable, SplitMix64, StreamKind, Subsampling};
use crate::simd::{self, Kernels};
use crate::vocab::huffman::HuffmanPaths;
use crate::workers;

use super::lanes::{self, Lanes};
use super::leg::{Flags, Tally};
use super::objective::{HotRoom, Objective, Scratch, Shared, Sources};
use super::position::{Keeper, Reached, diverged};
use super::schedule::Blocks;
use super::sharing::Sharing;
use super::window::KeptTokens;
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
    /// How `deterministic` training goes.
    lanes: Option<Lanes>,
    workers: usize,
    reached: Reached,
}

impl<'a> Course<'a> {
    /// A course that begins where the job was left.
    pub fn new(job: &'a Job<'a>, weights: &mut Weights<'_>) -> Result<Self> {
        let config = job.config;
        let blocks = Blocks::new(job.corpus, job.block_ids);
        let workers = config.workers.min(blocks.count().max(1) as usize);
        let paths = match config.hierarchical_softmax {
            true => HuffmanPaths::new(job.counts),
            false => HuffmanPaths::default(),
        };
        let course = Self {
            job,
            kernels: simd::kernels()?,
            subsampling: Subsampling::new(job.counts, config.sample),
            table: AliasTable::new(job.counts, config.ns_exponent),
            lanes: config.deterministic.then(|| Lanes::new(job, &paths)),
            paths,
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
            let ends_epoch = self.reached.position.unit >= self.units();
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
        let flags = Flags::new(from.unit, self.units().min(rest));
        let shared = self.shared(weights);
        let mut stopped = None;
        let poll = || {
            let wanted = observer.observe(self.report(Tally::sum(&tallies)));
            match (wanted, keeper) {
                (Ok(()), Some(keeper)) if keeper.is_due() => flags.pause(),
                (Err(error), Some(_)) if stopped.is_none() => {
                    flags.pause();
                    stopped = Some(error);
                }
                (wanted, _) => return wanted,
            }
            Ok(())
        };
        if let Some(lanes) = &self.lanes {
            let (subsampling, tally) = (&self.subsampling, &tallies[0]);
            let leg =
                lanes::Leg { job: self.job, subsampling, epoch: from.epoch, flags: &flags, tally };
            lanes.train(leg, shared, poll)?;
        } else {
            let pass = Pass { course: self, shared, flags: &flags };
            let work = |worker: usize| pass.work(&tallies[worker]);
            workers::run(self.workers, &flags.stop, work, poll)?;
        }
        let seconds = before.seconds + started.elapsed().as_secs_f64();
        let now = EpochSummary { seconds, ..Tally::sum(&tallies) };
        self.reached.current = now;
        self.reached.position.unit = flags.reached();
        Ok(stopped)
    }

    /// Into how many units the current epoch is cut.
    fn units(&self) -> u64 {
        match &self.lanes {
            Some(lanes) => lanes.rounds(self.job, self.reached.position.epoch).count() as u64,
            None => self.blocks.count(),
        }
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
        let (epoch, done) = (self.reached.position.epoch, &self.reached.epochs);
        let mut progress = self.job.progress(epoch, done, now);
        if let (0, Some(last)) = (now.raw_words, done.last()) {
            progress.loss = last.loss; // an epoch that ends is told with its own loss
        }
        Report::Train(progress)
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
        let mut room = HotRoom::new(&self.shared, sharing)?;
        let mut scratch = Scratch::new(&self.shared)?;
        let sources = Sources::hot(&self.shared, sharing, &mut room);
        let mut objective = Objective::new(self.shared, sources, &mut scratch);
        // What was done before counts as the first worker's, so that with one the losses are added
        // up in the same order wherever it rested.
        let mut done = tally.load();
        while let Some(block) = self.flags.take() {
            faults::pass(Place::Training);
            done.trained_words += self.train_block(block, &mut kept, &mut objective);
            done.raw_words += blocks.raw_words(block);
            done.loss += std::mem::take(&mut objective.loss);
            tally.store(&done);
        }
        objective.hand_in();
        Ok(())
    }

    /// Trains the centers of a block; returns how many there were.
    fn train_block<'a>(
        &self,
        block: u64,
        kept: &mut KeptTokens,
        objective: &mut Objective<'a, SharedMatrix<'a>, HotRows<'a>>,
    ) -> u64 {
        let Course { job, blocks, subsampling, reached, .. } = self.course;
        let (config, range) = (job.config, blocks.range(block));
        let epoch = reached.position.epoch;
        let stream = |kind, block| {
            SplitMix64::stream(config.seed, job.epochs_before.wrapping_add(epoch), kind, block)
        };
        let draws = stream(StreamKind::Subsampling, 0);
        let mut generator = stream(StreamKind::Windows, block);

        objective.alpha = job.alpha(epoch, blocks.raw_words_before(range.start));
        kept.fill(job.corpus.ids(), range, config.window, subsampling, &draws);
        let mut centers = 0;
        for place in kept.centers(config.window) {
            if centers % CENTERS_PER_CHECK == 0 && self.flags.is_stopped() {
                break;
            }
            centers += 1;
            objective.train(place.window(config, &mut generator), &mut generator);
        }
        objective.finish();
        centers as u64
    }
}
