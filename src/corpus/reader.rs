//! Texts → chunks that end between words, for several threads to take in order.
//!
//! Plain files are read, not mapped: the copy out of the page cache costs a few percent of one
//! core's scan, and in return a file that another program cuts short while it is read is an error
//! and not a crash, resident memory stays at one chunk a thread, and pipes, compressed streams and
//! files go one and the same way.

use std::sync::Arc;
use std::vec;

use super::source::{Source, Text, Watch};
use super::split::{SPLIT_PADDING, is_space};
use crate::error::{FormatErrorKind, Result};

/// A piece of a text: whole words, and the spaces and newlines between them.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Longer than the text: see [`Chunk::text`].
    bytes: Vec<u8>,
    len: usize,
    /// How many chunks came before it.
    pub ordinal: usize,
    /// How many bytes of the corpus came before it.
    pub position: u64,
    /// Whether its text ends with it.
    pub ends_text: bool,
    /// Which of the texts it comes from.
    pub text_index: usize,
}

impl Chunk {
    /// The text, followed by [`SPLIT_PADDING`] spaces that are not counted in its length.
    pub fn text(&self) -> (&[u8], usize) {
        (&self.bytes[..self.len + SPLIT_PADDING], self.len)
    }

    fn reserve(&mut self, len: usize) {
        if self.bytes.len() < len + SPLIT_PADDING {
            self.bytes.resize(len + SPLIT_PADDING, b' ');
        }
    }
}

/// Cuts texts into chunks, one after the other.
pub struct ChunkReader {
    /// Those to open.
    texts: vec::IntoIter<Text>,
    /// How many were opened.
    opened: usize,
    watch: Arc<Watch>,
    chunk_bytes: usize,
    max_word_bytes: usize,
    source: Option<Source>,
    /// What was read beyond the last cut; while a text is open, it is empty at its beginning alone.
    carried: Vec<u8>,
    ordinal: usize,
    position: u64,
}

impl ChunkReader {
    /// Chunks of about `chunk_bytes`, more where a word of up to `max_word_bytes` needs it.
    pub fn new(
        texts: Vec<Text>,
        watch: &Arc<Watch>,
        chunk_bytes: usize,
        max_word_bytes: usize,
    ) -> Self {
        Self {
            texts: texts.into_iter(),
            opened: 0,
            watch: Arc::clone(watch),
            chunk_bytes: chunk_bytes.max(1),
            max_word_bytes,
            source: None,
            carried: Vec::new(),
            ordinal: 0,
            position: 0,
        }
    }

    /// Puts the next chunk into `chunk`, whose memory is used again; false after the last.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool> {
        loop {
            self.watch.check()?;
            let Some(mut source) = self.take_source()? else { return Ok(false) };
            let ended = self.fill(&mut source, chunk)?;
            if !ended {
                self.source = Some(source);
            } else if chunk.len == 0 {
                continue; // an empty text
            }
            chunk.ends_text = ended;
            chunk.text_index = self.opened - 1;
            chunk.ordinal = self.ordinal;
            chunk.position = self.position;
            chunk.bytes[chunk.len..chunk.len + SPLIT_PADDING].fill(b' ');
            self.ordinal += 1;
            self.position += chunk.len as u64;
            return Ok(true);
        }
    }

    fn take_source(&mut self) -> Result<Option<Source>> {
        if let Some(source) = self.source.take() {
            return Ok(Some(source));
        }
        let Some(text) = self.texts.next() else { return Ok(None) };
        self.opened += 1;
        Source::open(text, &self.watch).map(Some)
    }

    /// Reads up to the last space of about `chunk_bytes`, or to the end of the text: then true.
    fn fill(&mut self, source: &mut Source, chunk: &mut Chunk) -> Result<bool> {
        let mut len = self.carried.len();
        let mut wanted = self.chunk_bytes.max(len + 1);
        chunk.reserve(wanted);
        chunk.bytes[..len].copy_from_slice(&self.carried);
        self.carried.clear();
        // The carried bytes begin with the space of the last cut, or hold no space at all.
        let mut searched = 1;
        loop {
            chunk.reserve(wanted);
            len += source.fill(&mut chunk.bytes[len..wanted])?;
            if len < wanted {
                chunk.len = len;
                return Ok(true);
            }
            let fresh = chunk.bytes.get(searched..len).unwrap_or_default();
            if let Some(cut) = fresh.iter().rposition(|&byte| is_space(byte)) {
                // The space itself is carried: so the end of the text always ends a chunk.
                chunk.len = searched + cut;
                self.carried.extend_from_slice(&chunk.bytes[chunk.len..len]);
                return Ok(false);
            }
            if len - 1 > self.max_word_bytes {
                let start = self.position + u64::from(is_space(chunk.bytes[0]));
                let message = too_long_message(start, self.max_word_bytes);
                return Err(source.format_error(FormatErrorKind::Limit, message));
            }
            searched = len;
            wanted = len.saturating_mul(2).min(len + self.max_word_bytes.max(1));
        }
    }
}

/// What is said about a word beyond the limit.
pub fn too_long_message(position: u64, limit: usize) -> String {
    format!(
        "the word that begins at byte {position} of the corpus is longer than {limit} bytes, the \
         limit for one word; put spaces or line breaks between the words"
    )
}
