//! One text as a stream of bytes: a regular file, a pipe or standard input; compressed or plain.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;

use crate::compression::{Compression, HEAD_BYTES};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::source::is_foreign;
use crate::progress::POLL_INTERVAL;

const BUFFER_BYTES: usize = 1 << 18;

/// The path that stands for standard input.
pub const STDIN: &str = "-";

/// Where a reader stands and whether it should go on: shared with the thread that watches.
#[derive(Debug, Default)]
pub struct Watch {
    /// Set to end the reading.
    pub stop: AtomicBool,
    /// Bytes taken from the file, before they are unfolded.
    pub bytes: AtomicU64,
}

impl Watch {
    /// [`Error::Stopped`] once it is to stop.
    pub fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Stopped) } else { Ok(()) }
    }
}

/// A text being read, its byte order mark removed.
pub struct Source {
    /// Where it comes from.
    pub path: PathBuf,
    compression: Option<Compression>,
    reader: Box<dyn Read + Send>,
    watch: Arc<Watch>,
}

/// Where a text is.
pub enum Text {
    /// In a file, or [`STDIN`].
    Path(PathBuf),
    /// Behind a reader, which has a name for messages.
    Stream(PathBuf, Box<dyn Read + Send>),
}

impl Text {
    /// What messages call it.
    pub fn name(&self) -> &Path {
        match self {
            Self::Path(name) | Self::Stream(name, _) => name,
        }
    }

    /// Looks whether it can be read, before a long job begins; returns its size when it has one.
    pub fn probe(&self) -> Result<Option<u64>> {
        match self {
            Self::Path(path) => probe(path),
            Self::Stream(..) => Ok(None),
        }
    }

    fn reader(self) -> Result<(PathBuf, Box<dyn Read + Send>)> {
        let path = match self {
            Self::Path(path) => path,
            Self::Stream(name, reader) => return Ok((name, reader)),
        };
        if probe(&path)?.is_none() {
            let pump = Pump::start(path.clone());
            return Ok((path, Box::new(pump)));
        }
        let file = File::open(&path).map_err(|error| Error::io(&path, error))?;
        Ok((path, Box::new(file)))
    }
}

/// Looks whether `path` can be read, before a long job begins; returns its size when it has one.
fn probe(path: &Path) -> Result<Option<u64>> {
    if path == Path::new(STDIN) {
        return Ok(None);
    }
    let refused = |error| Error::io(path, error);
    let metadata = fs::metadata(path).map_err(refused)?;
    if metadata.is_file() {
        File::open(path).map_err(refused)?;
        return Ok(Some(metadata.len()));
    }
    if metadata.is_dir() {
        // Ask the system for its own error; where it reads folders, say it ourselves.
        let read = File::open(path).and_then(|mut file| file.read(&mut [0]));
        let error = read.err().unwrap_or_else(|| io::ErrorKind::IsADirectory.into());
        return Err(refused(error));
    }
    Ok(None)
}

impl Source {
    /// Opens a text and looks at its first bytes.
    pub fn open(text: Text, watch: &Arc<Watch>) -> Result<Self> {
        let (path, inner) = text.reader()?;
        let watched = Watched { inner, watch: Arc::clone(watch) };
        let mut plain = BufReader::with_capacity(BUFFER_BYTES, watched);
        let mut source = Self {
            path,
            compression: None,
            reader: Box::new(io::empty()),
            watch: Arc::clone(watch),
        };
        let head = first_bytes(&mut plain, HEAD_BYTES).map_err(|error| source.error(error))?;
        source.compression = Compression::of(&head);
        let whole = Cursor::new(head).chain(plain);
        source.reader = match source.compression {
            None => Box::new(whole),
            Some(kind) => kind.reader(whole).map_err(|error| source.error(error))?,
        };
        source.skip_byte_order_mark()?;
        Ok(source)
    }

    /// Fills `buffer` as far as the text goes.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(self.error(error)),
            }
            self.watch.check()?;
        }
        Ok(filled)
    }

    /// An error about what this text holds.
    pub fn format_error(&self, kind: FormatErrorKind, message: String) -> Error {
        let format = self.compression.map_or("text", Compression::name);
        FormatError { kind, path: Some(self.path.clone()), format, message }.into()
    }

    fn skip_byte_order_mark(&mut self) -> Result<()> {
        let mut head = vec![0; 3];
        let count = self.fill(&mut head)?;
        head.truncate(count);
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            let message = "begins with the byte order mark of UTF-16, expected UTF-8; convert it, \
                           for example with `iconv -f UTF-16 -t UTF-8`";
            return Err(self.format_error(FormatErrorKind::Encoding, message.to_owned()));
        }
        if head != b"\xef\xbb\xbf" {
            let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
            self.reader = Box::new(Cursor::new(head).chain(rest));
        }
        Ok(())
    }

    fn error(&self, error: io::Error) -> Error {
        if let Err(stopped) = self.watch.check() {
            return stopped;
        }
        match self.compression {
            Some(compression) if !is_foreign(&error) => compression.error(&self.path, error),
            _ => Error::io(&self.path, error),
        }
    }
}

/// Up to `count` bytes: a pipe may give them one by one.
fn first_bytes(reader: &mut impl Read, count: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(count as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Counts what is read and ends the reading when asked to: a decompressor may ask for very much
/// before it gives anything.
struct Watched<R> {
    inner: R,
    watch: Arc<Watch>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.watch.stop.load(Ordering::Relaxed) {
                return Err(io::Error::other("stopped"));
            }
            match self.inner.read(buffer) {
                // A pipe has nothing yet: look at `stop` again.
                Err(error) if error.kind() == io::ErrorKind::TimedOut => (),
                Err(error) => return Err(error),
                Ok(count) => {
                    self.watch.bytes.fetch_add(count as u64, Ordering::Relaxed);
                    return Ok(count);
                }
            }
        }
    }
}

/// A pipe or standard input, read by a thread of its own, because nobody can interrupt a read that
/// waits for another program. A job that stops leaves that thread waiting; it ends with its read.
struct Pump {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
}

impl Pump {
    fn start(path: PathBuf) -> Self {
        let (sender, pieces) = sync_channel(4);
        thread::spawn(move || pump(&path, &sender));
        Self { pieces, piece: Cursor::default() }
    }
}

fn pump(path: &Path, sender: &SyncSender<io::Result<Vec<u8>>>) {
    let opened: io::Result<Box<dyn Read>> = if path == Path::new(STDIN) {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
    };
    let mut reader = match opened {
        Ok(reader) => reader,
        Err(error) => return drop(sender.send(Err(error))),
    };
    loop {
        let mut piece = vec![0; BUFFER_BYTES];
        let read = match reader.read(&mut piece) {
            Ok(0) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(count) => {
                piece.truncate(count);
                Ok(piece)
            }
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        if sender.send(read).is_err() || failed {
            return;
        }
    }
}

impl Read for Pump {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.pieces.recv_timeout(POLL_INTERVAL) {
                Ok(piece) => self.piece = Cursor::new(piece?),
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}
