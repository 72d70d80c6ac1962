//! A corpus that cannot be read again, kept once as what it became: its ids.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::cast_slice;

use super::manifest::FORMAT;
use crate::corpus::EncodedCorpus;
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::output::{Destination, Output};
use crate::mapped::{Buffer, Mapping};
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
    let mut output = Output::create(Destination::Path(path), observer)?;
    output.write(bytes)?;
    output.finish()
}

/// Opens what [`save`] has kept; the numbers that are not in the file come from the caller.
pub fn open(folder: &Path, checksum: u64, sentences: u64, raw_words: u64) -> Result<EncodedCorpus> {
    let path = path(folder, checksum);
    let file = File::open(&path).map_err(|error| Error::io(&path, error))?;
    let damaged = |kind, message: &str| -> Error {
        let message = format!("{message}; start anew in another folder, with the corpus");
        FormatError { kind, path: Some(path.clone()), format: FORMAT, message }.into()
    };
    let bytes = file.metadata().map_err(|error| Error::io(&path, error))?.len();
    let mut ids = Buffer::<WordId>::default();
    if bytes > 0 {
        let mapping = Mapping::read_only(&file).map_err(|error| Error::io(&path, error))?;
        let whole = 0..mapping.as_ref().len();
        ids = Buffer::mapped(Arc::new(mapping), whole).ok_or_else(|| {
            damaged(FormatErrorKind::Truncated, "the corpus's ids end in the middle of one")
        })?;
    }
    let corpus = EncodedCorpus::from_ids(ids, sentences, raw_words);
    if corpus.checksum() != checksum {
        let message = "the corpus's ids do not match their checksum: the file has changed";
        return Err(damaged(FormatErrorKind::Checksum, message));
    }
    Ok(corpus)
}
