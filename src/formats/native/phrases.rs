//! Writing phrases: words and pairs that were counted, or the phrases that were chosen.

use super::header::{Header, Kind};
use super::write::{Part, refuse, write};
use crate::error::{Error, FormatErrorKind, Result};
use crate::formats::output::{Destination, Output};
use crate::progress::Observer;
use crate::vocab::{KeyKind, KeyTable};

/// Phrases to be saved: V words with their counts and P pairs of them, or V phrases with their
/// scores.
#[derive(Debug, Clone, Copy)]
pub struct PhraseStore<'a> {
    /// The words, or the phrases.
    pub keys: &'a KeyTable,
    /// What was counted, or what was chosen.
    pub content: PhraseContent<'a>,
    /// The settings, as JSON.
    pub config: &'a str,
}

/// What there is to say about words, or about phrases.
#[derive(Debug, Clone, Copy)]
pub enum PhraseContent<'a> {
    /// The score of each phrase.
    Scores(&'a [f64]),
    /// How often each word occurs, and the pairs.
    Counts(&'a [u64], PairArrays<'a>),
}

/// P pairs of words.
#[derive(Debug, Clone, Copy)]
pub struct PairArrays<'a> {
    /// How often each occurs.
    pub counts: &'a [u64],
    /// Where the words between the two of pair i begin in `between`, and where the last ones end:
    /// P + 1 places.
    pub offsets: &'a [u64],
    /// The index of the first word of each.
    pub first: &'a [u32],
    /// The index of the last word of each.
    pub last: &'a [u32],
    /// The indices of the words between.
    pub between: &'a [u32],
}

/// Saves phrases, atomically.
pub fn save_phrases(
    store: &PhraseStore,
    destination: Destination,
    observer: &mut dyn Observer,
) -> Result<()> {
    let keys = store.keys;
    let rows = keys.len();
    let mut parts = vec![Part::new("key_offsets", &[rows + 1], keys.offsets())];
    let mut after_slots = Vec::new();
    let (kind, lengths) = match store.content {
        PhraseContent::Scores(scores) => {
            if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
                let phrase = keys.get(at).unwrap_or_default();
                let message = format!("the score of {phrase:?} is {}", scores[at]);
                return Err(refuse(FormatErrorKind::NonFinite, message));
            }
            parts.push(Part::new("scores", &[rows], scores));
            (Kind::FrozenPhrases, vec![("scores", scores.len(), rows)])
        }
        PhraseContent::Counts(counts, pairs) => {
            let found = pairs.counts.len();
            parts.push(Part::new("counts", &[rows], counts));
            parts.push(Part::new("pair_counts", &[found], pairs.counts));
            parts.push(Part::new("pair_offsets", &[found + 1], pairs.offsets));
            after_slots.push(Part::new("pair_first", &[found], pairs.first));
            after_slots.push(Part::new("pair_last", &[found], pairs.last));
            after_slots.push(Part::new("pair_between", &[pairs.between.len()], pairs.between));
            let lengths = vec![
                ("counts", counts.len(), rows),
                ("pair_offsets", pairs.offsets.len(), found + 1),
                ("pair_first", pairs.first.len(), found),
                ("pair_last", pairs.last.len(), found),
            ];
            (Kind::Phrases, lengths)
        }
    };
    if let Some((name, found, expected)) = lengths.into_iter().find(|(_, a, b)| a != b) {
        let message = format!("has {found} numbers, expected {expected}");
        return Err(Error::config(name, message));
    }
    parts.push(Part::new("key_slots", &[keys.slots().len()], keys.slots()));
    parts.extend(after_slots);
    parts.push(Part::new("key_bytes", &[keys.bytes().len()], keys.bytes()));
    let output = Output::create(destination, observer)?;
    keys.verify().map_err(|fault| refuse(FormatErrorKind::Checksum, fault.to_string()))?;
    write(Header::new(kind, KeyKind::Text, true, Some(store.config.to_owned())), &parts, output)
}
