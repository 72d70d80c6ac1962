//! The k best labels, as fastText keeps them.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// What is added to a probability before its logarithm is taken.
const LEAST: f64 = 1e-5;

/// What one wants to know of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Asked {
    /// At most so many labels.
    pub k: usize,
    /// None less likely than this.
    pub threshold: f32,
}

/// A label, and how likely it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The label's index.
    pub label: u32,
    /// From 0 to 1.
    pub probability: f32,
}

/// The logarithm that fastText goes by: of a little more than the probability, so that it is finite.
///
/// It is why fastText tells of a certain label that its probability is 1.00001. We cut that to 1,
/// and leave the others as they are, so that numbers and thresholds mean what they mean there.
#[inline]
pub fn log(probability: f64) -> f32 {
    (probability + LEAST).ln() as f32
}

/// A probability whose logarithm, and that of all below it, is surely less than this one.
pub fn surely_below(log: f32) -> f32 {
    (f64::from(log).exp() * (1.0 - 1e-5) - LEAST) as f32
}

/// A label in the heap: by its logarithm alone.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    score: f32,
    label: u32,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score)
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// The best labels so far, the worst of them on top.
///
/// Which of equal labels stays, and in which order they come, is left to the heap, as fastText does:
/// a heap of the same steps makes the same choice. Saturated sigmoids often are equal.
#[derive(Debug, Default)]
pub struct Best {
    heap: BinaryHeap<Reverse<Candidate>>,
    sorted: Vec<Candidate>,
    asked: Asked,
}

impl Best {
    /// Forgets all labels.
    pub fn begin(&mut self, asked: Asked) {
        self.heap.clear();
        self.sorted.clear();
        self.asked = asked;
    }

    /// What was asked for.
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Whether a label of this score would be kept.
    #[inline]
    pub fn keeps(&self, score: f32) -> bool {
        self.heap.len() < self.asked.k || self.floor().is_some_and(|floor| score >= floor)
    }

    /// Adds a label if it is among the best.
    #[inline]
    pub fn offer(&mut self, label: u32, score: f32) {
        if self.keeps(score) {
            self.heap.push(Reverse(Candidate { score, label }));
            if self.heap.len() > self.asked.k {
                self.heap.pop();
            }
        }
    }

    /// The score that a further label must reach, once as many are kept as are asked for.
    pub fn floor(&self) -> Option<f32> {
        let worst = self.heap.peek().filter(|_| self.heap.len() >= self.asked.k);
        worst.map(|worst| worst.0.score)
    }

    /// Puts the labels in order, the likeliest first.
    pub fn sort(&mut self) {
        self.sorted.clear();
        while let Some(Reverse(candidate)) = self.heap.pop() {
            self.sorted.push(candidate);
        }
        self.sorted.reverse();
    }

    /// The labels that were put in order.
    pub fn sorted(&self) -> impl Iterator<Item = Prediction> + '_ {
        self.sorted.iter().map(|candidate| Prediction {
            label: candidate.label,
            probability: candidate.score.exp().min(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(k: usize, scores: &[f32]) -> Vec<u32> {
        let mut best = Best::default();
        best.begin(Asked { k, threshold: 0.0 });
        for (label, &score) in scores.iter().enumerate() {
            best.offer(label as u32, score);
        }
        best.sort();
        best.sorted().map(|found| found.label).collect()
    }

    #[test]
    fn the_best_come_first() {
        let scores = [-3.0, -1.0, -2.0, -5.0, -0.5];
        assert_eq!(best(1, &scores), [4]);
        assert_eq!(best(3, &scores), [4, 1, 2]);
        assert_eq!(best(9, &scores), [4, 1, 2, 0, 3]);
        assert!(best(0, &scores).is_empty());
        assert!(best(2, &[]).is_empty());
    }

    #[test]
    fn of_equal_ones_the_last_stays_alone() {
        assert_eq!(best(1, &[-1.0, -1.0, -1.0, -2.0]), [2]);
    }

    #[test]
    fn a_probability_is_never_above_one() {
        let mut best = Best::default();
        best.begin(Asked { k: 1, threshold: 0.0 });
        best.offer(0, log(1.0));
        best.sort();
        assert_eq!(best.sorted().next().unwrap().probability, 1.0);
    }
}
