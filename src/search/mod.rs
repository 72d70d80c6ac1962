//! Exact search: the rows with the highest cosine, without an array of all scores.
//!
//! Rows pass by in blocks that fit the cache. A row that beats the worst of those kept joins them;
//! when twice as many as are wanted are kept, half of them go. Scores are those of
//! [`crate::simd::Kernels::products`] divided by the norm, so that they depend neither on the other
//! queries nor on the number of threads.

mod best;
mod store;

use std::ops::Range;
use std::sync::atomic::{self, AtomicBool};

use crate::error::Result;
use crate::simd::{self, Dense};
use crate::workers;
pub use best::Hit;
pub use store::{Scope, Store, Sums, Values};

use best::Best;
use store::{Asked, Block};

/// Multiplications that pay for a thread: about 0.1 ms of them.
const THREAD_WORK: usize = 1 << 20;

/// Values of the vectors that are held against a block of rows: a part of a core's own cache.
const QUERY_VALUES: usize = 1 << 16;
const BLOCK_VALUES: usize = 1 << 14;
/// Products of the vectors with a block of rows, at most, about.
const PRODUCTS: usize = 1 << 17;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Vectors of length 1, or 0: a question each, or what `sums` are made of.
    pub vectors: Dense<'a>,
    /// Questions that share vectors: each product is made once, and sums cost next to nothing.
    pub sums: Option<Sums<'a>>,
    /// Which rows may answer.
    pub scope: Scope<'a>,
    /// For each question, ascending, the rows that may not.
    pub excluded: &'a [Vec<u32>],
    /// How many rows are wanted.
    pub wanted: usize,
}

impl Question<'_> {
    /// How many questions.
    fn len(&self) -> usize {
        self.sums.map_or(self.vectors.len(), |sums| sums.len())
    }

    /// Multiplications, about.
    fn work(&self) -> usize {
        let terms = self.sums.map_or(0, |sums| sums.places.len());
        let products = self.vectors.len().saturating_mul(self.vectors.width());
        self.scope.len().saturating_mul(products.saturating_add(terms))
    }
}

/// The rows with the highest cosine for each question: score descending, then row ascending; NaN
/// last. (Sums need not be of length 1: then their scores are cosines times their length.)
///
/// `threads` at most are used. `poll` is called now and then, and its error ends the search.
pub fn nearest(
    store: Store<'_>,
    question: Question<'_>,
    threads: usize,
    poll: impl FnMut() -> Result<()>,
) -> Result<Vec<Vec<Hit>>> {
    assert_eq!(store.len(), store.norms.len(), "a norm for each row");
    assert_eq!(store.width, question.vectors.width(), "vectors as wide as rows");
    assert_eq!(question.len(), question.excluded.len(), "excluded rows for each question");
    let (questions, places, work) = (question.len(), question.scope.len(), question.work());
    let threads = threads.min(work / THREAD_WORK).max(1);
    let stop = AtomicBool::new(false);
    if threads == 1 && work < THREAD_WORK {
        return scan(store, question, 0..questions, 0..places, &stop);
    }
    let share = |all: usize, worker| all * worker / threads..all * (worker + 1) / threads;
    // So many questions that each thread can look at all rows with as many as it holds at once: each
    // answers some of them. Fewer, or those that share their products: each looks at some of the
    // rows, which come from memory once then and not for every thread.
    if questions >= held_at_once(store) * threads && question.sums.is_none() {
        let work = |worker| scan(store, question, share(questions, worker), 0..places, &stop);
        return Ok(workers::run(threads, &stop, work, poll)?.concat());
    }
    let work = |worker| scan(store, question, 0..questions, share(places, worker), &stop);
    let parts = workers::run(threads, &stop, work, poll)?;
    let merged = (0..questions).map(|at| {
        let mut best = Best::new(question.wanted);
        parts.iter().for_each(|part| best.add(&part[at]));
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
    assert_eq!((store.len(), vector.len()), (store.norms.len(), 1), "norms and one vector");
    let kernels = simd::kernels()?;
    let asked = Asked::new(vector, store.values);
    let step = block_rows(store);
    over_parts(rows, store.width, threads, poll, |own, stop| {
        let mut scores = Vec::with_capacity(own.len());
        let (scope, mut block) = (Scope::Range(own.start, own.end), Block::default());
        for start in (0..own.len()).step_by(step) {
            if stop.load(atomic::Ordering::Relaxed) {
                break;
            }
            let places = start..own.len().min(start + step);
            let found = block.products(&kernels, store, scope, places, &asked);
            let pairs = found.products.iter().zip(found.norms);
            scores.extend(pairs.map(|(product, norm)| best::score(*product, *norm)));
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

/// Rows that pass by together.
fn block_rows(store: Store<'_>) -> usize {
    (BLOCK_VALUES / store.width).clamp(8, 1024)
}

/// Questions that look at a block of rows together, at most.
fn held_at_once(store: Store<'_>) -> usize {
    (QUERY_VALUES / store.width).min(PRODUCTS / block_rows(store)).max(2)
}

/// The best of some places of the scope for some of the questions.
fn scan(
    store: Store<'_>,
    question: Question<'_>,
    questions: Range<usize>,
    places: Range<usize>,
    stop: &AtomicBool,
) -> Result<Vec<Vec<Hit>>> {
    let at_once = match question.sums {
        Some(_) => questions.len().max(1),
        None => held_at_once(store),
    };
    let mut found = Vec::with_capacity(questions.len());
    for first in questions.clone().step_by(at_once) {
        let own = first..questions.end.min(first + at_once);
        found.extend(scan_together(store, question, own, places.clone(), stop)?);
    }
    Ok(found)
}

/// The same for questions that look at a block of rows together.
fn scan_together(
    store: Store<'_>,
    question: Question<'_>,
    questions: Range<usize>,
    places: Range<usize>,
    stop: &AtomicBool,
) -> Result<Vec<Vec<Hit>>> {
    let kernels = simd::kernels()?;
    let vectors = match question.sums {
        Some(_) => question.vectors,
        None => question.vectors.part(questions.clone()),
    };
    let asked = Asked::new(vectors, store.values);
    let step = match question.sums {
        Some(_) => (PRODUCTS / vectors.len().max(1)).clamp(8, block_rows(store)),
        None => block_rows(store),
    };
    let (mut block, mut sum) = (Block::default(), Vec::new());
    let mut best = vec![Best::new(question.wanted); questions.len()];
    for start in places.clone().step_by(step) {
        if stop.load(atomic::Ordering::Relaxed) {
            return Ok(Vec::new()); // whoever raised it has the error
        }
        let part = start..places.end.min(start + step);
        let rows = block.products(&kernels, store, question.scope, part, &asked);
        let count = rows.norms.len();
        let mut columns = Vec::new();
        for ((at, best), number) in best.iter_mut().enumerate().zip(questions.clone()) {
            let products = match question.sums {
                Some(sums) => {
                    sum.resize(count, 0.0);
                    sums.add_up(&kernels, number, rows.products, &mut columns, &mut sum);
                    &sum[..]
                }
                None => &rows.products[at * count..(at + 1) * count],
            };
            best.take(products, rows.norms, rows.names, &question.excluded[number]);
        }
    }
    Ok(best.into_iter().map(Best::sorted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::SplitMix64;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut generator = SplitMix64::new(seed);
        (0..count).map(|_| (generator.draw() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    fn floats<'a>(rows: Dense<'a>, values: &'a [f32], norms: &'a [f32]) -> Store<'a> {
        Store { values: Values::Float(values), width: rows.width(), norms }
    }

    fn rows_of(store: Store<'_>) -> Dense<'_> {
        match store.values {
            Values::Float(values) => Dense::new(values, store.width),
            _ => panic!("a store of float32"),
        }
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
            norm => product(rows_of(store).row(row)) / f64::from(norm),
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
            let store = floats(stored, &values, &norms);
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
                    let question =
                        Question { vectors: asked, sums: None, scope, excluded: &excluded, wanted };
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
        let store = floats(stored, &values, &norms);
        for (wanted, threads) in [(4, 1), (998, 1), (1000, 1), (1000, 3)] {
            let excluded = [vec![1]];
            let vectors = Dense::new(&row, width);
            let scope = Scope::Range(0, 1000);
            let question = Question { vectors, sums: None, scope, excluded: &excluded, wanted };
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
        let values = random(width * rows, 4);
        let stored = Dense::new(&values, width);
        let norms = row_norms(stored, 1, never).unwrap();
        let store = floats(stored, &values, &norms);
        // Enough for each of two threads to answer its own, so many at once and a few more.
        let asked = random(width * (2 * held_at_once(store) + 101), 5);
        let ask = |vectors: Dense<'_>, threads| {
            let excluded = vec![Vec::new(); vectors.len()];
            let scope = Scope::Range(0, rows);
            let question = Question { vectors, sums: None, scope, excluded: &excluded, wanted: 7 };
            nearest(store, question, threads, never).unwrap()
        };
        let asked = Dense::new(&asked, width);
        let together = ask(asked, 2);
        let few = ask(asked.part(0..101), 2); // each thread looks at half of the rows
        assert_eq!(few, together[..101]);
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

    #[test]
    fn rounded_rows_score_what_they_were_rounded_to() {
        use half::f16;
        let (width, rows) = (21, 300);
        let values = random(width * rows, 6);
        let halves: Vec<f16> = values.iter().map(|&value| f16::from_f32(value)).collect();
        let bytes: Vec<i8> = values.iter().map(|value| (value * 127.0).round() as i8).collect();
        let as_floats = [
            halves.iter().map(|value| value.to_f32()).collect::<Vec<f32>>(),
            bytes.iter().map(|&value| f32::from(value)).collect(),
        ];
        let asked = random(width * 3, 7);
        let vectors = Dense::new(&asked, width);
        let some: Vec<u32> = (0..rows as u32).step_by(3).collect();
        for (kind, floats) in [Values::Half(&halves), Values::Byte(&bytes)].iter().zip(&as_floats) {
            let norms = row_norms(Dense::new(floats, width), 1, never).unwrap();
            let rounded = Store { values: *kind, width, norms: &norms };
            let exact = Store { values: Values::Float(floats), ..rounded };
            for scope in [Scope::Range(5, rows), Scope::Rows(&some)] {
                let excluded = vec![vec![9]; 3];
                let question =
                    Question { vectors, sums: None, scope, excluded: &excluded, wanted: 6 };
                let ask = |store| nearest(store, question, 2, never).unwrap().concat();
                for (hit, truth) in ask(rounded).iter().zip(ask(exact)) {
                    assert!((hit.score - truth.score).abs() < 1e-3, "{hit:?} {truth:?}");
                }
            }
        }
    }

    #[test]
    fn sums_find_what_their_vectors_added_up_find() {
        let (width, rows) = (40, 900);
        let (values, words) = (random(width * rows, 8), random(width * 12, 9));
        let (stored, vectors) = (Dense::new(&values, width), Dense::new(&words, width));
        let norms = row_norms(stored, 1, never).unwrap();
        let store = floats(stored, &values, &norms);
        let places: Vec<u32> = (0..150).map(|at| at * 7 % 12).collect();
        let weights = [1.0, 1.0, -1.0].repeat(50);
        let sums = Sums { places: &places, weights: &weights, terms: 3 };
        let word = |question: usize, term: usize| vectors.row(places[3 * question + term] as usize);
        let mut added = Vec::new();
        for question in 0..50 {
            let [b, c, a] = [0, 1, 2].map(|term| word(question, term));
            added.extend((0..width).map(|at| b[at] + c[at] - a[at]));
        }
        let excluded: Vec<Vec<u32>> = (0..50).map(|row| vec![row, 600]).collect();
        for (scope, threads) in [(Scope::Range(3, rows), 1), (Scope::Range(0, rows), 3)] {
            let wanted = 4;
            let summed = Question { vectors, sums: Some(sums), scope, excluded: &excluded, wanted };
            let plain = Question { vectors: Dense::new(&added, width), sums: None, ..summed };
            let ask = |question| nearest(store, question, threads, never).unwrap().concat();
            for (hit, truth) in ask(summed).iter().zip(ask(plain)) {
                assert_eq!(hit.row, truth.row);
                assert!((hit.score - truth.score).abs() < 1e-5);
            }
        }
    }
}
