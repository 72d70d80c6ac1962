//! The arguments that a model was trained with.

use super::MAGIC;
use super::fields::Fields;
use crate::error::{FormatErrorKind, Result};

/// More characters than any n-gram has: the work of a word grows with its length times this.
const MAX_NGRAM: i32 = 255;

/// What was trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// Words from their context.
    Cbow,
    /// Context from words.
    SkipGram,
    /// Labels from texts.
    Supervised,
}

/// How the output was trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Hierarchical softmax.
    Hierarchical,
    /// Negative sampling.
    NegativeSampling,
    /// Softmax.
    Softmax,
    /// One against all, for several labels a text.
    OneVsAll,
}

impl ModelKind {
    /// fastText's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cbow => "cbow",
            Self::SkipGram => "skipgram",
            Self::Supervised => "supervised",
        }
    }
}

impl Loss {
    /// fastText's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hierarchical => "hs",
            Self::NegativeSampling => "ns",
            Self::Softmax => "softmax",
            Self::OneVsAll => "ova",
        }
    }
}

/// The arguments, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Args {
    /// 12 or 11; 0 for the older layout, which has no number.
    pub version: i32,
    /// D.
    pub dim: usize,
    /// Window.
    pub ws: i32,
    /// Passes over the text.
    pub epoch: i32,
    /// Words that occur less often were left out.
    pub min_count: i32,
    /// Negatives.
    pub neg: i32,
    /// Words of the longest n-gram of words (supervised models).
    pub word_ngrams: i32,
    /// See [`Loss`].
    pub loss: Loss,
    /// See [`ModelKind`].
    pub model: ModelKind,
    /// Buckets that n-grams are hashed into.
    pub bucket: u32,
    /// Characters of the shortest n-gram.
    pub minn: u32,
    /// Characters of the longest n-gram; 0 for none.
    pub maxn: u32,
    /// How often the learning rate changed.
    pub lr_update_rate: i32,
    /// Subsampling threshold.
    pub t: f64,
}

impl Args {
    /// Whether the file has neither magic nor version.
    pub fn is_older_layout(&self) -> bool {
        self.version == 0
    }

    /// Reads the arguments, magic and version included.
    pub fn read(file: &mut Fields) -> Result<Self> {
        if file.reader().peek(1)?.is_empty() {
            return Err(file.error(FormatErrorKind::Header, "file is empty"));
        }
        let first = file.int("magic")?;
        let version = if first == MAGIC { read_version(file)? } else { 0 };
        let dim = read_dim(file, if version == 0 { Some(first) } else { None })?;
        let mut args = Self {
            version,
            dim,
            ws: bounded(file, "ws", 0, i32::MAX)?,
            epoch: bounded(file, "epoch", 0, i32::MAX)?,
            min_count: bounded(file, "minCount", 0, i32::MAX)?,
            neg: bounded(file, "neg", 0, i32::MAX)?,
            word_ngrams: bounded(file, "wordNgrams", 0, i32::MAX)?,
            loss: read_loss(file)?,
            model: read_model(file)?,
            bucket: bounded(file, "bucket", 0, i32::MAX)? as u32,
            minn: bounded(file, "minn", 0, MAX_NGRAM)? as u32,
            maxn: bounded(file, "maxn", 0, MAX_NGRAM)? as u32,
            lr_update_rate: bounded(file, "lrUpdateRate", 0, i32::MAX)?,
            t: read_threshold(file)?,
        };
        // Supervised models had no n-grams of characters before version 12, whatever maxn says
        // (fastText's `FastText::loadModel`).
        if args.model == ModelKind::Supervised && version < 12 {
            args.maxn = 0;
        }
        Ok(args)
    }
}

fn read_version(file: &mut Fields) -> Result<i32> {
    let version = file.int("version")?;
    if matches!(version, 11 | 12) {
        return Ok(version);
    }
    let message = format!("version {version}, expected 11 or 12; a newer synvec may read it");
    Err(file.error(FormatErrorKind::Unsupported, message))
}

/// D; without the magic it is what the file begins with, and when it makes no sense the file is
/// something else.
fn read_dim(file: &mut Fields, first: Option<i32>) -> Result<usize> {
    let limit = file.limits().max_vector_size;
    let dim = match first {
        Some(dim) if dim < 1 || dim as u64 > limit => {
            let message = format!(
                "begins with {dim}, expected the magic number {MAGIC}, or the dimensions of a model \
                 that is older than that; if it is another format, load it with format="
            );
            return Err(file.error(FormatErrorKind::Unsupported, message));
        }
        Some(dim) => dim,
        None => bounded(file, "dim", 1, i32::MAX)?,
    };
    if dim as u64 > limit {
        let message = format!(
            "dim is {dim}, beyond max_vector_size = {limit}; if it is meant, load with \
             limits=synvec.Limits(max_vector_size=…)"
        );
        return Err(file.error(FormatErrorKind::Limit, message));
    }
    Ok(dim as usize)
}

fn bounded(file: &mut Fields, name: &str, least: i32, most: i32) -> Result<i32> {
    let offset = file.offset();
    let value = file.int(name)?;
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let range =
        if most == i32::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
    let message = format!("{name} at byte {offset} is {value}, expected {range}");
    Err(file.error(FormatErrorKind::Header, message))
}

fn read_loss(file: &mut Fields) -> Result<Loss> {
    Ok(match bounded(file, "loss", 1, 4)? {
        1 => Loss::Hierarchical,
        2 => Loss::NegativeSampling,
        3 => Loss::Softmax,
        _ => Loss::OneVsAll,
    })
}

fn read_model(file: &mut Fields) -> Result<ModelKind> {
    Ok(match bounded(file, "model", 1, 3)? {
        1 => ModelKind::Cbow,
        2 => ModelKind::SkipGram,
        _ => ModelKind::Supervised,
    })
}

fn read_threshold(file: &mut Fields) -> Result<f64> {
    let offset = file.offset();
    let value = file.double("t")?;
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    let message = format!("t at byte {offset} is {value}, expected a number from 0 on");
    Err(file.error(FormatErrorKind::Header, message))
}
