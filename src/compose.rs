//! Vectors composed of parts: a word's own row and the rows of its n-grams (Bojanowski et al. 2017).
//!
//! The vector of a word of the vocabulary is the mean of its own row and of those of its n-grams;
//! that of any other word the mean of the latter. Rows are added in fastText's order, so that
//! rounding is fastText's, too.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::vocab::KeyTable;
use crate::vocab::subword::Subwords;
use crate::workers;

/// Words composed between two looks at whether to stop.
const BLOCK: usize = 512;

/// The rows of n-grams.
#[derive(Debug, Clone, Copy)]
pub struct NgramRows<'a> {
    subwords: Subwords,
    buckets: Option<&'a [u32]>,
    vectors: &'a [f32],
    size: usize,
}

impl<'a> NgramRows<'a> {
    /// Rows of `size` numbers: one for each bucket, or for each of `buckets`, which ascend.
    pub fn new(
        subwords: Subwords,
        buckets: Option<&'a [u32]>,
        vectors: &'a [f32],
        size: usize,
    ) -> Result<Self> {
        let rows = buckets.map_or(subwords.bucket as usize, <[u32]>::len);
        if rows.checked_mul(size) != Some(vectors.len()) {
            let message = format!(
                "have {} numbers, expected {size} for each of {rows} buckets",
                vectors.len()
            );
            return Err(Error::config("vectors_ngrams", message));
        }
        Ok(Self { subwords, buckets, vectors, size })
    }

    /// D.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Adds the rows of the n-grams of `word` to `sum`; returns how many there were. Those whose
    /// bucket has no row count for nothing.
    pub fn add_to(&self, word: &str, sum: &mut [f32]) -> u32 {
        let mut rows = 0;
        self.subwords.for_each(word, |bucket| {
            let Some(row) = self.row(bucket) else { return };
            add(sum, row);
            rows += 1;
        });
        rows
    }

    fn row(&self, bucket: u32) -> Option<&'a [f32]> {
        let row = match self.buckets {
            Some(buckets) => buckets.binary_search(&bucket).ok()?,
            None => bucket as usize,
        };
        Some(&self.vectors[row * self.size..][..self.size])
    }
}

fn add(sum: &mut [f32], row: &[f32]) {
    for (total, &value) in sum.iter_mut().zip(row) {
        *total += value;
    }
}

/// Words by their place in a vocabulary, with their own rows.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The vocabulary.
    pub keys: &'a KeyTable,
    /// V × D.
    pub own: &'a [f32],
    /// Which of them, all within V; every one when not given.
    pub positions: Option<&'a [i64]>,
}

impl Words<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        self.positions.map_or(self.keys.len(), <[i64]>::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn position(&self, index: usize) -> usize {
        self.positions.map_or(index, |positions| positions[index] as usize)
    }
}

/// Returns the vector of each of `words`, row by row; `threads` share the work.
pub fn word_vectors(
    words: Words,
    ngrams: NgramRows,
    threads: usize,
    mut poll: impl FnMut() -> Result<()>,
) -> Result<Vec<f32>> {
    let size = ngrams.size;
    let mut vectors = zeros(words.len().saturating_mul(size))?;
    let fill = |index: usize, vector: &mut [f32]| {
        let position = words.position(index);
        vector.copy_from_slice(&words.own[position * size..][..size]);
        // A key of a damaged file has no text, and its file says so when it is verified.
        let rows = ngrams.add_to(words.keys.get(position).unwrap_or(""), vector);
        scale(vector, 1.0 / (rows + 1) as f32);
    };
    if words.len() <= BLOCK {
        vectors.chunks_mut(size).enumerate().for_each(|(index, vector)| fill(index, vector));
        return Ok(vectors);
    }
    let blocks: Vec<_> = vectors.chunks_mut(BLOCK * size).map(Mutex::new).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = |_| {
        while !stop.load(Ordering::Relaxed) {
            let block = next.fetch_add(1, Ordering::Relaxed);
            let Some(rows) = blocks.get(block) else { break };
            let mut rows = rows.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            for (within, vector) in rows.chunks_mut(size).enumerate() {
                fill(block * BLOCK + within, vector);
            }
        }
        Ok(())
    };
    workers::run(threads.min(blocks.len()), &stop, work, &mut poll)?;
    drop(blocks);
    Ok(vectors)
}

fn scale(vector: &mut [f32], factor: f32) {
    vector.iter_mut().for_each(|value| *value *= factor);
}

/// Returns, for each text, the sum of the rows of its n-grams, and how many there were.
pub fn ngram_sums(
    texts: &[String],
    ngrams: NgramRows,
    mut poll: impl FnMut() -> Result<()>,
) -> Result<(Vec<f32>, Vec<u32>)> {
    let mut sums = zeros(texts.len().saturating_mul(ngrams.size))?;
    let mut counts = Vec::with_capacity(texts.len());
    for (index, (text, sum)) in texts.iter().zip(sums.chunks_mut(ngrams.size)).enumerate() {
        if index % BLOCK == BLOCK - 1 {
            poll()?;
        }
        counts.push(ngrams.add_to(text, sum));
    }
    Ok((sums, counts))
}

fn zeros(length: usize) -> Result<Vec<f32>> {
    bytemuck::allocation::try_zeroed_vec(length)
        .map_err(|()| Error::Memory { bytes: length.saturating_mul(size_of::<f32>()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::subword::Hashing;

    const SIZE: usize = 3;

    fn subwords(bucket: u32) -> Subwords {
        Subwords { min_n: 2, max_n: 3, bucket, hashing: Hashing::Bytes }
    }

    fn matrix(rows: usize) -> Vec<f32> {
        (0..rows * SIZE).map(|value| (value * 37 % 61) as f32).collect()
    }

    /// The plain version: one word, sums in a loop.
    fn plain(word: &str, own: Option<&[f32]>, bucket: u32, vectors: &[f32]) -> Vec<f32> {
        let mut sum = own.map_or(vec![0.0; SIZE], <[f32]>::to_vec);
        let mut rows = u32::from(own.is_some());
        subwords(bucket).for_each(word, |bucket| {
            for column in 0..SIZE {
                sum[column] += vectors[bucket as usize * SIZE + column];
            }
            rows += 1;
        });
        sum.iter().map(|value| value * (1.0 / rows as f32)).collect()
    }

    #[test]
    fn many_words_by_threads_are_those_of_the_plain_version() {
        let mut keys = KeyTable::default();
        (0..2000).for_each(|word| drop(keys.insert(&format!("word{word}é")).unwrap()));
        let (own, rows) = (matrix(2000), matrix(50));
        let ngrams = NgramRows::new(subwords(50), None, &rows, SIZE).unwrap();
        let words = Words { keys: &keys, own: &own, positions: None };
        let all = word_vectors(words, ngrams, 3, || Ok(())).unwrap();
        for (index, word) in keys.iter().enumerate() {
            let expected = plain(word, Some(&own[index * SIZE..][..SIZE]), 50, &rows);
            assert_eq!(&all[index * SIZE..][..SIZE], expected);
        }
        let some = Words { positions: Some(&[1999, 7, 7]), ..words };
        let some = word_vectors(some, ngrams, 3, || Ok(())).unwrap();
        assert_eq!(some[..SIZE], all[1999 * SIZE..]);
        assert_eq!(some[SIZE..2 * SIZE], some[2 * SIZE..]);
    }

    #[test]
    fn buckets_without_a_row_count_for_nothing() {
        let rows = matrix(50);
        let kept: Vec<u32> = (0..50).filter(|bucket| bucket % 3 == 0).collect();
        let kept_rows: Vec<f32> = kept
            .iter()
            .flat_map(|&bucket| rows[bucket as usize * SIZE..][..SIZE].to_vec())
            .collect();
        let ngrams = NgramRows::new(subwords(50), Some(&kept), &kept_rows, SIZE).unwrap();
        let (sums, counts) = ngram_sums(&["socket".to_owned()], ngrams, || Ok(())).unwrap();
        let (mut expected, mut count) = (vec![0.0; SIZE], 0);
        subwords(50).for_each("socket", |bucket| {
            if bucket % 3 == 0 {
                add(&mut expected, &rows[bucket as usize * SIZE..][..SIZE]);
                count += 1;
            }
        });
        assert_eq!((sums, counts), (expected, vec![count]));
    }

    #[test]
    fn a_matrix_of_another_size_is_refused() {
        assert!(NgramRows::new(subwords(50), None, &matrix(49), SIZE).is_err());
        assert!(NgramRows::new(subwords(50), Some(&[1, 2]), &matrix(50), SIZE).is_err());
    }
}
