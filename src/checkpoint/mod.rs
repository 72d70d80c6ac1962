//! Checkpoints: a folder from which an interrupted training goes on.
//!
//! A checkpoint is a data file, which is the model as a native file that anybody may open, and a
//! manifest ([`manifest`]), which says how far training has got and what else the caller wants to
//! know. The data file is written first, under a name of its own; the manifest makes it a checkpoint
//! by being renamed into its place. Both reach the disk before anything older is removed, and the
//! one before is kept: whenever the process ends, the folder holds a whole checkpoint once it has
//! held one. A lock ([`lock`]) keeps a second process out. [`ids`] keeps a corpus that cannot be
//! read again.

pub mod ids;
pub mod lock;
pub mod manifest;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

use xxhash_rust::xxh3::xxh3_64;

use crate::config::TrainConfig;
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::Limits;
use crate::formats::native::{RestingModel, Written, save_resting, verify};
use crate::formats::output::{Destination, Output, faults};
use crate::formats::source::Input;
use crate::progress::{FileProgress, Observer, Report};
use crate::train::Weights;
use crate::train::position::{Reached, diverged};
use crate::vocab::KeyTable;

use lock::Lock;
use manifest::{FORMAT, Manifest};

/// What goes into a checkpoint beside the weights and how far they are trained.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The words.
    pub keys: &'a KeyTable,
    /// How often each occurs.
    pub counts: &'a [u64],
    /// The model's settings as JSON, as its own file would have them.
    pub model: &'a str,
    /// A JSON object of the caller's, who gets it back.
    pub state: &'a str,
}

/// A checkpoint that was found whole.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Its model.
    pub data: PathBuf,
    /// How far training had got.
    pub reached: Reached,
    /// What the caller wanted to know.
    pub state: String,
    /// Newer ones that are damaged, each with what is wrong.
    pub warnings: Vec<String>,
}

/// A folder of checkpoints, this process's alone while it is open.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Lock,
    /// The checkpoint that is known to be whole, or to have become one here.
    whole: Option<u64>,
    next: u64,
}

impl Folder {
    /// Opens a folder, which is made where there is none, and clears away what a process that was
    /// killed had begun to write.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(|error| Error::io(path, error))?;
        let lock = Lock::take(path)?;
        let mut folder = Self { path: path.to_owned(), _lock: lock, whole: None, next: 1 };
        for name in folder.names()? {
            if name.starts_with(".synvec-") && name.ends_with(".tmp") {
                folder.remove(&name)?;
            }
        }
        folder.next = folder.numbers()?.last().map_or(1, |last| last + 1);
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The numbers of the checkpoints, whole or not, from the oldest on.
    pub fn numbers(&self) -> Result<Vec<u64>> {
        let names = self.names()?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| number(name, ".json")).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The newest checkpoint that is whole; `None` where there has never been one.
    ///
    /// One that is damaged is passed over for the one before, and told among the warnings; one of
    /// another version is an error, and so is a folder where every one is damaged.
    pub fn newest(&mut self, observer: &mut dyn Observer) -> Result<Option<Checkpoint>> {
        let (mut warnings, mut first) = (Vec::new(), None);
        for &number in self.numbers()?.iter().rev() {
            match self.read(number, observer) {
                Ok(manifest) => {
                    self.whole = Some(number);
                    return Ok(Some(Checkpoint {
                        data: self.path.join(manifest.data),
                        reached: manifest.reached,
                        state: manifest.state,
                        warnings,
                    }));
                }
                Err(Error::Format(error)) if error.kind != FormatErrorKind::Unsupported => {
                    warnings.push(error.to_string());
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match first {
            None => Ok(None),
            Some(error) => {
                let message = format!(
                    "{}; no other checkpoint is whole, so start anew in \
                                       another folder",
                    error.message
                );
                Err(FormatError { message, ..error }.into())
            }
        }
    }

    /// Reads a manifest, and proves that its data file is the one it speaks of.
    fn read(&self, number: u64, observer: &mut dyn Observer) -> Result<Manifest> {
        let path = self.path.join(name(number, ".json"));
        let manifest = Manifest::read(&path)?;
        let data = self.path.join(&manifest.data);
        let damaged = |kind, message: String| -> Error {
            FormatError { kind, path: Some(data.clone()), format: FORMAT, message }.into()
        };
        let found = match fs::metadata(&data) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = format!("is missing, but {} speaks of it", path.display());
                return Err(damaged(FormatErrorKind::Truncated, message));
            }
            Err(error) => return Err(Error::io(&data, error)),
        };
        if found != manifest.written.bytes {
            let expected = manifest.written.bytes;
            let message = format!("has {found} bytes, but its manifest says {expected}");
            return Err(damaged(FormatErrorKind::Truncated, message));
        }
        if head_checksum(&data)? != manifest.written.checksum {
            let message = "its header does not match the checksum in its manifest".to_owned();
            return Err(damaged(FormatErrorKind::Checksum, message));
        }
        verify(
            Input::Path(data.clone()),
            Limits { max_key_bytes: u64::MAX, ..Limits::default() },
            observer,
        )
        .map_err(without_remedy)?;
        Ok(manifest)
    }

    /// Keeps a model as it rests, and the checkpoint before it; older ones go.
    pub fn keep(
        &mut self,
        content: &Content<'_>,
        config: &TrainConfig,
        reached: &Reached,
        weights: &Weights<'_>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let number = self.next;
        self.next += 1;
        let data = self.path.join(name(number, ".kv"));
        let model = RestingModel {
            keys: content.keys,
            counts: content.counts,
            vectors: weights.input_vectors,
            output_vectors: weights.output_vectors.as_deref(),
            output_nodes: weights.output_nodes.as_deref(),
            config: content.model,
        };
        let mut telling = Telling { total: model.bytes(), inner: observer };
        let written = save_resting(&model, Destination::Unread(data), &mut telling)?
            .map_err(|(name, row)| diverged(name, row, config, reached))?;
        if let Err(error) = self.publish(number, content, reached, written) {
            // A rename may have happened although something failed after it.
            let is_published = self.path.join(name(number, ".json")).exists();
            if !is_published {
                self.remove(&name(number, ".kv"))?;
            }
            return Err(error);
        }
        let before = self.whole.replace(number);
        self.clear(|other| other == number || Some(other) == before)
    }

    /// Writes the manifest, which makes a checkpoint of a data file.
    fn publish(
        &self,
        number: u64,
        content: &Content<'_>,
        reached: &Reached,
        written: Written,
    ) -> Result<()> {
        let manifest = Manifest {
            data: name(number, ".kv"),
            written,
            reached: reached.clone(),
            state: content.state.to_owned(),
        };
        let path = self.path.join(name(number, ".json"));
        let mut silent = crate::progress::Silent;
        let mut output = Output::create(Destination::Path(path), &mut silent)?;
        output.write(manifest.encode()?.as_bytes())?;
        output.finish()
    }

    /// Removes the checkpoints that are not to be kept: first what makes them some.
    fn clear(&self, is_kept: impl Fn(u64) -> bool) -> Result<()> {
        let names = self.names()?;
        for ending in [".json", ".kv"] {
            for name in &names {
                if number(name, ending).is_some_and(|number| !is_kept(number)) {
                    self.remove(name)?;
                }
            }
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| Error::io(&self.path, error))?;
        Ok(entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    /// Removes a file. A large one takes the system a while to free, which it does once nobody has
    /// the file open: on a thread for which no training waits.
    fn remove(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        let open = cfg!(unix).then(|| File::open(&path).ok()).flatten();
        faults::step()
            .and_then(|()| fs::remove_file(&path))
            .map_err(|error| Error::io(&path, error))?;
        // Where there is no thread to be had it is closed here.
        let _ = thread::Builder::new().spawn(|| drop(open));
        Ok(())
    }
}

/// Tells of bytes written as of a checkpoint.
struct Telling<'a> {
    total: u64,
    inner: &'a mut dyn Observer,
}

impl Observer for Telling<'_> {
    fn observe(&mut self, report: Report) -> Result<()> {
        match report {
            Report::File(file) => {
                let total_bytes = Some(self.total.max(file.bytes));
                self.inner.observe(Report::Checkpoint(FileProgress { total_bytes, ..file }))
            }
            report => self.inner.observe(report),
        }
    }
}

fn name(number: u64, ending: &str) -> String {
    format!("checkpoint-{number:06}{ending}")
}

/// The number in the name of a file of ours.
fn number(name: &str, ending: &str) -> Option<u64> {
    name.strip_prefix("checkpoint-")?.strip_suffix(ending)?.parse().ok()
}

/// What is wrong with a data file, without what helps with other native files: nobody else has a
/// checkpoint, to get it again from.
fn without_remedy(error: Error) -> Error {
    match error {
        Error::Format(mut error) => {
            let length = error.message.trim_end_matches("; get it again").len();
            error.message.truncate(length);
            Error::Format(error)
        }
        other => other,
    }
}

/// The checksum of a native file's header; of what there is of it, when it is cut.
fn head_checksum(path: &Path) -> Result<u64> {
    let head = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let mut head = vec![0; 8];
        file.read_exact(&mut head)?;
        let length = u64::from_le_bytes(head.as_slice().try_into().unwrap_or_default());
        file.take(length.min(crate::formats::native::MAX_HEADER_BYTES)).read_to_end(&mut head)?;
        Ok(head)
    };
    head().map(|head| xxh3_64(&head)).map_err(|error| Error::io(path, error))
}

#[cfg(test)]
mod tests;
