//! Words and their counts.

pub mod huffman;
pub mod keys;

use bytemuck::{Pod, Zeroable};

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
