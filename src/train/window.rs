//! From ids to windows: which tokens subsampling keeps, and which of them surround a center.

use std::ops::Range;

use crate::config::TrainConfig;
use crate::sampling::{SplitMix64, Subsampling};
use crate::vocab::WordId;

/// The kept tokens of one block, with enough of the sentences on either side that no window is cut
/// at the block's edge. What is kept depends on positions alone, so neighbouring blocks agree.
#[derive(Debug, Default)]
pub struct KeptTokens {
    tokens: Vec<WordId>,
    sentences: Vec<Sentence>,
}

/// Where a sentence stands among the kept tokens, and which part of it are centers of this block.
#[derive(Debug, Clone, Default)]
struct Sentence {
    tokens: Range<usize>,
    centers: Range<usize>,
}

impl KeptTokens {
    /// Gathers the block of `ids` at `block`, with up to `window` kept tokens beyond its edges.
    pub fn fill(
        &mut self,
        ids: &[WordId],
        block: Range<usize>,
        window: usize,
        subsampling: &Subsampling,
        stream: &SplitMix64,
    ) {
        self.tokens.clear();
        self.sentences.clear();
        // A position's word if subsampling keeps it.
        let kept = |at: usize| subsampling.keeps(ids[at], stream, at).then_some(ids[at]);

        let before = (0..block.start).rev().take_while(|&at| ids[at] != WordId::SENTENCE_END);
        self.tokens.extend(before.filter_map(kept).take(window));
        self.tokens.reverse();

        let mut sentence = 0;
        let mut center = self.tokens.len();
        for at in block.clone() {
            if ids[at] == WordId::SENTENCE_END {
                self.close(sentence, center, self.tokens.len());
                (sentence, center) = (self.tokens.len(), self.tokens.len());
            } else {
                self.tokens.extend(kept(at));
            }
        }

        let last_center = self.tokens.len();
        if block.end > block.start && ids[block.end - 1] != WordId::SENTENCE_END {
            let after = (block.end..ids.len()).take_while(|&at| ids[at] != WordId::SENTENCE_END);
            self.tokens.extend(after.filter_map(kept).take(window));
        }
        self.close(sentence, center, last_center);
    }

    /// Ends a sentence at the tokens gathered so far.
    fn close(&mut self, start: usize, first_center: usize, last_center: usize) {
        if first_center < last_center {
            let sentence =
                Sentence { tokens: start..self.tokens.len(), centers: first_center..last_center };
            self.sentences.push(sentence);
        }
    }

    /// All tokens.
    pub fn tokens(&self) -> &[WordId] {
        &self.tokens
    }

    /// Every center of the block in order.
    pub fn centers(&self, window: usize) -> impl Iterator<Item = Place<'_>> {
        self.sentences.iter().flat_map(move |sentence| {
            let tokens = &self.tokens[sentence.tokens.clone()];
            sentence.centers.clone().map(move |center| {
                let arriving = self.tokens[(center + window).min(self.tokens.len() - 1)];
                Place { sentence: tokens, center: center - sentence.tokens.start, arriving }
            })
        })
    }
}

/// A center in its sentence.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    sentence: &'a [WordId],
    center: usize,
    /// The token a whole window further on, in this sentence or not: its row is needed soon.
    arriving: WordId,
}

impl<'a> Place<'a> {
    /// The center with as much around it as is drawn.
    #[inline(always)]
    pub fn window(self, config: &TrainConfig, generator: &mut SplitMix64) -> Window<'a> {
        let reach = match config.shrink_windows {
            true => 1 + generator.below(config.window as u32) as usize,
            false => config.window,
        };
        let contexts = contexts(self.sentence, self.center, reach);
        Window { center: self.sentence[self.center], contexts, arriving: self.arriving }
    }
}

/// A center with the words around it.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// The word to predict.
    pub center: WordId,
    /// The contexts on its left and on its right.
    pub contexts: [&'a [WordId]; 2],
    /// A word that later windows will have among their contexts.
    pub arriving: WordId,
}

/// The tokens before and after a center, at most `window` away.
#[inline]
fn contexts(sentence: &[WordId], center: usize, window: usize) -> [&[WordId]; 2] {
    let last = (center + window).min(sentence.len() - 1);
    [&sentence[center.saturating_sub(window)..center], &sentence[center + 1..=last]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::StreamKind;
    use proptest::prelude::*;

    const END: WordId = WordId::SENTENCE_END;

    /// Each center with its contexts, from blocks of a size.
    fn windows(ids: &[WordId], block: usize, window: usize, sample: f64) -> Vec<Vec<WordId>> {
        let stream = SplitMix64::stream(1, 0, StreamKind::Subsampling, 0);
        let subsampling = Subsampling::new(&[40, 5, 3, 2], sample);
        let mut kept = KeptTokens::default();
        let mut found = Vec::new();
        for start in (0..ids.len()).step_by(block) {
            let end = (start + block).min(ids.len());
            kept.fill(ids, start..end, window, &subsampling, &stream);
            for Place { sentence, center, .. } in kept.centers(window) {
                let [before, after] = contexts(sentence, center, window);
                found.push([&[sentence[center]], before, &[END], after].concat());
            }
        }
        found
    }

    proptest! {
        #[test]
        fn windows_do_not_depend_on_the_blocks(
            words in prop::collection::vec(0u32..5, 1..80),
            block in 1usize..20,
            window in 1usize..6,
            sample in prop::sample::select(vec![0.0, 0.05]),
        ) {
            let mut ids: Vec<WordId> =
                words.iter().map(|&w| if w == 4 { END } else { WordId(w) }).collect();
            ids.push(END);
            let whole = windows(&ids, ids.len(), window, sample);
            if sample == 0.0 {
                prop_assert_eq!(whole.len(), ids.iter().filter(|&&id| id != END).count());
            }
            prop_assert_eq!(windows(&ids, block, window, sample), whole);
        }
    }

    #[test]
    fn contexts_stop_at_the_sentence_and_the_window() {
        let sentence: Vec<WordId> = (0..6).map(WordId).collect();
        let ids = |range: Range<u32>| range.map(WordId).collect::<Vec<_>>();
        assert_eq!(contexts(&sentence, 0, 2), [&ids(0..0)[..], &ids(1..3)[..]]);
        assert_eq!(contexts(&sentence, 3, 2), [&ids(1..3)[..], &ids(4..6)[..]]);
        assert_eq!(contexts(&sentence, 5, 9), [&ids(0..5)[..], &ids(0..0)[..]]);
    }
}
