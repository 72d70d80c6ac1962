//! One lane: what it plans and trains in a round.

use crate::config::Architecture;
use crate::corpus::EncodedCorpus;
use crate::error::Result;
use crate::matrix::{Matrix, SharedMatrix};
use crate::sampling::{SplitMix64, Subsampling};
use crate::vocab::WordId;

use super::super::negatives::RecurringNegatives;
use super::super::objective::{Objective, Scratch, Shared, Sources, most_inputs, parts};
use super::super::window::{KeptTokens, Window};
use super::claims::Claims;
use super::rows::LaneRows;
use std::ops::Range;

/// One for each matrix.
#[derive(Debug)]
pub struct AllClaims {
    /// On syn0.
    pub inputs: Claims,
    /// On syn1neg.
    pub words: Claims,
    /// On syn1.
    pub nodes: Claims,
}

/// What a lane claims at most in a round.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Rows of syn0.
    pub inputs: usize,
    /// Rows of syn1neg.
    pub words: usize,
    /// Rows of syn1.
    pub nodes: usize,
}

impl AllClaims {
    /// No claims.
    pub fn new(rows: usize, most: Most) -> Self {
        Self {
            inputs: Claims::new(rows, most.inputs),
            words: Claims::new(rows, most.words),
            nodes: Claims::new(rows, most.nodes),
        }
    }

    /// The next round begins.
    pub fn clear(&self) {
        [&self.inputs, &self.words, &self.nodes].into_iter().for_each(Claims::clear);
    }
}

/// A lane's own rows.
#[derive(Debug)]
pub struct LaneRoom {
    inputs: Matrix,
    words: Matrix,
    nodes: Matrix,
    scratch: Scratch,
}

impl LaneRoom {
    /// Room for copies of what a lane claims.
    pub fn new(shared: &Shared<'_>, rows: usize, most: Most) -> Result<Self> {
        let room = |most: usize| Matrix::zeros(most.min(rows), shared.config.vector_size);
        Ok(Self {
            inputs: room(most.inputs)?,
            words: room(most.words)?,
            nodes: room(most.nodes)?,
            scratch: Scratch::new(shared)?,
        })
    }
}

/// A lane at work.
#[derive(Debug)]
pub struct Lane<'a> {
    shared: Shared<'a>,
    kept: KeptTokens,
    objective: Objective<'a, LaneRows<'a>, LaneRows<'a>>,
    recurring: RecurringNegatives,
    drawn: Vec<WordId>,
    generator: SplitMix64,
    /// Centers of the round.
    pub centers: u64,
    /// Loss of the round.
    pub loss: f64,
}

impl<'a> Lane<'a> {
    /// A lane that has trained nothing yet.
    pub fn new(
        shared: Shared<'a>,
        claims: &'a AllClaims,
        lane: u32,
        room: &'a mut LaneRoom,
    ) -> Self {
        let LaneRoom { inputs, words, nodes, scratch } = room;
        let rows = |matrix: SharedMatrix<'a>, claims, room| LaneRows::new(matrix, claims, lane, room);
        let sources = Sources {
            inputs: rows(shared.input_vectors, &claims.inputs, inputs),
            words: shared.negatives.map(|(matrix, _)| rows(matrix, &claims.words, words)),
            nodes: shared.tree.map(|(matrix, _)| rows(matrix, &claims.nodes, nodes)),
        };
        Self {
            shared,
            kept: KeptTokens::default(),
            objective: Objective::new(shared, sources, scratch),
            recurring: RecurringNegatives::new(shared.config.negative, shared.config.window),
            drawn: Vec::new(),
            generator: SplitMix64::new(0),
            centers: 0,
            loss: 0.0,
        }
    }

    /// Gathers the tokens of a round and claims every row that training them will use.
    pub fn plan(
        &mut self,
        round: u32,
        corpus: &EncodedCorpus,
        range: Range<usize>,
        subsampling: (&Subsampling, &SplitMix64),
        generator: SplitMix64,
    ) {
        let config = self.shared.config;
        self.generator = generator;
        self.centers = 0;
        self.loss = 0.0;
        let (subsampling, stream) = subsampling;
        self.kept.fill(corpus.ids(), range, config.window, subsampling, stream);
        let Sources { inputs, words, nodes } = &mut self.objective.sources;
        [Some(&mut *inputs), words.as_mut(), nodes.as_mut()]
            .into_iter()
            .flatten()
            .for_each(LaneRows::clear);
        for token in self.kept.tokens() {
            inputs.claim(round, token.row());
        }
        let mut generator = generator;
        let most = most_inputs(config);
        self.recurring.forget();
        self.drawn.resize(config.negative, WordId(0));
        for place in self.kept.centers(config.window) {
            let window: Window<'_> = place.window(config, &mut generator);
            for _ in parts(window.contexts, most) {
                if let (Some(nodes), Some((_, paths))) = (nodes.as_mut(), self.shared.tree) {
                    paths.path(window.center).0.iter().for_each(|&n| nodes.claim(round, n as usize));
                }
                if let (Some(words), Some((_, table))) = (words.as_mut(), self.shared.negatives) {
                    words.claim(round, window.center.row());
                    if config.shared_negatives {
                        self.recurring.draw(table, &mut generator, &mut self.drawn);
                    } else {
                        self.drawn.iter_mut().for_each(|n| *n = table.draw(&mut generator));
                    }
                    self.drawn.iter().for_each(|word| words.claim(round, word.row()));
                }
            }
        }
    }

    /// Trains what was planned, at a learning rate.
    pub fn train(&mut self, alpha: f32) {
        let config = self.shared.config;
        let Sources { inputs, words, nodes } = &mut self.objective.sources;
        [Some(inputs), words.as_mut(), nodes.as_mut()]
            .into_iter()
            .flatten()
            .for_each(LaneRows::make_copies);
        self.objective.alpha = alpha;
        let mut generator = self.generator;
        for place in self.kept.centers(config.window) {
            self.centers += 1;
            self.objective.train(place.window(config, &mut generator), &mut generator);
        }
        self.objective.finish();
        self.loss = std::mem::take(&mut self.objective.loss);
    }

    /// Its rows.
    pub fn sources(&self) -> &Sources<LaneRows<'a>, LaneRows<'a>> {
        &self.objective.sources
    }
}

/// Gradients that a use of an input row, and one of an output row, brings on average.
pub fn gradients_per_use(shared: &Shared<'_>, counts: &[u64]) -> [f32; 2] {
    let config = shared.config;
    let contexts = match config.architecture {
        Architecture::Cbow => 1.0,
        Architecture::SkipGram if !config.shared_negatives => 1.0,
        Architecture::SkipGram => {
            let reach = config.window as f32;
            (if config.shrink_windows { reach + 1.0 } else { 2.0 * reach }).min(16.0)
        }
    };
    let mut targets = if config.negative > 0 { config.negative as f32 + 1.0 } else { 0.0 };
    if let Some((_, paths)) = shared.tree {
        let total: u64 = counts.iter().sum();
        let steps: f64 = counts
            .iter()
            .enumerate()
            .map(|(w, &c)| c as f64 * paths.path(WordId(w as u32)).0.len() as f64)
            .sum();
        targets += (steps / (total as f64).max(1.0)) as f32;
    }
    [targets, contexts]
}
