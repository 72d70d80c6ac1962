//! One center and its contexts become updates of rows: skip-gram or CBOW, negative sampling or
//! hierarchical softmax, in shared or in exact order. `reference.py` tells the same in NumPy.
//!
//! A window is planned first, which draws its targets, and trained a few steps later, when its rows
//! have arrived from memory: each step asks for the rows of the step that was planned last. What is
//! drawn does not depend on what is trained, so this changes no result.
//!
//! Where word2vec.c and gensim differ this follows: gensim's arguments and its division of CBOW's
//! error in sum mode; word2vec.c's saturation, in that negative sampling never skips an update
//! (gensim skips scores beyond ±6); both, in that hierarchical softmax leaves nodes with scores
//! beyond ±6 alone.

use std::ops::Range;

use crate::config::{Architecture, TrainConfig};
use crate::error::Result;
use crate::matrix::{HotRows, Matrix, Row, SharedMatrix};
use crate::sampling::{AliasTable, SplitMix64};
use crate::simd::tiles::tiled;
use crate::simd::{Hidden, Kernels, MAX_INPUTS, Step};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

use super::negatives::RecurringNegatives;
use super::sharing::Sharing;
use super::targets::Targets;

/// What all workers share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// Every hyper-parameter.
    pub config: &'a TrainConfig,
    /// The arithmetic.
    pub kernels: &'a Kernels,
    /// syn0.
    pub input_vectors: SharedMatrix<'a>,
    /// Negative sampling: its rows (syn1neg) and its draws.
    pub negatives: Option<(SharedMatrix<'a>, &'a AliasTable)>,
    /// Hierarchical softmax: its rows (syn1) and its tree.
    pub tree: Option<(SharedMatrix<'a>, &'a HuffmanPaths)>,
}

/// A center with the words around it.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// The word to predict.
    pub center: WordId,
    /// The contexts on its left and on its right.
    pub contexts: [&'a [WordId]; 2],
    /// A word that later windows will have among their contexts.
    pub arriving: WordId,
}

/// One worker's private scratch: everything that is not a shared row.
#[derive(Debug)]
pub struct Objective<'a> {
    shared: Shared<'a>,
    negatives: Option<(HotRows<'a>, &'a AliasTable)>,
    tree: Option<(HotRows<'a>, &'a HuffmanPaths)>,
    recurring: RecurringNegatives,
    /// The learning rate of the current block.
    pub alpha: f32,
    /// Summed loss since it was last taken.
    pub loss: f64,
    contexts: Vec<Row>,
    /// A ring: steps from `oldest` on wait for their rows.
    planned: Vec<Planned>,
    oldest: usize,
    waiting: usize,
    scores: Vec<f32>,
    gradients: Vec<f32>,
    /// Row 0 is the hidden vector, row 1 its change.
    hidden: Matrix,
}

/// A step to come.
#[derive(Debug, Default)]
struct Planned {
    inputs: Vec<Row>,
    targets: Targets,
    /// The rows that it needs and no step before it had.
    fresh: Vec<Row>,
}

/// Steps that wait while their rows arrive. A row takes up to 100 ns from main memory.
///
/// Performance notes (2 cores of a Zen 4): two or four steps ahead instead of one gained nothing
/// for skip-gram, on one chiplet or on two; neither did a prefetch for writing (`prefetchw`), nor
/// huge pages for the matrices. What limits two threads is how many lines are under way at once, so
/// what helps is to need fewer of them ([`super::negatives`], [`crate::matrix::HotRows`]).
fn steps_ahead(config: &TrainConfig) -> usize {
    match (config.architecture, config.shared_negatives) {
        (Architecture::SkipGram, true) => 1, // about 200 ns each
        _ => 3,
    }
}

impl<'a> Objective<'a> {
    /// Fresh scratch for a worker.
    pub fn new(shared: Shared<'a>, sharing: &Sharing) -> Result<Self> {
        let mut hidden = Matrix::zeros(2, shared.config.vector_size)?;
        hidden.pad_rows();
        let slots = steps_ahead(shared.config) + 1;
        let hot = |matrix, rows: &Range<usize>| HotRows::new(matrix, rows.clone(), sharing.period);
        let negatives = match shared.negatives {
            Some((matrix, table)) => Some((hot(matrix, &sharing.words)?, table)),
            None => None,
        };
        let tree = match shared.tree {
            Some((matrix, paths)) => Some((hot(matrix, &sharing.nodes)?, paths)),
            None => None,
        };
        Ok(Self {
            recurring: RecurringNegatives::new(shared.config.negative, shared.config.window),
            shared,
            negatives,
            tree,
            alpha: 0.0,
            loss: 0.0,
            contexts: Vec::new(),
            planned: (0..slots).map(|_| Planned::default()).collect(),
            oldest: 0,
            waiting: 0,
            scores: Vec::new(),
            gradients: Vec::new(),
            hidden,
        })
    }

    /// Plans the steps of a window, and trains as many that waited.
    pub fn train(&mut self, window: Window<'_>, generator: &mut SplitMix64) {
        let vectors = self.shared.input_vectors;
        let mut contexts = std::mem::take(&mut self.contexts);
        contexts.clear();
        for side in window.contexts {
            contexts.extend(side.iter().map(|word| vectors.row(word.row())));
        }
        let arriving = vectors.row(window.arriving.row());
        match (self.shared.config.architecture, self.shared.config.shared_negatives) {
            _ if contexts.is_empty() => {}
            (Architecture::Cbow, _) => self.plan(window.center, &contexts, arriving, generator),
            (Architecture::SkipGram, true) if contexts.len() <= MAX_INPUTS => {
                self.plan(window.center, &contexts, arriving, generator);
            }
            // Blocks of inputs against one set of targets (Ji et al. 2016, arXiv:1611.06172), each
            // with negatives of its own, since one set for a very large window spoils the vectors.
            (Architecture::SkipGram, true) => near_equal_blocks(&contexts)
                .for_each(|inputs| self.plan(window.center, inputs, arriving, generator)),
            (Architecture::SkipGram, false) => contexts
                .chunks(1)
                .for_each(|input| self.plan(window.center, input, arriving, generator)),
        }
        self.contexts = contexts;
    }

    /// Trains all that waits, and begins anew: a block depends on no other.
    pub fn finish(&mut self) {
        while self.waiting > 0 {
            self.run_oldest();
        }
        self.recurring.forget();
    }

    /// Hands everything to the shared rows.
    pub fn hand_in(&mut self) {
        self.finish();
        let tree = self.tree.iter_mut().map(|(nodes, _)| nodes);
        let negatives = self.negatives.iter_mut().map(|(vectors, _)| vectors);
        tree.chain(negatives).for_each(HotRows::exchange_all);
    }

    /// Plans a step of inputs for each loss.
    fn plan(&mut self, center: WordId, inputs: &[Row], arriving: Row, generator: &mut SplitMix64) {
        let config = self.shared.config;
        if let Some((nodes, paths)) = &mut self.tree {
            let slot = ring(self.oldest + self.waiting, self.planned.len());
            let targets = &mut self.planned[slot].targets;
            targets.take_path(center, nodes, paths);
            let fresh = targets.rows.len();
            self.plan_step(slot, inputs, fresh, arriving);
        }
        if let Some((vectors, table)) = &mut self.negatives {
            let slot = ring(self.oldest + self.waiting, self.planned.len());
            let targets = &mut self.planned[slot].targets;
            let fresh = if config.shared_negatives {
                let negatives = self.recurring.draw(table, generator);
                targets.take_negatives(center, negatives, vectors, true);
                targets.rows.len().min(2)
            } else {
                let negatives = (0..config.negative).map(|_| table.draw(generator));
                targets.take_negatives(center, negatives, vectors, false);
                table.prefetch(config.negative + 1, generator);
                targets.rows.len()
            };
            self.plan_step(slot, inputs, fresh, arriving);
        }
    }

    /// Completes the step whose targets were chosen, the first `fresh` of them for the first time,
    /// and trains the oldest step if no more can wait.
    #[inline]
    fn plan_step(&mut self, slot: usize, inputs: &[Row], fresh: usize, arriving: Row) {
        let planned = &mut self.planned[slot];
        if planned.targets.rows.is_empty() {
            return; // the only word of a vocabulary has no path
        }
        planned.inputs.clear();
        planned.inputs.extend_from_slice(inputs);
        planned.fresh.clear();
        planned.fresh.extend_from_slice(&planned.targets.rows[..fresh]);
        planned.fresh.push(arriving);
        self.waiting += 1;
        if self.waiting == self.planned.len() {
            self.run_oldest();
        }
    }

    /// Trains the step that has waited longest, while the rows of the newest one arrive.
    fn run_oldest(&mut self) {
        let newest = ring(self.oldest + self.waiting - 1, self.planned.len());
        let Planned { inputs, targets, .. } = &self.planned[self.oldest];
        let config = self.shared.config;
        let is_sum = config.architecture == Architecture::Cbow;
        let count = if is_sum { 1 } else { inputs.len() };
        let values = tiled(count, targets.rows.len());
        for scratch in [&mut self.scores, &mut self.gradients] {
            scratch.resize(values.max(scratch.len()), 0.0);
        }
        let width = self.shared.input_vectors.width();
        let mut step = Step {
            inputs,
            targets: &targets.rows,
            labels: &targets.labels,
            multiplicities: &targets.multiplicities,
            scores: &mut self.scores[..values],
            gradients: &mut self.gradients[..values],
            change: self.hidden.as_ptr().wrapping_add(self.shared.input_vectors.stride()),
            width,
            alpha: self.alpha,
            score_limit: targets.score_limit,
            upcoming: &self.planned[newest].fresh,
        };
        let kernels = self.shared.kernels;
        let hidden = hidden_of(config, inputs, self.hidden.as_ptr());
        // SAFETY: rows of `width` values from `SharedMatrix::row` and `HotRows::row`, which outlive
        // the step, and two of `hidden`; targets are distinct unless they say so; `kernels` fits
        // this processor.
        unsafe {
            match (targets.repeat, is_sum) {
                (true, _) => (kernels.sequence)(&hidden, &mut step),
                (false, true) => (kernels.step_of_sum)(&hidden, &mut step),
                (false, false) => (kernels.step)(&mut step),
            }
        }
        if config.compute_loss {
            self.loss += targets.loss(&self.scores[..values], count);
        }
        self.oldest = ring(self.oldest + 1, self.planned.len());
        self.waiting -= 1;
    }
}

/// CBOW's hidden vector, the mean or the sum of the contexts; one input alone is its own.
///
/// The error goes back to each context whole in mean mode, as in word2vec.c, and divided by their
/// number in sum mode, as in gensim: the true gradient would have it the other way round (Irsoy,
/// Benton and Stratos 2021).
fn hidden_of<'a>(config: &TrainConfig, contexts: &'a [Row], row: Row) -> Hidden<'a> {
    let part = 1.0 / contexts.len() as f32;
    let (scale, share) = if config.cbow_mean { (part, 1.0) } else { (1.0, part) };
    Hidden { contexts, row, scale, share }
}

/// A place in a ring of `len`, from one in 0 .. 2 · len: without a division, which would be the
/// longest instruction of a plan.
#[inline(always)]
fn ring(at: usize, len: usize) -> usize {
    if at < len { at } else { at - len }
}

/// Blocks of at most [`MAX_INPUTS`] whose sizes differ by at most one, the larger ones first.
fn near_equal_blocks(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    let mut left = rows.len().div_ceil(MAX_INPUTS);
    let mut rest = rows;
    std::iter::from_fn(move || {
        let (block, others) = rest.split_at(rest.len().div_ceil(left.max(1)));
        (rest, left) = (others, left.saturating_sub(1));
        (!block.is_empty()).then_some(block)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_inputs_are_near_equal_and_small() {
        for count in 0..100 {
            let rows = vec![std::ptr::null_mut(); count];
            let sizes: Vec<usize> = near_equal_blocks(&rows).map(<[Row]>::len).collect();
            assert_eq!(sizes.iter().sum::<usize>(), count);
            assert_eq!(sizes.len(), count.div_ceil(MAX_INPUTS));
            assert!(sizes.iter().all(|&size| (1..=MAX_INPUTS).contains(&size)));
            assert!(
                sizes.is_sorted_by(|a, b| a >= b)
                    && sizes.first() <= sizes.last().map(|s| s + 1).as_ref()
            );
        }
    }
}
