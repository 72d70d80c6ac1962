//! How a corpus is handed out to workers, and which learning rate goes with each piece.

use std::ops::Range;

use crate::corpus::EncodedCorpus;

/// Ids in a block: the unit of work, of the learning rate and of the random streams. Small enough
/// for a smooth schedule, large enough that handing one out costs nothing.
pub const BLOCK_IDS: usize = 8_192;

/// The learning rate of a call to train, falling linearly with the raw words passed.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The rate at the beginning.
    pub start_alpha: f32,
    /// The rate at the end, and the least.
    pub end_alpha: f32,
    /// Raw words that count as passed when the call begins.
    pub raw_words_before: u64,
    /// Raw words that the whole call is expected to pass, those before included.
    pub total_raw_words: u64,
}

impl Schedule {
    /// The rate after `raw_words` of this call.
    pub fn alpha(&self, raw_words: f64) -> f32 {
        let passed = self.raw_words_before as f64 + raw_words;
        let progress = passed / (self.total_raw_words as f64).max(1.0);
        let (start, end) = (f64::from(self.start_alpha), f64::from(self.end_alpha));
        ((start - (start - end) * progress) as f32).max(self.end_alpha)
    }
}

/// The blocks of one pass over a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Blocks {
    ids: usize,
    block_ids: usize,
    raw_words: u64,
}

impl Blocks {
    /// Cuts a corpus into blocks of `block_ids`.
    pub fn new(corpus: &EncodedCorpus, block_ids: usize) -> Self {
        Self { ids: corpus.ids().len(), block_ids, raw_words: corpus.raw_words }
    }

    /// How many there are: at least one, so that the raw words of a corpus without a single known
    /// word are passed, too.
    pub fn count(&self) -> u64 {
        self.ids.div_ceil(self.block_ids).max(1) as u64
    }

    /// The positions in a block.
    pub fn range(&self, block: u64) -> Range<usize> {
        let start = block as usize * self.block_ids;
        start..(start + self.block_ids).min(self.ids)
    }

    /// The raw words before `position`: pruned words are taken to be spread evenly.
    pub fn raw_words_before(&self, position: usize) -> f64 {
        position as f64 / self.ids.max(1) as f64 * self.raw_words as f64
    }

    /// The raw words of a block; over a whole pass they add up to the corpus's.
    pub fn raw_words(&self, block: u64) -> u64 {
        let range = self.range(block);
        let whole = |position| self.raw_words_before(position).round() as u64;
        let end = if range.end == self.ids { self.raw_words } else { whole(range.end) };
        end - whole(range.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::WordId;

    fn corpus(ids: usize, raw_words: u64) -> EncodedCorpus {
        EncodedCorpus::from_ids(vec![WordId(0); ids], 1, raw_words)
    }

    #[test]
    fn the_rate_falls_linearly_and_never_below_its_end() {
        let schedule = Schedule {
            start_alpha: 0.05,
            end_alpha: 0.01,
            raw_words_before: 0,
            total_raw_words: 100,
        };
        assert_eq!(schedule.alpha(0.0), 0.05);
        assert!((schedule.alpha(50.0) - 0.03).abs() < 1e-8);
        assert_eq!(schedule.alpha(100.0), 0.01);
        assert_eq!(schedule.alpha(1000.0), 0.01);
        let halfway = Schedule { raw_words_before: 50, ..schedule };
        assert_eq!(halfway.alpha(0.0), schedule.alpha(50.0));
    }

    #[test]
    fn a_rising_rate_stays_as_asked() {
        let schedule = Schedule {
            start_alpha: 0.01,
            end_alpha: 0.05,
            raw_words_before: 0,
            total_raw_words: 10,
        };
        assert_eq!(schedule.alpha(0.0), 0.05, "as in gensim the end rate is the least");
    }

    #[test]
    fn blocks_cover_every_position_and_every_raw_word_once() {
        for (ids, raw) in [(0, 7), (1, 1), (10, 10), (10, 37), (4096, 5000), (99, 1_000_003)] {
            let corpus = corpus(ids, raw);
            for block_ids in [1, 3, 10, 64] {
                let blocks = Blocks::new(&corpus, block_ids);
                let all: Vec<usize> = (0..blocks.count()).flat_map(|b| blocks.range(b)).collect();
                assert_eq!(all, (0..ids).collect::<Vec<_>>());
                assert_eq!((0..blocks.count()).map(|b| blocks.raw_words(b)).sum::<u64>(), raw);
            }
        }
    }
}
