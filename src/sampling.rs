//! Random draws: the generator, subsampling of frequent words, negatives in constant time.
//!
//! Every draw is a function of the seed, the epoch and a place in the corpus, never of the thread
//! that makes it, so that the number of workers changes no draw.

use crate::simd::prefetch_line;
use crate::vocab::WordId;

/// 2^64 divided by the golden ratio, made odd: the step of SplitMix64.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a stream of draws is for; streams of different kinds never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// One draw a position of the corpus: is this token kept?
    Subsampling = 0,
    /// Window sizes and negatives of one block, in order.
    Windows = 1,
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, fast, and any draw of a stream can be had
/// without those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The stream that begins at `key`.
    pub fn new(key: u64) -> Self {
        Self { state: key }
    }

    /// The stream of a seed, an epoch, a kind and a block.
    pub fn stream(seed: u64, epoch: u32, kind: StreamKind, block: u64) -> Self {
        let key = mix(mix(seed).wrapping_add(u64::from(epoch)));
        Self::new(mix(mix(key.wrapping_add(kind as u64)).wrapping_add(block)))
    }

    /// The next draw.
    #[inline(always)]
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Draw number `index` of the stream (0 is the first), leaving the stream where it is.
    #[inline(always)]
    pub fn draw_at(&self, index: u64) -> u64 {
        mix(self.state.wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// A uniform draw from 0 .. bound, by a multiplication instead of a division (Lemire, 2019,
    /// without the rejection step: the bias is below bound / 2^32).
    #[inline(always)]
    pub fn below(&mut self, bound: u32) -> u32 {
        high_part(self.draw(), bound)
    }
}

/// The upper 32 bits of a draw, scaled to 0 .. bound.
#[inline(always)]
fn high_part(draw: u64, bound: u32) -> u32 {
    (((draw >> 32) * u64::from(bound)) >> 32) as u32
}

/// The finalizer of SplitMix64 (Stafford's variant 13).
#[inline(always)]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Which tokens of frequent words are kept (Mikolov et al. 2013b, in the form that word2vec.c and
/// gensim compute: keep with probability (sqrt(c/t) + 1) · t/c for count c and threshold t).
#[derive(Debug, Clone)]
pub struct Subsampling {
    /// Keep a token when the upper half of its draw is below this; `u32::MAX` keeps all.
    thresholds: Vec<u32>,
}

impl Subsampling {
    /// `sample` is a share of the corpus below 1, a count from 1 on, and 0 keeps everything.
    pub fn new(counts: &[u64], sample: f64) -> Self {
        let total: u64 = counts.iter().sum();
        let threshold = if sample < 1.0 {
            sample * total as f64
        } else {
            (sample * (3.0 + 5f64.sqrt()) / 2.0).floor()
        };
        let keep = |&count: &u64| match keep_probability(count as f64, threshold) {
            p if sample == 0.0 || p >= 1.0 => u32::MAX,
            p => scale_to_u32(p),
        };
        Self { thresholds: counts.iter().map(keep).collect() }
    }

    /// Whether the token `word` at `position` of the corpus is kept.
    #[inline(always)]
    pub fn keeps(&self, word: WordId, stream: &SplitMix64, position: usize) -> bool {
        let threshold = self.thresholds[word.row()];
        threshold == u32::MAX || ((stream.draw_at(position as u64) >> 32) as u32) < threshold
    }
}

/// The share of a word's tokens that subsampling keeps; above 1 for rare words.
fn keep_probability(count: f64, threshold: f64) -> f64 {
    ((count / threshold).sqrt() + 1.0) * (threshold / count)
}

/// floor(p · 2^32), at most `u32::MAX`.
fn scale_to_u32(p: f64) -> u32 {
    (p * 4_294_967_296.0).floor() as u32
}

/// Draws words in proportion to count ^ exponent in constant time (Walker's alias method in Vose's
/// construction, 1991): 8 bytes a word, where word2vec.c's table takes 400 MB.
#[derive(Debug, Clone)]
pub struct AliasTable {
    /// For each column, below which draw it stands for itself, and the word it stands for above.
    columns: Vec<(u32, u32)>,
}

impl AliasTable {
    /// A table over words 0 .. counts.len().
    pub fn new(counts: &[u64], exponent: f64) -> Self {
        let weights: Vec<f64> = counts.iter().map(|&count| (count as f64).powf(exponent)).collect();
        let total: f64 = weights.iter().sum();
        let mut heights: Vec<f64> =
            weights.iter().map(|weight| weight * weights.len() as f64 / total).collect();
        let mut columns: Vec<(u32, u32)> =
            (0..counts.len() as u32).map(|word| (u32::MAX, word)).collect();
        let (mut low, mut high): (Vec<u32>, Vec<u32>) =
            (0..counts.len() as u32).partition(|&word| heights[word as usize] < 1.0);
        while let (Some(&receiver), Some(&donor)) = (low.last(), high.last()) {
            low.pop();
            high.pop();
            columns[receiver as usize] = (scale_to_u32(heights[receiver as usize]), donor);
            heights[donor as usize] = heights[donor as usize] + heights[receiver as usize] - 1.0;
            let stack = if heights[donor as usize] < 1.0 { &mut low } else { &mut high };
            stack.push(donor);
        }
        Self { columns }
    }

    /// Asks for what the next `count` draws will need. The table is larger than the fastest caches,
    /// and waiting for it is a tenth of the time of training.
    #[inline(always)]
    pub fn prefetch(&self, count: usize, generator: &SplitMix64) {
        for index in 0..count {
            let draw = generator.draw_at(index as u64);
            let column = high_part(draw, self.columns.len() as u32) as usize;
            prefetch_line(self.columns.as_ptr().wrapping_add(column).cast());
        }
    }

    /// One word.
    #[inline(always)]
    pub fn draw(&self, generator: &mut SplitMix64) -> WordId {
        let draw = generator.draw();
        let column = high_part(draw, self.columns.len() as u32);
        let (threshold, alias) = self.columns[column as usize];
        WordId(std::hint::select_unpredictable((draw as u32) < threshold, column, alias))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_draws() {
        // The reference values for seed 1234567 (Vigna's splitmix64.c).
        let mut generator = SplitMix64::new(1_234_567);
        let draws: Vec<u64> = (0..3).map(|_| generator.draw()).collect();
        assert_eq!(
            draws,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn any_draw_of_a_stream_can_be_had_alone() {
        let stream = SplitMix64::stream(7, 3, StreamKind::Windows, 11);
        let mut running = stream;
        for index in 0..100 {
            assert_eq!(running.draw(), stream.draw_at(index));
        }
    }

    #[test]
    fn streams_differ_in_each_part_of_their_key() {
        let keys = [
            SplitMix64::stream(1, 0, StreamKind::Windows, 0),
            SplitMix64::stream(2, 0, StreamKind::Windows, 0),
            SplitMix64::stream(1, 1, StreamKind::Windows, 0),
            SplitMix64::stream(1, 0, StreamKind::Subsampling, 0),
            SplitMix64::stream(1, 0, StreamKind::Windows, 1),
        ];
        for (i, a) in keys.iter().enumerate() {
            assert!(keys[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn below_is_uniform() {
        let mut generator = SplitMix64::new(5);
        let mut seen = [0u32; 5];
        for _ in 0..50_000 {
            seen[generator.below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (9_700..10_300).contains(&n)), "{seen:?}");
    }

    fn kept_share(counts: &[u64], sample: f64, word: u32) -> f64 {
        let subsampling = Subsampling::new(counts, sample);
        let stream = SplitMix64::new(1);
        let kept = (0..100_000).filter(|&at| subsampling.keeps(WordId(word), &stream, at)).count();
        kept as f64 / 100_000.0
    }

    #[test]
    fn frequent_words_are_kept_by_the_formula() {
        // t = 1e-3 · 1000 = 1, c = 100: (sqrt(100) + 1) / 100 = 0.11
        assert!((kept_share(&[100, 900], 1e-3, 0) - 0.11).abs() < 0.004);
        // From 1 on, sample is a count: t = floor(100 · 2.618) = 261, c = 1044: (2 + 1) / 4
        assert!((kept_share(&[1044], 100.0, 0) - (1.0 + 2.0) * 261.0 / 1044.0).abs() < 0.006);
        assert_eq!(kept_share(&[100, 900], 0.0, 1), 1.0);
        assert_eq!(kept_share(&[1, 999_999], 1e-3, 0), 1.0);
    }

    #[test]
    fn the_alias_table_holds_the_distribution() {
        for exponent in [0.75, 0.0, 1.0, -0.5] {
            let counts = [50, 30, 1, 1, 7, 400];
            let table = AliasTable::new(&counts, exponent);
            let mut share = [0.0; 6];
            for (column, &(threshold, alias)) in table.columns.iter().enumerate() {
                let own = f64::from(threshold) / 4_294_967_296.0;
                share[column] += own / 6.0;
                share[alias as usize] += (1.0 - own) / 6.0;
            }
            let weights = counts.map(|count| (count as f64).powf(exponent));
            let total: f64 = weights.iter().sum();
            for (share, weight) in share.iter().zip(weights) {
                assert!((share - weight / total).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn a_single_word_is_always_drawn() {
        let table = AliasTable::new(&[3], 0.75);
        let mut generator = SplitMix64::new(0);
        assert!((0..100).all(|_| table.draw(&mut generator) == WordId(0)));
    }
}
