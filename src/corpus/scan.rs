//! The one pass over the corpus: words counted, raw ids kept.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::merge::{Merged, Normalization, merge};
use super::reader::{Chunk, ChunkReader, too_long_message};
use super::source::{Text, Watch};
use super::split::{Words, split};
use super::spool::{Piece, Spool, SpoolConfig};
use super::table::{SeenWords, WordTable};
use super::{RAW_SENTENCE_END, ScannedCorpus, lock};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::progress::{Observer, Report, ScanProgress};
use crate::workers;

/// The longest word: far beyond any, and yet a text without spaces ends in an error and not in a
/// machine without memory.
pub(super) const MAX_WORD_BYTES: usize = 64 << 20;

/// How a corpus is read.
#[derive(Debug, Clone)]
pub struct ScanConfig {
    /// Threads.
    pub workers: usize,
    /// Where ids are kept.
    pub spool: SpoolConfig,
    /// What is done to each distinct word.
    pub normalization: Normalization,
    /// About how much text a thread takes at a time.
    pub(crate) chunk_bytes: usize,
    /// The longest word.
    pub(crate) max_word_bytes: usize,
}

impl Default for ScanConfig {
    fn default() -> Self {
        Self {
            workers: workers::available(),
            spool: SpoolConfig::default(),
            normalization: Normalization::default(),
            chunk_bytes: 4 << 20,
            max_word_bytes: MAX_WORD_BYTES,
        }
    }
}

/// Counters that every thread adds to and the calling thread reads.
#[derive(Default)]
struct Totals {
    words: AtomicU64,
    sentences: AtomicU64,
}

/// The ids of one chunk.
#[derive(Debug)]
pub(super) struct ChunkIds {
    pub(super) ordinal: usize,
    pub(super) thread: usize,
    pub(super) piece: Piece,
}

/// Reads files once; `-` is standard input.
pub fn scan_files(
    paths: &[PathBuf],
    config: &ScanConfig,
    observer: &mut impl Observer,
) -> Result<ScannedCorpus> {
    scan_texts(paths.iter().cloned().map(Text::Path).collect(), config, observer)
}

/// Reads texts once. Lines are sentences, and a text's end ends one.
pub fn scan_texts(
    texts: Vec<Text>,
    config: &ScanConfig,
    observer: &mut impl Observer,
) -> Result<ScannedCorpus> {
    let names: Vec<PathBuf> = texts.iter().map(|text| text.name().to_owned()).collect();
    let sizes = texts.iter().map(Text::probe).collect::<Result<Vec<_>>>()?;
    let total_bytes = sizes.into_iter().sum::<Option<u64>>();
    let (watch, totals) = (Arc::new(Watch::default()), Totals::default());
    let reader = ChunkReader::new(texts, &watch, config.chunk_bytes, config.max_word_bytes);
    let reader = Mutex::new(reader);
    let spool = Mutex::new(Spool::new(config.spool.clone()));
    let progress = || ScanProgress {
        bytes: watch.bytes.load(Ordering::Relaxed),
        total_bytes,
        words: totals.words.load(Ordering::Relaxed),
        sentences: totals.sentences.load(Ordering::Relaxed),
    };
    let work = |thread| scan_chunks(thread, &names, config, &reader, &spool, &totals);
    let mut poll = || observer.observe(Report::Scan(progress()));
    let seen = workers::run(config.workers.max(1), &watch.stop, work, &mut poll)?;
    let (tables, chunks): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    let mut chunks: Vec<ChunkIds> = chunks.into_iter().flatten().collect();
    chunks.sort_unstable_by_key(|chunk| chunk.ordinal);
    let merged = merge_watched(&tables, config.normalization, &watch, &mut poll)?;
    let file_ids = spool.into_inner().unwrap_or_else(|poison| poison.into_inner()).finish()?;
    observer.observe(Report::Scan(progress()))?;
    Ok(ScannedCorpus {
        merged,
        chunks,
        file_ids,
        sentences: totals.sentences.into_inner(),
        workers: config.workers.max(1),
        spool: config.spool.clone(),
    })
}

/// [`merge`] on a thread of its own, so that the caller can stop it, too.
pub(super) fn merge_watched(
    tables: &[SeenWords],
    normalization: Normalization,
    watch: &Watch,
    poll: impl FnMut() -> Result<()>,
) -> Result<Merged> {
    let merged = workers::run(1, &watch.stop, |_| merge(tables, normalization, watch), poll)?;
    merged.into_iter().next().ok_or_else(|| Error::Internal("no words were merged".to_owned()))
}

/// One thread's work: chunk after chunk until none is left.
fn scan_chunks(
    thread: usize,
    names: &[PathBuf],
    config: &ScanConfig,
    reader: &Mutex<ChunkReader>,
    spool: &Mutex<Spool>,
    totals: &Totals,
) -> Result<(SeenWords, Vec<ChunkIds>)> {
    let mut chunk = Chunk::default();
    let mut counter = WordCounter::new(config.max_word_bytes);
    let mut chunks = Vec::new();
    while lock(reader).next_chunk(&mut chunk)? {
        counter.count(&chunk, &names[chunk.text_index])?;
        totals.words.fetch_add(counter.words, Ordering::Relaxed);
        totals.sentences.fetch_add(counter.sentences, Ordering::Relaxed);
        let piece = keep(spool, &counter.ids)?;
        chunks.push(ChunkIds { ordinal: chunk.ordinal, thread, piece });
    }
    Ok((counter.table.finish(), chunks))
}

/// Keeps ids in memory while they fit.
pub(super) fn keep(spool: &Mutex<Spool>, ids: &[u32]) -> Result<Piece> {
    if lock(spool).fits(ids.len()) {
        return Ok(Piece::Memory(ids.to_vec()));
    }
    lock(spool).write(ids)
}

/// Turns chunks into ids, and counts.
struct WordCounter {
    table: WordTable,
    max_word_bytes: usize,
    /// The ids of the current chunk, its words and the sentences that end in it.
    ids: Vec<u32>,
    words: u64,
    sentences: u64,
    position: u64,
}

impl WordCounter {
    fn new(max_word_bytes: usize) -> Self {
        Self {
            table: WordTable::default(),
            max_word_bytes,
            ids: Vec::new(),
            words: 0,
            sentences: 0,
            position: 0,
        }
    }

    fn count(&mut self, chunk: &Chunk, path: &Path) -> Result<()> {
        let (text, len) = chunk.text();
        self.ids.clear();
        (self.words, self.sentences, self.position) = (0, 0, chunk.position);
        split(text, len, self).map_err(|error| match error {
            Error::Format(error) => FormatError { path: Some(path.to_owned()), ..error }.into(),
            error => error,
        })?;
        if chunk.ends_text && text[len - 1] != b'\n' {
            self.newline();
        }
        Ok(())
    }

    #[cold]
    fn too_long(&self, start: usize) -> Error {
        let message = too_long_message(self.position + start as u64, self.max_word_bytes);
        FormatError { kind: FormatErrorKind::Limit, path: None, format: "text", message }.into()
    }
}

impl Words for WordCounter {
    #[inline(always)]
    fn word(&mut self, text: &[u8], start: usize, end: usize) -> Result<()> {
        if end - start > self.max_word_bytes {
            return Err(self.too_long(start));
        }
        let id = self.table.id_padded(text, start, end, self.position + start as u64)?;
        self.ids.push(id);
        self.words += 1;
        Ok(())
    }

    #[inline]
    fn newline(&mut self) {
        self.sentences += 1;
        // Blank lines are counted, and need no mark of their own.
        if self.ids.last() != Some(&RAW_SENTENCE_END) {
            self.ids.push(RAW_SENTENCE_END);
        }
    }
}
