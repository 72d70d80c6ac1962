//! One lane: what it claims and trains in a round.

use std::ops::Range;

use crate::error::Result;
use crate::matrix::Arena;
use crate::sampling::{SplitMix64, Subsampling};
use crate::vocab::WordId;

use super::super::negatives::RecurringNegatives;
use super::super::objective::{Objective, Scratch, Shared, Sources, most_inputs, parts};
use super::super::window::{KeptTokens, Window};
use super::rows::{LaneRows, Side};

/// A lane's own rows.
#[derive(Debug)]
pub struct LaneRoom {
    copies: Sources<Arena, Arena>,
    scratch: Scratch,
}

impl LaneRoom {
    /// Room that grows with what is needed.
    pub fn new(shared: &Shared<'_>) -> Result<Self> {
        let arena = || Arena::new(shared.config.vector_size);
        let copies = Sources { inputs: arena(), words: Some(arena()), nodes: Some(arena()) };
        Ok(Self { copies, scratch: Scratch::new(shared)? })
    }
}

/// What a lane is to do in a round.
#[derive(Debug)]
pub struct Task<'t> {
    /// The number of the round; no other of this call has it.
    pub round: u32,
    /// The corpus.
    pub ids: &'t [WordId],
    /// The part of it whose tokens are the lane's centers.
    pub range: Range<usize>,
    /// Which tokens are kept.
    pub subsampling: &'t Subsampling,
    /// Its draws.
    pub kept: SplitMix64,
    /// The draws of window sizes and negatives.
    pub windows: SplitMix64,
}

/// A lane at work.
#[derive(Debug)]
pub struct Lane<'a> {
    shared: Shared<'a>,
    kept: KeptTokens,
    windows: SplitMix64,
    objective: Objective<'a, LaneRows<'a>, LaneRows<'a>>,
    /// As the objective will draw them again.
    negatives: RecurringNegatives,
    drawn: Vec<WordId>,
    targets: Vec<WordId>,
    /// Centers that were trained in the round.
    pub centers: u64,
    /// Their loss.
    pub loss: f64,
}

impl<'a> Lane<'a> {
    /// A lane that has trained nothing yet.
    pub fn new(
        lane: u32,
        shared: Shared<'a>,
        sides: &'a Sources<Side<'a>, Side<'a>>,
        room: &'a mut LaneRoom,
    ) -> Self {
        let LaneRoom { copies, scratch } = room;
        let copies: &'a Sources<Arena, Arena> = copies;
        let config = shared.config;
        let sources = sides.zip(copies, |side, copies| LaneRows::new(side, lane, copies));
        Self {
            shared,
            kept: KeptTokens::default(),
            windows: SplitMix64::new(0),
            objective: Objective::new(shared, sources, scratch),
            negatives: RecurringNegatives::new(config.negative, config.window),
            drawn: vec![WordId(0); config.negative],
            targets: Vec::new(),
            centers: 0,
            loss: 0.0,
        }
    }

    /// Gathers the tokens of a round and claims every row that training them will use. For this
    /// everything is drawn; training draws it again, which costs less than to keep it.
    pub fn claim(&mut self, task: &Task<'_>) {
        let config = self.shared.config;
        let range = task.range.clone();
        self.kept.fill(task.ids, range, config.window, task.subsampling, &task.kept);
        self.windows = task.windows;
        self.negatives.forget();
        self.objective.sources.each_mut().for_each(LaneRows::clear);

        self.targets.clear();
        let kept = std::mem::take(&mut self.kept);
        let mut generator = task.windows;
        for place in kept.centers(config.window) {
            let window = place.window(config, &mut generator);
            self.draw_targets(task.round, &window, &mut generator);
        }
        let Sources { inputs, words, .. } = &mut self.objective.sources;
        inputs.claim_all(task.round, kept.tokens());
        words.iter_mut().for_each(|words| words.claim_all(task.round, &self.targets));
        self.kept = kept;
    }

    /// Gathers the words that are targets of a window's steps, and claims the nodes that are.
    #[inline(always)]
    fn draw_targets(&mut self, round: u32, window: &Window<'_>, generator: &mut SplitMix64) {
        let config = self.shared.config;
        for _ in parts(window.contexts, most_inputs(config)) {
            let nodes = &mut self.objective.sources.nodes;
            if let (Some(nodes), Some((_, paths))) = (nodes, self.shared.tree) {
                let (path, _) = paths.path(window.center);
                path.iter().for_each(|&node| nodes.claim(round, node as usize));
            }
            if let Some((_, table)) = self.shared.negatives {
                let fresh = if config.shared_negatives {
                    self.negatives.draw(table, generator, &mut self.drawn);
                    self.negatives.fresh()
                } else {
                    self.drawn.fill_with(|| table.draw(generator));
                    config.negative
                };
                self.targets.push(window.center);
                self.targets.extend_from_slice(&self.drawn[..fresh]);
            }
        }
    }

    /// Trains what was claimed, at a learning rate, once all lanes have claimed theirs.
    pub fn train(&mut self, alpha: f32) -> Result<()> {
        let config = self.shared.config;
        for rows in self.objective.sources.each_mut() {
            rows.make_copies()?;
        }
        self.objective.alpha = alpha;
        self.centers = 0;
        let mut generator = self.windows;
        for place in self.kept.centers(config.window) {
            self.centers += 1;
            self.objective.train(place.window(config, &mut generator), &mut generator);
        }
        self.objective.finish();
        self.loss = std::mem::take(&mut self.objective.loss);
        Ok(())
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = &LaneRows<'a>> {
        self.objective.sources.each()
    }
}
