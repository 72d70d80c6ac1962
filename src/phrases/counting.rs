//! Pairs counted, in parallel and within a bound.
//!
//! A block of ids is cut among the threads, each sorts the pairs of its part by shard, and then each
//! thread counts the pairs of some shards: no lock, and a shard is small enough for a core's cache.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{BetweenMap, Connectors, Pair, PairMap};
use crate::corpus::lock;
use crate::error::{Error, Result};
use crate::vocab::WordId;
use crate::workers;

/// Maps that the pairs are spread over.
const SHARDS: usize = 256;

/// Ids that a thread takes at a time: sixteen bytes a pair wait to be counted.
const BLOCK: usize = if cfg!(test) { 7 } else { 1 << 21 };

/// How often each pair occurs.
#[derive(Debug, Clone)]
pub struct PairCounts {
    shards: Vec<PairMap<u64>>,
    /// The connectors behind each hash.
    between: BetweenMap,
    /// Beyond so many pairs the rarest are forgotten.
    max_pairs: usize,
    /// Pairs that occur so often or less are forgotten next time.
    min_reduce: u64,
}

/// What one thread found in its part of a block.
struct Found {
    shards: Vec<Vec<Pair>>,
    between: BetweenMap,
}

impl PairCounts {
    /// None yet; about `max_pairs` at most.
    pub fn new(max_pairs: usize) -> Self {
        Self {
            shards: vec![PairMap::default(); SHARDS],
            between: BetweenMap::default(),
            max_pairs,
            min_reduce: 1,
        }
    }

    /// None yet, with the same bound.
    pub fn none(&self) -> Self {
        Self::new(self.max_pairs)
    }

    /// Adds what was counted elsewhere, by the same ids of words.
    pub fn merge(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        self.between.extend(other.between);
        for (counts, more) in self.shards.iter_mut().zip(other.shards) {
            for (pair, count) in more {
                *counts.entry(pair).or_default() += count;
            }
        }
        self.prune();
    }

    /// Distinct pairs.
    pub fn len(&self) -> usize {
        self.shards.iter().map(PairMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Different connectors between the words of pairs.
    #[cfg(test)]
    pub fn between_len(&self) -> usize {
        self.between.len()
    }

    /// Each pair and its count, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Pair, u64)> {
        self.shards.iter().flatten().map(|(&pair, &count)| (pair, count))
    }

    /// The connectors of a pair.
    pub fn between(&self, pair: Pair) -> &[WordId] {
        self.between.get(&pair.between).map_or(&[], |between| between)
    }

    /// Counts a pair that was counted elsewhere.
    pub fn add(&mut self, first: WordId, between: &[WordId], last: WordId, count: u64) {
        let pair = Pair { first, last, between: super::hash_of(between) };
        if !between.is_empty() {
            self.between.entry(pair.between).or_insert_with(|| between.into());
        }
        let total = self.shards[shard_of(pair)].entry(pair).or_default();
        *total = total.saturating_add(count); // the count may come of a file
    }

    /// Counts the pairs of a corpus; `poll` is called as [`workers::run`] does.
    pub fn count(
        &mut self,
        ids: &[WordId],
        connectors: &Connectors,
        workers: usize,
        mut poll: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let stop = AtomicBool::new(false);
        for start in (0..ids.len()).step_by(BLOCK * workers) {
            poll()?; // a block may be done before `workers::run` asks
            let part = |worker: usize| {
                let start = start + worker * BLOCK;
                start.min(ids.len())..(start + BLOCK).min(ids.len())
            };
            let find = |worker| find(ids, part(worker), connectors, &stop);
            let found = workers::run(workers, &stop, find, &mut poll)?;
            self.take(&found, workers, &stop, &mut poll)?;
            self.prune();
        }
        Ok(())
    }

    fn take(
        &mut self,
        found: &[Found],
        workers: usize,
        stop: &AtomicBool,
        poll: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        for part in found {
            for (&hash, between) in &part.between {
                self.between.entry(hash).or_insert_with(|| between.clone());
            }
        }
        let share = SHARDS.div_ceil(workers);
        let shares: Vec<_> = self.shards.chunks_mut(share).map(Mutex::new).collect();
        let take = |worker: usize| {
            let Some(maps) = shares.get(worker) else { return Ok(()) };
            for (at, map) in lock(maps).iter_mut().enumerate() {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::Stopped);
                }
                for pair in found.iter().flat_map(|part| &part.shards[worker * share + at]) {
                    *map.entry(*pair).or_default() += 1;
                }
            }
            Ok(())
        };
        workers::run(workers, stop, take, poll).map(drop)
    }

    /// Forgets the rarest pairs, a bit more each time, until there is room again; and what stood
    /// between the words of pairs that are all forgotten.
    fn prune(&mut self) {
        if self.len() <= self.max_pairs {
            return;
        }
        while self.len() > self.max_pairs {
            for map in &mut self.shards {
                map.retain(|_, count| *count > self.min_reduce);
                map.shrink_to_fit();
            }
            self.min_reduce += 1;
        }
        let used: HashSet<u64> = self.iter().map(|(pair, _)| pair.between).collect();
        self.between.retain(|hash, _| used.contains(hash));
        self.between.shrink_to_fit();
    }
}

fn shard_of(pair: Pair) -> usize {
    // Bits that the maps themselves use last.
    (pair.hash() >> 40) as usize % SHARDS
}

/// The pairs that end in `part` of the ids.
fn find(
    ids: &[WordId],
    part: Range<usize>,
    connectors: &Connectors,
    stop: &AtomicBool,
) -> Result<Found> {
    let mut shards: Vec<Vec<Pair>> =
        (0..SHARDS).map(|_| Vec::with_capacity(part.len() / SHARDS * 5 / 4)).collect();
    let mut between = BetweenMap::default();
    let mut first = first_before(ids, part.start, connectors);
    for at in part {
        if at.is_multiple_of(1 << 16) && stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let word = ids[at];
        if word == WordId::SENTENCE_END {
            first = None;
        } else if !connectors.has(word) {
            if let Some(first) = first {
                let pair = Pair::of(&ids[first..=at]);
                if pair.between != 0 {
                    between.entry(pair.between).or_insert_with(|| ids[first + 1..at].into());
                }
                shards[shard_of(pair)].push(pair);
            }
            first = Some(at);
        }
    }
    Ok(Found { shards, between })
}

/// Where the word stands that the next pair begins with, when the ids up to `at` have been seen.
fn first_before(ids: &[WordId], at: usize, connectors: &Connectors) -> Option<usize> {
    let place = ids[..at].iter().rposition(|&word| !connectors.has(word))?;
    (ids[place] != WordId::SENTENCE_END).then_some(place)
}
