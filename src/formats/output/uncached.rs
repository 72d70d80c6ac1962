//! Large files that nobody reads soon, past the system's page cache (Linux's `O_DIRECT`).
//!
//! Through the cache every byte is copied once more, into pages that the system must find first and
//! that push out what training reads; then the caller waits for all of them to reach the disk.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use bytemuck::{Pod, Zeroable, cast_slice_mut, zeroed_vec};

/// What disks ask of the place of the bytes, in memory and in the file, and of their number: the
/// size of a sector, which is 512 or 4096 bytes.
const SECTOR: usize = 4096;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(4096))]
struct Sector([u8; SECTOR]);

/// Sectors written at once: 4 MiB, from which on disks are no faster.
const SECTORS: usize = if cfg!(test) { 2 } else { 1 << 10 };

/// A file being written, from its beginning on.
pub(super) struct Uncached {
    file: File,
    buffer: Vec<Sector>,
    /// Bytes of the buffer that are yet to be written.
    filled: usize,
    /// Bytes of the file that are.
    written: u64,
}

impl Uncached {
    /// Opens a new file for a second time; `None` where the system knows no such way to write, or
    /// the file system has none.
    pub fn open(path: &Path) -> Option<Self> {
        let file = open(path).ok()?;
        Some(Self { file, buffer: zeroed_vec(SECTORS), filled: 0, written: 0 })
    }

    /// Takes bytes, as many as there is room for; `plain` is the same file in the usual way, for
    /// devices that refuse this one.
    pub fn write(&mut self, bytes: &[u8], plain: &mut File) -> io::Result<usize> {
        let room = &mut cast_slice_mut::<Sector, u8>(&mut self.buffer)[self.filled..];
        let taken = room.len().min(bytes.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.filled += taken;
        if taken == room.len() {
            self.write_buffer(plain)?;
        }
        Ok(taken)
    }

    fn write_buffer(&mut self, plain: &mut File) -> io::Result<()> {
        super::faults::step()?;
        let bytes = bytemuck::cast_slice::<Sector, u8>(&self.buffer);
        match self.file.write_all(bytes) {
            // A device with larger sectors, or one that has taken a part of them only.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                self.file = plain.try_clone()?;
                self.file.seek(SeekFrom::Start(self.written))?;
                self.file.write_all(bytes)?;
            }
            result => result?,
        }
        self.written += bytes.len() as u64;
        self.filled = 0;
        Ok(())
    }

    /// Writes the rest, which is no whole number of sectors, in the usual way.
    pub fn finish(self, plain: &mut File) -> io::Result<()> {
        super::faults::step()?;
        plain.seek(SeekFrom::Start(self.written))?;
        super::faults::step()?;
        plain.write_all(&bytemuck::cast_slice::<Sector, u8>(&self.buffer)[..self.filled])
    }
}

#[cfg(target_os = "linux")]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).custom_flags(libc::O_DIRECT).open(path)
}

#[cfg(not(target_os = "linux"))]
fn open(_: &Path) -> io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const BUFFER: usize = SECTORS * SECTOR;

    fn numbered(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|i| (i * 7919 % 251) as u8).collect()
    }

    #[test]
    fn a_file_that_takes_no_sectors_is_written_in_the_usual_way() {
        let mut plain = tempfile::NamedTempFile::new().unwrap();
        // It answers EINVAL to whatever is no number.
        let file =
            std::fs::OpenOptions::new().write(true).open("/proc/self/oom_score_adj").unwrap();
        let mut uncached = Uncached { file, buffer: zeroed_vec(SECTORS), filled: 0, written: 0 };
        let bytes = numbered(2 * BUFFER + 100);
        for piece in bytes.chunks(BUFFER) {
            assert_eq!(uncached.write(piece, plain.as_file_mut()).unwrap(), piece.len());
        }
        uncached.finish(plain.as_file_mut()).unwrap();
        assert_eq!(std::fs::read(plain.path()).unwrap(), bytes);
    }
}
