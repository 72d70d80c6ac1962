//! Training with the same bits for any number of workers (`deterministic=True`).
//!
//! A round gives a piece of the corpus to each of [`LANES`] lanes, whoever may work on it ([`rounds`]).
//! First all lanes *claim* the rows that they will use ([`claims`]). Then they are *trained*
//! ([`lane`]), each as if it were alone: on rows that no other lane uses, in place, and on copies of
//! those that others use too ([`rows`]). At last each of these takes what all lanes have changed, in
//! the order of the lanes ([`merge`]). Between the phases workers wait for one another
//! ([`barrier`]), within them each does what nobody has taken yet ([`team`]), so their number decides
//! when and where something is computed, and never what.
//!
//! Performance notes (2 cores, D = 100): a bit mask of lanes for each row, copies found through it,
//! and row addresses looked up there at every use took a fifth longer than the table of
//! [`rows`], for a branch that is guessed wrong half of the time. Copies of the next row to merge must
//! be asked for: they lie in other cores' caches (merging took three times as long without).
//!
//! Also with one worker, where nothing comes from another core, much of what the scheme adds is
//! waiting for memory: 16 lanes and their copies are 2 MB and more, so what a lane left in the cache is
//! gone when its next phase comes. What helped was to need less and to ask for it before: claims
//! gathered first and asked for ahead (about 6 %), a table of places alone, shorter rounds. (Measured on
//! a busy machine, where 3 % cannot be told.) What did not pay: a merge that picks the lanes of a row
//! without a branch (it waits for memory, not for the guess), and copying by a loop instead of a call.
//! To keep the draws for training was not built: planning them takes 3 % of the time.

mod barrier;
mod claims;
mod lane;
mod merge;
mod rounds;
mod rows;
mod team;

use std::sync::RwLock;

use crate::config::Architecture;
use crate::corpus::EncodedCorpus;
use crate::error::Result;
use crate::matrix::SharedMatrix;
use crate::sampling::Subsampling;
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

use super::Job;
use super::leg::{Flags, Tally};
use super::objective::{Shared, Sources, most_inputs};
use claims::Claims;
use lane::{Lane, LaneRoom};
use rounds::Rounds;
use rows::Side;
use team::Team;

/// Lanes of a round; more workers than this have nothing to do.
pub const LANES: usize = 16;

/// Rows of a matrix that a lane may claim in a round. What it takes to train longer rounds would
/// not stay in a core's cache.
const MOST_CLAIMS: usize = 1 << 15;

/// A part of an epoch, from one boundary between rounds to another.
#[derive(Debug, Clone, Copy)]
pub struct Leg<'t> {
    /// What is trained on, and how.
    pub job: &'t Job<'t>,
    /// Which tokens are kept.
    pub subsampling: &'t Subsampling,
    /// Epochs of this call that are done.
    pub epoch: u32,
    /// The rounds that are done, and when to rest.
    pub flags: &'t Flags,
    /// What has been done in the epoch so far.
    pub tally: &'t Tally,
}

/// What is known of all rounds before the first.
#[derive(Debug)]
pub struct Lanes {
    rows: usize,
    /// Ids that a lane has in a round, at most.
    most_ids: usize,
    /// Rows that it claims of each matrix, at most.
    most_claims: usize,
    gradients_per_input: f32,
    gradients_per_output: f32,
}

impl Lanes {
    /// For a job; `paths` are those of its tree, and none without one.
    pub fn new(job: &Job<'_>, paths: &HuffmanPaths) -> Self {
        let config = job.config;
        let most_contexts = (2 * config.window).min(longest_sentence(job.corpus));
        let most_steps = most_contexts.div_ceil(most_inputs(config)).max(1);
        let negatives = if config.negative > 0 { 1 + config.negative } else { 0 };
        let new_negatives = if config.shared_negatives { 1 } else { config.negative };
        let depth = paths.depth();
        // The center, and what each of its steps brings; its path is one for all of them.
        let claims = (1 + most_steps.saturating_mul(new_negatives)).max(depth);
        let most_ids = (MOST_CLAIMS / claims).max(1);

        // Windows shrunk to 1 … w have w + 1 contexts of 2 w on average.
        let all = most_contexts as f32;
        let contexts = if config.shrink_windows { all / 2.0 + 1.0 } else { all };
        let most = match config.architecture {
            Architecture::Cbow => 1.0, // its hidden vector
            Architecture::SkipGram => most_inputs(config) as f32,
        };
        let path = if config.hierarchical_softmax { mean_path(paths, job.counts) } else { 0.0 };
        Self {
            rows: job.counts.len(),
            most_ids,
            // With the contexts beyond both ends, and the negatives of steps before the first.
            most_claims: most_ids * claims + 2 * most_contexts + 1024 + negatives,
            gradients_per_input: negatives as f32 + path,
            gradients_per_output: contexts.clamp(1.0, most),
        }
    }

    fn sides<'a>(&self, shared: &Shared<'a>) -> Sources<Side<'a>, Side<'a>> {
        let side = |matrix: SharedMatrix<'a>, gradients_per_use| Side {
            matrix,
            claims: Claims::new(self.rows, self.most_claims),
            gradients_per_use,
        };
        let output = |matrix| side(matrix, self.gradients_per_output);
        Sources {
            inputs: side(shared.input_vectors, self.gradients_per_input),
            words: shared.negatives.map(|(matrix, _)| output(matrix)),
            nodes: shared.tree.map(|(matrix, _)| output(matrix)),
        }
    }

    /// Into which rounds an epoch is cut.
    pub fn rounds(&self, job: &Job<'_>, epoch: u32) -> Rounds {
        let alpha = |share: f64| job.alpha(epoch, share * job.corpus.raw_words as f64);
        let gradients = self.gradients_per_input * self.gradients_per_output / self.rows as f32;
        Rounds::new(job.corpus.ids().len(), self.most_ids, gradients, alpha)
    }

    /// Trains a leg, while the calling thread polls.
    pub fn train(
        &self,
        leg: Leg<'_>,
        shared: Shared<'_>,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let sides = self.sides(&shared);
        let mut rooms =
            (0..LANES).map(|_| LaneRoom::new(&shared)).collect::<Result<Vec<LaneRoom>>>()?;
        let lane = |(lane, room)| RwLock::new(Lane::new(lane, shared, &sides, room));
        let lanes = (0..).zip(&mut rooms).map(lane).collect();
        Team::new(leg, self.rounds(leg.job, leg.epoch), &sides, lanes).train(poll)
    }
}

fn longest_sentence(corpus: &EncodedCorpus) -> usize {
    let sentences = corpus.ids().split(|&id| id == WordId::SENTENCE_END);
    sentences.map(<[_]>::len).max().unwrap_or(0)
}

/// Nodes on the way to a token's word, on average.
fn mean_path(paths: &HuffmanPaths, counts: &[u64]) -> f32 {
    let tokens: u64 = counts.iter().sum();
    let length = |word: usize| paths.path(WordId(word as u32)).0.len() as f64;
    let nodes: f64 = counts.iter().enumerate().map(|(word, &n)| n as f64 * length(word)).sum();
    (nodes / tokens.max(1) as f64) as f32
}

#[cfg(test)]
mod tests;
