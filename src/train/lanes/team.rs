//! Workers pass over the corpus together, round by round.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::Result;
use crate::faults::{self, Place};
use crate::sampling::{SplitMix64, StreamKind};
use crate::workers;

use super::super::objective::Sources;
use super::barrier::{Barrier, Broken};
use super::lane::{Lane, Task};
use super::merge::{Copied, Merge};
use super::rounds::Rounds;
use super::rows::Side;
use super::{LANES, Leg};

/// Rows that a worker merges before it asks for more.
const MERGED_AT_ONCE: usize = 64;

/// All lanes, and what they have in common.
pub struct Team<'t, 'a> {
    leg: Leg<'t>,
    rounds: Rounds,
    sides: &'t Sources<Side<'a>, Side<'a>>,
    lanes: Vec<RwLock<Lane<'a>>>,
    workers: usize,
    barrier: Barrier,
    /// For each lane the phase in which a worker took it last.
    taken: [AtomicU32; LANES],
    /// Rows to merge that workers have taken.
    merged: AtomicUsize,
    /// Set between rounds alone, so that all workers see the same.
    is_over: AtomicBool,
}

/// Lets the others go if a worker ends before its time, by an error or a panic.
struct Leaving<'b>(&'b Barrier);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.break_up();
    }
}

impl<'t, 'a> Team<'t, 'a> {
    /// A team that has trained nothing yet.
    pub fn new(
        leg: Leg<'t>,
        rounds: Rounds,
        sides: &'t Sources<Side<'a>, Side<'a>>,
        lanes: Vec<RwLock<Lane<'a>>>,
    ) -> Self {
        let workers = leg.job.config.workers.min(LANES);
        Self {
            leg,
            rounds,
            sides,
            lanes,
            workers,
            barrier: Barrier::new(workers),
            taken: Default::default(),
            merged: AtomicUsize::new(0),
            is_over: AtomicBool::new(leg.flags.is_over()),
        }
    }

    /// Trains the leg, while the calling thread polls.
    pub fn train(&self, poll: impl FnMut() -> Result<()>) -> Result<()> {
        let (flags, first) = (self.leg.flags, self.leg.flags.reached());
        let work = |worker| self.work(worker * LANES / self.workers, first as usize);
        workers::run(self.workers, &flags.stop, work, poll).map(drop)
    }

    /// One worker: rounds from the `next` one on, and in each of them the lanes from `first` on.
    fn work(&self, first: usize, mut next: usize) -> Result<()> {
        let leaving = Leaving(&self.barrier);
        let mut copied = Default::default();
        while !self.is_over.load(Ordering::Relaxed) {
            if self.round(next, first, &mut copied)? == Err(Broken) {
                return Ok(()); // whoever broke it says why
            }
            next += 1;
        }
        std::mem::forget(leaving);
        Ok(())
    }

    fn round(
        &self,
        round: usize,
        first: usize,
        copied: &mut [Copied<'a>; 2],
    ) -> Result<Result<(), Broken>> {
        let number = round as u32 + 1; // 0 is for what was never claimed or taken
        let passed = self.rounds.share_before(round) * self.leg.job.corpus.raw_words as f64;
        let alpha = self.leg.job.alpha(self.leg.epoch, passed);

        for lane in self.lanes(first, 2 * number) {
            self.lane(lane).claim(&self.task(round, number, lane));
        }
        if self.barrier.wait(|| {}).is_err() {
            return Ok(Err(Broken));
        }
        for lane in self.lanes(first, 2 * number + 1) {
            faults::pass(Place::Training);
            self.lane(lane).train(alpha)?;
        }
        if self.barrier.wait(|| {}).is_err() {
            return Ok(Err(Broken));
        }
        self.merge(alpha, copied);
        Ok(self.barrier.wait(|| self.finish(round)))
    }

    /// The lanes that nobody has taken in this phase, beginning with a worker's own: what it did in
    /// the phase before is still in its core's cache.
    fn lanes(&self, first: usize, phase: u32) -> impl Iterator<Item = usize> {
        let is_free = move |&lane: &usize| self.taken[lane].swap(phase, Ordering::Relaxed) != phase;
        (first..LANES).chain(0..first).filter(is_free)
    }

    fn lane(&self, lane: usize) -> RwLockWriteGuard<'_, Lane<'a>> {
        self.lanes[lane].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_lanes(&self) -> Vec<RwLockReadGuard<'_, Lane<'a>>> {
        let lanes = self.lanes.iter();
        lanes.map(|lane| lane.read().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn task(&self, round: usize, number: u32, lane: usize) -> Task<'_> {
        let Leg { job, epoch, .. } = self.leg;
        let epoch = job.epochs_before.wrapping_add(epoch);
        let stream = |kind, block| SplitMix64::stream(job.config.seed, epoch, kind, block);
        Task {
            round: number,
            ids: job.corpus.ids(),
            range: self.rounds.range(round, lane),
            subsampling: self.leg.subsampling,
            kept: stream(StreamKind::Subsampling, 0),
            windows: stream(StreamKind::Windows, (round * LANES + lane) as u64),
        }
    }

    fn merge(&self, alpha: f32, copied: &mut [Copied<'a>; 2]) {
        let lanes = self.all_lanes();
        let merge = Merge::new(self.sides, &lanes, alpha);
        loop {
            let begin = self.merged.fetch_add(MERGED_AT_ONCE, Ordering::Relaxed);
            if begin >= merge.len() {
                return;
            }
            merge.merge(begin..merge.len().min(begin + MERGED_AT_ONCE), copied);
        }
    }

    /// Ends a round, while all workers wait.
    fn finish(&self, round: usize) {
        self.sides.each().for_each(|side| side.claims.clear());
        self.merged.store(0, Ordering::Relaxed);
        let Leg { job, flags, tally, .. } = self.leg;
        let mut done = tally.load();
        let raw_words = self.rounds.share_before(round + 1) * job.corpus.raw_words as f64;
        done.raw_words = raw_words.round() as u64;
        for lane in self.all_lanes() {
            done.trained_words += lane.centers;
            done.loss += lane.loss;
        }
        tally.store(&done);
        flags.advance();
        self.is_over.store(flags.is_over(), Ordering::Relaxed);
    }
}
