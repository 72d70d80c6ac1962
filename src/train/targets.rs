//! The output side of a step: which rows, what each should say, and how much it counts.

use crate::matrix::{Row, SharedMatrix};
use crate::sampling::{AliasTable, SplitMix64};
use crate::simd::tiles::{TILE, place, target_offset, tiles};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

/// Where hierarchical softmax stops to train a node: word2vec.c's MAX_EXP.
const MAX_NODE_SCORE: f32 = 6.0;

/// The targets of a step. Labels and multiplicities lie in one row of tiles, for two inputs.
#[derive(Debug, Default)]
pub struct Targets {
    words: Vec<WordId>,
    /// Output rows.
    pub rows: Vec<Row>,
    /// 1 or 0.
    pub labels: Vec<f32>,
    /// How often a target counts; 0 where there is none.
    pub multiplicities: Vec<f32>,
    /// Scores from here on change nothing.
    pub score_limit: f32,
    /// Whether a row occurs more than once.
    pub repeat: bool,
}

impl Targets {
    /// The center and its negatives as they are drawn; one that is the center is dropped. `merged`
    /// makes targets distinct: a negative drawn again counts once more instead.
    pub fn draw(
        &mut self,
        center: WordId,
        count: usize,
        (matrix, table): (SharedMatrix<'_>, &AliasTable),
        generator: &mut SplitMix64,
        merged: bool,
    ) {
        self.clear(1 + count, f32::INFINITY);
        self.push(center, matrix.row(center.row()), 1.0);
        for _ in 0..count {
            let word = table.draw(generator);
            if word == center {
                continue;
            }
            let earlier = self.words.iter().position(|&earlier| earlier == word);
            match earlier {
                Some(target) if merged => self.count_again(target),
                _ => {
                    self.repeat |= earlier.is_some();
                    self.push(word, matrix.row(word.row()), 0.0);
                }
            }
        }
    }

    /// The nodes on the way to a word.
    pub fn take_path(&mut self, word: WordId, matrix: SharedMatrix<'_>, paths: &HuffmanPaths) {
        let (nodes, labels) = paths.path(word);
        self.clear(nodes.len(), MAX_NODE_SCORE);
        for (&node, &label) in nodes.iter().zip(labels) {
            self.push(WordId(node), matrix.row(node as usize), label);
        }
    }

    fn clear(&mut self, most: usize, score_limit: f32) {
        self.words.clear();
        self.rows.clear();
        for tiled in [&mut self.labels, &mut self.multiplicities] {
            tiled.clear();
            tiled.resize(tiles(most) * TILE, 0.0);
        }
        self.score_limit = score_limit;
        self.repeat = false;
    }

    #[inline]
    fn push(&mut self, word: WordId, row: Row, label: f32) {
        for place in both_places(self.rows.len()) {
            self.labels[place] = label;
            self.multiplicities[place] = 1.0;
        }
        self.words.push(word);
        self.rows.push(row);
    }

    fn count_again(&mut self, target: usize) {
        for place in both_places(target) {
            self.multiplicities[place] += 1.0;
        }
    }

    /// −log of the probability given to each label, in float64: log(1 + exp(∓score)).
    pub fn loss(&self, scores: &[f32], inputs: usize) -> f64 {
        let mut sum = 0.0;
        for (input, target) in
            (0..inputs).flat_map(|input| (0..self.rows.len()).map(move |target| (input, target)))
        {
            let score = scores[place(input, target, self.rows.len())];
            if score.abs() < self.score_limit {
                let offset = target_offset(target);
                let wrong = f64::from(if self.labels[offset] == 1.0 { -score } else { score });
                let softplus = wrong.max(0.0) + (-wrong.abs()).exp().ln_1p();
                sum += softplus * f64::from(self.multiplicities[offset]);
            }
        }
        sum
    }
}

/// Where a tile has a target for its first and for its second input.
fn both_places(target: usize) -> [usize; 2] {
    [target_offset(target), target_offset(target) + place(1, 0, 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_of_a_certain_and_of_an_undecided_answer() {
        let mut targets = Targets::default();
        targets.clear(3, f32::INFINITY);
        for (word, label) in [(0, 1.0), (1, 0.0), (2, 0.0)] {
            targets.push(WordId(word), std::ptr::null_mut(), label);
        }
        targets.count_again(2);
        let loss = |scores: [f32; 3]| {
            let mut tile = [f32::NAN; TILE]; // places without a target must not count
            tile[..3].copy_from_slice(&scores);
            targets.loss(&tile, 1)
        };
        assert!(loss([50.0, -50.0, -50.0]) < 1e-20);
        assert!((loss([0.0, 0.0, 0.0]) - 4.0 * 2f64.ln()).abs() < 1e-12);
        assert!((loss([-80.0, -80.0, -80.0]) - 80.0).abs() < 1e-12);
    }
}
