//! Raw ids → the ids of a vocabulary: what training runs over.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use super::merge::Expansions;
use super::spool::Stream;
use super::{EncodedCorpus, RAW_SENTENCE_END, ScannedCorpus, lock};
use crate::error::{Error, Result};
use crate::progress::POLL_INTERVAL;
use crate::vocab::{KeyTable, WordId};
use crate::workers;

/// Where a word outside the vocabulary goes. [`WordId::SENTENCE_END`] is no word either, so the
/// value is free.
const OUTSIDE: WordId = WordId::SENTENCE_END;

impl ScannedCorpus {
    /// The corpus in the ids of `keys`, which may be any table: words outside it are dropped, and
    /// so are sentences that lose all their words. `poll` is called as [`workers::run`] does.
    pub fn encode(
        &self,
        keys: &KeyTable,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<EncodedCorpus> {
        let words = self.vocabulary();
        let word_ids: Vec<WordId> = words
            .keys
            .iter()
            .map(|word| keys.index(word).map_or(OUTSIDE, |index| WordId(index as u32)))
            .collect();
        let kept = word_ids.iter().zip(&words.counts).filter(|&(&id, _)| id != OUTSIDE);
        let kept: u64 = kept.map(|(_, &count)| count).sum();
        let stream = Stream::new(&self.spool, kept.saturating_add(self.sentences.min(kept)))?;

        let stop = AtomicBool::new(false);
        let (next, turn) = (AtomicUsize::new(0), Turn::new(stream, &stop));
        let maps = Maps::new(&self.merged.raw_of_id, &self.merged.expansions, &word_ids);
        let work = |_| {
            let mut encoded = Encoded::default();
            while !stop.load(Ordering::Relaxed) {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(chunk) = self.chunks.get(place) else { break };
                maps.encode(chunk.thread, chunk.piece.ids(&self.file_ids), &mut encoded);
                turn.append(place, &encoded)?;
            }
            Ok(())
        };
        workers::run(self.workers.min(self.chunks.len()).max(1), &stop, work, poll)?;
        Ok(EncodedCorpus {
            ids: turn.finish()?,
            sentences: self.sentences,
            raw_words: self.raw_words(),
            words: kept,
        })
    }
}

/// From raw ids to the words of the vocabulary.
enum Maps<'a> {
    /// Every raw word is one word: for each thread, the word of each of its ids.
    Single(Vec<Vec<WordId>>),
    /// A raw word is any number of words.
    Many { raw_of_id: &'a [Vec<u32>], expansions: &'a Expansions, word_ids: &'a [WordId] },
}

impl<'a> Maps<'a> {
    fn new(raw_of_id: &'a [Vec<u32>], expansions: &'a Expansions, word_ids: &'a [WordId]) -> Self {
        if !expansions.are_single() {
            return Self::Many { raw_of_id, expansions, word_ids };
        }
        let word_id = |&raw: &u32| word_ids[expansions.get(raw)[0] as usize];
        Self::Single(raw_of_id.iter().map(|ids| ids.iter().map(word_id).collect()).collect())
    }

    fn encode(&self, thread: usize, raw_ids: &[u32], encoded: &mut Encoded) {
        encoded.clear();
        match self {
            Self::Single(maps) => {
                let map = &maps[thread];
                for &id in raw_ids {
                    match id {
                        RAW_SENTENCE_END => encoded.end_sentence(),
                        id => encoded.word(map[id as usize]),
                    }
                }
            }
            Self::Many { raw_of_id, expansions, word_ids } => {
                let raws = &raw_of_id[thread];
                for &id in raw_ids {
                    match id {
                        RAW_SENTENCE_END => encoded.end_sentence(),
                        id => {
                            for &word in expansions.get(raws[id as usize]) {
                                encoded.word(word_ids[word as usize]);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One chunk in the ids of the vocabulary. A sentence may have begun in a chunk before, so an end
/// that comes before any word is remembered: only whoever knows the chunks before can place it.
#[derive(Default)]
struct Encoded {
    ids: Vec<WordId>,
    begins_with_end: bool,
}

impl Encoded {
    fn clear(&mut self) {
        self.ids.clear();
        self.begins_with_end = false;
    }

    #[inline]
    fn word(&mut self, word: WordId) {
        if word != OUTSIDE {
            self.ids.push(word);
        }
    }

    #[inline]
    fn end_sentence(&mut self) {
        match self.ids.last() {
            Some(&WordId::SENTENCE_END) => (),
            Some(_) => self.ids.push(WordId::SENTENCE_END),
            None => self.begins_with_end = true,
        }
    }
}

/// Lets threads append their chunks in the order of the corpus. Chunks are taken in order, too, so
/// the thread whose turn it is never waits.
struct Turn<'a> {
    state: Mutex<TurnState>,
    moved: Condvar,
    stop: &'a AtomicBool,
}

struct TurnState {
    place: usize,
    stream: Stream<WordId>,
    in_sentence: bool,
}

impl<'a> Turn<'a> {
    fn new(stream: Stream<WordId>, stop: &'a AtomicBool) -> Self {
        let state = Mutex::new(TurnState { place: 0, stream, in_sentence: false });
        Self { state, moved: Condvar::new(), stop }
    }

    fn append(&self, place: usize, encoded: &Encoded) -> Result<()> {
        let mut state = self.wait(place)?;
        if encoded.begins_with_end && state.in_sentence {
            state.stream.append(&[WordId::SENTENCE_END])?;
        }
        state.stream.append(&encoded.ids)?;
        state.in_sentence = match encoded.ids.last() {
            Some(&last) => last != WordId::SENTENCE_END,
            None => state.in_sentence && !encoded.begins_with_end,
        };
        state.place += 1;
        self.moved.notify_all();
        Ok(())
    }

    fn wait(&self, place: usize) -> Result<MutexGuard<'_, TurnState>> {
        let mut state = lock(&self.state);
        while state.place != place {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let waited = self.moved.wait_timeout(state, POLL_INTERVAL);
            state = waited.unwrap_or_else(|poison| poison.into_inner()).0;
        }
        Ok(state)
    }

    fn finish(self) -> Result<crate::mapped::Buffer<WordId>> {
        self.state.into_inner().unwrap_or_else(|poison| poison.into_inner()).stream.finish()
    }
}
