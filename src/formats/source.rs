//! `ByteReader`: the only way to read a file. It unfolds compressed input, knows its place for
//! messages, keeps to the limits, and looks up for Ctrl-C.

mod bulk;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::compression::{Compression, HEAD_BYTES};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::Limits;
use crate::progress::{FileProgress, Observer, POLL_INTERVAL, Report};

/// Bytes read at once, and where the buffer begins: what a core's own cache holds.
const BLOCK: usize = 1 << 20;

/// From so many bytes on threads read them.
const BULK: usize = 8 << 20;

/// Below so many bytes the expansion ratio of a compressed file is nobody's worry.
const RATIO_GRACE_BYTES: u64 = 256 << 20;

/// Where the bytes of a reader come from.
pub enum Input<'a> {
    /// A file.
    Path(PathBuf),
    /// A stream, and its name if it has one.
    Stream(Box<dyn Read + Send + 'a>, Option<PathBuf>),
}

impl Input<'_> {
    /// The name for messages.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Stream(_, path) => path.as_deref(),
        }
    }
}

/// Reads bytes in order through one buffer.
pub struct ByteReader<'a> {
    inner: Box<dyn Read + Send + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes to read at once.
    block: usize,
    /// Buffers of pieces that were given back.
    spare: Vec<Vec<u8>>,
    /// Where `buffer[start]` lies in the unfolded file.
    offset: u64,
    /// Size of the unfolded file, when it is known before reading.
    size: Option<u64>,
    compression: Option<Compression>,
    raw_bytes: Arc<AtomicU64>,
    /// The file itself, to jump in and to read from at several places at once: it shares its
    /// position with `inner`. `None` when it is compressed or no regular file.
    file: Option<File>,
    path: Option<PathBuf>,
    format: &'static str,
    limits: Limits,
    /// Unfolded bytes from which on the expansion ratio is looked at.
    ratio_grace: u64,
    observer: &'a mut dyn Observer,
    reported: Instant,
}

impl<'a> ByteReader<'a> {
    /// Opens `input`, to be read as `format`.
    pub fn open(
        input: Input<'a>,
        format: &'static str,
        limits: Limits,
        observer: &'a mut dyn Observer,
    ) -> Result<Self> {
        let path = input.path().map(Path::to_owned);
        let (stream, size, file): (Box<dyn Read + Send + 'a>, _, _) = match input {
            Input::Path(path) => {
                let failed = |error| Error::io(&path, error);
                let file = File::open(&path).map_err(failed)?;
                let data = file.metadata().map_err(failed)?;
                let size = data.is_file().then_some(data.len());
                let twin = size.map(|_| file.try_clone()).transpose().map_err(failed)?;
                (Box::new(file), size, twin)
            }
            Input::Stream(stream, _) => (stream, None, None),
        };
        let raw_bytes = Arc::new(AtomicU64::new(0));
        let mut counted = Counted { inner: stream, bytes: Arc::clone(&raw_bytes) };
        let failed = |error| Error::io(path.as_deref().unwrap_or(Path::new("<stream>")), error);
        let head = read_head(&mut counted).map_err(failed)?;
        let compression = Compression::of(&head);
        let whole = io::Cursor::new(head).chain(counted);
        let inner: Box<dyn Read + Send + 'a> = match compression {
            Some(found) => {
                found.reader(BufReader::with_capacity(1 << 16, whole)).map_err(failed)?
            }
            None => Box::new(whole),
        };
        Ok(Self {
            inner,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            block: BLOCK,
            spare: Vec::new(),
            offset: 0,
            size: size.filter(|_| compression.is_none()),
            compression,
            raw_bytes,
            file: file.filter(|_| compression.is_none()),
            path,
            format,
            limits,
            ratio_grace: RATIO_GRACE_BYTES,
            observer,
            reported: Instant::now(),
        })
    }

    /// Looks at the expansion ratio from `bytes` on: for files that are kept whole in memory.
    pub fn set_ratio_grace(&mut self, bytes: u64) {
        self.ratio_grace = bytes;
    }

    /// The same, to read so few bytes at once that pieces end everywhere.
    #[cfg(test)]
    pub(crate) fn in_blocks_of(mut self, bytes: usize) -> Self {
        self.block = bytes;
        self
    }

    /// The limits to keep to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the next byte lies in the (unfolded) file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes left, when the size of the file is known.
    pub fn remaining(&self) -> Option<u64> {
        self.size.map(|size| size.saturating_sub(self.offset))
    }

    /// An error about this file.
    pub fn error(&self, kind: FormatErrorKind, message: impl Into<String>) -> Error {
        let path = self.path.clone();
        FormatError { kind, path, format: self.format, message: message.into() }.into()
    }

    /// Reads on until `bytes` bytes lie ahead, or the file ends; returns all that lie ahead.
    pub fn peek(&mut self, bytes: usize) -> Result<&[u8]> {
        while self.end - self.start < bytes && self.refill()? {}
        Ok(self.ahead())
    }

    /// What has been read but not consumed.
    pub fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Passes over bytes that lie ahead.
    pub fn consume(&mut self, bytes: usize) {
        assert!(bytes <= self.end - self.start, "only what lies ahead can be consumed");
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Takes bytes that lie ahead out of the reader, buffer and all.
    pub fn take(&mut self, bytes: usize) -> Piece {
        let range = self.start..self.start + bytes;
        let rest = &self.buffer[range.end..self.end];
        let mut fresh = self.spare.pop().unwrap_or_default();
        if fresh.len() < rest.len() {
            fresh.resize(rest.len().max(self.block), 0);
        }
        fresh[..rest.len()].copy_from_slice(rest);
        (self.start, self.end) = (0, rest.len());
        let piece = Piece {
            buffer: std::mem::replace(&mut self.buffer, fresh),
            range,
            offset: self.offset,
        };
        self.offset += bytes as u64;
        piece
    }

    /// Takes back the buffer of a piece, to be used again.
    pub fn give_back(&mut self, piece: Piece) {
        self.spare.push(piece.buffer);
    }

    /// How many bytes lie before the next `byte`; `None` when the file ends first. `limit` is the
    /// name and value of the limit to keep to, `what` is the thing that would be too long.
    pub fn find(&mut self, byte: u8, limit: (&str, u64), what: &str) -> Result<Option<usize>> {
        let mut searched = 0;
        loop {
            let found = memchr::memchr(byte, &self.ahead()[searched..]);
            let length = found.map_or(self.ahead().len(), |at| searched + at);
            if length as u64 > limit.1 {
                let message = format!(
                    "{what} at byte {} has more than {} bytes; if it is meant, load with \
                     limits=synvec.Limits({}=…)",
                    self.offset, limit.1, limit.0
                );
                return Err(self.error(FormatErrorKind::Limit, message));
            }
            if found.is_some() {
                return Ok(Some(length));
            }
            searched = length;
            if !self.refill()? {
                return Ok(None);
            }
        }
    }

    /// Fills `out` as far as the file goes; returns how many bytes that is.
    pub fn read_into(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            if self.ahead().is_empty() && !self.refill()? {
                break;
            }
            let step = self.ahead().len().min(out.len() - filled);
            out[filled..filled + step].copy_from_slice(&self.ahead()[..step]);
            self.consume(step);
            filled += step;
        }
        Ok(filled)
    }

    /// Passes over `bytes` bytes, as far as the file goes; returns how many that is.
    pub fn skip(&mut self, bytes: u64) -> Result<u64> {
        let mut skipped = 0;
        while skipped < bytes {
            if self.ahead().is_empty() {
                let jumped = self.jump(bytes - skipped)?;
                skipped += jumped;
                if jumped > 0 || skipped == bytes {
                    continue;
                }
                if !self.refill()? {
                    break;
                }
            }
            let step = (bytes - skipped).min(self.ahead().len() as u64);
            self.consume(step as usize);
            skipped += step;
        }
        Ok(skipped)
    }

    /// Fills `out` as [`ByteReader::read_into`] does. Where the file allows it, threads read many
    /// megabytes straight into their places.
    pub fn read_bulk(&mut self, out: &mut [u8]) -> Result<usize> {
        let ahead = self.ahead().len().min(out.len());
        let (first, rest) = out.split_at_mut(ahead);
        let filled = self.read_into(first)?;
        let left = self.remaining().unwrap_or(0).min(rest.len() as u64) as usize;
        let is_bulk = left >= BULK && self.is_past_head();
        let Some(file) = self.file.as_ref().filter(|_| is_bulk) else {
            return Ok(filled + self.read_into(rest)?);
        };
        let progress = FileProgress { bytes: self.offset, total_bytes: self.size };
        let poll = || self.observer.observe(Report::File(progress));
        let failed = |error| Error::io(self.path.as_deref().unwrap_or(Path::new("")), error);
        let read = bulk::read(file, self.offset, &mut rest[..left], poll)?.map_err(failed)?;
        Ok(filled + self.jump(read as u64)? as usize)
    }

    /// Moves the position of an uncompressed file, with nothing ahead; returns by how much.
    fn jump(&mut self, bytes: u64) -> Result<u64> {
        let step = self.remaining().unwrap_or(0).min(bytes);
        let (offset, is_past_head) = (self.offset + step, self.is_past_head());
        match &mut self.file {
            Some(file) if step > 0 && is_past_head => {
                let failed =
                    |error| Error::io(self.path.as_deref().unwrap_or(Path::new("")), error);
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                self.offset = offset;
                Ok(step)
            }
            _ => Ok(0),
        }
    }

    /// Whether nothing lies ahead, and of the first bytes, which were looked at to see whether the
    /// file is compressed, none will come again.
    fn is_past_head(&self) -> bool {
        self.start == self.end && self.offset >= HEAD_BYTES as u64
    }

    /// Passes over every byte that `skip` accepts.
    pub fn skip_while(&mut self, skip: impl Fn(u8) -> bool) -> Result<()> {
        loop {
            let step = self.ahead().iter().take_while(|&&byte| skip(byte)).count();
            self.consume(step);
            if !self.ahead().is_empty() || !self.refill()? {
                return Ok(());
            }
        }
    }

    /// Reads another block; false at the end of the file.
    fn refill(&mut self) -> Result<bool> {
        self.report()?;
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < self.block.div_ceil(2) {
            self.buffer.resize((self.buffer.len() * 2).max(self.block), 0);
        }
        loop {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(bytes) => {
                    self.end += bytes;
                    self.check_expansion()?;
                    return Ok(bytes > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.look_up()?,
                Err(error) => return Err(self.read_error(error)),
            }
        }
    }

    fn read_error(&self, error: io::Error) -> Error {
        let path = self.path.as_deref().unwrap_or(Path::new("<stream>"));
        match self.compression {
            Some(compression) if !is_foreign(&error) => compression.error(path, error),
            _ => Error::io(path, error),
        }
    }

    fn check_expansion(&self) -> Result<()> {
        if self.compression.is_none() {
            return Ok(());
        }
        let unfolded = self.offset + self.end as u64;
        let raw = self.raw_bytes.load(Ordering::Relaxed);
        let ratio = unfolded / raw.max(1);
        let (name, limit) = if unfolded > self.limits.max_decompressed_bytes {
            ("max_decompressed_bytes", self.limits.max_decompressed_bytes)
        } else if unfolded > self.ratio_grace && ratio > self.limits.max_expansion_ratio {
            ("max_expansion_ratio", self.limits.max_expansion_ratio)
        } else {
            return Ok(());
        };
        let message = format!(
            "{raw} compressed bytes unfold to more than {unfolded}, beyond {name} = {limit}; if it \
             is meant, load with limits=synvec.Limits({name}=…)"
        );
        Err(self.error(FormatErrorKind::Limit, message))
    }

    fn report(&mut self) -> Result<()> {
        if self.reported.elapsed() >= POLL_INTERVAL { self.look_up() } else { Ok(()) }
    }

    fn look_up(&mut self) -> Result<()> {
        self.reported = Instant::now();
        let report = FileProgress { bytes: self.offset, total_bytes: self.size };
        self.observer.observe(Report::File(report))
    }
}

/// Bytes taken out of a reader, for others to work on.
#[derive(Debug)]
pub struct Piece {
    buffer: Vec<u8>,
    range: Range<usize>,
    /// Where they lay in the (unfolded) file.
    pub offset: u64,
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

/// Whether an error is the caller's own (a stream of theirs raised it) rather than the decoder's.
pub fn is_foreign(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<StreamError>())
}

/// What a caller's stream raised; carried through the decoders untouched.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StreamError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(out)?;
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

fn read_head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}
