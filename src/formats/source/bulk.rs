//! Many bytes of one file by several threads: each fills a stripe of the memory, straight from the
//! system. One thread alone is held up by the system's first touch of each page.

use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Result;
use crate::workers;

/// Bytes between two looks at whether to stop.
const BLOCK: usize = 4 << 20;

/// Fills `out` from byte `offset` on; returns how many bytes the file had, or what the system said.
/// `poll` is called on this thread about every [`crate::progress::POLL_INTERVAL`].
pub fn read(
    file: &File,
    offset: u64,
    out: &mut [u8],
    poll: impl FnMut() -> Result<()>,
) -> Result<io::Result<usize>> {
    let threads = workers::available().min(8);
    let stripe_bytes = out.len().div_ceil(threads).max(BLOCK);
    let stripes: Vec<_> = out.chunks_mut(stripe_bytes).map(Mutex::new).collect();
    let stop = AtomicBool::new(false);
    let work = |worker: usize| {
        let mut stripe = stripes[worker].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let start = offset + (worker * stripe_bytes) as u64;
        Ok(fill(file, start, &mut stripe, &stop))
    };
    let filled = workers::run(stripes.len(), &stop, work, poll)?;
    let mut total = 0;
    for (filled, stripe) in filled.into_iter().zip(out.chunks(stripe_bytes)) {
        match filled {
            Ok(bytes) => total += bytes,
            Err(error) => return Ok(Err(error)),
        }
        if total % stripe_bytes != 0 && stripe.len() == stripe_bytes {
            break; // the file has become shorter: what lies behind the gap does not count
        }
    }
    Ok(Ok(total))
}

fn fill(file: &File, start: u64, stripe: &mut [u8], stop: &AtomicBool) -> io::Result<usize> {
    let mut filled = 0;
    while filled < stripe.len() && !stop.load(Ordering::Relaxed) {
        let end = stripe.len().min(filled + BLOCK);
        match read_at(file, &mut stripe[filled..end], start + filled as u64) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

/// Moves the position of the file, too; the caller sets it when all is read.
#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}
