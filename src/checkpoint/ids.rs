//! A corpus that cannot be read again, kept once as what it became: its ids.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytemuck::{cast_slice, cast_slice_mut};

use super::manifest::FORMAT;
use crate::corpus::{EncodedCorpus, SpoolConfig, Stream};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::output::{Destination, Output};
use crate::progress::Observer;
use crate::vocab::WordId;

/// The file of a folder's corpus, by the checksum of its ids.
pub fn path(folder: &Path, checksum: u64) -> PathBuf {
    folder.join(format!("corpus-{checksum:016x}.ids"))
}

/// Keeps the ids: four bytes each, little-endian. Where they are kept already nothing is written.
pub fn save(folder: &Path, corpus: &EncodedCorpus, observer: &mut dyn Observer) -> Result<()> {
    let path = path(folder, corpus.checksum());
    let bytes: &[u8] = cast_slice(corpus.ids());
    if std::fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
        return Ok(());
    }
    let mut output = Output::create(Destination::Unread(path), observer)?;
    output.write(bytes)?;
    output.finish()
}

/// Ids that are read at once.
const BLOCK: u64 = 1 << 18;

/// Takes over what [`save`] has kept; the numbers that are not in the file come from the caller.
///
/// The ids wait where those of any corpus do, in memory or in a file without a name: nobody can cut
/// short what is trained on, as the file of the folder can be.
pub fn open(
    folder: &Path,
    checksum: u64,
    sentences: u64,
    raw_words: u64,
    spool: &SpoolConfig,
) -> Result<EncodedCorpus> {
    let path = path(folder, checksum);
    let failed = |error| Error::io(&path, error);
    let damaged = |kind, message: &str| -> Error {
        let message = format!("{message}; start anew in another folder, with the corpus");
        FormatError { kind, path: Some(path.clone()), format: FORMAT, message }.into()
    };
    let mut file = File::open(&path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if !bytes.is_multiple_of(size_of::<WordId>() as u64) {
        let message = "the corpus's ids end in the middle of one";
        return Err(damaged(FormatErrorKind::Truncated, message));
    }
    let mut left = bytes / size_of::<WordId>() as u64;
    let mut stream = Stream::new(spool, left)?;
    let mut block = vec![WordId(0); left.min(BLOCK) as usize];
    while left > 0 {
        let ids = &mut block[..left.min(BLOCK) as usize];
        file.read_exact(cast_slice_mut(ids)).map_err(failed)?;
        stream.append(ids)?;
        left -= ids.len() as u64;
    }
    let corpus = EncodedCorpus::from_ids(stream.finish()?, sentences, raw_words);
    if corpus.checksum() != checksum {
        let message = "the corpus's ids do not match their checksum: the file has changed";
        return Err(damaged(FormatErrorKind::Checksum, message));
    }
    Ok(corpus)
}
