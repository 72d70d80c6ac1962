//! Text or sentences, read once, as ids.

use crate::mapped::Buffer;
use crate::vocab::WordId;

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

    /// The ids, sentence ends included.
    pub fn ids(&self) -> &[WordId] {
        &self.ids
    }
}
