//! `Output`: the only way to write a file: whole or not at all.
//!
//! A new file is written beside its place and renamed into it, after everything has reached the
//! disk; whatever fails before that leaves the old file as it was.

pub(crate) mod faults;
mod uncached;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::NamedTempFile;

use self::uncached::Uncached;
use crate::compression::{Compression, Encoder};
use crate::error::{Error, Result};
use crate::progress::{FileProgress, Observer, POLL_INTERVAL, Report};

/// Bytes handed to the system at once; few in tests, so that each can be made to fail.
const BLOCK: usize = if cfg!(test) { 1 << 6 } else { 1 << 20 };

/// Where the bytes of a writer go.
pub enum Destination<'a> {
    /// A file, replaced as a whole, compressed as its ending asks for. What is no regular file (a
    /// pipe, a terminal) is written to directly.
    Path(PathBuf),
    /// The same for a large file that nobody reads soon: uncompressed, and past the page cache where
    /// the system can.
    Unread(PathBuf),
    /// A file that grows; this alone is not atomic.
    Append(PathBuf),
    /// A stream, and its name if it has one.
    Stream(Box<dyn Write + Send + 'a>, Option<PathBuf>),
}

/// A file being written; nothing is published before [`Output::finish`].
pub struct Output<'a> {
    writer: BufWriter<Encoder<Target<'a>>>,
    path: PathBuf,
    bytes: u64,
    observer: &'a mut dyn Observer,
    reported: Instant,
}

enum Target<'a> {
    Replace { temporary: NamedTempFile, uncached: Option<Uncached>, place: PathBuf },
    Direct(File),
    Append(File),
    Stream(Box<dyn Write + Send + 'a>),
}

impl<'a> Output<'a> {
    /// Opens `destination`.
    pub fn create(destination: Destination<'a>, observer: &'a mut dyn Observer) -> Result<Self> {
        let (path, compression) = match &destination {
            Destination::Path(path) | Destination::Append(path) => {
                (path.clone(), Compression::from_ending(path))
            }
            Destination::Unread(path) => (path.clone(), None),
            Destination::Stream(_, name) => (name.clone().unwrap_or("<stream>".into()), None),
        };
        let encoder = Target::open(destination)
            .and_then(|target| Encoder::new(compression, target))
            .map_err(|error| Error::io(&path, error))?;
        let writer = BufWriter::with_capacity(BLOCK, encoder);
        Ok(Self { writer, path, bytes: 0, observer, reported: Instant::now() })
    }

    /// Where they go, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes bytes; looks up for Ctrl-C on the way.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for block in bytes.chunks(4 * BLOCK) {
            self.writer.write_all(block).map_err(|error| Error::io(&self.path, error))?;
            self.bytes += block.len() as u64;
            self.check()?;
        }
        Ok(())
    }

    /// Looks up for Ctrl-C, for long stretches without a byte to write.
    pub fn check(&mut self) -> Result<()> {
        if self.reported.elapsed() < POLL_INTERVAL {
            return Ok(());
        }
        self.reported = Instant::now();
        self.observer.observe(Report::File(FileProgress { bytes: self.bytes, total_bytes: None }))
    }

    /// Publishes what was written, with other first bytes: those that could only be known at the
    /// end. For a file that is replaced, uncompressed.
    pub fn finish_with_head(self, head: &[u8]) -> Result<()> {
        let Self { writer, path, .. } = self;
        settle(writer)
            .and_then(|target| target.with_head(head)?.publish())
            .map_err(|error| Error::io(&path, error))
    }

    /// Publishes what was written.
    pub fn finish(self) -> Result<()> {
        let Self { writer, path, .. } = self;
        settle(writer).and_then(Target::publish).map_err(|error| Error::io(&path, error))
    }
}

/// Hands over to the target what is still held back on the way to it.
fn settle(writer: BufWriter<Encoder<Target<'_>>>) -> io::Result<Target<'_>> {
    let encoder = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    let mut target = encoder.finish()?;
    if let Target::Replace { temporary, uncached, .. } = &mut target
        && let Some(uncached) = uncached.take()
    {
        uncached.finish(temporary.as_file_mut())?;
    }
    Ok(target)
}

impl<'a> Target<'a> {
    fn open(destination: Destination<'a>) -> io::Result<Self> {
        match destination {
            Destination::Stream(stream, _) => Ok(Self::Stream(stream)),
            Destination::Append(path) => {
                OpenOptions::new().append(true).create(true).open(path).map(Self::Append)
            }
            Destination::Unread(path) => {
                let mut target = Self::open(Destination::Path(path))?;
                if let Self::Replace { temporary, uncached, .. } = &mut target {
                    *uncached = Uncached::open(temporary.path());
                }
                Ok(target)
            }
            Destination::Path(path) => match fs::metadata(&path) {
                Ok(data) if !data.is_file() => {
                    OpenOptions::new().write(true).open(path).map(Self::Direct)
                }
                Ok(data) => Self::replace(fs::canonicalize(path)?, Some(data.permissions())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Self::replace(end_of_links(path)?, None)
                }
                Err(error) => Err(error),
            },
        }
    }

    fn replace(place: PathBuf, permissions: Option<fs::Permissions>) -> io::Result<Self> {
        // Made by our own call, so that a new file gets the mode that any new file gets (all rights,
        // less the user's mask) and a failure keeps the system's code.
        let temporary = tempfile::Builder::new().prefix(".synvec-").suffix(".tmp").make_in(
            folder(&place),
            |path| {
                faults::step()?;
                OpenOptions::new().write(true).create_new(true).open(path)
            },
        )?;
        if let Some(permissions) = permissions {
            faults::step()?;
            temporary.as_file().set_permissions(permissions)?;
        }
        Ok(Self::Replace { temporary, uncached: None, place })
    }

    fn with_head(mut self, head: &[u8]) -> io::Result<Self> {
        let Self::Replace { temporary, .. } = &mut self else {
            return Err(io::Error::other("only a file that is replaced is written twice"));
        };
        faults::step()?;
        temporary.as_file_mut().seek(SeekFrom::Start(0))?;
        faults::step()?;
        temporary.as_file_mut().write_all(head)?;
        Ok(self)
    }

    fn publish(self) -> io::Result<()> {
        match self {
            Self::Stream(mut stream) => stream.flush(),
            // Pipes and terminals have nothing to synchronise, and say so.
            Self::Direct(_) => Ok(()),
            Self::Append(file) => file.sync_all(),
            Self::Replace { temporary, place, .. } => {
                faults::step()?;
                temporary.as_file().sync_all()?;
                faults::step()?;
                temporary.persist(&place)?;
                sync_folder(folder(&place))
            }
        }
    }
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Self::Replace { temporary, uncached: Some(uncached), .. } = self {
            return uncached.write(bytes, temporary.as_file_mut());
        }
        faults::step()?;
        match self {
            Self::Replace { temporary, .. } => temporary.as_file_mut().write(bytes),
            Self::Direct(file) | Self::Append(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            _ => Ok(()),
        }
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Follows symbolic links to a file that does not exist yet.
fn end_of_links(path: PathBuf) -> io::Result<PathBuf> {
    let mut place = path;
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&place) {
            Ok(target) => place = folder(&place).join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// Makes a rename last; Windows has no such call and needs none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    faults::step()?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
