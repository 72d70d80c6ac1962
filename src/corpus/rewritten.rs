//! A corpus made of another: the same sentences, other words.

use std::sync::Mutex;

use super::merge::{Expansions, Merged};
use super::scan::{ChunkIds, keep};
use super::spool::Spool;
use super::{RAW_SENTENCE_END, ScannedCorpus};
use crate::error::{Error, Result};
use crate::vocab::{KeyTable, Vocabulary, WordId};

/// Numbers words anew in order of first sight, as if they had been read.
pub struct RewrittenCorpus<'a> {
    old: &'a ScannedCorpus,
    words: &'a KeyTable,
    added: &'a KeyTable,
    /// The new id of each old word and then of each added one.
    new_ids: Vec<u32>,
    vocabulary: Vocabulary,
    total: u64,
    spool: Mutex<Spool>,
    chunks: Vec<ChunkIds>,
}

/// A word that has not come yet.
const UNSEEN: u32 = u32::MAX;

impl<'a> RewrittenCorpus<'a> {
    /// Nothing yet, of ids that mean `words` and, beyond those, `added`.
    pub fn new(old: &'a ScannedCorpus, words: &'a KeyTable, added: &'a KeyTable) -> Result<Self> {
        let ids = words.len().checked_add(added.len()).filter(|&ids| ids < UNSEEN as usize);
        let ids = ids.ok_or_else(|| Error::Internal("too many words for their ids".to_owned()))?;
        Ok(Self {
            old,
            words,
            added,
            new_ids: vec![UNSEEN; ids],
            vocabulary: Vocabulary::default(),
            total: 0,
            spool: Mutex::new(Spool::new(old.spool.clone())),
            chunks: Vec::new(),
        })
    }

    /// The next ids, sentence ends among them.
    pub fn append(&mut self, ids: &[WordId]) -> Result<()> {
        let mut raw = Vec::with_capacity(ids.len());
        for &id in ids {
            if id == WordId::SENTENCE_END {
                raw.push(RAW_SENTENCE_END);
                continue;
            }
            let mut new = self.new_ids[id.row()];
            if new == UNSEEN {
                new = self.name(id)?;
            }
            self.vocabulary.counts[new as usize] += 1;
            self.total += 1;
            raw.push(new);
        }
        let piece = keep(&self.spool, &raw)?;
        self.chunks.push(ChunkIds { ordinal: self.chunks.len(), thread: 0, piece });
        Ok(())
    }

    #[cold]
    fn name(&mut self, id: WordId) -> Result<u32> {
        let word = match id.row().checked_sub(self.words.len()) {
            None => self.words.get(id.row()),
            Some(added) => self.added.get(added),
        };
        let word = word.ok_or_else(|| Error::Internal("an id without a word".to_owned()))?;
        // A phrase may read like a word that is there already: then it is that word.
        let new = self.vocabulary.add(word, 0)? as u32;
        self.new_ids[id.row()] = new;
        Ok(new)
    }

    /// The corpus.
    pub fn finish(self) -> Result<ScannedCorpus> {
        let distinct = self.vocabulary.counts.len();
        let merged = Merged {
            vocabulary: self.vocabulary,
            words: self.total,
            invalid: self.old.invalid_words(),
            raw_of_id: vec![(0..distinct as u32).collect()],
            expansions: Expansions::identity(distinct),
        };
        let spool = self.spool.into_inner().unwrap_or_else(|poison| poison.into_inner());
        Ok(ScannedCorpus {
            merged,
            chunks: self.chunks,
            file_ids: spool.finish()?,
            sentences: self.old.sentences,
            workers: self.old.workers,
            spool: self.old.spool.clone(),
        })
    }
}
