//! Text or sentences, read once, as ids.
//!
//! A scan is one pass: `source` opens texts, `reader` cuts them into chunks between words,
//! `split` finds the words, `table` numbers them on each thread, `spool` keeps the numbers and
//! `merge` names them in order of first sight. `encode` then turns the numbers into the ids of
//! whatever vocabulary is asked for, as often as it is asked. `sentences` is the same for
//! sentences that a caller hands over, and `rewritten` for a corpus that is made of another. The text itself is never read twice and never held whole.

mod batch;
mod encode;
mod merge;
mod reader;
mod rewritten;
mod scan;
mod sentences;
pub(crate) mod source;
mod split;
mod spool;
mod table;
mod text;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mapped::Buffer;
use crate::vocab::{Vocabulary, WordId};

pub use batch::SentenceBatch;
pub use merge::{Normalization, Tokenize};
pub use rewritten::RewrittenCorpus;
pub use scan::{ScanConfig, scan_files, scan_texts};
pub use sentences::SentenceScan;
pub use source::Text;
pub use spool::{SpoolConfig, Stream};

/// Closes a sentence in a stream of raw ids.
const RAW_SENTENCE_END: u32 = u32::MAX;

/// A corpus that was read once: its words, and the raw ids to encode it by any vocabulary.
pub struct ScannedCorpus {
    merged: merge::Merged,
    /// In the order of the corpus.
    chunks: Vec<scan::ChunkIds>,
    /// The ids of the chunks that are not in memory.
    file_ids: Buffer<u32>,
    /// Sentences: lines of files (blank ones too), or what was handed over.
    pub sentences: u64,
    workers: usize,
    spool: SpoolConfig,
}

impl ScannedCorpus {
    /// The words in order of first sight, and their counts.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.merged.vocabulary
    }

    /// Words in all.
    pub fn raw_words(&self) -> u64 {
        self.merged.words
    }

    /// The threads that read it, and that it is encoded with.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many of the words that were read were not valid UTF-8.
    pub fn invalid_words(&self) -> u64 {
        self.merged.invalid
    }
}

/// A lock that another thread's panic does not close: that panic ends the job anyway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A corpus as training sees it: ids in corpus order, each sentence closed by
/// [`WordId::SENTENCE_END`]; words outside the vocabulary are gone, and so are sentences that lost
/// all their words.
#[derive(Debug, Default)]
pub struct EncodedCorpus {
    ids: Buffer<WordId>,
    /// Sentences as they were handed over, empty ones included.
    pub sentences: u64,
    /// Tokens as they were handed over, those outside the vocabulary included.
    pub raw_words: u64,
    /// Tokens in the vocabulary.
    pub words: u64,
}

impl EncodedCorpus {
    /// A corpus of ids that are already as described above.
    pub fn from_ids(ids: impl Into<Buffer<WordId>>, sentences: u64, raw_words: u64) -> Self {
        let ids: Buffer<WordId> = ids.into();
        let words = ids.iter().filter(|&&id| id != WordId::SENTENCE_END).count() as u64;
        Self { ids, sentences, raw_words, words }
    }

    /// The xxh3-64 of the ids: two corpora of one checksum train alike.
    pub fn checksum(&self) -> u64 {
        xxhash_rust::xxh3::xxh3_64(bytemuck::cast_slice(&self.ids))
    }

    /// The ids, sentence ends included.
    pub fn ids(&self) -> &[WordId] {
        &self.ids
    }
}
