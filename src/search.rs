//! Exact search: the rows with the highest cosine, without an array of all scores.
//!
//! Rows pass by in blocks that fit the cache. A row that beats the worst of those kept joins them;
//! when twice as many as are wanted are kept, half of them go. Scores are those of
//! [`crate::simd::Kernels::products`] divided by the norm, so that they depend neither on the other
//! queries nor on the number of threads.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::atomic::{self, AtomicBool};

use crate::error::Result;
use crate::simd::{self, Dense};
use crate::workers;

/// Multiplications that pay for a thread: about 0.1 ms of them.
const THREAD_WORK: usize = 1 << 20;

/// Values of the vectors that are held against a block of rows: a part of a core's own cache.
const QUERY_VALUES: usize = 1 << 16;
const BLOCK_VALUES: usize = 1 << 14;

/// Scores that are compared with the threshold in one go.
const GLANCE: usize = 16;

/// A row and its cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The index of the row.
    pub row: u32,
    /// Its cosine.
    pub score: f32,
}

/// Which rows are searched.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// From one to another.
    Range(usize, usize),
    /// These alone, in ascending order.
    Rows(&'a [u32]),
}

impl Scope<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Range(start, end) => end - start,
            Self::Rows(rows) => rows.len(),
        }
    }
}

/// Rows that can be searched: dense vectors and their lengths.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a> {
    /// The vectors.
    pub rows: Dense<'a>,
    /// The length of each; a vector of length 0 scores 0.
    pub norms: &'a [f32],
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Vectors of length 1, or 0.
    pub vectors: Dense<'a>,
    /// Which rows may answer.
    pub scope: Scope<'a>,
    /// For each vector, ascending, the rows that may not.
    pub excluded: &'a [Vec<u32>],
    /// How many rows are wanted.
    pub wanted: usize,
}

/// The rows with the highest cosine for each vector: score descending, then row ascending; NaN last.
///
/// `threads` at most are used. `poll` is called now and then, and its error ends the search.
pub fn nearest(
    store: Store<'_>,
    question: Question<'_>,
    threads: usize,
    poll: impl FnMut() -> Result<()>,
) -> Result<Vec<Vec<Hit>>> {
    assert_eq!(store.rows.len(), store.norms.len(), "a norm for each row");
    assert_eq!(question.vectors.len(), question.excluded.len(), "excluded rows for each vector");
    let (vectors, places) = (question.vectors.len(), question.scope.len());
    let work = places.saturating_mul(vectors).saturating_mul(store.rows.width());
    let threads = threads.min(work / THREAD_WORK).max(1);
    let stop = AtomicBool::new(false);
    if threads == 1 && work < THREAD_WORK {
        return scan(store, question, 0..vectors, 0..places, &stop);
    }
    let share = |all: usize, worker| all * worker / threads..all * (worker + 1) / threads;
    // Many vectors: each thread answers some of them. Few: each looks at some of the rows.
    if vectors >= 16 * threads {
        let work = |worker| scan(store, question, share(vectors, worker), 0..places, &stop);
        return Ok(workers::run(threads, &stop, work, poll)?.concat());
    }
    let work = |worker| scan(store, question, 0..vectors, share(places, worker), &stop);
    let parts = workers::run(threads, &stop, work, poll)?;
    let merged = (0..vectors).map(|vector| {
        let mut best = Best::new(question.wanted);
        parts.iter().for_each(|part| best.hits.extend(&part[vector]));
        best.sorted()
    });
    Ok(merged.collect())
}

/// The cosine of one vector with each row of a range, the same bits as [`nearest`] has.
pub fn cosines(
    store: Store<'_>,
    rows: Range<usize>,
    vector: Dense<'_>,
    threads: usize,
    poll: impl FnMut() -> Result<()>,
) -> Result<Vec<f32>> {
    assert_eq!((store.rows.len(), vector.len()), (store.norms.len(), 1), "norms and one vector");
    let kernels = simd::kernels()?;
    let block = (BLOCK_VALUES / store.rows.width()).max(8);
    over_parts(rows, store.rows.width(), threads, poll, |own, stop| {
        let mut scores = vec![0.0; own.len()];
        for (scores, start) in scores.chunks_mut(block).zip(own.step_by(block)) {
            if stop.load(atomic::Ordering::Relaxed) {
                break;
            }
            let rows = start..start + scores.len();
            kernels.products(vector, store.rows.part(rows.clone()), scores);
            for (score, &norm) in scores.iter_mut().zip(&store.norms[rows]) {
                *score = if norm == 0.0 { 0.0 } else { *score / norm };
            }
        }
        Ok(scores)
    })
}

/// The Euclidean length of each row, summed in float64: neither do the squares of large numbers
/// overflow nor those of small ones vanish.
pub fn row_norms(
    rows: Dense<'_>,
    threads: usize,
    poll: impl FnMut() -> Result<()>,
) -> Result<Vec<f32>> {
    over_parts(0..rows.len(), rows.width(), threads, poll, |own, stop| {
        let mut norms = Vec::with_capacity(own.len());
        for row in own {
            if row.is_multiple_of(1024) && stop.load(atomic::Ordering::Relaxed) {
                break;
            }
            norms.push(norm(rows.row(row)));
        }
        Ok(norms)
    })
}

/// Some numbers for each row of a range, made in parts by as many threads as pay.
fn over_parts(
    rows: Range<usize>,
    width: usize,
    threads: usize,
    poll: impl FnMut() -> Result<()>,
    make: impl Fn(Range<usize>, &AtomicBool) -> Result<Vec<f32>> + Sync,
) -> Result<Vec<f32>> {
    let work = rows.len().saturating_mul(width);
    let threads = threads.min(work / THREAD_WORK).max(1);
    let stop = AtomicBool::new(false);
    if work < THREAD_WORK {
        return make(rows, &stop);
    }
    let bound = |worker| rows.start + rows.len() * worker / threads;
    let part = |worker| make(bound(worker)..bound(worker + 1), &stop);
    Ok(workers::run(threads, &stop, part, poll)?.concat())
}

fn norm(row: &[f32]) -> f32 {
    let mut sums = [0.0f64; 8];
    let (whole, rest) = row.as_chunks::<8>();
    for eight in whole {
        for (sum, &value) in sums.iter_mut().zip(eight) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    let rest: f64 = rest.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    (sums.iter().sum::<f64>() + rest).sqrt() as f32
}

/// The best of some places of the scope for some of the vectors.
fn scan(
    store: Store<'_>,
    question: Question<'_>,
    vectors: Range<usize>,
    places: Range<usize>,
    stop: &AtomicBool,
) -> Result<Vec<Vec<Hit>>> {
    let kernels = simd::kernels()?;
    let width = store.rows.width();
    let (at_once, block) = ((QUERY_VALUES / width).max(2), (BLOCK_VALUES / width).max(8));
    let mut gathered = Gathered::default();
    let mut products = Vec::new();
    let mut found = Vec::with_capacity(vectors.len());
    for first in vectors.clone().step_by(at_once) {
        let own = first..vectors.end.min(first + at_once);
        let mut best = vec![Best::new(question.wanted); own.len()];
        for start in places.clone().step_by(block) {
            if stop.load(atomic::Ordering::Relaxed) {
                return Ok(Vec::new()); // whoever raised it has the error
            }
            let part = start..places.end.min(start + block);
            let rows = Block::new(store, question.scope, part, &mut gathered);
            products.resize(own.len() * rows.vectors.len(), 0.0);
            kernels.products(question.vectors.part(own.clone()), rows.vectors, &mut products);
            for (at, best) in best.iter_mut().enumerate() {
                let scores = &products[at * rows.vectors.len()..(at + 1) * rows.vectors.len()];
                best.take(&rows, scores, &question.excluded[own.start + at]);
            }
        }
        found.extend(best.into_iter().map(Best::sorted));
    }
    Ok(found)
}

/// Some rows, side by side.
struct Block<'a> {
    vectors: Dense<'a>,
    norms: &'a [f32],
    names: Names<'a>,
}

/// What the rows of a block are called.
enum Names<'a> {
    From(usize),
    Are(&'a [u32]),
}

/// Room for the rows of a block that lie apart.
#[derive(Debug, Default)]
struct Gathered {
    vectors: Vec<f32>,
    norms: Vec<f32>,
}

impl<'a> Block<'a> {
    /// The rows at `places` of the scope.
    fn new(
        store: Store<'a>,
        scope: Scope<'a>,
        places: Range<usize>,
        room: &'a mut Gathered,
    ) -> Self {
        match scope {
            Scope::Range(start, _) => {
                let rows = start + places.start..start + places.end;
                let names = Names::From(rows.start);
                Self { vectors: store.rows.part(rows.clone()), norms: &store.norms[rows], names }
            }
            Scope::Rows(rows) => {
                let rows = &rows[places];
                let each = || rows.iter().map(|&row| row as usize);
                room.vectors.clear();
                each().for_each(|row| room.vectors.extend(store.rows.row(row)));
                room.norms.clear();
                room.norms.extend(each().map(|row| store.norms[row]));
                let vectors = Dense::new(&room.vectors, store.rows.width());
                Self { vectors, norms: &room.norms, names: Names::Are(rows) }
            }
        }
    }

    fn hit(&self, at: usize, product: f32) -> Hit {
        let row = match self.names {
            Names::From(first) => (first + at) as u32,
            Names::Are(rows) => rows[at],
        };
        let norm = self.norms[at];
        Hit { row, score: if norm == 0.0 { 0.0 } else { product / norm } }
    }
}

/// The best rows so far for one vector.
#[derive(Debug, Clone)]
struct Best {
    wanted: usize,
    hits: Vec<Hit>,
    /// The score that a further row must beat, once as many are kept as are wanted.
    threshold: Option<f32>,
}

impl Best {
    fn new(wanted: usize) -> Self {
        Self { wanted, hits: Vec::new(), threshold: None }
    }

    /// Looks at the rows of a block, which come after all those before.
    fn take(&mut self, rows: &Block<'_>, products: &[f32], excluded: &[u32]) {
        for start in (0..products.len()).step_by(GLANCE) {
            let some = start..products.len().min(start + GLANCE);
            if self.beats_all(&products[some.clone()], &rows.norms[some.clone()]) {
                continue;
            }
            some.for_each(|at| self.offer(rows.hit(at, products[at]), excluded));
        }
    }

    /// Whether surely none of some scores reaches the threshold. A division each would cost more
    /// than the products; a little is allowed for its rounding.
    fn beats_all(&self, products: &[f32], norms: &[f32]) -> bool {
        let Some(threshold) = self.threshold else { return false };
        let bound = threshold - threshold.abs() * 1e-6;
        let reaches = |(product, norm): (&f32, &f32)| *product >= bound * norm;
        !products.iter().zip(norms).fold(false, |any, pair| any | reaches(pair))
    }

    fn offer(&mut self, hit: Hit, excluded: &[u32]) {
        let beaten = self.threshold.is_some_and(|threshold| hit.score <= threshold);
        if beaten || excluded.binary_search(&hit.row).is_ok() {
            return;
        }
        self.hits.push(hit);
        if self.hits.len() >= 2 * self.wanted {
            self.prune();
        }
    }

    fn prune(&mut self) {
        if self.hits.len() > self.wanted && self.wanted > 0 {
            self.hits.select_nth_unstable_by(self.wanted - 1, best_first);
            self.hits.truncate(self.wanted);
            self.threshold = self.hits.last().map(|hit| hit.score).filter(|score| !score.is_nan());
        }
    }

    fn sorted(mut self) -> Vec<Hit> {
        self.prune();
        self.hits.truncate(self.wanted);
        self.hits.sort_unstable_by(best_first);
        self.hits
    }
}

/// Score descending, NaN last, then row ascending.
fn best_first(one: &Hit, other: &Hit) -> Ordering {
    let by_score = match (one.score.is_nan(), other.score.is_nan()) {
        (false, false) => other.score.partial_cmp(&one.score).unwrap_or(Ordering::Equal),
        (one, other) => one.cmp(&other),
    };
    by_score.then(one.row.cmp(&other.row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::SplitMix64;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut generator = SplitMix64::new(seed);
        (0..count).map(|_| (generator.draw() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    fn never() -> Result<()> {
        Ok(())
    }

    /// All scores in float64, sorted.
    fn naive(store: Store<'_>, vector: &[f32], rows: &[u32], excluded: &[u32]) -> Vec<(u32, f64)> {
        let product = |row: &[f32]| {
            row.iter().zip(vector).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let score = |row: usize| match store.norms[row] {
            0.0 => 0.0,
            norm => product(store.rows.row(row)) / f64::from(norm),
        };
        let kept = rows.iter().filter(|row| !excluded.contains(row));
        let mut scores: Vec<_> = kept.map(|&row| (row, score(row as usize))).collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        scores
    }

    #[test]
    fn the_nearest_are_those_of_all_scores_sorted() {
        for (width, rows, vectors) in [(1, 5, 1), (7, 100, 3), (100, 3000, 40), (300, 700, 2)] {
            let (values, asked) = (random(width * rows, 1), random(width * vectors, 2));
            let (stored, asked) = (Dense::new(&values, width), Dense::new(&asked, width));
            let norms = row_norms(stored, 2, never).unwrap();
            let store = Store { rows: stored, norms: &norms };
            let some: Vec<u32> = (0..rows as u32).filter(|row| row % 3 != 1).collect();
            let all: Vec<u32> = (0..rows as u32).collect();
            let excluded: Vec<Vec<u32>> =
                (0..vectors).map(|v| vec![v as u32 % 5, 5 + v as u32 % 7]).collect();
            let scopes = [
                (Scope::Range(0, rows), &all[..]),
                (Scope::Range(1, rows - 1), &all[1..rows - 1]),
                (Scope::Rows(&some), &some[..]),
            ];
            for ((scope, names), threads) in scopes.into_iter().zip([1, 2, 5]) {
                for wanted in [0, 1, 10, rows + 1] {
                    let question = Question { vectors: asked, scope, excluded: &excluded, wanted };
                    let found = nearest(store, question, threads, never).unwrap();
                    for (vector, hits) in found.iter().enumerate() {
                        let mut expected =
                            naive(store, asked.row(vector), names, &excluded[vector]);
                        expected.truncate(wanted);
                        assert_eq!(hits.len(), expected.len());
                        for (hit, (row, score)) in hits.iter().zip(expected) {
                            assert!((f64::from(hit.score) - score).abs() < 1e-5);
                            assert!(hit.row == row || wanted > rows, "{hit:?} {row} {score}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn equal_rows_come_by_index_and_nan_comes_last() {
        let width = 20;
        let row = random(width, 3);
        let mut values = row.repeat(1000);
        values[5 * width] = f32::NAN;
        values[7 * width..8 * width].fill(0.0);
        let stored = Dense::new(&values, width);
        let norms = row_norms(stored, 1, never).unwrap();
        let store = Store { rows: stored, norms: &norms };
        for (wanted, threads) in [(4, 1), (998, 1), (1000, 1), (1000, 3)] {
            let excluded = [vec![1]];
            let vectors = Dense::new(&row, width);
            let scope = Scope::Range(0, 1000);
            let question = Question { vectors, scope, excluded: &excluded, wanted };
            let found = &nearest(store, question, threads, never).unwrap()[0];
            let mut expected: Vec<u32> = (0..1000).filter(|row| ![1, 5, 7].contains(row)).collect();
            expected.extend([7, 5]);
            expected.truncate(wanted);
            assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_vector_among_thousands_gets_the_bits_that_it_gets_alone() {
        let (width, rows) = (33, 400);
        let (values, asked) = (random(width * rows, 4), random(width * 101, 5));
        let stored = Dense::new(&values, width);
        let norms = row_norms(stored, 1, never).unwrap();
        let store = Store { rows: stored, norms: &norms };
        let ask = |vectors: Dense<'_>, threads| {
            let excluded = vec![Vec::new(); vectors.len()];
            let scope = Scope::Range(0, rows);
            let question = Question { vectors, scope, excluded: &excluded, wanted: 7 };
            nearest(store, question, threads, never).unwrap()
        };
        let asked = Dense::new(&asked, width);
        let together = ask(asked, 2);
        for (vector, together) in together.iter().enumerate() {
            let alone = asked.part(vector..vector + 1);
            assert_eq!(&ask(alone, 1)[0], together);
            let scores = cosines(store, 3..rows, alone, 2, never).unwrap();
            let hits = together.iter().filter(|hit| hit.row >= 3);
            hits.for_each(|hit| assert_eq!(hit.score, scores[hit.row as usize - 3]));
        }
    }

    #[test]
    fn norms_neither_overflow_nor_vanish() {
        let values = [3e30, 4e30, 0.0, 0.0, 3e-30, 4e-30];
        assert_eq!(row_norms(Dense::new(&values, 2), 1, never).unwrap(), [5e30, 0.0, 5e-30]);
    }
}
