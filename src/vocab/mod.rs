//! Words and their counts.

pub mod huffman;
pub mod integer;
pub mod keys;
pub mod subword;

use std::cmp::Reverse;

use bytemuck::{Pod, Zeroable};

use crate::error::{Error, Result};

pub use integer::{Decimal, KeyKind};
pub use keys::KeyTable;

/// A word of the vocabulary while training: its index, as a type of its own, so that it is never
/// mistaken for a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct WordId(pub u32);

impl WordId {
    /// Marks the end of a sentence in a stream of ids; never a word.
    pub const SENTENCE_END: Self = Self(u32::MAX);

    /// The row of this word in a matrix.
    pub fn row(self) -> usize {
        self.0 as usize
    }
}

/// The words that training keeps, in the order of their indices, and how often each occurs.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The words.
    pub keys: KeyTable,
    /// Occurrences of each word, in the same order.
    pub counts: Vec<u64>,
}

impl Vocabulary {
    /// Counts `count` occurrences of `word`, which is added if it is new; returns its index.
    pub fn add(&mut self, word: &str, count: u64) -> Result<usize> {
        let (index, is_new) = self.keys.insert(word)?;
        if is_new {
            self.counts.push(0);
        }
        self.counts[index] += count;
        Ok(index)
    }

    /// The words that occur at least `min_count` times: by falling count if `by_count`, and of
    /// equal ones the later first, as gensim has them; otherwise in the order they have here.
    pub fn pruned(&self, min_count: u64, by_count: bool) -> Result<Self> {
        let mut kept: Vec<usize> =
            (0..self.counts.len()).filter(|&index| self.counts[index] >= min_count).collect();
        if by_count {
            kept.sort_unstable_by_key(|&index| Reverse((self.counts[index], index)));
        }
        let counts = kept.iter().map(|&index| self.counts[index]).collect();
        let keys = self.keys.take(kept).ok_or_else(|| {
            Error::Internal("a word of the corpus is missing from its table".to_owned())
        })?;
        Ok(Self { keys, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(vocabulary: &Vocabulary) -> Vec<(&str, u64)> {
        vocabulary.keys.iter().zip(vocabulary.counts.iter().copied()).collect()
    }

    #[test]
    fn equal_counts_put_the_later_word_first() {
        let mut vocabulary = Vocabulary::default();
        for word in "a b c a b d d e d".split(' ') {
            vocabulary.add(word, 1).unwrap();
        }
        let by_count = vocabulary.pruned(1, true).unwrap();
        assert_eq!(words(&by_count), [("d", 3), ("b", 2), ("a", 2), ("e", 1), ("c", 1)]);
        let as_seen = vocabulary.pruned(2, false).unwrap();
        assert_eq!(words(&as_seen), [("a", 2), ("b", 2), ("d", 3)]);
        assert!(vocabulary.pruned(4, true).unwrap().keys.is_empty());
    }
}
