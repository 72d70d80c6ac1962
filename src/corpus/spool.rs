//! Where ids wait: in memory up to a size, beyond it in a temporary file without a name.
//!
//! The file is unlinked at birth (on Windows deleted when it is closed), so that nothing stays
//! behind however the process ends, and nobody can cut it short while it is mapped: then it is open
//! nowhere. It is written with ordinary writes and mapped only when whole: a full disk is an error
//! here, not a crash at some later access.

use std::env;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::Pod;

use crate::error::{Error, Result};
use crate::mapped::{Buffer, Mapping};

/// Where a corpus keeps its ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolConfig {
    /// Bytes of ids that stay in memory (`spool_bytes`); the rest goes to a temporary file.
    pub bytes: u64,
    /// The temporary file's folder (`spool_dir`); `None` is the system's.
    pub folder: Option<PathBuf>,
}

impl Default for SpoolConfig {
    fn default() -> Self {
        Self { bytes: 1 << 30, folder: None }
    }
}

impl SpoolConfig {
    /// A temporary file, with the errors that name the settings.
    pub fn file(&self) -> Result<SpoolFile> {
        let folder = self.folder.clone().unwrap_or_else(env::temp_dir);
        let file = tempfile::tempfile_in(&folder).map_err(|error| refused(&folder, error))?;
        Ok(SpoolFile { file, folder, written: 0 })
    }
}

fn refused(folder: &Path, source: std::io::Error) -> Error {
    Error::Spool { folder: folder.to_owned(), source }
}

/// A temporary file while it is written.
#[derive(Debug)]
pub struct SpoolFile {
    file: File,
    folder: PathBuf,
    written: u64,
}

impl SpoolFile {
    /// Appends values; returns the bytes of the file where they lie.
    pub fn append<T: Pod>(&mut self, values: &[T]) -> Result<Range<u64>> {
        let bytes = bytemuck::cast_slice(values);
        self.file.write_all(bytes).map_err(|error| refused(&self.folder, error))?;
        let start = self.written;
        self.written += bytes.len() as u64;
        Ok(start..self.written)
    }

    /// Everything that was written.
    pub fn finish<T: Pod>(self) -> Result<Buffer<T>> {
        if self.written == 0 {
            return Ok(Buffer::default()); // an empty file cannot be mapped everywhere
        }
        let mapping =
            Mapping::read_only(&self.file).map_err(|error| refused(&self.folder, error))?;
        let bytes = 0..mapping.as_ref().len();
        if bytes.end as u64 != self.written {
            let (found, written) = (bytes.end, self.written);
            let message = format!(
                "the temporary file has {found} bytes, and {written} were written: something has \
                 changed it"
            );
            return Err(refused(&self.folder, std::io::Error::other(message)));
        }
        Buffer::mapped(Arc::new(mapping), bytes)
            .ok_or_else(|| Error::Internal("the temporary file holds a partial id".to_owned()))
    }
}

/// Pieces of ids, in any order: in memory while they fit.
#[derive(Debug)]
pub struct Spool {
    config: SpoolConfig,
    in_memory: u64,
    file: Option<SpoolFile>,
}

/// Where one piece of a [`Spool`] is.
#[derive(Debug)]
pub enum Piece {
    /// In memory.
    Memory(Vec<u32>),
    /// In these ids of the temporary file.
    File(Range<usize>),
}

impl Spool {
    /// An empty one.
    pub fn new(config: SpoolConfig) -> Self {
        Self { config, in_memory: 0, file: None }
    }

    /// Whether `ids` more fit into memory; they are then the caller's to keep, so that copying them
    /// needs no lock.
    pub fn fits(&mut self, ids: usize) -> bool {
        let bytes = size_of::<u32>() as u64 * ids as u64;
        let fits = self.in_memory + bytes <= self.config.bytes;
        if fits {
            self.in_memory += bytes;
        }
        fits
    }

    /// Writes a piece to the temporary file.
    pub fn write(&mut self, ids: &[u32]) -> Result<Piece> {
        if self.file.is_none() {
            self.file = Some(self.config.file()?);
        }
        let file = self.file.as_mut().expect("made just above");
        let bytes = file.append(ids)?;
        let index = |byte: u64| (byte / size_of::<u32>() as u64) as usize;
        Ok(Piece::File(index(bytes.start)..index(bytes.end)))
    }

    /// The temporary file's ids, for [`Piece::ids`].
    pub fn finish(self) -> Result<Buffer<u32>> {
        self.file.map_or_else(|| Ok(Buffer::default()), SpoolFile::finish)
    }
}

impl Piece {
    /// The ids of the piece, given the temporary file's.
    pub fn ids<'a>(&'a self, file: &'a [u32]) -> &'a [u32] {
        match self {
            Self::Memory(ids) => ids,
            Self::File(range) => &file[range.clone()],
        }
    }
}

/// One stream of values, in order, that ends in one buffer.
#[derive(Debug)]
pub enum Stream<T> {
    /// In memory.
    Memory(Vec<T>),
    /// In a temporary file.
    File(SpoolFile),
}

impl<T: Pod> Stream<T> {
    /// For at most `len` values: in memory if that many fit, and if there is so much memory.
    pub fn new(config: &SpoolConfig, len: u64) -> Result<Self> {
        let fits = len.saturating_mul(size_of::<T>() as u64) <= config.bytes;
        let mut all = Vec::new();
        if fits && usize::try_from(len).is_ok_and(|len| all.try_reserve_exact(len).is_ok()) {
            return Ok(Self::Memory(all));
        }
        Ok(Self::File(config.file()?))
    }

    /// Appends values.
    pub fn append(&mut self, values: &[T]) -> Result<()> {
        match self {
            Self::Memory(all) => all.extend_from_slice(values),
            Self::File(file) => {
                file.append(values)?;
            }
        }
        Ok(())
    }

    /// All values.
    pub fn finish(self) -> Result<Buffer<T>> {
        match self {
            Self::Memory(mut all) => {
                all.shrink_to_fit();
                Ok(all.into())
            }
            Self::File(file) => file.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_short_is_an_error_that_says_so() {
        let mut spool = SpoolConfig { bytes: 0, folder: None }.file().unwrap();
        spool.append(&[1u32, 2, 3]).unwrap();
        spool.file.set_len(8).unwrap();
        let error = spool.finish::<u32>().unwrap_err();
        let Error::Spool { source, .. } = error else { panic!("{error}") };
        assert!(source.to_string().contains("has 8 bytes, and 12 were written"), "{source}");
    }
}
