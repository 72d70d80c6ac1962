//! Sentences that lie in arrays, as Apache Arrow has them: places of words, and one text for all.

use std::ops::Range;

use crate::error::{Error, Result};

/// Many sentences at once. Every place is checked when it is used: the arrays may come from
/// anywhere.
#[derive(Debug, Clone, Copy)]
pub struct SentenceBatch<'a> {
    /// The first word of each sentence.
    pub starts: &'a [i64],
    /// One past its last word.
    pub ends: &'a [i64],
    /// Where each word begins in the text, and where the last one ends.
    pub word_offsets: &'a [i64],
    /// UTF-8.
    pub text: &'a [u8],
    /// Which words there are; all of them where this is missing.
    pub valid: Option<&'a [bool]>,
}

impl<'a> SentenceBatch<'a> {
    /// How many sentences there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The words of a sentence.
    pub fn words(&self, sentence: usize) -> Result<Range<usize>> {
        let bounds = self.starts.get(sentence).zip(self.ends.get(sentence));
        let words = self.word_offsets.len().saturating_sub(1);
        bounds.and_then(|(&start, &end)| range(start, end, words)).ok_or_else(|| {
            let message = format!("hold an Arrow array whose list {sentence} is out of bounds");
            Error::config("sentences", message)
        })
    }

    /// A word; `None` for a null.
    #[inline]
    pub fn word(&self, word: usize) -> Result<Option<&'a str>> {
        if self.valid.is_some_and(|valid| valid.get(word) == Some(&false)) {
            return Ok(None);
        }
        let bounds = self.word_offsets.get(word).zip(self.word_offsets.get(word + 1));
        let text = bounds.and_then(|(&start, &end)| range(start, end, self.text.len()));
        let text = text.and_then(|range| std::str::from_utf8(&self.text[range]).ok());
        text.map(Some).ok_or_else(|| {
            let message =
                format!("hold an Arrow array whose string {word} is out of bounds or not UTF-8");
            Error::config("sentences", message)
        })
    }
}

/// The range from `start` to `end`, if it lies in 0 .. `len`.
fn range(start: i64, end: i64, len: usize) -> Option<Range<usize>> {
    let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
    (range.start <= range.end && range.end <= len).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: SentenceBatch<'static> = SentenceBatch {
        starts: &[0, 2, 2],
        ends: &[2, 2, 3],
        word_offsets: &[0, 1, 3, 4],
        text: "aéb".as_bytes(),
        valid: Some(&[true, true, false]),
    };

    #[test]
    fn words_lie_where_the_offsets_say() {
        let sentences: Vec<_> = (0..BATCH.len()).map(|at| BATCH.words(at).unwrap()).collect();
        assert_eq!(sentences, [0..2, 2..2, 2..3]);
        let words: Vec<_> = (0..3).map(|at| BATCH.word(at).unwrap()).collect();
        assert_eq!(words, [Some("a"), Some("é"), None]);
    }

    #[test]
    fn places_that_are_none_are_errors() {
        let lists = [(-1, 1), (2, 1), (0, 4), (i64::MIN, i64::MAX), (5, 5)];
        for (start, end) in lists {
            let batch = SentenceBatch { starts: &[start], ends: &[end], ..BATCH };
            assert!(batch.words(0).is_err(), "{start} {end}");
        }
        assert!(SentenceBatch { ends: &[], ..BATCH }.words(0).is_err());
        assert!(SentenceBatch { word_offsets: &[], ..BATCH }.words(0).is_err());
        let strings: [&[i64]; 5] = [&[-1, 1], &[3, 1], &[0, 5], &[0, 2], &[0]];
        for word_offsets in strings {
            let batch = SentenceBatch { word_offsets, ..BATCH };
            let error = batch.word(0).unwrap_err().to_string();
            assert!(error.contains("string 0"), "{error}");
        }
    }
}
