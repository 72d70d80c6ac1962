//! How an epoch is cut into rounds, and a round into the parts of its lanes.

use std::ops::Range;

use super::LANES;

/// Ids that a lane has in a round at [`USUAL_ALPHA`]. More of them cost less time, since fewer rows
/// are copied and merged a word, and let lanes go further apart before they meet again.
const IDS: f32 = 256.0;

/// What [`IDS`] goes with: how far lanes go apart depends on both, so the lower the rate, the longer
/// the rounds.
const USUAL_ALPHA: f32 = 0.025;

/// How far a row may be pulled in a round on average, in learning rates times gradients. What lanes
/// do to rows that are pulled no harder adds up as if they had come one after another.
const MEAN_STRENGTH: f32 = 1.0;

/// The most ids that a lane has in a round. Twice and three times as many took 2 and 5 % longer: fewer
/// rows are copied and merged a word, but from further away, since the copies of 16 lanes leave a
/// core's cache.
const MOST_IDS: usize = 512;

/// Small corpora are passed in so many rounds at least, as far as each has [`FEWEST_IDS`]: there
/// lanes should meet often, and time does not matter.
const ROUNDS: usize = 32;

/// See [`ROUNDS`].
const FEWEST_IDS: usize = 16;

/// Where the rounds of an epoch begin.
///
/// Each lane passes over a range of the corpus of its own, all of one length but for one id, so that
/// all end together; a round is a piece of each range. (Neighbouring pieces would share more words.)
#[derive(Debug)]
pub struct Rounds {
    ids: usize,
    /// Within the range of a lane, with its end.
    starts: Vec<usize>,
}

impl Rounds {
    /// Cuts `ids` by the learning rate after a share (0 … 1) of the epoch, where an id brings so many
    /// gradients to each row on average. A lane gets `most` ids a round at most.
    pub fn new(ids: usize, most: usize, gradients: f32, alpha: impl Fn(f64) -> f32) -> Self {
        let lane = ids.div_ceil(LANES);
        let mut starts = vec![0];
        let mut start = 0;
        while start < lane {
            let share = start as f64 / lane as f64;
            let length = length(lane, alpha(share), gradients).min(most);
            start = (start + length).min(lane);
            starts.push(start);
        }
        Self { ids, starts }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
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
        let lane = self.starts[self.count()].max(1);
        self.starts[round] as f64 / lane as f64
    }
}

/// Ids of a lane whose range has `lane` of them.
fn length(lane: usize, alpha: f32, gradients: f32) -> usize {
    let usual = IDS * USUAL_ALPHA / alpha;
    let gentle = MEAN_STRENGTH / (LANES as f32 * alpha * gradients);
    let for_alpha = (usual.min(gentle) as usize).clamp(1, MOST_IDS);
    for_alpha.min(lane / ROUNDS).max(FEWEST_IDS.min(for_alpha))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_cover_every_id_once() {
        for ids in [0, 1, 15, 16, 17, 255, 1000, 12_345, 1_000_000] {
            for most in [1, 100, usize::MAX] {
                let rounds = Rounds::new(ids, most, 0.01, |share| 0.025 * (1.0 - share as f32));
                let mut seen: Vec<usize> = Vec::new();
                for lane in 0..LANES {
                    let lane: Vec<usize> =
                        (0..rounds.count()).flat_map(|round| rounds.range(round, lane)).collect();
                    assert!(lane.len().abs_diff(ids / LANES) <= 1);
                    seen.extend(lane);
                }
                assert_eq!(seen, (0..ids).collect::<Vec<_>>());
                let longest = (0..rounds.count()).map(|round| rounds.range(round, 3).len()).max();
                assert!(longest.unwrap_or(0) <= most);
                assert_eq!(rounds.share_before(0), 0.0);
                assert_eq!(rounds.share_before(rounds.count()), if ids > 0 { 1.0 } else { 0.0 });
            }
        }
    }

    #[test]
    fn rounds_grow_as_the_rate_falls_and_are_short_in_small_corpora() {
        let rare = 1e-4;
        assert_eq!(length(1_000_000, 0.025, rare), 256);
        assert_eq!(length(1_000_000, 0.0125, rare), 512);
        assert_eq!(length(1_000_000, 0.02, rare), 320);
        assert_eq!(length(1_000_000, 0.25, rare), 25);
        assert_eq!(length(1_000_000, 0.0, rare), 512);
        assert_eq!(length(1_000_000, 1e9, rare), 1);
        assert_eq!(length(3_200, 0.025, rare), 100);
        assert_eq!(length(100, 0.025, rare), 16);
        assert_eq!(length(1_000_000, 0.025, 36.0 / 200.0), 13, "200 words");
        assert_eq!(length(1_000_000, 0.025, 36.0 / 8.0), 1, "8 words");
    }
}
