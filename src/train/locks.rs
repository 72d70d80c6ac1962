//! Input rows that training changes in part, or not at all: gensim's `vectors_lockf`.
//!
//! A step works on copies of such rows, and a share of what it changed is handed on. A row that is
//! locked whole is never written to, so it keeps its bits whatever other workers do.

use crate::config::{Architecture, TrainConfig};
use crate::error::{Error, Result};
use crate::matrix::{Matrix, Row, RowSource, Rows, SharedMatrix};
use crate::simd::MAX_INPUTS;
use crate::vocab::WordId;

/// For each word, the share of each change that its row takes: 0 locks it, 1 leaves it free.
#[derive(Debug, Clone, Copy)]
pub struct Locks<'a> {
    factors: &'a [f32],
    /// No window has more words.
    longest_sentence: usize,
}

impl<'a> Locks<'a> {
    /// For training on `ids`; `None` where every row is free.
    pub fn new(factors: &'a [f32], words: usize, ids: &[WordId]) -> Result<Option<Self>> {
        if factors.iter().all(|&factor| factor == 1.0) {
            return Ok(None);
        }
        if factors.len() != words || !factors.iter().all(|factor| factor.is_finite()) {
            let message =
                format!("must be {words} finite numbers, one for each word, not {}", factors.len());
            return Err(Error::config("vectors_lockf", message));
        }
        let sentences = ids.split(|&id| id == WordId::SENTENCE_END);
        let longest_sentence = sentences.map(<[_]>::len).max().unwrap_or(0);
        Ok(Some(Self { factors, longest_sentence }))
    }

    fn factor(self, word: WordId) -> f32 {
        self.factors[word.row()]
    }
}

/// One worker's copies: for each place among the inputs of a step the row that is worked on, and
/// what it was before.
#[derive(Debug)]
pub struct LockedRows<'a> {
    locks: Locks<'a>,
    vectors: SharedMatrix<'a>,
    copies: SharedMatrix<'a>,
    /// For each step that may wait, the locked rows among its inputs.
    steps: Vec<Vec<Locked<'a>>>,
}

/// A locked row among the inputs of a step.
#[derive(Debug, Clone, Copy)]
struct Locked<'a> {
    place: usize,
    word: WordId,
    /// The row itself.
    row: Row<'a>,
}

impl<'a> LockedRows<'a> {
    /// Room for the copies.
    pub fn room(config: &TrainConfig, locks: Option<Locks<'_>>) -> Result<Matrix> {
        let places = match (locks, config.architecture) {
            (None, _) => 0,
            (Some(_), Architecture::SkipGram) => MAX_INPUTS,
            (Some(locks), Architecture::Cbow) => locks.longest_sentence.min(2 * config.window),
        };
        Matrix::zeros(2 * places, config.vector_size)
    }

    /// Copies of rows of `vectors` in `room`, for so many steps that wait.
    pub fn new(
        locks: Locks<'a>,
        vectors: SharedMatrix<'a>,
        room: &'a mut Matrix,
        steps: usize,
    ) -> Self {
        Self { locks, vectors, copies: room.share(), steps: vec![Vec::new(); steps] }
    }

    // What follows is kept out of the way of those who lock nothing.

    /// Makes words the inputs of a step, with copies in the place of locked rows.
    #[cold]
    #[inline(never)]
    pub fn take(
        &mut self,
        step: usize,
        words: [&[WordId]; 2],
        source: &mut impl RowSource<'a>,
        inputs: &mut Rows<'a>,
    ) {
        let locked = &mut self.steps[step];
        locked.clear();
        for (place, &word) in words.into_iter().flatten().enumerate() {
            let factor = self.locks.factor(word);
            if factor == 1.0 {
                inputs.push(source.row(word.row()));
                continue;
            }
            inputs.push(self.copies.row(2 * place));
            // A row that nobody changes is the same everywhere, and must not become a sum.
            let row = match factor {
                0.0 => self.vectors.row(word.row()),
                _ => source.row(word.row()),
            };
            locked.push(Locked { place, word, row });
        }
    }

    /// Before a step: the copies are as their rows are now.
    #[cold]
    #[inline(never)]
    pub fn begin(&self, step: usize) {
        for lock in &self.steps[step] {
            let [now, before] = self.copies(lock);
            now.copy_from(lock.row);
            before.copy_from(lock.row);
        }
    }

    /// After a step: each row takes its share of what has changed.
    #[cold]
    #[inline(never)]
    pub fn end(&self, step: usize) {
        for lock in &self.steps[step] {
            let factor = self.locks.factor(lock.word);
            if factor != 0.0 {
                let [now, before] = self.copies(lock);
                lock.row.add_change(factor, now, before);
            }
        }
    }

    fn copies(&self, lock: &Locked<'a>) -> [Row<'a>; 2] {
        [2 * lock.place, 2 * lock.place + 1].map(|copy| self.copies.row(copy))
    }
}
