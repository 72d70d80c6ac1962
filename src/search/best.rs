//! The best rows so far: a running threshold, so that most rows cost one comparison.

use std::cmp::Ordering;

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

/// What rows side by side are called.
#[derive(Debug, Clone, Copy)]
pub enum Names<'a> {
    /// This, and the next ones.
    From(usize),
    /// These.
    Are(&'a [u32]),
}

impl Names<'_> {
    fn row(self, at: usize) -> u32 {
        match self {
            Self::From(first) => (first + at) as u32,
            Self::Are(rows) => rows[at],
        }
    }
}

/// The best rows so far for one vector.
#[derive(Debug, Clone)]
pub struct Best {
    wanted: usize,
    hits: Vec<Hit>,
    /// The score that a further row must beat, once as many are kept as are wanted.
    threshold: Option<f32>,
}

impl Best {
    /// None yet.
    pub fn new(wanted: usize) -> Self {
        Self { wanted, hits: Vec::new(), threshold: None }
    }

    /// Looks at rows that come after all those before: their dot products with the vector, their
    /// norms, and what they are called. `excluded`, ascending, are no answer.
    pub fn take(&mut self, products: &[f32], norms: &[f32], names: Names<'_>, excluded: &[u32]) {
        for start in (0..products.len()).step_by(GLANCE) {
            let some = start..products.len().min(start + GLANCE);
            if self.beats_all(&products[some.clone()], &norms[some.clone()]) {
                continue;
            }
            for at in some {
                let score = score(products[at], norms[at]);
                self.offer(Hit { row: names.row(at), score }, excluded);
            }
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

    /// Adds hits found elsewhere.
    pub fn add(&mut self, hits: &[Hit]) {
        self.hits.extend(hits);
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

    /// Those that are wanted, best first.
    pub fn sorted(mut self) -> Vec<Hit> {
        self.prune();
        self.hits.truncate(self.wanted);
        self.hits.sort_unstable_by(best_first);
        self.hits
    }
}

/// The cosine of a row with a vector of length 1; 0 for a row without length.
#[inline(always)]
pub fn score(product: f32, norm: f32) -> f32 {
    if norm == 0.0 { 0.0 } else { product / norm }
}

/// Score descending, NaN last, then row ascending.
fn best_first(one: &Hit, other: &Hit) -> Ordering {
    let by_score = match (one.score.is_nan(), other.score.is_nan()) {
        (false, false) => other.score.partial_cmp(&one.score).unwrap_or(Ordering::Equal),
        (one, other) => one.cmp(&other),
    };
    by_score.then(one.row.cmp(&other.row))
}
