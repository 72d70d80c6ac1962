//! How an epoch is cut into rounds, and a round into the parts of its lanes.

use std::ops::Range;

use super::LANES;

/// Where the rounds of an epoch begin.
///
/// Each lane passes over a range of the corpus of its own, all of one length but for one id, so that
/// all end together; a round is a piece of each.
#[derive(Debug)]
pub struct Rounds {
    ids: usize,
    /// Within the range of a lane, with its end.
    starts: Vec<usize>,
}

impl Rounds {
    /// Cuts `ids` so that a round that begins at a share of the epoch (0 … 1) takes `length(share)`
    /// ids of each lane.
    pub fn new(ids: usize, length: impl Fn(f64) -> usize) -> Self {
        let lane = ids.div_ceil(LANES);
        let mut starts = vec![0];
        let mut start = 0;
        while start < lane {
            start = (start + length(start as f64 / lane as f64).max(1)).min(lane);
            starts.push(start);
        }
        Self { ids, starts }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The most ids that a lane has in a round.
    pub fn longest(&self) -> usize {
        self.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// The ids of a lane in a round.
    pub fn range(&self, round: usize, lane: usize) -> Range<usize> {
        let first = |lane: usize| (lane as u128 * self.ids as u128 / LANES as u128) as usize;
        let (start, end) = (first(lane), first(lane + 1));
        let at = |round: usize| (start + self.starts[round]).min(end);
        at(round)..at(round + 1)
    }

    /// The share of the epoch that lies before a round.
    pub fn share_before(&self, round: usize) -> f64 {
        let lane = self.starts[self.starts.len() - 1].max(1);
        self.starts[round] as f64 / lane as f64
    }
}
