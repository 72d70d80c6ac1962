//! What was counted, and which pairs are phrases by it.

use std::cmp::Ordering;

use super::counting::PairCounts;
use super::{Connectors, Pair};
use crate::corpus::ScannedCorpus;
use crate::error::Result;
use crate::vocab::{Vocabulary, WordId};

/// How a pair is scored, from counts of the pair and of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoring {
    /// (n_ab − min_count) · V / (n_a · n_b), after Mikolov et al. 2013 ("Distributed
    /// Representations of Words and Phrases", eq. 6), times the number V of distinct words and pairs
    /// as gensim has it, so that one threshold fits texts of any size.
    Default,
    /// Normalised pointwise mutual information, ln(p_ab / (p_a · p_b)) / −ln(p_ab), from −1 to 1
    /// (Bouma 2009, "Normalized (Pointwise) Mutual Information in Collocation Extraction").
    Npmi,
    /// (n_ab − min_count) · N / (n_a · n_b) with the number N of words read, as word2phrase.c has it.
    Word2Phrase,
}

/// What scores are measured by.
#[derive(Debug, Clone, Copy)]
struct Scale {
    min_count: f64,
    /// Distinct words and pairs.
    vocabulary: f64,
    /// Words read.
    words: f64,
}

impl Scoring {
    fn score(self, first: u64, last: u64, pair: u64, scale: Scale) -> f64 {
        let (first, last, pair) = (first as f64, last as f64, pair as f64);
        match self {
            Self::Default => (pair - scale.min_count) / first / last * scale.vocabulary,
            Self::Word2Phrase => (pair - scale.min_count) / first / last * scale.words,
            Self::Npmi if pair < scale.min_count => f64::NEG_INFINITY,
            Self::Npmi => {
                let [first, last, pair] = [first, last, pair].map(|count| count / scale.words);
                (pair / (first * last)).ln() / -pair.ln()
            }
        }
    }
}

/// A pair with its count and score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The words, joined.
    pub phrase: String,
    /// How often it occurs.
    pub count: u64,
    /// Its score.
    pub score: f64,
}

/// Counts of words and pairs of everything that was read.
#[derive(Debug, Clone)]
pub struct PhraseModel {
    /// Every word, in order of first sight.
    pub vocabulary: Vocabulary,
    /// Words that may stand between the two of a pair.
    pub connectors: Vec<String>,
    /// How often each pair occurs.
    pub pairs: PairCounts,
    /// Words read.
    pub words: u64,
}

impl PhraseModel {
    /// Nothing counted yet; about `max_pairs` pairs are kept at most.
    pub fn new(connectors: Vec<String>, max_pairs: usize) -> Self {
        let pairs = PairCounts::new(max_pairs);
        Self { vocabulary: Vocabulary::default(), connectors, pairs, words: 0 }
    }

    /// Counts a corpus on top of what was counted before. An error leaves everything as it was: ids
    /// of words that are not there any more would be given to others next time.
    pub fn add(
        &mut self,
        corpus: &ScannedCorpus,
        workers: usize,
        mut poll: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let mut vocabulary = self.vocabulary.clone();
        let seen = corpus.vocabulary();
        for (word, &count) in seen.keys.iter().zip(&seen.counts) {
            vocabulary.add(word, count)?;
        }
        let encoded = corpus.encode(&vocabulary.keys, &mut poll)?;
        let connectors = Connectors::among(vocabulary.keys.iter(), &self.connectors);
        let mut pairs = self.pairs.none();
        pairs.count(encoded.ids(), &connectors, workers, poll)?;
        self.pairs.merge(pairs);
        self.vocabulary = vocabulary;
        self.words += corpus.raw_words();
        Ok(())
    }

    /// Distinct words, connectors left out, and pairs.
    pub fn distinct(&self) -> usize {
        let keys = &self.vocabulary.keys;
        let connectors = self.connectors.iter().filter(|word| keys.index(word).is_some()).count();
        keys.len() - connectors + self.pairs.len()
    }

    /// The pairs that occur at least `min_count` times, in the order of their words.
    pub fn candidates(&self, min_count: u64) -> Vec<(Pair, u64)> {
        let mut found: Vec<_> =
            self.pairs.iter().filter(|&(_, count)| count >= min_count).collect();
        found.sort_unstable();
        found
    }

    /// The pairs that score above `threshold`, the best first.
    pub fn scored(
        &self,
        scoring: Scoring,
        min_count: f64,
        threshold: f64,
        delimiter: &str,
    ) -> Vec<Scored> {
        let scale =
            Scale { min_count, vocabulary: self.distinct() as f64, words: self.words as f64 };
        let count_of = |word: WordId| self.vocabulary.counts.get(word.row()).copied().unwrap_or(0);
        let mut found: Vec<Scored> = (self.pairs.iter())
            .filter_map(|(pair, count)| {
                let score = scoring.score(count_of(pair.first), count_of(pair.last), count, scale);
                let phrase = || self.phrase(pair, delimiter);
                (score > threshold).then(|| Scored { phrase: phrase(), count, score })
            })
            .collect();
        found.sort_unstable_by(|a, b| {
            let by_score = b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal);
            by_score.then_with(|| a.phrase.cmp(&b.phrase))
        });
        found
    }

    /// The words of a pair, joined.
    pub fn phrase(&self, pair: Pair, delimiter: &str) -> String {
        let words = [&[pair.first], self.pairs.between(pair), &[pair.last]].concat();
        let words: Vec<&str> =
            words.iter().filter_map(|word| self.vocabulary.keys.get(word.row())).collect();
        words.join(delimiter)
    }
}
