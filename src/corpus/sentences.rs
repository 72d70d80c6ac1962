//! Sentences that the caller hands over, word by word or as texts, as if they had been read from a
//! file.

use std::sync::Mutex;

use super::merge::Normalization;
use super::scan::{ChunkIds, MAX_WORD_BYTES, keep, merge_watched};
use super::source::Watch;
use super::split::{SPLIT_PADDING, Words, split};
use super::spool::{Spool, SpoolConfig};
use super::table::WordTable;
use super::{RAW_SENTENCE_END, ScannedCorpus};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::progress::{Observer, Report, ScanProgress};
use crate::vocab::KeyKind;
use crate::workers;

/// Ids that are kept at a time.
const CHUNK_IDS: usize = 1 << 20;

/// Counts words and keeps their ids while sentences come.
#[derive(Debug)]
pub struct SentenceScan {
    config: SpoolConfig,
    normalization: Normalization,
    table: WordTable,
    spool: Mutex<Spool>,
    chunks: Vec<ChunkIds>,
    ids: Vec<u32>,
    /// Room for a text and what has to follow it.
    text: Vec<u8>,
    words: u64,
    sentences: u64,
}

impl SentenceScan {
    /// No sentence yet.
    pub fn new(config: SpoolConfig, normalization: Normalization) -> Self {
        Self {
            spool: Mutex::new(Spool::new(config.clone())),
            config,
            normalization,
            table: WordTable::default(),
            chunks: Vec::new(),
            ids: Vec::new(),
            text: Vec::new(),
            words: 0,
            sentences: 0,
        }
    }

    /// Whether the next word may be of this kind: the first word decides for all.
    #[inline]
    pub fn takes(&mut self, kind: KeyKind) -> bool {
        if self.words == 0 {
            self.normalization.kind = kind;
        }
        self.normalization.kind == kind
    }

    /// The next word of the sentence as it stands, spaces too; it is then normalized.
    pub fn word(&mut self, word: &str) -> Result<()> {
        if word.len() > MAX_WORD_BYTES {
            return Err(self.too_long(word.len()));
        }
        let id = self.table.id(word.as_bytes(), self.words)?;
        self.words += 1;
        self.push(id)
    }

    /// The next word of the sentence, where integers are taken.
    #[inline]
    pub fn integer(&mut self, word: i64) -> Result<()> {
        let id = self.table.id_integer(word, self.words)?;
        self.words += 1;
        self.push(id)
    }

    /// The next words of the sentence: those between the ASCII whitespace of a text. Its newlines are
    /// such space, and end no sentence.
    pub fn text(&mut self, text: &str) -> Result<()> {
        let mut padded = std::mem::take(&mut self.text);
        padded.clear();
        padded.extend_from_slice(text.as_bytes());
        padded.resize(text.len() + SPLIT_PADDING, b' ');
        let result = split(&padded, text.len(), self);
        self.text = padded;
        result
    }

    /// Ends the sentence.
    pub fn end_sentence(&mut self) -> Result<()> {
        self.sentences += 1;
        if self.ids.last() == Some(&RAW_SENTENCE_END) {
            return Ok(());
        }
        self.push(RAW_SENTENCE_END)
    }

    /// Where the scan stands.
    pub fn progress(&self) -> ScanProgress {
        ScanProgress { bytes: 0, total_bytes: None, words: self.words, sentences: self.sentences }
    }

    /// The corpus, after its last sentence.
    pub fn finish(mut self, observer: &mut impl Observer) -> Result<ScannedCorpus> {
        self.flush()?;
        let progress = self.progress();
        let (watch, tables) = (Watch::default(), [self.table.finish()]);
        let poll = || observer.observe(Report::Scan(progress));
        let merged = merge_watched(&tables, self.normalization, &watch, poll)?;
        observer.observe(Report::Scan(progress))?;
        let spool = self.spool.into_inner().unwrap_or_else(|poison| poison.into_inner());
        Ok(ScannedCorpus {
            merged,
            chunks: self.chunks,
            file_ids: spool.finish()?,
            sentences: self.sentences,
            workers: workers::available(),
            spool: self.config,
        })
    }

    fn too_long(&self, bytes: usize) -> Error {
        let message = format!(
            "a word of sentence {} has {bytes} bytes, the limit for one word is {MAX_WORD_BYTES}; \
             split the text into words first",
            self.sentences
        );
        let kind = FormatErrorKind::Limit;
        FormatError { kind, path: None, format: "sentences", message }.into()
    }

    fn push(&mut self, id: u32) -> Result<()> {
        self.ids.push(id);
        if self.ids.len() < CHUNK_IDS { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        let piece = keep(&self.spool, &self.ids)?;
        self.chunks.push(ChunkIds { ordinal: self.chunks.len(), thread: 0, piece });
        self.ids.clear();
        Ok(())
    }
}

impl Words for SentenceScan {
    #[inline(always)]
    fn word(&mut self, text: &[u8], start: usize, end: usize) -> Result<()> {
        if end - start > MAX_WORD_BYTES {
            return Err(self.too_long(end - start));
        }
        let id = self.table.id_padded(text, start, end, self.words)?;
        self.words += 1;
        self.push(id)
    }

    fn newline(&mut self) {}
}
