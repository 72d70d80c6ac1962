//! Training with the same bits for any number of workers (`deterministic=True`).
//!
//! A round gives a piece of the corpus to each of [`LANES`] lanes, whoever may work on it. First all
//! lanes *claim* the rows that they will use ([`claims`]); then they are *trained*, each on its own,
//! on rows that it has for itself and on copies of those that others use too ([`rows`]); at last
//! each of the latter takes what all lanes changed, in the order of the lanes ([`merge`]). Between
//! these phases workers wait for one another ([`barrier`]), within them each takes what is next, so
//! the number of workers decides when and where something is computed, and never what.

mod barrier;
mod claims;
mod lane;
mod merge;
mod rounds;
mod rows;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::matrix::SharedMatrix;
use crate::progress::{Observer, Report, TrainProgress};
use crate::sampling::{SplitMix64, StreamKind, Subsampling};
use crate::workers;

use super::objective::{Shared, most_inputs};
use super::{EpochSummary, Job, Tally};
use barrier::{Barrier, Broken};
use lane::{AllClaims, Lane, LaneRoom, Most, gradients_per_use};
use merge::Merging;
use rounds::Rounds;
use rows::LaneRows;

/// Lanes of a round; more workers than this have nothing to do.
pub const LANES: usize = 16;

/// Rows that one task of merging takes.
const MERGED_AT_ONCE: usize = 64;

/// What an epoch has come to after some of its rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// The epoch of this call.
    pub epoch: u32,
    /// Its rounds that are done.
    pub rounds: usize,
    /// What came of them; without the time.
    pub summary: EpochSummary,
}

/// Called between two rounds, on one thread, while all workers wait: the weights are consistent, and
/// training that begins there anew goes on as if it had not ended.
pub type Edge<'a> = &'a (dyn Fn(&Progress) -> Result<()> + Sync);

/// Trains what is left of all epochs after `from`, and returns what came of each of them.
pub fn train(
    job: &Job<'_>,
    shared: Shared<'_>,
    subsampling: &Subsampling,
    from: Progress,
    edge: Edge<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<EpochSummary>> {
    let cuts: Vec<Rounds> =
        (0..job.config.epochs).map(|epoch| cut_into_rounds(job, epoch)).collect();
    let longest = cuts.iter().map(Rounds::longest).max().unwrap_or(0);
    let rows = job.counts.len();
    let most = most_claims(job, &shared, longest);
    let claims = AllClaims::new(rows, most);
    let mut rooms = (0..LANES)
        .map(|_| LaneRoom::new(&shared, rows, most))
        .collect::<Result<Vec<LaneRoom>>>()?;
    let lanes = rooms
        .iter_mut()
        .enumerate()
        .map(|(lane, room)| RwLock::new(Lane::new(shared, &claims, lane as u32, room)))
        .collect();
    let mut team = Team {
        job,
        shared,
        subsampling,
        claims: &claims,
        gradients_per_use: gradients_per_use(&shared, job.counts),
        lanes,
        rounds_before: 0,
        edge,
    };
    let mut summaries = Vec::new();
    for epoch in from.epoch..job.config.epochs {
        let begin = if epoch == from.epoch { from } else { Progress { epoch, ..Progress::default() } };
        let rounds = &cuts[epoch as usize];
        summaries.push(team.run(begin, rounds, &summaries, observer)?);
        team.rounds_before += rounds.count() as u32;
    }
    Ok(summaries)
}

fn cut_into_rounds(job: &Job<'_>, epoch: u32) -> Rounds {
    let base: f32 = std::env::var("SYNVEC_LANE_IDS").map_or(384.0, |v| v.parse().unwrap());
    let most: f32 = std::env::var("SYNVEC_LANE_MOST").map_or(2048.0, |v| v.parse().unwrap());
    let raw_words = job.corpus.raw_words as f64;
    Rounds::new(job.corpus.ids().len(), |share| {
        let alpha = job.schedule.alpha((f64::from(epoch) + share) * raw_words);
        (base * 0.025 / alpha).min(most) as usize
    })
}

fn most_claims(job: &Job<'_>, shared: &Shared<'_>, ids: usize) -> Most {
    let config = job.config;
    let contexts = 2 * config.window.min(job.corpus.ids().len());
    let steps = contexts.div_ceil(most_inputs(config).min(contexts).max(1));
    let negatives = match config.shared_negatives {
        true => steps * ids + 1024 + config.negative,
        false => steps * ids * config.negative,
    };
    Most {
        inputs: ids + contexts,
        words: if config.negative > 0 { ids + negatives } else { 0 },
        nodes: shared.tree.map_or(0, |(_, paths)| ids * paths.depth()),
    }
}

/// All lanes, and what they have in common.
struct Team<'a, 'j> {
    job: &'j Job<'j>,
    shared: Shared<'a>,
    subsampling: &'j Subsampling,
    claims: &'a AllClaims,
    /// Of an input row and of an output row.
    gradients_per_use: [f32; 2],
    lanes: Vec<RwLock<Lane<'a>>>,
    /// Rounds of earlier epochs.
    rounds_before: u32,
    edge: Edge<'j>,
}

/// An epoch under way.
struct Epoch<'t, 'a, 'j> {
    team: &'t Team<'a, 'j>,
    rounds: &'t Rounds,
    subsampling_stream: SplitMix64,
    barrier: Barrier,
    /// For each lane the phase in which it was taken last.
    taken: [AtomicU32; LANES],
    /// The next rows to merge.
    next: AtomicUsize,
    progress: Mutex<Progress>,
    tally: Tally,
    stop: AtomicBool,
    is_over: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Team<'_, '_> {
    fn run(
        &self,
        from: Progress,
        rounds: &Rounds,
        earlier: &[EpochSummary],
        observer: &mut dyn Observer,
    ) -> Result<EpochSummary> {
        let started = Instant::now();
        let workers = self.job.config.workers.min(LANES);
        let epoch = self.job.epochs_before.wrapping_add(from.epoch);
        let state = Epoch {
            team: self,
            rounds,
            subsampling_stream: SplitMix64::stream(
                self.job.config.seed,
                epoch,
                StreamKind::Subsampling,
                0,
            ),
            barrier: Barrier::new(workers),
            taken: Default::default(),
            next: AtomicUsize::new(0),
            progress: Mutex::new(from),
            tally: Tally::default(),
            stop: AtomicBool::new(false),
            is_over: AtomicBool::new(rounds.count() <= from.rounds),
            failure: Mutex::new(None),
        };
        state.tally.store(&from.summary);
        let report = |now: EpochSummary, done: u32| {
            let raw_words = earlier.iter().map(|e| e.raw_words).sum::<u64>() + now.raw_words;
            Report::Train(TrainProgress {
                epoch: from.epoch + done,
                epochs: self.job.config.epochs,
                raw_words,
                total_raw_words: self.job.corpus.raw_words * u64::from(self.job.config.epochs),
                trained_words: earlier.iter().map(|e| e.trained_words).sum::<u64>()
                    + now.trained_words,
                alpha: self.job.schedule.alpha(raw_words as f64),
                loss: now.loss,
            })
        };
        workers::run(
            workers,
            &state.stop,
            |worker| state.work(worker, workers),
            || observer.observe(report(Tally::sum(std::slice::from_ref(&state.tally)), 0)),
        )?;
        if let Some(error) = state.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let summary = EpochSummary {
            seconds: started.elapsed().as_secs_f64(),
            ..Tally::sum(std::slice::from_ref(&state.tally))
        };
        observer.observe(report(summary, 1))?;
        Ok(summary)
    }
}

/// Breaks up the barrier if its worker ends before its time.
struct Guard<'b>(Option<&'b Barrier>);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(barrier) = self.0 {
            barrier.break_up();
        }
    }
}

impl<'a> Epoch<'_, 'a, '_> {
    fn work(&self, worker: usize, workers: usize) -> Result<()> {
        let mut guard = Guard(Some(&self.barrier));
        let mut round = self.progress.lock().unwrap_or_else(PoisonError::into_inner).rounds;
        let mut copies = Default::default();
        let first = worker * LANES / workers;
        while !self.is_over.load(Ordering::Relaxed) {
            match self.round(round, first, &mut copies) {
                Ok(()) => round += 1,
                Err(Broken) => break,
            }
        }
        guard.0 = None;
        Ok(())
    }

    fn round(&self, round: usize, first: usize, copies: &mut [Merging<'a>; 2]) -> Result<(), Broken> {
        let number = self.team.rounds_before + round as u32 + 1;
        let alpha = self.alpha(round);
        for lane in self.lanes(first, 2 * number) {
            self.plan(round, number, lane);
        }
        self.barrier.wait(|| {})?;
        for lane in self.lanes(first, 2 * number + 1) {
            self.write(lane).train(alpha);
        }
        self.barrier.wait(|| {})?;
        self.merge(alpha, copies);
        self.barrier.wait(|| self.finish(round))
    }

    /// The lanes that nobody has taken in this phase yet, beginning with a worker's own.
    fn lanes(&self, first: usize, phase: u32) -> impl Iterator<Item = usize> {
        (0..LANES)
            .map(move |at| (first + at) % LANES)
            .filter(move |&lane| self.taken[lane].swap(phase, Ordering::Relaxed) != phase)
    }

    fn write(&self, lane: usize) -> RwLockWriteGuard<'_, Lane<'a>> {
        self.team.lanes[lane].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Vec<RwLockReadGuard<'_, Lane<'a>>> {
        let lanes = self.team.lanes.iter();
        lanes.map(|lane| lane.read().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn alpha(&self, round: usize) -> f32 {
        let epoch = self.progress.lock().unwrap_or_else(PoisonError::into_inner).epoch;
        let share = f64::from(epoch) + self.rounds.share_before(round);
        self.team.job.schedule.alpha(share * self.team.job.corpus.raw_words as f64)
    }

    fn plan(&self, round: usize, number: u32, lane: usize) {
        let job = self.team.job;
        let epoch = self.progress.lock().unwrap_or_else(PoisonError::into_inner).epoch;
        let generator = SplitMix64::stream(
            job.config.seed,
            job.epochs_before.wrapping_add(epoch),
            StreamKind::Windows,
            (round * LANES + lane) as u64,
        );
        self.write(lane).plan(
            number,
            job.corpus,
            self.rounds.range(round, lane),
            (self.team.subsampling, &self.subsampling_stream),
            generator,
        );
    }

    fn merge(&self, alpha: f32, [now, next]: &mut [Merging<'a>; 2]) {
        let lanes = self.read();
        let (claims, shared) = (self.team.claims, &self.team.shared);
        let [per_input, per_output] = self.team.gradients_per_use;
        let sources = || lanes.iter().map(|lane| lane.sources());
        type Views<'l, 'a> = Vec<&'l LaneRows<'a>>;
        let inputs: Views<'_, 'a> = sources().map(|s| &s.inputs).collect();
        let words: Views<'_, 'a> = sources().filter_map(|s| s.words.as_ref()).collect();
        let nodes: Views<'_, 'a> = sources().filter_map(|s| s.nodes.as_ref()).collect();
        let all = [
            (&claims.inputs, Some(shared.input_vectors), inputs, per_input),
            (&claims.words, shared.negatives.map(|(matrix, _)| matrix), words, per_output),
            (&claims.nodes, shared.tree.map(|(matrix, _)| matrix), nodes, per_output),
        ];
        let total: usize = all.iter().map(|(claims, ..)| claims.numbers()).sum();
        loop {
            let begin = self.next.fetch_add(MERGED_AT_ONCE, Ordering::Relaxed);
            if begin >= total {
                return;
            }
            let mut strength = 0.0;
            for at in begin..(begin + MERGED_AT_ONCE).min(total) {
                let mut number = at;
                for (claims, matrix, views, per_use) in &all {
                    if number < claims.numbers() {
                        let matrix: SharedMatrix<'a> = matrix.expect("a matrix with claims");
                        next.gather(number, matrix, claims, views);
                        if at > begin {
                            now.merge(strength);
                        }
                        strength = alpha * per_use;
                        std::mem::swap(now, next);
                        break;
                    }
                    number -= claims.numbers();
                }
            }
            now.merge(strength);
        }
    }

    /// Between two rounds.
    fn finish(&self, round: usize) {
        self.team.claims.clear();
        self.next.store(0, Ordering::Relaxed);
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        for lane in &self.read() {
            progress.summary.trained_words += lane.centers;
            progress.summary.loss += lane.loss;
        }
        let share = self.rounds.share_before(round + 1);
        progress.summary.raw_words = (share * self.team.job.corpus.raw_words as f64).round() as u64;
        progress.rounds = round + 1;
        self.tally.store(&progress.summary);
        if let Err(error) = (self.team.edge)(&progress) {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            self.is_over.store(true, Ordering::Relaxed);
        }
        if round + 1 == self.rounds.count() || self.stop.load(Ordering::Relaxed) {
            self.is_over.store(true, Ordering::Relaxed);
        }
    }
}
