//! One center and its contexts become updates of rows: skip-gram or CBOW, negative sampling or
//! hierarchical softmax, in shared or in exact order. `reference.py` tells the same in NumPy.
//!
//! Where word2vec.c and gensim differ this follows: gensim's arguments and its division of CBOW's
//! error in sum mode; word2vec.c's saturation, in that negative sampling never skips an update
//! (gensim skips scores beyond ±6); both, in that hierarchical softmax leaves nodes with scores
//! beyond ±6 alone.

use crate::config::{Architecture, TrainConfig};
use crate::error::Result;
use crate::matrix::{Matrix, Row, SharedMatrix};
use crate::sampling::{AliasTable, SplitMix64};
use crate::simd::{Kernels, MAX_INPUTS, Sequence, prefetch};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

/// Where hierarchical softmax stops to train a node: word2vec.c's MAX_EXP.
const MAX_NODE_SCORE: f32 = 6.0;

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

/// One worker's private scratch: everything that is not a shared row.
#[derive(Debug)]
pub struct Objective<'a> {
    shared: Shared<'a>,
    /// The learning rate of the current block.
    pub alpha: f32,
    /// Summed loss since it was last taken.
    pub loss: f64,
    contexts: Vec<Row>,
    targets: Targets,
    scores: Vec<f32>,
    gradients: Vec<f32>,
    /// Row 0 is the hidden vector, row 1 its error.
    hidden: Matrix,
}

/// The output rows of a step, what each should say, and how much it counts.
#[derive(Debug, Default)]
struct Targets {
    words: Vec<WordId>,
    rows: Vec<Row>,
    labels: Vec<f32>,
    multiplicities: Vec<f32>,
    score_limit: f32,
}

impl Targets {
    fn clear(&mut self, score_limit: f32) {
        self.words.clear();
        self.rows.clear();
        self.labels.clear();
        self.multiplicities.clear();
        self.score_limit = score_limit;
    }

    #[inline]
    fn push(&mut self, word: WordId, row: Row, label: f32) {
        self.words.push(word);
        self.rows.push(row);
        self.labels.push(label);
        self.multiplicities.push(1.0);
    }

    /// The nodes on the way to a word.
    fn take_path(&mut self, word: WordId, matrix: SharedMatrix<'_>, paths: &HuffmanPaths) {
        self.clear(MAX_NODE_SCORE);
        let (nodes, labels) = paths.path(word);
        for (&node, &label) in nodes.iter().zip(labels) {
            self.push(WordId(node), matrix.row(node as usize), label);
        }
    }

    /// The center and its negatives as they are drawn; one that is the center is dropped. `merged`
    /// makes targets distinct: a negative drawn again counts once more instead.
    fn draw(
        &mut self,
        center: WordId,
        count: usize,
        (matrix, table): (SharedMatrix<'_>, &AliasTable),
        generator: &mut SplitMix64,
        merged: bool,
    ) {
        self.clear(f32::INFINITY);
        self.push(center, matrix.row(center.row()), 1.0);
        for _ in 0..count {
            let word = table.draw(generator);
            if word == center {
                continue;
            }
            prefetch(matrix.row(word.row()), matrix.stride());
            match self.words.iter().position(|&earlier| merged && earlier == word) {
                Some(earlier) => self.multiplicities[earlier] += 1.0,
                None => self.push(word, matrix.row(word.row()), 0.0),
            }
        }
    }

    /// Sigmoids become (label − sigmoid) · alpha, times the multiplicity; 0 beyond the limit.
    #[inline]
    fn turn_into_gradients(&self, scores: &[f32], sigmoids: &mut [f32], alpha: f32) {
        for (t, value) in sigmoids.iter_mut().enumerate() {
            let gradient = (self.labels[t] - *value) * (alpha * self.multiplicities[t]);
            *value = if scores[t].abs() < self.score_limit { gradient } else { 0.0 };
        }
    }

    /// −log of the probability given to each label, in float64: log(1 + exp(∓score)).
    fn loss(&self, scores: &[f32]) -> f64 {
        let mut sum = 0.0;
        for (t, &score) in scores.iter().enumerate() {
            if score.abs() < self.score_limit {
                let wrong = f64::from(if self.labels[t] == 1.0 { -score } else { score });
                let softplus = wrong.max(0.0) + (-wrong.abs()).exp().ln_1p();
                sum += softplus * f64::from(self.multiplicities[t]);
            }
        }
        sum
    }
}

impl<'a> Objective<'a> {
    /// Fresh scratch for a worker.
    pub fn new(shared: Shared<'a>) -> Result<Self> {
        let mut hidden = Matrix::zeros(2, shared.config.vector_size)?;
        hidden.pad_rows();
        Ok(Self {
            shared,
            alpha: 0.0,
            loss: 0.0,
            contexts: Vec::new(),
            targets: Targets::default(),
            scores: Vec::new(),
            gradients: Vec::new(),
            hidden,
        })
    }

    /// Trains one center with the contexts on either side of it.
    pub fn train(
        &mut self,
        center: WordId,
        (before, after): (&[WordId], &[WordId]),
        generator: &mut SplitMix64,
    ) {
        if before.is_empty() && after.is_empty() {
            return;
        }
        let vectors = self.shared.input_vectors;
        self.contexts.clear();
        self.contexts.extend(before.iter().chain(after).map(|word| vectors.row(word.row())));
        let contexts = std::mem::take(&mut self.contexts);
        match (self.shared.config.architecture, self.shared.config.shared_negatives) {
            (Architecture::Cbow, _) => self.train_cbow(center, &contexts, generator),
            (Architecture::SkipGram, true) => self.train_blocks(center, &contexts, generator),
            (Architecture::SkipGram, false) => self.train_pairs(center, &contexts, generator),
        }
        self.contexts = contexts;
    }

    /// Skip-gram in shared order: blocks of inputs against one set of targets (Ji et al. 2016,
    /// arXiv:1611.06172), each block with negatives of its own, since one set for a very large
    /// window spoils the vectors.
    fn train_blocks(&mut self, center: WordId, contexts: &[Row], generator: &mut SplitMix64) {
        for inputs in near_equal_blocks(contexts) {
            if let Some((matrix, paths)) = self.shared.tree {
                self.targets.take_path(center, matrix, paths);
                self.step(inputs);
            }
            if let Some(negatives) = self.shared.negatives {
                let count = self.shared.config.negative;
                self.targets.draw(center, count, negatives, generator, true);
                self.step(inputs);
            }
        }
    }

    /// All inputs against all targets, both sides updated from the values before.
    fn step(&mut self, inputs: &[Row]) {
        let count = self.targets.rows.len();
        if count == 0 {
            return; // the only word of a vocabulary has no path
        }
        let width = self.shared.input_vectors.stride();
        let kernels = self.shared.kernels;
        self.scores.clear();
        self.scores.resize(inputs.len() * count, 0.0);
        // SAFETY: rows of `width` values from `SharedMatrix::row`; `kernels` fits this processor.
        unsafe { (kernels.scores)(inputs, &self.targets.rows, width, &mut self.scores) };
        self.gradients.clone_from(&self.scores);
        // SAFETY: as above.
        unsafe { (kernels.sigmoid)(&mut self.gradients) };
        for (scores, gradients) in self.scores.chunks(count).zip(self.gradients.chunks_mut(count)) {
            self.targets.turn_into_gradients(scores, gradients, self.alpha);
            if self.shared.config.compute_loss {
                self.loss += self.targets.loss(scores);
            }
        }
        // SAFETY: as above; targets are distinct (a path's nodes are, and draws are merged).
        unsafe { (kernels.update)(inputs, &self.targets.rows, width, &self.gradients) };
    }

    /// Skip-gram in word2vec.c's order: context by context, target by target.
    fn train_pairs(&mut self, center: WordId, contexts: &[Row], generator: &mut SplitMix64) {
        let error = self.error();
        for input in contexts {
            if let Some((matrix, paths)) = self.shared.tree {
                self.targets.take_path(center, matrix, paths);
                self.sequence(*input);
                self.hand_back(std::slice::from_ref(input), 1.0, error);
            }
            if let Some(negatives) = self.shared.negatives {
                let count = self.shared.config.negative;
                self.targets.draw(center, count, negatives, generator, false);
                self.sequence(*input);
                self.hand_back(std::slice::from_ref(input), 1.0, error);
            }
        }
    }

    /// CBOW: the mean or the sum of the contexts is the input.
    ///
    /// The error goes back to each context whole in mean mode, as in word2vec.c, and divided by
    /// their number in sum mode, as in gensim: the true gradient would have it the other way round
    /// (Irsoy, Benton and Stratos 2021).
    fn train_cbow(&mut self, center: WordId, contexts: &[Row], generator: &mut SplitMix64) {
        let share = 1.0 / contexts.len() as f32;
        let (scale, share) = if self.shared.config.cbow_mean { (share, 1.0) } else { (1.0, share) };
        let (hidden, error) = (self.hidden.as_ptr(), self.error());
        let width = self.shared.input_vectors.stride();
        let sum_rows = self.shared.kernels.sum_rows;
        if let Some((matrix, paths)) = self.shared.tree {
            self.targets.take_path(center, matrix, paths);
            // SAFETY: rows of `width` values, two of them in `hidden`.
            unsafe { sum_rows(contexts, width, scale, hidden) };
            self.sequence(hidden);
            self.hand_back(contexts, share, error);
        }
        if let Some(negatives) = self.shared.negatives {
            let count = self.shared.config.negative;
            self.targets.draw(center, count, negatives, generator, false);
            // SAFETY: as above.
            unsafe { sum_rows(contexts, width, scale, hidden) };
            self.sequence(hidden);
            self.hand_back(contexts, share, error);
        }
    }

    /// One hidden vector against the targets one after another; its error is in [`Self::error`].
    fn sequence(&mut self, hidden: Row) {
        self.scores.clear();
        self.scores.resize(self.targets.rows.len(), 0.0);
        let error = self.error();
        let mut sequence = Sequence {
            hidden,
            error,
            targets: &self.targets.rows,
            labels: &self.targets.labels,
            scores: &mut self.scores,
            width: self.shared.input_vectors.stride(),
            alpha: self.alpha,
            score_limit: self.targets.score_limit,
        };
        // SAFETY: rows of `width` values from `SharedMatrix::row` and our own scratch.
        unsafe { (self.shared.kernels.sequence)(&mut sequence) };
        if self.shared.config.compute_loss {
            self.loss += self.targets.loss(&self.scores);
        }
    }

    fn hand_back(&self, rows: &[Row], share: f32, error: Row) {
        // SAFETY: as in `sequence`.
        unsafe {
            (self.shared.kernels.add_to_rows)(
                rows,
                self.shared.input_vectors.stride(),
                share,
                error,
            );
        }
    }

    /// The address of the hidden vector's error.
    fn error(&self) -> Row {
        // SAFETY: `hidden` has two rows of `stride` values.
        unsafe { self.hidden.as_ptr().add(self.shared.input_vectors.stride()) }
    }
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

    #[test]
    fn the_loss_of_a_certain_and_of_an_undecided_answer() {
        let targets = Targets {
            labels: vec![1.0, 0.0, 0.0],
            multiplicities: vec![1.0, 1.0, 2.0],
            score_limit: f32::INFINITY,
            ..Targets::default()
        };
        assert!(targets.loss(&[50.0, -50.0, -50.0]) < 1e-20);
        assert!((targets.loss(&[0.0, 0.0, 0.0]) - 4.0 * 2f64.ln()).abs() < 1e-12);
        assert!((targets.loss(&[-80.0, -80.0, -80.0]) - 80.0).abs() < 1e-12);
    }
}
