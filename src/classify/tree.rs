//! Hierarchical softmax: a label is told by the turns on the way from the root of a Huffman tree.

use super::best::{self, Best};
use super::rows::Rows;
use crate::error::{Error, Result};

/// Heavier than every label: the weight of a node that is not made yet.
const UNMADE: u64 = 1_000_000_000_000_000;

/// Labels are nodes 0 .. L, inner nodes come after them in the order they are made; the root is last.
///
/// Not [`crate::vocab::huffman`]'s tree, which is word2vec's: there a leaf goes before an inner node
/// of the same weight, here it goes after it, and each of the two trees must be the one that was
/// trained.
#[derive(Debug)]
pub struct Tree {
    labels: usize,
    /// Left and right of each inner node.
    children: Vec<[u32; 2]>,
}

impl Tree {
    /// The tree of labels that occurred so often; by falling count, as in the file.
    pub fn new(counts: &[u64]) -> Result<Self> {
        let labels = counts.len();
        let total = counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
        if labels == 0 || total.is_none_or(|total| total >= UNMADE) {
            let message = format!("of {labels} labels are no counts below {UNMADE} in all");
            return Err(Error::config("label_counts", message));
        }
        let nodes = 2 * labels - 1;
        let mut weights = counts.to_vec();
        weights.resize(nodes, UNMADE);
        let (mut leaves, mut inner) = (labels, labels);
        let mut children = Vec::with_capacity(labels - 1);
        for node in labels..nodes {
            let mut lightest = || {
                if leaves > 0 && weights[leaves - 1] < weights[inner] {
                    leaves -= 1;
                    leaves
                } else {
                    inner += 1;
                    inner - 1
                }
            };
            let (left, right) = (lightest(), lightest());
            weights[node] = weights[left] + weights[right];
            children.push([left as u32, right as u32]);
        }
        Ok(Self { labels, children })
    }

    /// Offers the labels at the end of ways that are likely enough, the left turn first; false when
    /// a sum overflowed.
    pub fn predict(&self, nodes: Rows<'_>, hidden: &[f32], best: &mut Best) -> bool {
        let least = best::log(f64::from(best.asked().threshold));
        let mut waiting = vec![(self.root(), 0.0_f32)];
        while let Some((node, score)) = waiting.pop() {
            if score < least || !best.keeps(score) {
                continue;
            }
            let Some(inner) = node.checked_sub(self.labels) else {
                best.offer(node as u32, score);
                continue;
            };
            let product = nodes.dot(inner, hidden);
            if product.is_nan() {
                return false;
            }
            let right = (1.0 / f64::from(1.0 + (-product).exp())) as f32;
            let [left_node, right_node] = self.children[inner].map(|child| child as usize);
            waiting.push((right_node, score + best::log(f64::from(right))));
            waiting.push((left_node, score + best::log(1.0 - f64::from(right))));
        }
        true
    }

    fn root(&self) -> usize {
        2 * self.labels - 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::best::Asked;

    #[test]
    fn a_small_tree_by_hand() {
        // 1 + 2 → node 4 (3); of the two 3s node 4 goes first, with leaf 1 → node 5 (6), with 7.
        let tree = Tree::new(&[7, 3, 2, 1]).unwrap();
        assert_eq!(tree.children, [[3, 2], [4, 1], [5, 0]]);
    }

    #[test]
    fn ways_multiply() {
        let tree = Tree::new(&[2, 1]).unwrap();
        let mut best = Best::default();
        best.begin(Asked { k: 2, threshold: 0.0 });
        let turn = 3.0_f32.ln(); // right three times as likely as left
        assert!(tree.predict(Rows::dense(&[turn, 0.0], 1).unwrap(), &[1.0], &mut best));
        best.sort();
        let found: Vec<_> = best.sorted().collect();
        assert_eq!([found[0].label, found[1].label], [0, 1]);
        assert!((found[0].probability - 0.75).abs() < 2e-5);
        assert!((found[1].probability - 0.25).abs() < 2e-5);
    }

    #[test]
    fn one_label_is_certain() {
        let mut best = Best::default();
        best.begin(Asked { k: 1, threshold: 0.5 });
        let rows = Rows::dense(&[0.0], 1).unwrap();
        assert!(Tree::new(&[9]).unwrap().predict(rows, &[1.0], &mut best));
        best.sort();
        assert_eq!(best.sorted().next().unwrap().probability, 1.0);
    }

    #[test]
    fn a_tree_as_deep_as_it_has_labels_is_walked() {
        // Nothing but zeros makes a chain; recursion would end the process.
        let labels = 200_000;
        let tree = Tree::new(&vec![0; labels]).unwrap();
        let rows = vec![0.0; labels];
        let mut best = Best::default();
        best.begin(Asked { k: labels, threshold: 0.0 });
        assert!(tree.predict(Rows::dense(&rows, 1).unwrap(), &[1.0], &mut best));
    }

    #[test]
    fn counts_that_no_text_has_are_refused() {
        assert!(Tree::new(&[]).is_err());
        assert!(Tree::new(&[u64::MAX, u64::MAX]).is_err());
        assert!(Tree::new(&[UNMADE, 1]).is_err());
    }
}
