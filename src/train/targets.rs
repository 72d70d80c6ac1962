//! The output side of a step: which rows, what each should say, and how much it counts.

use crate::matrix::{RowSource, Rows};
use crate::simd::tiles::{TILE, place, tiles};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;

/// Where hierarchical softmax stops to train a node: word2vec.c's MAX_EXP.
const MAX_NODE_SCORE: f32 = 6.0;

/// The targets of a step. Labels and multiplicities lie in one row of tiles, for two inputs.
#[derive(Debug)]
pub struct Targets<'a> {
    /// The center and the negatives as they were drawn; unused for a path.
    drawn: Vec<WordId>,
    /// Scratch: those of them that are targets.
    words: Vec<WordId>,
    /// So many distinct targets, the first of them right, are what labels and multiplicities say;
    /// 0 where they say something else.
    plain: usize,
    /// Output rows.
    pub rows: Rows<'a>,
    /// 1 or 0.
    pub labels: Vec<f32>,
    /// How often a target counts; 0 where there is none.
    pub multiplicities: Vec<f32>,
    /// Scores from here on change nothing.
    pub score_limit: f32,
    /// Whether a row occurs more than once.
    pub repeat: bool,
}

impl<'a> Targets<'a> {
    /// None yet, whose rows will be `width` values wide.
    pub fn new(width: usize) -> Self {
        Self {
            drawn: Vec::new(),
            words: Vec::new(),
            plain: 0,
            rows: Rows::new(width),
            labels: Vec::new(),
            multiplicities: Vec::new(),
            score_limit: f32::INFINITY,
            repeat: false,
        }
    }

    /// Takes note of a center, and gives the place where its negatives are to be written.
    #[inline(always)]
    pub fn negatives_for(&mut self, center: WordId, count: usize) -> &mut [WordId] {
        self.drawn.resize(count + 1, center);
        let (first, negatives) = self.drawn.split_first_mut().expect("one at least");
        *first = center;
        negatives
    }

    /// The center and its negatives as noted; a negative that is the center is dropped. `merged`
    /// makes targets distinct: a negative that stands there already counts once more instead.
    #[inline(always)]
    pub fn take_negatives(&mut self, matrix: &mut impl RowSource<'a>, merged: bool) {
        if !are_distinct(&self.drawn) {
            return self.sort_out(matrix, merged);
        }
        // Nearly always: labels and multiplicities are those of the draw before.
        self.rows.clear();
        self.rows.extend(matrix, self.drawn.iter().map(|word| word.row()));
        self.repeat = false;
        if self.plain != self.drawn.len() {
            self.answer_plainly();
        }
    }

    #[cold]
    fn answer_plainly(&mut self) {
        let count = self.drawn.len();
        self.clear_answers(count, f32::INFINITY);
        (0..count).for_each(|target| self.answer(target, f32::from(target == 0)));
        self.plain = count;
    }

    /// The words as targets where some are equal.
    #[cold]
    fn sort_out(&mut self, matrix: &mut impl RowSource<'a>, merged: bool) {
        let drawn = std::mem::take(&mut self.drawn);
        self.clear_answers(drawn.len(), f32::INFINITY);
        self.rows.clear();
        self.words.clear();
        self.repeat = false;
        for (at, &word) in drawn.iter().enumerate() {
            match self.words.iter().position(|&earlier| earlier == word) {
                Some(0) => continue, // the center
                Some(target) if merged => {
                    self.count_again(target);
                    continue;
                }
                earlier => self.repeat |= earlier.is_some(),
            }
            self.answer(self.rows.len(), f32::from(at == 0));
            self.words.push(word);
            self.rows.push(matrix.row(word.row()));
        }
        self.drawn = drawn;
    }

    /// The nodes on the way to a word.
    pub fn take_path(
        &mut self,
        word: WordId,
        matrix: &mut impl RowSource<'a>,
        paths: &HuffmanPaths,
    ) {
        let (nodes, labels) = paths.path(word);
        self.clear_answers(nodes.len(), MAX_NODE_SCORE);
        self.rows.clear();
        self.repeat = false;
        for (target, (&node, &label)) in nodes.iter().zip(labels).enumerate() {
            self.answer(target, label);
            self.rows.push(matrix.row(node as usize));
        }
    }

    fn clear_answers(&mut self, most: usize, score_limit: f32) {
        for tiled in [&mut self.labels, &mut self.multiplicities] {
            tiled.clear();
            tiled.resize(tiles(most) * TILE, 0.0);
        }
        self.score_limit = score_limit;
        self.plain = 0;
    }

    #[inline]
    fn answer(&mut self, target: usize, label: f32) {
        for place in both_places(target) {
            self.labels[place] = label;
            self.multiplicities[place] = 1.0;
        }
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
            let score = scores[place(input, target, inputs)];
            if score.abs() < self.score_limit {
                let offset = place(0, target, 1);
                let wrong = f64::from(if self.labels[offset] == 1.0 { -score } else { score });
                let softplus = wrong.max(0.0) + (-wrong.abs()).exp().ln_1p();
                sum += softplus * f64::from(self.multiplicities[offset]);
            }
        }
        sum
    }
}

/// Whether no word occurs twice. It nearly always is so, and it is asked at every step: for a usual
/// number of words there is neither a branch nor a loop.
#[inline(always)]
fn are_distinct(words: &[WordId]) -> bool {
    macro_rules! for_each_count {
        ($($count:literal)*) => {
            match words.len() {
                $($count => no_two_equal(<&[WordId; $count]>::try_from(words).expect("so many"))),*,
                _ => no_two_equal(words),
            }
        };
    }
    for_each_count!(2 3 4 5 6 7 8 9 10 11)
}

#[inline(always)]
fn no_two_equal<T: AsRef<[WordId]> + ?Sized>(words: &T) -> bool {
    let words = words.as_ref();
    let mut equal = false;
    for at in 0..words.len() {
        for earlier in 0..at {
            equal |= words[at] == words[earlier];
        }
    }
    !equal
}

/// Where a tile has a target for its first and for its second input.
fn both_places(target: usize) -> [usize; 2] {
    [place(0, target, 1), place(1, target, 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::{HotRows, Matrix, SharedMatrix};
    use crate::sampling::{AliasTable, SplitMix64};

    #[test]
    fn the_loss_of_a_certain_and_of_an_undecided_answer() {
        let mut matrix = Matrix::zeros(3, 1).unwrap();
        let mut matrix = matrix.share();
        let mut targets = Targets::new(matrix.width());
        targets.rows.extend(&mut matrix, 0..3);
        targets.clear_answers(3, f32::INFINITY);
        (0..3).for_each(|target| targets.answer(target, f32::from(target == 0)));
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

    /// What a draw says of each distinct word: label and multiplicity, in order.
    fn drawn(targets: &Targets<'_>, matrix: SharedMatrix<'_>) -> Vec<(usize, f32, f32)> {
        let row = |address| (0..8).position(|row| matrix.row(row).address() == address).unwrap();
        let answers = |target| {
            let [first, second] =
                both_places(target).map(|at| (targets.labels[at], targets.multiplicities[at]));
            assert_eq!(first, second);
            first
        };
        let found = (0..targets.rows.len()).map(|target| {
            let (label, multiplicity) = answers(target);
            (row(targets.rows.addresses()[target]), label, multiplicity)
        });
        found.collect()
    }

    #[test]
    fn the_center_is_dropped_and_repeats_are_counted() {
        let counts = [5, 4, 3, 3, 2, 1, 1, 1];
        let (mut matrix, table) = (Matrix::zeros(8, 3).unwrap(), AliasTable::new(&counts, 0.75));
        let matrix = matrix.share();
        // One after another with the same scratch, so that an answer left over would show.
        let mut targets = Targets::new(matrix.width());
        let mut room = HotRows::room(matrix, &(0..0)).unwrap();
        let mut rows = HotRows::new(matrix, 0..0, 1, &mut room);
        let (mut repeats, mut plain) = (0, 0);
        for (round, merged) in (0..400).flat_map(|round| [(round, true), (round, false)]) {
            let (center, count) = (WordId(round % 8), 1 + round as usize % 5);
            let mut generator = SplitMix64::new(u64::from(round));
            let mut expected = vec![(center.row(), 1.0, 1.0)];
            for _ in 0..count {
                let word = table.draw(&mut generator);
                let known = expected.iter().position(|&(row, ..)| row == word.row());
                match known {
                    Some(0) => {}
                    Some(at) if merged => expected[at].2 += 1.0,
                    _ => expected.push((word.row(), 0.0, 1.0)),
                }
            }
            let mut generator = SplitMix64::new(u64::from(round));
            for negative in targets.negatives_for(center, count) {
                *negative = table.draw(&mut generator);
            }
            targets.take_negatives(&mut rows, merged);
            assert_eq!(drawn(&targets, matrix), expected);
            let mut words: Vec<usize> = expected.iter().map(|target| target.0).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(targets.repeat, words.len() < expected.len());
            repeats += usize::from(targets.repeat);
            plain += usize::from(targets.plain > 0);
        }
        assert!(repeats > 50 && plain > 50, "{repeats} {plain}");
    }
}
