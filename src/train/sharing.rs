//! Which rows each worker holds copies of, and how often it exchanges them.

use std::ops::Range;

/// What the copies of one matrix may take, about: a part of a core's own cache.
const COPIES_BYTES: usize = 1 << 18;

/// Uses of a row, by all workers together, that may pass before each has seen those of the others.
///
/// Workers that train copies of one row all move it towards the same place, and their changes add
/// up. Two that each went all the way would arrive as far beyond it as they began before it, and
/// more would fly apart; so the more workers there are, the sooner they exchange. (A block of
/// inputs against one target is bounded for the same reason, and about as tightly.)
const USES_TOGETHER: usize = 16;

/// The rows that workers copy: the most used ones, or none where that would not pay.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// Output rows of words.
    pub words: Range<usize>,
    /// Output rows of inner nodes.
    pub nodes: Range<usize>,
    /// Uses by one worker between two exchanges.
    pub period: u32,
}

impl Sharing {
    /// For matrices with a row of `stride` values a word.
    pub fn new(counts: &[u64], stride: usize, workers: usize) -> Self {
        let period = (USES_TOGETHER / workers) as u32;
        let copies = match (workers, period) {
            (1, _) | (_, 0 | 1) => 0,
            _ => COPIES_BYTES / (2 * stride * size_of::<f32>()),
        };
        // Words in another order than by count are not worth a table of which of them are hot.
        let words = if counts.is_sorted_by(|a, b| a >= b) { copies.min(counts.len()) } else { 0 };
        let nodes = counts.len().saturating_sub(1); // the root is the last of them
        Self { words: 0..words, nodes: nodes.saturating_sub(copies)..nodes, period }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_and_high_nodes_are_copied() {
        let counts: Vec<u64> = (1..=10_000).rev().collect();
        let two = Sharing::new(&counts, 128, 2);
        assert_eq!((two.words, two.nodes, two.period), (0..256, 9_743..9_999, 8));
        assert_eq!(Sharing::new(&[3, 2, 2], 128, 2).words, 0..3);
        assert_eq!(Sharing::new(&[3, 2, 2], 128, 2).nodes, 0..2);
    }

    #[test]
    fn one_worker_and_very_many_copy_nothing() {
        let counts: Vec<u64> = (1..=10_000).rev().collect();
        for workers in [1, 9, 16, 64] {
            let sharing = Sharing::new(&counts, 128, workers);
            assert!(sharing.words.is_empty() && sharing.nodes.is_empty(), "{workers}");
        }
        assert!(Sharing::new(&[1, 2], 128, 2).words.is_empty(), "not in order of count");
    }
}
