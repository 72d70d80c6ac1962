//! Many texts at once, spread over threads. Each text is a question of its own: the answers depend
//! neither on the others nor on the number of threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Asked, Classifier, Prediction, Scratch, Tally};
use crate::error::Result;
use crate::workers;

/// Texts that a thread takes at a time.
const TEXTS_AT_ONCE: usize = 64;

/// Multiplications that pay for threads: about a millisecond of them.
const THREAD_WORK: usize = 1 << 21;

/// The answers to a batch of texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// The labels of all texts, one after the other.
    pub predictions: Vec<Prediction>,
    /// Where those of each text end.
    pub ends: Vec<usize>,
}

/// Texts, a line each, to be shared out among threads.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a>(pub &'a [&'a str]);

impl Batch<'_> {
    /// Hands runs of texts out to threads, each with its own scratch; returns what they made of
    /// them, in the order of the texts.
    fn run<T: Send>(
        &self,
        work: usize,
        each: impl Fn(&[&str], &mut Scratch<'_>) -> Result<T> + Sync,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Vec<T>> {
        let runs: Vec<&[&str]> = self.0.chunks(TEXTS_AT_ONCE).collect();
        if work < THREAD_WORK {
            let never = AtomicBool::new(false);
            let mut scratch = Scratch::new(&never);
            return runs.into_iter().map(|run| each(run, &mut scratch)).collect();
        }
        let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
        let take_runs = |_| {
            let (mut scratch, mut made) = (Scratch::new(&stop), Vec::new());
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(run) = runs.get(index) else { break };
                made.push((index, each(run, &mut scratch)?));
            }
            Ok(made)
        };
        // Asked here and not by every caller: to look takes longer than to answer for one text.
        let threads = workers::available().min(runs.len()).max(1);
        let made = workers::run(threads, &stop, take_runs, poll)?;
        let mut made: Vec<(usize, T)> = made.into_iter().flatten().collect();
        made.sort_by_key(|&(index, _)| index);
        Ok(made.into_iter().map(|(_, part)| part).collect())
    }
}

impl Classifier<'_> {
    /// The likely labels of each text.
    pub fn predict(
        &self,
        batch: Batch<'_>,
        asked: Asked,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Answers> {
        let each = |texts: &[&str], scratch: &mut Scratch<'_>| {
            let mut answers = Answers::default();
            for text in texts {
                self.predict_line(text, asked, scratch)?;
                answers.predictions.extend(scratch.best.sorted());
                answers.ends.push(answers.predictions.len());
            }
            Ok(answers)
        };
        let mut all = Answers::default();
        for part in batch.run(self.work(batch, self.labels()), each, poll)? {
            let before = all.predictions.len();
            all.predictions.extend(part.predictions);
            all.ends.extend(part.ends.iter().map(|end| before + end));
        }
        Ok(all)
    }

    /// Holds predictions against the labels that stand in the lines.
    pub fn test(
        &self,
        batch: Batch<'_>,
        asked: Asked,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Tally> {
        let each = |lines: &[&str], scratch: &mut Scratch<'_>| {
            let mut tested = Vec::with_capacity(lines.len());
            for line in lines {
                self.predict_line(line, asked, scratch)?;
                let predicted = scratch.best.sorted().map(|found| found.label).collect();
                let is_example = scratch.is_known && !scratch.line.gold.is_empty();
                tested.push(is_example.then(|| (scratch.line.gold.clone(), predicted)));
            }
            Ok(tested)
        };
        let mut tally = Tally::new(self.labels());
        for line in batch.run(self.work(batch, self.labels()), each, poll)?.iter().flatten() {
            tally.count(line.as_ref());
        }
        Ok(tally)
    }

    /// The mean of the rows of each text, one after the other; 0 where nothing is known.
    pub fn text_vectors(
        &self,
        batch: Batch<'_>,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Vec<f32>> {
        self.vectors(batch, |text, scratch| self.read_line(text, scratch), poll)
    }

    /// The vector of each word, one after the other; 0 where nothing is known.
    pub fn word_vectors(
        &self,
        batch: Batch<'_>,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Vec<f32>> {
        self.vectors(batch, |word, scratch| self.read_word(word, scratch), poll)
    }

    fn vectors(
        &self,
        batch: Batch<'_>,
        read: impl Fn(&str, &mut Scratch<'_>) + Sync,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Vec<f32>> {
        let each = |texts: &[&str], scratch: &mut Scratch<'_>| {
            let mut vectors = Vec::with_capacity(texts.len() * self.width());
            for text in texts {
                read(text, scratch);
                vectors.extend_from_slice(&scratch.hidden);
            }
            Ok(vectors)
        };
        Ok(batch.run(self.work(batch, 0), each, poll)?.concat())
    }

    /// Multiplications and the like, about: n-grams make some rows of each byte.
    fn work(&self, batch: Batch<'_>, labels: usize) -> usize {
        let bytes: usize = batch.0.iter().map(|text| text.len()).sum();
        let rows = bytes.saturating_add(batch.0.len().saturating_mul(labels));
        rows.saturating_mul(self.width().max(16))
    }
}
