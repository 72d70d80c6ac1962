//! One error for each way to be wrong; every message names the value, what was expected and, where
//! there is one, the next step.

use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A hyper-parameter outside its range.
    #[error("{argument} {message}")]
    Config {
        /// The argument's public name.
        argument: &'static str,
        /// What was given and what is allowed.
        message: String,
    },

    /// The operating system refused something; the path is kept for the message.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// The system's own error, with its code.
        source: std::io::Error,
    },

    /// A file that is not what it claims to be.
    #[error(transparent)]
    Format(#[from] FormatError),

    /// The system has no room for a matrix.
    #[error(
        "cannot allocate {bytes} bytes for a matrix; use a smaller vector_size or a larger min_count"
    )]
    Memory {
        /// What was asked for.
        bytes: usize,
    },

    /// The temporary file for a corpus's ids cannot be made or written.
    #[error(
        "cannot keep the corpus's ids in {}: {source}; choose a folder with more room with \
         spool_dir, or keep more in memory with spool_bytes",
        folder.display()
    )]
    Spool {
        /// The folder concerned.
        folder: PathBuf,
        /// The system's own error, with its code.
        source: std::io::Error,
    },

    /// No word to train on.
    #[error("{0}")]
    EmptyVocabulary(String),

    /// Training has run away to NaN or infinity.
    #[error("training diverged: {0}")]
    Diverged(String),

    /// Another process works in a folder.
    #[error(
        "{} is in use by process {owner}: two jobs cannot keep their checkpoints in one folder; \
         wait until it ends, or name another folder",
        folder.display()
    )]
    InUse {
        /// The folder concerned.
        folder: PathBuf,
        /// Who has it, as far as is known.
        owner: String,
    },

    /// The observer asked to stop (Ctrl-C, or a progress callback that raised).
    #[error("stopped by the caller")]
    Stopped,

    /// A defect of ours: a worker panicked. Never the user's fault.
    #[error("internal error: {0} (please report this)")]
    Internal(String),
}

impl Error {
    /// An [`Error::Config`].
    pub fn config(argument: &'static str, message: impl Into<String>) -> Self {
        Self::Config { argument, message: message.into() }
    }

    /// Attaches a path to an I/O error.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), source }
    }
}

/// In which way a file is wrong; each kind is one Python exception class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatErrorKind {
    /// The header is missing, malformed, or contradicts the file.
    Header,
    /// The file ends before its content does.
    Truncated,
    /// One row or record is malformed.
    Row,
    /// Text that is not valid in its encoding.
    Encoding,
    /// A size beyond a limit.
    Limit,
    /// A checksum that does not match.
    Checksum,
    /// A format, version or feature that is not supported.
    Unsupported,
    /// NaN, infinity, or a number too large for the type.
    NonFinite,
}

/// A file that is not what it claims to be.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {message}", place(path, format))]
pub struct FormatError {
    /// In which way.
    pub kind: FormatErrorKind,
    /// The file; `None` for a stream without a name.
    pub path: Option<PathBuf>,
    /// The format it was read as, e.g. "word2vec text".
    pub format: &'static str,
    /// Place, expected against found, one next step.
    pub message: String,
}

fn place(path: &Option<PathBuf>, format: &str) -> String {
    match path {
        Some(path) => format!("{} ({format})", path.display()),
        None => format.to_owned(),
    }
}
