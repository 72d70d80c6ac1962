//! How likely a model of hierarchical softmax thinks sentences to be.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::config::{Architecture, TrainConfig};
use crate::corpus::lock;
use crate::error::{Error, Result};
use crate::vocab::WordId;
use crate::vocab::huffman::HuffmanPaths;
use crate::workers;

/// A model that is not being trained.
#[derive(Debug, Clone, Copy)]
pub struct HierarchicalModel<'a> {
    /// Architecture, window, and how CBOW makes its hidden vector.
    pub config: &'a TrainConfig,
    /// The tree.
    pub paths: &'a HuffmanPaths,
    /// syn0, V × D.
    pub input_vectors: &'a [f32],
    /// syn1, V × D.
    pub output_nodes: &'a [f32],
}

/// Sentences that a thread takes at a time.
const BLOCK: usize = 64;

impl HierarchicalModel<'_> {
    /// The logarithm of the probability of each sentence, the sum over its words of that of the word
    /// given its whole window: given each context word alone for skip-gram (their sum), all together
    /// for CBOW. Sentence i is `ids[offsets[i]..offsets[i + 1]]`.
    pub fn score(
        &self,
        ids: &[WordId],
        offsets: &[u64],
        poll: impl FnMut() -> Result<()>,
    ) -> Result<Vec<f64>> {
        let sentences = offsets.len().saturating_sub(1);
        let are_bounds = offsets.is_sorted()
            && offsets.last().is_none_or(|&end| usize::try_from(end) == Ok(ids.len()));
        let words = self.output_nodes.len() / self.config.vector_size;
        if !are_bounds
            || self.input_vectors.len() != self.output_nodes.len()
            || ids.iter().any(|id| id.row() >= words)
        {
            return Err(Error::Internal("sentences that the model does not know".to_owned()));
        }
        let scores = Mutex::new(vec![0.0; sentences]);
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = |_| {
            let mut hidden = vec![0f32; self.config.vector_size];
            loop {
                let start = next.fetch_add(BLOCK, Ordering::Relaxed);
                if start >= sentences || stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                for sentence in start..sentences.min(start + BLOCK) {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    let range = offsets[sentence] as usize..offsets[sentence + 1] as usize;
                    let score = self.sentence(&ids[range], &mut hidden, &stop);
                    lock(&scores)[sentence] = score;
                }
            }
        };
        let workers = self.config.workers.min(sentences.div_ceil(BLOCK)).max(1);
        workers::run(workers, &stop, work, poll)?;
        Ok(scores.into_inner().unwrap_or_else(|poison| poison.into_inner()))
    }

    /// The score of one sentence; nobody asks for it any more once `stop` is set.
    fn sentence(&self, words: &[WordId], hidden: &mut [f32], stop: &AtomicBool) -> f64 {
        let window = self.config.window;
        let mut sum = 0.0;
        for (at, &center) in words.iter().enumerate() {
            // A corpus may be one sentence, and a window all of it.
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let before = &words[at.saturating_sub(window)..at];
            let after = &words[at + 1..words.len().min(at + 1 + window)];
            let contexts = || before.iter().chain(after);
            sum += match self.config.architecture {
                Architecture::SkipGram => {
                    contexts().map(|&word| self.word(center, self.vector(word))).sum()
                }
                Architecture::Cbow => {
                    hidden.fill(0.0);
                    for &word in contexts() {
                        hidden.iter_mut().zip(self.vector(word)).for_each(|(sum, v)| *sum += v);
                    }
                    let count = before.len() + after.len();
                    if self.config.cbow_mean && count > 0 {
                        hidden.iter_mut().for_each(|sum| *sum /= count as f32);
                    }
                    self.word(center, hidden)
                }
            };
        }
        sum
    }

    fn vector(&self, word: WordId) -> &[f32] {
        let size = self.config.vector_size;
        &self.input_vectors[word.row() * size..][..size]
    }

    /// log p(word | hidden): the turns on its path, each by a classifier of its own.
    fn word(&self, word: WordId, hidden: &[f32]) -> f64 {
        let size = self.config.vector_size;
        let (nodes, labels) = self.paths.path(word);
        let turn = |(&node, &label): (&u32, &f32)| {
            let row = &self.output_nodes[node as usize * size..][..size];
            let dot: f32 = row.iter().zip(hidden).map(|(a, b)| a * b).sum();
            let towards = f64::from(if label == 1.0 { dot } else { -dot });
            log_sigmoid(towards)
        };
        nodes.iter().zip(labels).map(turn).sum()
    }
}

/// ln(1 / (1 + e^-x)); finite for every finite x, where the formula as it stands overflows.
fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_sigmoid_is_the_formula_and_never_infinite() {
        for x in [-30.0, -1.0, -1e-9, 0.0, 0.5, 20.0] {
            let plain = (1.0 / (1.0 + f64::exp(-x))).ln();
            assert!((log_sigmoid(x) - plain).abs() <= 1e-9 * plain.abs() + 1e-12, "{x}");
        }
        assert_eq!(log_sigmoid(-1e4), -1e4);
        assert_eq!(log_sigmoid(1e4), 0.0);
    }
}
