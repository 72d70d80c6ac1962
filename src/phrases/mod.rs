//! Phrases: words that stand beside one another more often than chance has it, made into one word.
//!
//! [`counting`] counts pairs in a corpus of ids, [`model`] keeps what was counted and scores it, and
//! [`applying`] writes a corpus of ids anew with the phrases in it. The text is never touched: a
//! phrase is found among ids, and named only once.
//!
//! A pair is two words with nothing, or with connectors alone ("of", "the"), between them. Connectors
//! begin and end no phrase.

pub mod applying;
pub mod counting;
pub mod model;

pub use applying::PhraseSet;
pub use model::{PhraseModel, Scored, Scoring};

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

use crate::vocab::WordId;

/// Two words and the connectors between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// Where the phrase would begin.
    pub first: WordId,
    /// Where it would end.
    pub last: WordId,
    /// The connectors, as a hash of their ids; 0 when there are none.
    pub between: u64,
}

impl Pair {
    /// The pair that a stretch of ids makes: its first, its last, and all others between them.
    #[inline]
    fn of(stretch: &[WordId]) -> Self {
        let (first, last) = (stretch[0], stretch[stretch.len() - 1]);
        let between = &stretch[1..stretch.len() - 1];
        Self { first, last, between: hash_of(between) }
    }

    #[inline]
    fn hash(self) -> u64 {
        let words = u64::from(self.first.0) | u64::from(self.last.0) << 32;
        fold(words, self.between)
    }
}

#[inline]
fn hash_of(between: &[WordId]) -> u64 {
    if between.is_empty() { 0 } else { xxh3_64(bytemuck::cast_slice(between)).max(1) }
}

/// A 128-bit product folded in half: every bit of both reaches every bit of the result.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xd1b5_4a32_d192_ed03);
    product as u64 ^ (product >> 64) as u64
}

/// A hasher for [`Pair`] alone. A text that makes pairs collide only slows itself down, and pairs
/// are spread over shards first.
#[derive(Debug, Default, Clone)]
pub struct PairHasher(u64);

impl Hasher for PairHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = fold(self.0, byte.into());
        }
    }

    fn write_u32(&mut self, value: u32) {
        // The two words: one after the other into one number, as `Pair::hash` has them.
        self.0 = self.0 >> 32 | u64::from(value) << 32;
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = fold(self.0, value);
    }
}

/// The connectors behind each hash.
type BetweenMap = std::collections::HashMap<u64, Box<[WordId]>, BuildHasherDefault<PairHasher>>;
type PairMap<V> = std::collections::HashMap<Pair, V, BuildHasherDefault<PairHasher>>;

/// Which words are connectors, by id.
#[derive(Debug, Default, Clone)]
pub struct Connectors(Vec<bool>);

impl Connectors {
    /// Whether a word is one. Most corpora have none: then nothing is looked up.
    #[inline]
    fn has(&self, word: WordId) -> bool {
        self.0.get(word.row()).copied().unwrap_or(false)
    }

    /// Those of the words that are in `connectors`.
    fn among<'a>(words: impl Iterator<Item = &'a str>, connectors: &[String]) -> Self {
        if connectors.is_empty() {
            return Self::default();
        }
        let connectors: HashSet<&str> = connectors.iter().map(String::as_str).collect();
        Self(words.map(|word| connectors.contains(word)).collect())
    }
}

#[cfg(test)]
mod tests;
