//! One center and its contexts become updates of rows: skip-gram or CBOW, negative sampling or
//! hierarchical softmax, in shared or in exact order. `synvec.reference` tells the same in NumPy.
//!
//! A window is planned first, which draws its targets, and trained a few steps later, when its rows
//! have arrived from memory: each step asks for the rows of the step that was planned last. What is
//! drawn does not depend on what is trained, so this changes no result.
//!
//! Where word2vec.c and gensim differ this follows: gensim's arguments and its division of CBOW's
//! error in sum mode; word2vec.c's saturation, in that negative sampling never skips an update
//! (gensim skips scores beyond ±6); both, in that hierarchical softmax leaves nodes with scores
//! beyond ±6 alone.

use crate::config::{Architecture, TrainConfig};
use crate::error::Result;
use crate::matrix::{HotRows, Matrix, Row, RowSource, Rows, SharedMatrix};
use crate::sampling::{AliasTable, SplitMix64};
use crate::simd::tiles::tiled;
use crate::simd::{Hidden, Kernels, MAX_INPUTS, Step};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

use super::locks::{LockedRows, Locks};
use super::negatives::RecurringNegatives;
use super::sharing::Sharing;
use super::targets::Targets;
use super::window::Window;

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
    /// Rows of syn0 that are not free to change.
    pub locks: Option<Locks<'a>>,
}

/// Where one worker finds the rows of each matrix.
#[derive(Debug)]
pub struct Sources<I, O> {
    /// syn0.
    pub inputs: I,
    /// syn1neg.
    pub words: Option<O>,
    /// syn1.
    pub nodes: Option<O>,
}

impl<T> Sources<T, T> {
    /// Those that there are.
    pub fn each(&self) -> impl Iterator<Item = &T> {
        [Some(&self.inputs), self.words.as_ref(), self.nodes.as_ref()].into_iter().flatten()
    }

    /// As [`Sources::each`].
    pub fn each_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [Some(&mut self.inputs), self.words.as_mut(), self.nodes.as_mut()].into_iter().flatten()
    }

    /// Makes something of each of them and what `others` have in its place.
    pub fn zip<'a, U, V>(
        &'a self,
        others: &'a Sources<U, U>,
        make: impl Fn(&'a T, &'a U) -> V,
    ) -> Sources<V, V> {
        let both = |one: &'a Option<T>, other: &'a Option<U>| {
            one.as_ref().zip(other.as_ref()).map(|(one, other)| make(one, other))
        };
        Sources {
            inputs: make(&self.inputs, &others.inputs),
            words: both(&self.words, &others.words),
            nodes: both(&self.nodes, &others.nodes),
        }
    }
}

/// Room for copies of the hot rows of [`Sources::hot`].
#[derive(Debug)]
pub struct HotRoom {
    words: Matrix,
    nodes: Matrix,
}

impl HotRoom {
    /// As `sharing` says.
    pub fn new(shared: &Shared<'_>, sharing: &Sharing) -> Result<Self> {
        let room = |matrix: Option<SharedMatrix<'_>>, hot| match matrix {
            Some(matrix) => HotRows::room(matrix, hot),
            None => Matrix::zeros(0, 0),
        };
        Ok(Self {
            words: room(shared.negatives.map(|(matrix, _)| matrix), &sharing.words)?,
            nodes: room(shared.tree.map(|(matrix, _)| matrix), &sharing.nodes)?,
        })
    }
}

impl<'a> Sources<SharedMatrix<'a>, HotRows<'a>> {
    /// The shared rows, and copies of hot ones.
    pub fn hot(shared: &Shared<'a>, sharing: &Sharing, room: &'a mut HotRoom) -> Self {
        let HotRoom { words, nodes } = room;
        let (hot_words, hot_nodes) = (sharing.words.clone(), sharing.nodes.clone());
        Self {
            inputs: shared.input_vectors,
            words: shared
                .negatives
                .map(|(matrix, _)| HotRows::new(matrix, hot_words, sharing.period, words)),
            nodes: shared
                .tree
                .map(|(matrix, _)| HotRows::new(matrix, hot_nodes, sharing.period, nodes)),
        }
    }
}

/// Rows that an objective works on besides those of the model.
#[derive(Debug)]
pub struct Scratch {
    /// Row 0 is the hidden vector, row 1 its change.
    hidden: Matrix,
    /// Copies of locked rows.
    locked: Matrix,
}

impl Scratch {
    /// Room for what [`Objective::new`] puts there.
    pub fn new(shared: &Shared<'_>) -> Result<Self> {
        Ok(Self {
            hidden: Matrix::zeros(2, shared.config.vector_size)?,
            locked: LockedRows::room(shared.config, shared.locks)?,
        })
    }
}

/// One worker's state: everything that is not a shared row.
#[derive(Debug)]
pub struct Objective<'a, I, O> {
    shared: Shared<'a>,
    /// Where the rows lie.
    pub sources: Sources<I, O>,
    locks: Option<Box<LockedRows<'a>>>,
    recurring: RecurringNegatives,
    /// The most inputs of a step.
    max_inputs: usize,
    /// The learning rate of the current block.
    pub alpha: f32,
    /// Summed loss since it was last taken.
    pub loss: f64,
    /// A ring: the steps from `oldest` to `newest` wait for their rows.
    planned: Vec<Planned<'a>>,
    oldest: usize,
    newest: usize,
    next: usize,
    waiting: usize,
    scores: Vec<f32>,
    gradients: Vec<f32>,
    /// The hidden vector and its change.
    hidden: [Row<'a>; 2],
}

/// A step to come.
#[derive(Debug)]
struct Planned<'a> {
    inputs: Rows<'a>,
    targets: Targets<'a>,
    /// So many of the targets, the first ones, are rows that no step before it had.
    fresh: usize,
    /// A row that later steps need.
    arriving: Option<Row<'a>>,
}

/// Steps that wait while their rows arrive. A row takes up to 100 ns from main memory.
///
/// Performance notes (2 cores of a Zen 4): two or four steps ahead instead of one gained nothing
/// for skip-gram, on one chiplet or on two; neither did huge pages for the matrices, nor copies of
/// hot input rows besides those of output rows, nor more copies (4 MB instead of 256 KB). A prefetch
/// for writing (`prefetchw`) gained 6 % on two chiplets and lost 3 % on one. On two chiplets half of
/// the time goes into lines that the other core has changed, from inputs and outputs alike: without
/// any sharing the loss is gone. A gap of two lines after each row, which no prefetcher runs across,
/// gained 13 % there for 28 % more memory. What helps everywhere is to need fewer lines
/// ([`super::negatives`], [`crate::matrix::HotRows`]).
///
/// A private ring of the live context rows, written back when they leave the window,
/// was not built: on one chiplet all sharing together costs 12 %, the rows that both
/// threads meet on are the frequent ones, and private copies of just those cost 5 % more than they
/// saved; the ring would copy every row to and fro.
///
/// Scoring a step before the next one is planned and updating it afterwards, so that planning fills
/// the wait for the last sigmoid, lost 9 %: the processor overlaps them by itself, and the second
/// call costs more than that.
fn steps_ahead(config: &TrainConfig) -> usize {
    match (config.architecture, config.shared_negatives) {
        (Architecture::SkipGram, true) => 1, // about 200 ns each
        _ => 3,
    }
}

impl<'a> Objective<'a, SharedMatrix<'a>, HotRows<'a>> {
    /// Hands everything to the shared rows.
    pub fn hand_in(&mut self) {
        self.finish();
        let Sources { words, nodes, .. } = &mut self.sources;
        [words, nodes].into_iter().flatten().for_each(HotRows::exchange_all);
    }
}

impl<'a, I: RowSource<'a>, O: RowSource<'a>> Objective<'a, I, O> {
    /// A worker that has trained nothing yet.
    pub fn new(shared: Shared<'a>, sources: Sources<I, O>, scratch: &'a mut Scratch) -> Self {
        let Scratch { hidden, locked } = scratch;
        let hidden = hidden.share();
        let width = shared.input_vectors.width();
        let planned = || Planned {
            inputs: Rows::new(width),
            targets: Targets::new(width),
            fresh: 0,
            arriving: None,
        };
        Self {
            sources,
            locks: shared.locks.map(|locks| {
                let steps = steps_ahead(shared.config) + 1;
                Box::new(LockedRows::new(locks, shared.input_vectors, locked, steps))
            }),
            recurring: RecurringNegatives::new(shared.config.negative, shared.config.window),
            max_inputs: most_inputs(shared.config),
            shared,
            alpha: 0.0,
            loss: 0.0,
            planned: (0..=steps_ahead(shared.config)).map(|_| planned()).collect(),
            oldest: 0,
            newest: 0,
            next: 0,
            waiting: 0,
            scores: Vec::new(),
            gradients: Vec::new(),
            hidden: [hidden.row(0), hidden.row(1)],
        }
    }

    /// Plans the steps of a window, and trains as many that waited.
    pub fn train(&mut self, window: Window<'_>, generator: &mut SplitMix64) {
        let mut arriving = Some(self.sources.inputs.find(window.arriving.row()));
        for inputs in parts(window.contexts, self.max_inputs) {
            self.plan(window.center, inputs, arriving.take(), generator);
        }
    }

    /// Trains all that waits, and begins anew: a block depends on no other.
    pub fn finish(&mut self) {
        while self.waiting > 0 {
            self.run_oldest();
        }
        self.recurring.forget();
    }

    /// Plans a step of inputs for each loss.
    fn plan(
        &mut self,
        center: WordId,
        inputs: [&[WordId]; 2],
        arriving: Option<Row<'a>>,
        generator: &mut SplitMix64,
    ) {
        let config = self.shared.config;
        if let (Some(nodes), Some((_, paths))) = (&mut self.sources.nodes, self.shared.tree) {
            let step = &mut self.planned[self.next];
            step.targets.take_path(center, nodes, paths);
            step.fresh = step.targets.rows.len();
            if step.fresh > 0 {
                self.complete(inputs, arriving); // the only word of a vocabulary has no path
            }
        }
        if let (Some(vectors), Some((_, table))) = (&mut self.sources.words, self.shared.negatives)
        {
            let step = &mut self.planned[self.next];
            let negatives = step.targets.negatives_for(center, config.negative);
            if config.shared_negatives {
                self.recurring.draw(table, generator, negatives);
                step.targets.take_negatives(vectors, true);
                step.fresh = step.targets.rows.len().min(1 + self.recurring.fresh());
            } else {
                negatives.iter_mut().for_each(|negative| *negative = table.draw(generator));
                table.prefetch(config.negative + 1, generator);
                step.targets.take_negatives(vectors, false);
                step.fresh = step.targets.rows.len();
            }
            self.complete(inputs, arriving);
        }
    }

    /// Adds its inputs to the step whose targets were chosen, and trains the oldest step if no more
    /// can wait.
    #[inline]
    fn complete(&mut self, inputs: [&[WordId]; 2], arriving: Option<Row<'a>>) {
        let vectors = &mut self.sources.inputs;
        let step = &mut self.planned[self.next];
        step.inputs.clear();
        if let Some(locks) = &mut self.locks {
            locks.take(self.next, inputs, vectors, &mut step.inputs);
        } else {
            for side in inputs {
                step.inputs.extend(vectors, side.iter().map(|word| word.row()));
            }
        }
        step.arriving = arriving;
        self.newest = self.next;
        self.next = after(self.next, self.planned.len());
        self.waiting += 1;
        if self.waiting == self.planned.len() {
            self.run_oldest();
        }
    }

    /// Trains the step that has waited longest, while the rows of the newest one arrive.
    fn run_oldest(&mut self) {
        if let Some(locks) = &self.locks {
            locks.begin(self.oldest);
        }
        let Planned { inputs, targets, .. } = &self.planned[self.oldest];
        let config = self.shared.config;
        let is_sum = config.architecture == Architecture::Cbow;
        let count = if is_sum { 1 } else { inputs.len() };
        let values = tiled(count, targets.rows.len());
        if values > self.scores.len() {
            self.scores.resize(values, 0.0);
            self.gradients.resize(values, 0.0);
        }
        let newest = &self.planned[self.newest];
        let [hidden, change] = self.hidden;
        let mut step = Step {
            inputs,
            targets: &targets.rows,
            labels: &targets.labels,
            multiplicities: &targets.multiplicities,
            scores: &mut self.scores[..values],
            gradients: &mut self.gradients[..values],
            change,
            alpha: self.alpha,
            score_limit: targets.score_limit,
            upcoming: &newest.targets.rows.addresses()[..newest.fresh],
            arriving: newest.arriving,
        };
        let kernels = self.shared.kernels;
        match (targets.repeat, is_sum) {
            (true, _) => kernels.sequence(&hidden_of(config, inputs, hidden), &mut step),
            (false, true) => kernels.step_of_sum(&hidden_of(config, inputs, hidden), &mut step),
            (false, false) => kernels.step(&mut step),
        }
        if let Some(locks) = &self.locks {
            locks.end(self.oldest);
        }
        if config.compute_loss {
            self.loss += targets.loss(&self.scores[..values], count);
        }
        self.oldest = after(self.oldest, self.planned.len());
        self.waiting -= 1;
    }
}

/// CBOW's hidden vector, the mean or the sum of the contexts; one input alone is its own.
///
/// The error goes back to each context whole in mean mode, as in word2vec.c, and divided by their
/// number in sum mode, as in gensim: the true gradient has it the other way round (Irsoy, Benton
/// and Stratos 2021, arXiv:2012.15332), and is there on request.
fn hidden_of<'a>(config: &TrainConfig, contexts: &'a Rows<'a>, row: Row<'a>) -> Hidden<'a> {
    let part = 1.0 / contexts.len() as f32;
    let scale = if config.cbow_mean { part } else { 1.0 };
    let share = if config.cbow_mean == config.cbow_corrected { part } else { 1.0 };
    Hidden { contexts, row, scale, share }
}

/// The next place in a ring of `len`; a division would be the longest instruction of a plan.
#[inline(always)]
fn after(at: usize, len: usize) -> usize {
    if at + 1 == len { 0 } else { at + 1 }
}

/// How many inputs may share a set of targets: all of CBOW's, which are one vector; for skip-gram
/// a block of them (Ji et al. 2016, arXiv:1611.06172), since one set for a very large window spoils
/// the vectors; one in word2vec.c's order.
pub fn most_inputs(config: &TrainConfig) -> usize {
    match (config.architecture, config.shared_negatives) {
        (Architecture::Cbow, _) => usize::MAX,
        (Architecture::SkipGram, true) => MAX_INPUTS,
        (Architecture::SkipGram, false) => 1,
    }
}

/// The contexts of a window in as many steps as they take.
#[inline(always)]
pub fn parts(mut rest: [&[WordId]; 2], most: usize) -> impl Iterator<Item = [&[WordId]; 2]> {
    std::iter::from_fn(move || {
        let left = rest[0].len() + rest[1].len();
        if left == 0 {
            return None;
        }
        let (inputs, others) = split(rest, near_equal_part(left, most));
        rest = others;
        Some(inputs)
    })
}

/// The first of as few parts of `count` as may be, of at most `most` each, whose sizes differ by at
/// most one.
#[inline(always)]
fn near_equal_part(count: usize, most: usize) -> usize {
    match most {
        1 => 1,
        _ if count <= most => count,
        _ => count.div_ceil(count.div_ceil(most)),
    }
}

/// The first `count` words of both sides, and the others.
#[inline(always)]
fn split([left, right]: [&[WordId]; 2], count: usize) -> ([&[WordId]; 2], [&[WordId]; 2]) {
    let (left, left_rest) = left.split_at(count.min(left.len()));
    let (right, right_rest) = right.split_at(count - left.len());
    ([left, right], [left_rest, right_rest])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_inputs_are_near_equal_and_small() {
        for (count, most) in (0..100).flat_map(|count| [(count, MAX_INPUTS), (count, 1)]) {
            let words: Vec<WordId> = (0..count).map(WordId).collect();
            for middle in [0, words.len() / 3, words.len()] {
                let whole = [&words[..middle], &words[middle..]];
                let (mut sizes, mut seen) = (Vec::new(), Vec::new());
                for part in parts(whole, most) {
                    seen.extend(part.concat());
                    sizes.push(part.concat().len());
                }
                assert_eq!(seen, words);
                assert_eq!(sizes.len(), words.len().div_ceil(most));
                assert!(sizes.iter().all(|&size| (1..=most).contains(&size)));
                assert!(
                    sizes.is_sorted_by(|a, b| a >= b)
                        && sizes.first() <= sizes.last().map(|s| s + 1).as_ref()
                );
            }
        }
    }
}
