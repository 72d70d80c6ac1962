//! The Huffman tree of hierarchical softmax (Morin and Bengio 2005, in the form of Mikolov et al.
//! 2013b): a word is told by the turns on the way from the root to its leaf.

use std::collections::VecDeque;

use crate::vocab::WordId;

/// The way to each word: which inner nodes it passes, and which turn it takes there.
#[derive(Debug, Clone, Default)]
pub struct HuffmanPaths {
    nodes: Vec<u32>,
    /// What the classifier of the node should say: 1 where the code's bit is 0.
    labels: Vec<f32>,
    offsets: Vec<usize>,
}

/// Marks the root, which has no parent.
const NO_PARENT: u32 = u32::MAX;

impl HuffmanPaths {
    /// The tree over words 0 .. counts.len(); inner node i, in the order they are made, owns row i
    /// of the output matrix, and the root is the last. One word alone has an empty path.
    pub fn new(counts: &[u64]) -> Self {
        let (parents, bits) = build(counts);
        let mut paths = Self { offsets: vec![0], ..Self::default() };
        let inner = counts.len() as u32;
        for word in 0..counts.len() {
            let begin = paths.nodes.len();
            let mut node = word;
            while parents[node] != NO_PARENT {
                paths.nodes.push(parents[node] - inner);
                paths.labels.push(if bits[node] { 0.0 } else { 1.0 });
                node = parents[node] as usize;
            }
            paths.nodes[begin..].reverse();
            paths.labels[begin..].reverse();
            paths.offsets.push(paths.nodes.len());
        }
        paths
    }

    /// The nodes on the way to `word`, the root first, and their labels.
    #[inline]
    pub fn path(&self, word: WordId) -> (&[u32], &[f32]) {
        let range = self.offsets[word.row()]..self.offsets[word.row() + 1];
        (&self.nodes[range.clone()], &self.labels[range])
    }

    /// The length of the longest path.
    pub fn depth(&self) -> usize {
        self.offsets.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }
}

/// Joins the two lightest nodes until one is left. Leaves wait by ascending count (the last word
/// first among equals), inner nodes in the order they are made, which is by ascending count as
/// well, so the lightest is always at one of two heads; a leaf goes first when they weigh the same.
fn build(counts: &[u64]) -> (Vec<u32>, Vec<bool>) {
    let words = counts.len();
    let nodes = (2 * words).saturating_sub(1);
    let mut parents = vec![NO_PARENT; nodes];
    let mut bits = vec![false; nodes];
    let mut weights = counts.to_vec();
    let mut leaves: Vec<u32> = (0..words as u32).collect();
    leaves.sort_by_key(|&word| std::cmp::Reverse(counts[word as usize]));
    let mut inner: VecDeque<u32> = VecDeque::new();
    for node in words..nodes {
        let mut lightest = || match (leaves.last(), inner.front()) {
            (Some(&leaf), Some(&node)) if weights[node as usize] < weights[leaf as usize] => {
                inner.pop_front().unwrap_or(leaf)
            }
            (Some(_), _) => leaves.pop().unwrap_or(NO_PARENT),
            (None, _) => inner.pop_front().unwrap_or(NO_PARENT),
        };
        let (first, second) = (lightest() as usize, lightest() as usize);
        weights.push(weights[first] + weights[second]);
        (parents[first], parents[second]) = (node as u32, node as u32);
        bits[second] = true;
        inner.push_back(node as u32);
    }
    (parents, bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// The cost of an optimal code, by the textbook's heap.
    fn optimal_cost(counts: &[u64]) -> u64 {
        let mut heap: BinaryHeap<Reverse<u64>> = counts.iter().copied().map(Reverse).collect();
        let mut cost = 0;
        while heap.len() > 1 {
            let joined = heap.pop().unwrap().0 + heap.pop().unwrap().0;
            cost += joined;
            heap.push(Reverse(joined));
        }
        cost
    }

    proptest! {
        #[test]
        fn the_code_is_optimal_and_prefix_free(counts in prop::collection::vec(1u64..1000, 1..60)) {
            let paths = HuffmanPaths::new(&counts);
            let way = |word: usize| paths.path(WordId(word as u32));
            let cost: u64 = (0..counts.len()).map(|w| counts[w] * way(w).0.len() as u64).sum();
            prop_assert_eq!(cost, optimal_cost(&counts));
            for a in 0..counts.len() {
                prop_assert!(way(a).0.iter().all(|&node| (node as usize) < counts.len() - 1));
                if counts.len() > 1 {
                    prop_assert_eq!(way(a).0[0] as usize, counts.len() - 2, "begins at the root");
                }
                for b in 0..a {
                    prop_assert!(!way(a).1.starts_with(way(b).1) && !way(b).1.starts_with(way(a).1));
                }
            }
        }
    }

    #[test]
    fn a_small_tree_by_hand() {
        // 1 + 2 → node 0 (3); 3 + node 0 → node 1 (6), the leaf first; 7 + node 1 → root, node 2.
        let paths = HuffmanPaths::new(&[7, 3, 2, 1]);
        assert_eq!(paths.path(WordId(0)), (&[2][..], &[0.0][..]));
        assert_eq!(paths.path(WordId(1)), (&[2, 1][..], &[1.0, 1.0][..]));
        assert_eq!(paths.path(WordId(2)), (&[2, 1, 0][..], &[1.0, 0.0, 0.0][..]));
        assert_eq!(paths.path(WordId(3)), (&[2, 1, 0][..], &[1.0, 0.0, 1.0][..]));
        assert_eq!(paths.depth(), 3);
    }

    #[test]
    fn one_word_has_an_empty_path() {
        assert_eq!(HuffmanPaths::new(&[5]).path(WordId(0)), (&[][..], &[][..]));
    }
}
