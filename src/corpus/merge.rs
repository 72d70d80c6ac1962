//! What several threads saw → one list of words in order of first sight, whoever saw what.
//!
//! Everything that is dear and depends on the word alone happens here, once a distinct word: UTF-8,
//! lower case, segmentation.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use unicode_segmentation::UnicodeSegmentation;

use super::source::Watch;
use super::table::{SeenWords, WordTable};
use crate::error::{Error, Result};
use crate::vocab::{Decimal, KeyKind, Vocabulary};

/// How what stands between spaces becomes words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tokenize {
    /// It is a word as it stands.
    #[default]
    Whitespace,
    /// The words in it by the rules of Unicode (UAX #29): segments with a letter or a digit.
    Words,
}

/// What is done to a word before it is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Normalization {
    /// How it is cut.
    pub tokenize: Tokenize,
    /// Whether it is lower-cased, by the rules of Unicode.
    pub lowercase: bool,
    /// What it is: text, or an integer, whose eight bytes were counted and to which nothing is done.
    pub kind: KeyKind,
}

impl Normalization {
    /// Gives the words of what was counted to `take`, in order; returns whether it was valid.
    fn words(self, raw: &[u8], mut take: impl FnMut(&str) -> Result<()>) -> Result<bool> {
        if self.kind == KeyKind::Integer {
            let bytes = raw.try_into().map_err(|_| Error::Internal("no integer".to_owned()))?;
            take(Decimal::from(i64::from_le_bytes(bytes)).as_str())?;
            return Ok(true);
        }
        let text = String::from_utf8_lossy(raw);
        let is_valid = matches!(text, Cow::Borrowed(_));
        let text = if self.lowercase { text.to_lowercase().into() } else { text };
        match self.tokenize {
            Tokenize::Whitespace => take(&text)?,
            Tokenize::Words => text.unicode_words().try_for_each(take)?,
        }
        Ok(is_valid)
    }
}

/// The words of a corpus and the way to them from the ids that the threads gave out.
#[derive(Debug)]
pub struct Merged {
    /// The words in order of first sight, and their counts.
    pub vocabulary: Vocabulary,
    /// Words in all.
    pub words: u64,
    /// How often something came that was not valid UTF-8.
    pub invalid: u64,
    /// For each thread: the distinct raw word of each of its ids.
    pub raw_of_id: Vec<Vec<u32>>,
    /// The words of each raw word.
    pub expansions: Expansions,
}

/// Lists of words, by raw word.
#[derive(Debug, Default)]
pub struct Expansions {
    words: Vec<u32>,
    ends: Vec<usize>,
}

impl Expansions {
    /// Each of `words` raw words as itself.
    pub fn identity(words: usize) -> Self {
        Self { words: (0..words as u32).collect(), ends: (1..=words).collect() }
    }

    /// The words of a raw word.
    pub fn get(&self, raw: u32) -> &[u32] {
        let raw = raw as usize;
        let start = if raw == 0 { 0 } else { self.ends[raw - 1] };
        &self.words[start..self.ends[raw]]
    }

    /// Whether every raw word is one word.
    pub fn are_single(&self) -> bool {
        self.ends.iter().enumerate().all(|(raw, &end)| end == raw + 1)
    }
}

/// How many words are merged between two looks at `watch`.
const CHECK_WORDS: usize = 1 << 14;

/// Merges what the threads saw. Each thread's words are in order of position already.
pub fn merge(tables: &[SeenWords], normalization: Normalization, watch: &Watch) -> Result<Merged> {
    let (raw_of_id, raws) = distinct(tables, watch)?;
    let mut vocabulary = Vocabulary::default();
    let mut expansions = Expansions::default();
    let (mut words, mut invalid) = (0, 0);
    for id in 0..raws.len() {
        if id % CHECK_WORDS == 0 {
            watch.check()?;
        }
        let raw = raws.get(id).expect("an id in range");
        let is_valid = normalization.words(raw.bytes, |word| {
            let index = vocabulary.add(word, raw.count)?;
            words += raw.count;
            expansions.words.push(index as u32);
            Ok(())
        })?;
        if !is_valid {
            invalid += raw.count;
        }
        expansions.ends.push(expansions.words.len());
    }
    vocabulary.keys.set_kind(normalization.kind);
    Ok(Merged { vocabulary, words, invalid, raw_of_id, expansions })
}

/// The distinct raw words of all threads in order of first sight, and which of them each id is.
fn distinct(tables: &[SeenWords], watch: &Watch) -> Result<(Vec<Vec<u32>>, SeenWords)> {
    let mut raw_of_id: Vec<Vec<u32>> =
        tables.iter().map(|table| Vec::with_capacity(table.len())).collect();
    let mut raws = WordTable::default();
    let first = |thread: usize, id: usize| {
        tables[thread].get(id).map(|word| Reverse((word.first_position, thread)))
    };
    let mut heap: BinaryHeap<_> = (0..tables.len()).filter_map(|thread| first(thread, 0)).collect();
    let mut merged = 0;
    while let Some(Reverse((position, thread))) = heap.pop() {
        if merged % CHECK_WORDS == 0 {
            watch.check()?;
        }
        merged += 1;
        let id = raw_of_id[thread].len();
        let word = tables[thread].get(id).expect("on the heap while it has words");
        raw_of_id[thread].push(raws.id_counted(word.bytes, position, word.count)?);
        heap.extend(first(thread, id + 1));
    }
    Ok((raw_of_id, raws.finish()))
}
