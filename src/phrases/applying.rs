//! A corpus written anew with its phrases as words.
//!
//! From left to right, a word and the next one become a phrase if there is such a phrase; what has
//! become part of one begins no other. Longer phrases come from doing it again.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Connectors, Pair, PairMap, hash_of};
use crate::corpus::{RewrittenCorpus, ScannedCorpus};
use crate::error::{Error, Result};
use crate::vocab::{KeyTable, WordId};
use crate::workers;

/// Ids that a thread takes at a time.
const BLOCK: usize = if cfg!(test) { 7 } else { 1 << 21 };

/// Ways of taking one phrase apart that are looked at, at most.
const MOST_READINGS: usize = 1000;

/// Phrases, as they read.
#[derive(Debug, Clone)]
pub struct PhraseSet {
    /// Each phrase, its words joined.
    pub phrases: KeyTable,
    /// What joins them.
    pub delimiter: String,
    /// Words that may stand between the first and the last.
    pub connectors: Vec<String>,
}

/// Phrases in the ids of one vocabulary.
struct PhraseIds {
    phrases: PairMap<u32>,
    connectors: Connectors,
    /// Whether any phrase begins with a word: most begin none, and need no search.
    begins: Vec<bool>,
}

impl PhraseSet {
    /// The corpus with phrases in the place of their words. `poll` is called as [`workers::run`]
    /// does.
    pub fn apply(
        &self,
        corpus: &ScannedCorpus,
        mut poll: impl FnMut() -> Result<()>,
    ) -> Result<ScannedCorpus> {
        let words = &corpus.vocabulary().keys;
        let encoded = corpus.encode(words, &mut poll)?;
        let phrases = self.ids(words);
        let mut rewritten = RewrittenCorpus::new(corpus, words, &self.phrases)?;
        let (ids, workers, stop) = (encoded.ids(), corpus.workers(), AtomicBool::new(false));
        let mut start = 0;
        while start < ids.len() {
            poll()?; // a block may be done before `workers::run` asks
            let mut cuts = vec![start];
            for worker in 1..=workers {
                let cut = phrases.next_cut(ids, (start + worker * BLOCK).min(ids.len()));
                cuts.push(cut.max(cuts[worker - 1]));
            }
            let apply = |worker: usize| {
                let part = &ids[cuts[worker]..cuts[worker + 1]];
                phrases.apply(part, words.len() as u32, &stop)
            };
            for part in workers::run(workers, &stop, apply, &mut poll)? {
                rewritten.append(&part)?;
            }
            start = cuts[workers];
        }
        rewritten.finish()
    }

    /// Every way in which two words of `words` make one of the phrases.
    ///
    /// A phrase is text: a delimiter in it may join two words, or lie within one that is a phrase
    /// itself, so each is tried.
    fn ids(&self, words: &KeyTable) -> PhraseIds {
        let connectors = Connectors::among(words.iter(), &self.connectors);
        let mut begins = vec![false; words.len()];
        let mut phrases = PairMap::default();
        let word = |text: &str| words.index(text).map(|index| WordId(index as u32));
        for (number, phrase) in self.phrases.iter().enumerate() {
            for end_of_first in self.delimiters(phrase) {
                let Some(first) = word(&phrase[..end_of_first]) else { continue };
                if connectors.has(first) {
                    continue;
                }
                let rest = &phrase[end_of_first + self.delimiter.len()..];
                for (last, between) in self.ends(rest, &word, &connectors) {
                    let pair = Pair { first, last, between: hash_of(&between) };
                    phrases.insert(pair, number as u32);
                    begins[first.row()] = true;
                }
            }
        }
        PhraseIds { phrases, connectors, begins }
    }

    /// Where the delimiter stands in a text, also where one overlaps the next: with `__`, the
    /// words `a_` and `b` make `a___b`.
    fn delimiters<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let places = text.char_indices().map(|(place, _)| place);
        places.filter(move |&place| text[place..].starts_with(&self.delimiter))
    }

    /// The ways to read `rest` as connectors and a last word.
    fn ends(
        &self,
        rest: &str,
        word: &impl Fn(&str) -> Option<WordId>,
        connectors: &Connectors,
    ) -> Vec<(WordId, Vec<WordId>)> {
        let mut ends = Vec::new();
        let mut open = vec![(rest, Vec::new())];
        // Connectors with delimiters in them could make ever more ways; texts have a handful.
        for _ in 0..MOST_READINGS {
            let Some((rest, between)) = open.pop() else { break };
            for place in self.delimiters(rest) {
                if let Some(next) = word(&rest[..place]).filter(|&next| connectors.has(next)) {
                    let after = &rest[place + self.delimiter.len()..];
                    open.push((after, [&between[..], &[next]].concat()));
                }
            }
            if let Some(last) = word(rest).filter(|&last| !connectors.has(last)) {
                ends.push((last, between));
            }
        }
        ends
    }
}

impl PhraseIds {
    #[inline]
    fn phrase(&self, stretch: &[WordId]) -> Option<u32> {
        if self.begins[stretch[0].row()] {
            self.phrases.get(&Pair::of(stretch)).copied()
        } else {
            None
        }
    }

    /// The first place from `at` on where a thread can begin without knowing what came before:
    /// after the end of a sentence, or at a word that makes no phrase with the one before.
    fn next_cut(&self, ids: &[WordId], at: usize) -> usize {
        for place in at..ids.len() {
            if place == 0 || ids[place - 1] == WordId::SENTENCE_END {
                return place;
            }
            let word = ids[place];
            if word == WordId::SENTENCE_END || self.connectors.has(word) {
                continue;
            }
            let before = ids[..place].iter().rposition(|&word| !self.connectors.has(word));
            let joins = before.filter(|&before| ids[before] != WordId::SENTENCE_END);
            if joins.is_none_or(|before| self.phrase(&ids[before..=place]).is_none()) {
                return place;
            }
        }
        ids.len()
    }

    /// Words as they are, phrases as their number beyond `words`.
    fn apply(&self, ids: &[WordId], words: u32, stop: &AtomicBool) -> Result<Vec<WordId>> {
        let mut out = Vec::with_capacity(ids.len());
        // Where the word stands that may begin a phrase; it and the connectors after it wait.
        let mut waiting: Option<usize> = None;
        for (at, &word) in ids.iter().enumerate() {
            if at.is_multiple_of(1 << 16) && stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            if word == WordId::SENTENCE_END {
                out.extend_from_slice(&ids[waiting.take().unwrap_or(at)..=at]);
            } else if self.connectors.has(word) {
                if waiting.is_none() {
                    out.push(word);
                }
            } else if let Some(first) = waiting {
                if let Some(phrase) = self.phrase(&ids[first..=at]) {
                    out.push(WordId(words + phrase));
                    waiting = None;
                } else {
                    out.extend_from_slice(&ids[first..at]);
                    waiting = Some(at);
                }
            } else {
                waiting = Some(at);
            }
        }
        out.extend_from_slice(&ids[waiting.unwrap_or(ids.len())..]);
        Ok(out)
    }
}
