//! From a line of text to rows of the input matrix: words, their character n-grams, word n-grams.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::vocab::KeyTable;

/// What ends a line, as a word; it has no character n-grams.
const END: &[u8] = b"</s>";

/// How an unknown word begins that is a label (the prefix is not in the file: fastText forgets what
/// `-label` said, and goes by its default).
const LABEL_PREFIX: &[u8] = b"__label__";

/// 32-bit FNV-1a.
const FNV_BASIS: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

/// Multiplies the hash of the words before when a word joins an n-gram.
const NGRAM_FACTOR: u64 = 116_049_371;

/// Longer n-grams are nobody's: a file that asks for them would keep us busy for hours.
pub const MAX_NGRAM: u32 = 1 << 10;

/// What is known of a line once it has been read; kept from line to line for its memory.
#[derive(Debug, Default)]
pub struct Line {
    /// The labels that stand in it.
    pub gold: Vec<u32>,
    /// The hash of each word, as fastText's 32-bit integer with its sign carried on.
    hashes: Vec<u64>,
    /// A word between the marks of its beginning and its end.
    marked: Vec<u8>,
}

/// The sizes that say which n-grams have rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ngrams {
    /// The longest n-gram of words.
    pub words: u32,
    /// The shortest and the longest n-gram of characters; none when the latter is 0.
    pub min_chars: u32,
    /// See `min_chars`.
    pub max_chars: u32,
    /// How many buckets n-grams are hashed into.
    pub buckets: u32,
}

/// What has a row: words first, then buckets of n-grams.
#[derive(Debug)]
pub struct Features {
    words: Arc<KeyTable>,
    labels: Arc<KeyTable>,
    ngrams: Ngrams,
    kept: Option<KeptBuckets>,
}

impl Features {
    /// `kept` are the buckets that have a row in a model that was cut, in the order of their rows;
    /// without it each bucket has one.
    pub fn new(
        words: Arc<KeyTable>,
        labels: Arc<KeyTable>,
        ngrams: Ngrams,
        kept: Option<&[u32]>,
    ) -> Result<Self> {
        for (argument, found) in [
            ("word_ngrams", ngrams.words),
            ("min_n", ngrams.min_chars),
            ("max_n", ngrams.max_chars),
        ] {
            if found > MAX_NGRAM {
                let message = format!("is {found}, expected at most {MAX_NGRAM}");
                return Err(Error::config(argument, message));
            }
        }
        let kept = kept.map(KeptBuckets::new).transpose()?;
        Ok(Self { words, labels, ngrams, kept })
    }

    /// The names of the labels.
    pub fn labels(&self) -> &KeyTable {
        &self.labels
    }

    /// How many rows there must be.
    pub fn rows(&self) -> usize {
        let buckets = match &self.kept {
            Some(kept) => kept.rows.len(),
            None if self.has_ngrams() => self.ngrams.buckets as usize,
            None => 0,
        };
        self.words.len() + buckets
    }

    fn has_ngrams(&self) -> bool {
        self.ngrams.words > 1 || self.ngrams.max_chars > 0
    }

    /// Gives the rows of a line, in order, and the labels that stand in it. A line ends where it
    /// ends, or at the first `</s>`; either way `</s>` is its last word.
    pub fn line_rows(&self, line: &[u8], scratch: &mut Line, mut add: impl FnMut(u32)) {
        let Line { hashes, gold, marked } = scratch;
        hashes.clear();
        gold.clear();
        let words = line.split(|&byte| is_space(byte)).filter(|word| !word.is_empty());
        for word in words.take_while(|&word| word != END).chain([END]) {
            match self.kind(word) {
                Kind::Word(index) => {
                    self.add_word(word, index, marked, &mut add);
                    if self.ngrams.words > 1 {
                        hashes.push(hash(word) as i32 as u64);
                    }
                }
                Kind::Label(Some(label)) => gold.push(label),
                Kind::Label(None) => {}
            }
        }
        self.add_word_ngrams(hashes, &mut add);
    }

    /// Gives the rows of one word alone.
    pub fn word_rows(&self, word: &[u8], scratch: &mut Line, mut add: impl FnMut(u32)) {
        self.add_word(word, index(&self.words, word), &mut scratch.marked, &mut add);
    }

    fn kind(&self, word: &[u8]) -> Kind {
        match index(&self.words, word) {
            Some(row) => Kind::Word(Some(row)),
            None => match index(&self.labels, word) {
                Some(label) => Kind::Label(Some(label)),
                None if word.starts_with(LABEL_PREFIX) => Kind::Label(None),
                None => Kind::Word(None),
            },
        }
    }

    fn add_word(
        &self,
        word: &[u8],
        index: Option<u32>,
        marked: &mut Vec<u8>,
        add: &mut impl FnMut(u32),
    ) {
        if let Some(row) = index {
            add(row);
        }
        if word != END && self.ngrams.max_chars > 0 {
            marked.clear();
            marked.push(b'<');
            marked.extend_from_slice(word);
            marked.push(b'>');
            self.add_char_ngrams(marked, add);
        }
    }

    /// Every n-gram of characters from each place, the shortest first; a mark alone is none. A hash
    /// grows byte by byte, so that the n-grams of one place share their beginning.
    fn add_char_ngrams(&self, marked: &[u8], add: &mut impl FnMut(u32)) {
        let (shortest, longest) = (self.ngrams.min_chars, self.ngrams.max_chars);
        for start in 0..marked.len() {
            if is_continuation(marked[start]) {
                continue;
            }
            let (mut hash, mut end) = (FNV_BASIS, start);
            for length in 1..=longest {
                if end == marked.len() {
                    break;
                }
                loop {
                    hash = hashed(hash, marked[end]);
                    end += 1;
                    if !marked.get(end).copied().is_some_and(is_continuation) {
                        break;
                    }
                }
                let is_mark = length == 1 && (start == 0 || end == marked.len());
                if length >= shortest && !is_mark {
                    self.add_bucket(u64::from(hash), add);
                }
            }
        }
    }

    fn add_word_ngrams(&self, hashes: &[u64], add: &mut impl FnMut(u32)) {
        let longest = self.ngrams.words as usize;
        for (start, &first) in hashes.iter().enumerate().take_while(|_| longest > 1) {
            let mut hash = first;
            for &next in hashes[start + 1..].iter().take(longest - 1) {
                hash = hash.wrapping_mul(NGRAM_FACTOR).wrapping_add(next);
                self.add_bucket(hash, add);
            }
        }
    }

    #[inline]
    fn add_bucket(&self, hash: u64, add: &mut impl FnMut(u32)) {
        let buckets = u64::from(self.ngrams.buckets);
        if buckets == 0 {
            return; // n-grams are asked for, but have no rows
        }
        let bucket = (hash % buckets) as u32;
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
    Word(Option<u32>),
    Label(Option<u32>),
}

fn index(table: &KeyTable, word: &[u8]) -> Option<u32> {
    let word = std::str::from_utf8(word).ok()?;
    table.index(word).map(|index| index as u32)
}

/// What separates words.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0b | 0x0c | 0)
}

/// Whether a byte carries on a character of UTF-8.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn hash(word: &[u8]) -> u32 {
    word.iter().fold(FNV_BASIS, |hash, &byte| hashed(hash, byte))
}

/// One step of FNV-1a, with bytes as signed numbers: so the models of the world were trained.
#[inline]
fn hashed(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as i8 as u32).wrapping_mul(FNV_PRIME)
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
    use proptest::prelude::*;

    fn features(ngrams: Ngrams, kept: Option<&[u32]>) -> Features {
        let words = ["</s>", "a", "b"].into_iter().collect::<KeyTable>();
        let labels = ["__label__x"].into_iter().collect::<KeyTable>();
        Features::new(Arc::new(words), Arc::new(labels), ngrams, kept).unwrap()
    }

    fn rows(features: &Features, line: &str) -> (Vec<u32>, Vec<u32>) {
        let (mut scratch, mut rows) = (Line::default(), Vec::new());
        features.line_rows(line.as_bytes(), &mut scratch, |row| rows.push(row));
        (rows, scratch.gold)
    }

    const WORDS: Ngrams = Ngrams { words: 1, min_chars: 0, max_chars: 0, buckets: 0 };

    #[test]
    fn hashes_are_those_of_the_published_test_vectors() {
        assert_eq!(hash(b""), 0x811c_9dc5);
        assert_eq!(hash(b"a"), 0xe40c_292c);
        assert_eq!(hash(b"foobar"), 0xbf9c_f968);
        // A byte from 128 on is a negative number: 0xffffffc3 takes part, not 0x000000c3.
        assert_eq!(hash(&[0xc3]), (FNV_BASIS ^ 0xffff_ffc3).wrapping_mul(FNV_PRIME));
    }

    #[test]
    fn a_line_is_its_words_and_its_end() {
        let features = features(WORDS, None);
        assert_eq!(rows(&features, "a b"), (vec![1, 2, 0], vec![]));
        assert_eq!(rows(&features, ""), (vec![0], vec![]));
        assert_eq!(rows(&features, " \ta\u{b}\0b\r"), (vec![1, 2, 0], vec![]));
        assert_eq!(rows(&features, "a </s> b"), (vec![1, 0], vec![]));
        assert_eq!(rows(&features, "__label__x a __label__y z"), (vec![1, 0], vec![0]));
    }

    #[test]
    fn ngrams_of_words_hold_the_end_too() {
        let features = features(Ngrams { words: 3, buckets: 1000, ..WORDS }, None);
        let of = |words: &[&str]| {
            let hashes = words.iter().map(|word| hash(word.as_bytes()) as i32 as u64);
            let joined = hashes.reduce(|hash, next| hash.wrapping_mul(NGRAM_FACTOR).wrapping_add(next));
            3 + (joined.unwrap() % 1000) as u32
        };
        let (found, _) = rows(&features, "a z");
        assert_eq!(found, [1, 0, of(&["a", "z"]), of(&["a", "z", "</s>"]), of(&["z", "</s>"])]);
    }

    #[test]
    fn ngrams_of_characters_leave_out_marks_alone() {
        let features = features(Ngrams { min_chars: 1, max_chars: 2, buckets: 1000, ..WORDS }, None);
        let of = |ngram: &str| 3 + hash(ngram.as_bytes()) % 1000;
        let expected = [1, of("<a"), of("a"), of("a>"), 0];
        assert_eq!(rows(&features, "a").0, expected);
        let of_two = [of("<é"), of("é"), of("é日"), of("日"), of("日>"), 0];
        assert_eq!(rows(&features, "é日").0, of_two);
    }

    #[test]
    fn without_buckets_there_are_no_ngrams() {
        let asked = Ngrams { words: 2, min_chars: 1, max_chars: 2, buckets: 0 };
        assert_eq!(rows(&features(asked, None), "a z").0, [1, 0]);
        let none_kept = features(Ngrams { buckets: 9, ..asked }, Some(&[]));
        assert_eq!(rows(&none_kept, "a z").0, [1, 0]);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let table = || Arc::new(KeyTable::default());
        let made = |ngrams, kept| Features::new(table(), table(), ngrams, kept);
        assert!(made(Ngrams { words: MAX_NGRAM + 1, ..WORDS }, None).is_err());
        assert!(made(Ngrams { max_chars: u32::MAX, ..WORDS }, None).is_err());
        assert!(made(WORDS, Some(&[7, 1, 7])).is_err());
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
