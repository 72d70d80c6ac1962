//! From a line of text to rows of the input matrix: words, their character n-grams, word n-grams.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::vocab::KeyTable;
use crate::vocab::subword::{END_OF_SENTENCE, Subwords, hash};

/// How an unknown word begins that is a label (the prefix is not in the file: fastText forgets what
/// `-label` said, and goes by its default).
const LABEL_PREFIX: &str = "__label__";

/// Multiplies the hash of the words before when a word joins an n-gram.
const NGRAM_FACTOR: u64 = 116_049_371;

/// Longer n-grams of words are nobody's: a file that asks for them would keep us busy for hours.
const MAX_WORDS: u32 = 1 << 10;

/// What is known of a line once it has been read; kept from line to line for its memory.
#[derive(Debug, Default)]
pub struct Line {
    /// The labels that stand in it.
    pub gold: Vec<u32>,
    /// The hash of each word, as fastText's 32-bit integer with its sign carried on.
    hashes: Vec<u64>,
}

/// What has a row: words first, then buckets of n-grams.
#[derive(Debug)]
pub struct Features {
    words: Arc<KeyTable>,
    labels: Arc<KeyTable>,
    /// The longest n-gram of words.
    word_ngrams: u32,
    subwords: Subwords,
    kept: Option<KeptBuckets>,
}

impl Features {
    /// `kept` are the buckets that have a row in a model that was cut, in the order of their rows;
    /// without it each bucket has one.
    pub fn new(
        words: Arc<KeyTable>,
        labels: Arc<KeyTable>,
        word_ngrams: u32,
        subwords: Subwords,
        kept: Option<&[u32]>,
    ) -> Result<Self> {
        if word_ngrams > MAX_WORDS {
            let message = format!("is {word_ngrams}, expected at most {MAX_WORDS}");
            return Err(Error::config("word_ngrams", message));
        }
        let kept = kept.map(KeptBuckets::new).transpose()?;
        Ok(Self { words, labels, word_ngrams, subwords, kept })
    }

    /// The names of the labels.
    pub fn labels(&self) -> &KeyTable {
        &self.labels
    }

    /// How many rows there must be: words, and buckets of n-grams.
    pub fn rows(&self) -> usize {
        let buckets = self.kept.as_ref().map_or(self.subwords.bucket as usize, KeptBuckets::len);
        self.words.len() + buckets
    }

    /// Gives the rows of a line, in order, and the labels that stand in it. A line ends where it
    /// ends, or at the first `</s>`; either way `</s>` is its last word. Once `stop` is raised
    /// nobody wants the rest.
    pub fn line_rows(
        &self,
        line: &str,
        stop: &AtomicBool,
        scratch: &mut Line,
        mut add: impl FnMut(u32),
    ) {
        let Line { hashes, gold } = scratch;
        hashes.clear();
        gold.clear();
        let is_wanted = || !stop.load(Ordering::Relaxed);
        let words = line.split(is_space).filter(|word| !word.is_empty());
        let words = words.take_while(|_| is_wanted());
        for word in words.take_while(|&word| word != END_OF_SENTENCE).chain([END_OF_SENTENCE]) {
            match self.kind(word) {
                Kind::Word(index) => {
                    self.add_word(word, index, &mut add);
                    if self.word_ngrams > 1 {
                        hashes.push(hash(word.as_bytes()) as i32 as u64);
                    }
                }
                Kind::Label(label) => gold.extend(label),
            }
        }
        self.add_word_ngrams(hashes, is_wanted, &mut add);
    }

    /// Gives the rows of one word alone.
    pub fn word_rows(&self, word: &str, mut add: impl FnMut(u32)) {
        self.add_word(word, self.words.index(word), &mut add);
    }

    fn kind(&self, word: &str) -> Kind {
        if let Some(index) = self.words.index(word) {
            return Kind::Word(Some(index));
        }
        match self.labels.index(word) {
            Some(label) => Kind::Label(Some(label as u32)),
            None if word.starts_with(LABEL_PREFIX) => Kind::Label(None),
            None => Kind::Word(None),
        }
    }

    fn add_word(&self, word: &str, index: Option<usize>, add: &mut impl FnMut(u32)) {
        if let Some(row) = index {
            add(row as u32);
        }
        if self.subwords.max_n > 0 {
            self.subwords.for_each(word, |bucket| self.add_bucket(bucket, add));
        }
    }

    fn add_word_ngrams(
        &self,
        hashes: &[u64],
        is_wanted: impl Fn() -> bool,
        add: &mut impl FnMut(u32),
    ) {
        let buckets = u64::from(self.subwords.bucket);
        if buckets == 0 {
            return; // n-grams were asked for, but given no rows
        }
        for (start, &first) in hashes.iter().enumerate().take_while(|_| is_wanted()) {
            let mut hash = first;
            for &next in hashes[start + 1..].iter().take(self.word_ngrams as usize - 1) {
                hash = hash.wrapping_mul(NGRAM_FACTOR).wrapping_add(next);
                self.add_bucket((hash % buckets) as u32, add);
            }
        }
    }

    #[inline]
    fn add_bucket(&self, bucket: u32, add: &mut impl FnMut(u32)) {
        let row = match &self.kept {
            Some(kept) => kept.row(bucket),
            None => Some(bucket),
        };
        if let Some(row) = row {
            add(self.words.len() as u32 + row);
        }
    }
}

/// What a word is, and its index if it is known.
enum Kind {
    Word(Option<usize>),
    Label(Option<u32>),
}

/// What separates words.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\n' | '\r' | '\t' | '\x0b' | '\x0c' | '\0')
}

/// The rows of the buckets that were kept, found by their upper bits first: neither memory nor time
/// depends on which buckets a file names.
#[derive(Debug)]
struct KeptBuckets {
    /// Ascending.
    buckets: Vec<u32>,
    /// The row of each.
    rows: Vec<u32>,
    /// How many lower bits buckets of one cell differ in.
    shift: u32,
    /// Where the buckets of each cell begin, and where the last ones end.
    starts: Vec<u32>,
}

impl KeptBuckets {
    fn new(in_order: &[u32]) -> Result<Self> {
        let mut pairs: Vec<(u32, u32)> =
            in_order.iter().enumerate().map(|(row, &bucket)| (bucket, row as u32)).collect();
        pairs.sort_unstable();
        if let Some(twice) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let message = format!("has bucket {} twice, expected each once", twice[0].0);
            return Err(Error::config("ngram_buckets", message));
        }
        let (buckets, rows): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        // As many cells as buckets, about.
        let bits = u32::BITS - buckets.last().copied().unwrap_or(0).leading_zeros();
        let shift = bits.saturating_sub(usize::BITS - buckets.len().leading_zeros());
        let cells = buckets.last().map_or(0, |&last| (last >> shift) as usize + 1);
        let mut starts = vec![0_u32; cells + 1];
        for &bucket in &buckets {
            starts[(bucket >> shift) as usize + 1] += 1;
        }
        for cell in 1..starts.len() {
            starts[cell] += starts[cell - 1];
        }
        Ok(Self { buckets, rows, shift, starts })
    }

    fn len(&self) -> usize {
        self.buckets.len()
    }

    #[inline]
    fn row(&self, bucket: u32) -> Option<u32> {
        let cell = (bucket >> self.shift) as usize;
        let (&start, &end) = (self.starts.get(cell)?, self.starts.get(cell + 1)?);
        let found = self.buckets[start as usize..end as usize].binary_search(&bucket).ok()?;
        Some(self.rows[start as usize + found])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::subword::Hashing;
    use proptest::prelude::*;

    /// Of words up to `words` long, and of `min_n` to `max_n` characters.
    fn features(
        words: u32,
        (min_n, max_n): (u32, u32),
        bucket: u32,
        kept: Option<&[u32]>,
    ) -> Features {
        made(words, (min_n, max_n), bucket, kept).unwrap()
    }

    fn made(
        words: u32,
        (min_n, max_n): (u32, u32),
        bucket: u32,
        kept: Option<&[u32]>,
    ) -> Result<Features> {
        let subwords = Subwords { min_n, max_n, bucket, hashing: Hashing::Bytes };
        let table = ["</s>", "a", "b"].into_iter().collect::<KeyTable>();
        let labels = ["__label__x"].into_iter().collect::<KeyTable>();
        Features::new(Arc::new(table), Arc::new(labels), words, subwords, kept)
    }

    fn rows(features: &Features, line: &str) -> (Vec<u32>, Vec<u32>) {
        let (mut scratch, mut rows) = (Line::default(), Vec::new());
        let stop = AtomicBool::new(false);
        features.line_rows(line, &stop, &mut scratch, |row| rows.push(row));
        (rows, scratch.gold)
    }

    #[test]
    fn a_line_is_its_words_and_its_end() {
        let features = features(1, (0, 0), 0, None);
        assert_eq!(rows(&features, "a b"), (vec![1, 2, 0], vec![]));
        assert_eq!(rows(&features, ""), (vec![0], vec![]));
        assert_eq!(rows(&features, " \ta\u{b}\0b\r"), (vec![1, 2, 0], vec![]));
        assert_eq!(rows(&features, "a </s> b"), (vec![1, 0], vec![]));
        assert_eq!(rows(&features, "__label__x a __label__y z"), (vec![1, 0], vec![0]));
    }

    #[test]
    fn ngrams_of_words_hold_the_end_too() {
        let features = features(3, (0, 0), 1000, None);
        let of = |words: &[&str]| {
            let hashes = words.iter().map(|word| hash(word.as_bytes()) as i32 as u64);
            let joined =
                hashes.reduce(|hash, next| hash.wrapping_mul(NGRAM_FACTOR).wrapping_add(next));
            3 + (joined.unwrap() % 1000) as u32
        };
        let (found, _) = rows(&features, "a z");
        assert_eq!(found, [1, 0, of(&["a", "z"]), of(&["a", "z", "</s>"]), of(&["z", "</s>"])]);
    }

    #[test]
    fn ngrams_of_characters_leave_out_marks_alone() {
        let features = features(1, (1, 2), 1000, None);
        let of = |ngram: &str| 3 + hash(ngram.as_bytes()) % 1000;
        assert_eq!(rows(&features, "a").0, [1, of("<a"), of("a"), of("a>"), 0]);
        let of_two = [of("<é"), of("é"), of("é日"), of("日"), of("日>"), 0];
        assert_eq!(rows(&features, "é日").0, of_two);
    }

    #[test]
    fn without_buckets_there_are_no_ngrams() {
        assert_eq!(rows(&features(2, (1, 2), 0, None), "a z").0, [1, 0]);
        assert_eq!(rows(&features(2, (1, 2), 9, Some(&[])), "a z").0, [1, 0]);
    }

    #[test]
    fn buckets_that_were_not_kept_count_for_nothing() {
        let all = rows(&features(2, (0, 0), 1000, None), "a b").0;
        let kept = [7, all[4] - 3];
        assert_eq!(rows(&features(2, (0, 0), 1000, Some(&kept)), "a b").0, [1, 2, 0, 4]);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        assert!(made(MAX_WORDS + 1, (0, 0), 0, None).is_err());
        assert!(made(1, (0, 0), 9, Some(&[7, 1, 7])).is_err());
    }

    proptest! {
        #[test]
        fn kept_buckets_are_found_and_no_others(
            buckets in prop::collection::hash_set(any::<u32>(), 0..50),
            small in prop::collection::hash_set(0_u32..64, 0..50),
            others in prop::collection::vec(any::<u32>(), 50),
        ) {
            let buckets: Vec<u32> = buckets.union(&small).copied().collect();
            let kept = KeptBuckets::new(&buckets).unwrap();
            for bucket in buckets.iter().copied().chain(others).chain(0..64) {
                let row = buckets.iter().position(|&other| other == bucket).map(|row| row as u32);
                prop_assert_eq!(kept.row(bucket), row);
            }
            prop_assert!(kept.starts.len() <= 4 * buckets.len() + 2);
        }
    }
}
