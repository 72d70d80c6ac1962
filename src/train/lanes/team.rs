//! Workers pass over the corpus together, round by round.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::progress::{Observer, Report, TrainProgress};
use crate::sampling::{SplitMix64, StreamKind, Subsampling};
use crate::workers;

use super::super::objective::Sources;
use super::super::{EpochSummary, Job, Tally};
use super::barrier::{Barrier, Broken};
use super::lane::{Lane, Task};
use super::merge::{Copied, Merge};
use super::rounds::Rounds;
use super::rows::Side;
use super::{Edge, LANES, Position};

/// Rows that a worker merges before it asks for more.
const MERGED_AT_ONCE: usize = 64;

/// All lanes, and what they have in common.
pub struct Team<'t, 'a> {
    pub job: &'t Job<'t>,
    pub subsampling: &'t Subsampling,
    pub sides: &'t Sources<Side<'a>, Side<'a>>,
    pub lanes: Vec<RwLock<Lane<'a>>>,
    /// How far training has come.
    pub position: &'t Mutex<Position>,
    pub edge: Edge<'t>,
}

impl<'a> Team<'_, 'a> {
    /// Trains what is left of an epoch, before which there were so many rounds.
    pub fn pass(
        &self,
        epoch: u32,
        rounds: &Rounds,
        rounds_before: u32,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let started = Instant::now();
        let Position { finished, rounds: first, summary } = locked(self.position).clone();
        if finished.len() > epoch as usize {
            return Ok(());
        }
        let workers = self.job.config.workers.min(LANES);
        let number = self.job.epochs_before.wrapping_add(epoch);
        let stream = |kind, block| SplitMix64::stream(self.job.config.seed, number, kind, block);
        let pass = Pass {
            team: self,
            epoch,
            rounds,
            rounds_before,
            kept: stream(StreamKind::Subsampling, 0),
            windows: &|block| stream(StreamKind::Windows, block),
            barrier: Barrier::new(workers),
            taken: Default::default(),
            merged: AtomicUsize::new(0),
            tally: Tally::default(),
            stop: AtomicBool::new(false),
            is_over: AtomicBool::new(first >= rounds.count()),
            failure: Mutex::new(None),
        };
        pass.tally.store(&summary);
        let now = || Tally::sum(std::slice::from_ref(&pass.tally));
        let work = |worker| pass.work(worker * LANES / workers, first);
        workers::run(workers, &pass.stop, work, || {
            observer.observe(Report::Train(self.job.progress(epoch, &finished, now())))
        })?;
        if let Some(error) = locked(&pass.failure).take() {
            return Err(error);
        }
        let summary = EpochSummary { seconds: started.elapsed().as_secs_f64(), ..now() };
        let progress = self.job.progress(epoch, &finished, summary);
        let mut position = locked(self.position);
        position.finished.push(summary);
        (position.rounds, position.summary) = (0, EpochSummary::default());
        drop(position);
        observer.observe(Report::Train(TrainProgress { epoch: epoch + 1, ..progress }))
    }
}

/// What a panicking thread left is consistent, or nobody will look at it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An epoch under way.
struct Pass<'p, 't, 'a> {
    team: &'p Team<'t, 'a>,
    epoch: u32,
    rounds: &'p Rounds,
    rounds_before: u32,
    kept: SplitMix64,
    windows: &'p (dyn Fn(u64) -> SplitMix64 + Sync),
    barrier: Barrier,
    /// For each lane the phase in which a worker took it last.
    taken: [AtomicU32; LANES],
    /// Rows to merge that workers have taken.
    merged: AtomicUsize,
    tally: Tally,
    /// Looked at between rounds alone, so that all workers see the same.
    stop: AtomicBool,
    is_over: AtomicBool,
    /// What the edge failed with.
    failure: Mutex<Option<Error>>,
}

/// Lets the others go if a worker ends before its time, by an error or a panic.
struct Leaving<'b>(&'b Barrier);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.break_up();
    }
}

impl<'a> Pass<'_, '_, 'a> {
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
        let number = self.rounds_before + round as u32 + 1;
        let passed = f64::from(self.epoch) + self.rounds.share_before(round);
        let alpha = self.job().schedule.alpha(passed * self.job().corpus.raw_words as f64);

        for lane in self.lanes(first, 2 * number) {
            self.lane(lane).claim(&self.task(round, number, lane));
        }
        if self.barrier.wait(|| {}).is_err() {
            return Ok(Err(Broken));
        }
        for lane in self.lanes(first, 2 * number + 1) {
            self.lane(lane).train(alpha)?;
        }
        if self.barrier.wait(|| {}).is_err() {
            return Ok(Err(Broken));
        }
        self.merge(alpha, copied);
        Ok(self.barrier.wait(|| self.finish(round)))
    }

    fn job(&self) -> &Job<'_> {
        self.team.job
    }

    /// The lanes that nobody has taken in this phase, beginning with a worker's own: what it did in
    /// the phase before is still in its core's cache.
    fn lanes(&self, first: usize, phase: u32) -> impl Iterator<Item = usize> {
        let is_free = move |&lane: &usize| self.taken[lane].swap(phase, Ordering::Relaxed) != phase;
        (first..LANES).chain(0..first).filter(is_free)
    }

    fn lane(&self, lane: usize) -> RwLockWriteGuard<'_, Lane<'a>> {
        self.team.lanes[lane].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_lanes(&self) -> Vec<RwLockReadGuard<'_, Lane<'a>>> {
        let lanes = self.team.lanes.iter();
        lanes.map(|lane| lane.read().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn task(&self, round: usize, number: u32, lane: usize) -> Task<'_> {
        Task {
            round: number,
            ids: self.job().corpus.ids(),
            range: self.rounds.range(round, lane),
            subsampling: self.team.subsampling,
            kept: self.kept,
            windows: (self.windows)((round * LANES + lane) as u64),
        }
    }

    fn merge(&self, alpha: f32, copied: &mut [Copied<'a>; 2]) {
        let lanes = self.all_lanes();
        let merge = Merge::new(self.team.sides, &lanes, alpha);
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
        self.team.sides.each().for_each(|side| side.claims.clear());
        self.merged.store(0, Ordering::Relaxed);
        let mut position = locked(self.team.position);
        let raw_words = self.rounds.share_before(round + 1) * self.job().corpus.raw_words as f64;
        position.rounds = round + 1;
        position.summary.raw_words = raw_words.round() as u64;
        for lane in self.all_lanes() {
            position.summary.trained_words += lane.centers;
            position.summary.loss += lane.loss;
        }
        self.tally.store(&position.summary);
        let result = (self.team.edge)(&position);
        let is_last = round + 1 == self.rounds.count();
        if is_last || result.is_err() || self.stop.load(Ordering::Relaxed) {
            self.is_over.store(true, Ordering::Relaxed);
        }
        *locked(&self.failure) = result.err();
    }
}
