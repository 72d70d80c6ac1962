//! Words and labels.

use std::borrow::Cow;

use super::args::Args;
use super::fields::Fields;
use super::{ModelKind, RowRanges, WordRows};
use crate::error::{FormatErrorKind, Result};
use crate::formats::word2vec::KeyDecoder;
use crate::vocab::KeyTable;

/// The least that an entry takes: the byte that ends its word, its count, its type.
const ENTRY_BYTES: u64 = 10;
const PRUNED_BYTES: u64 = 8;
/// What an unpruned dictionary gives as the number of its kept buckets.
const NOT_PRUNED: i64 = -1;

/// Words, labels, counts.
#[derive(Debug)]
pub struct Dictionary {
    /// The words that were taken, in the order of their rows.
    pub words: KeyTable,
    /// How often each was seen.
    pub counts: Vec<u64>,
    /// Words in the file, taken or not: the rows before the first bucket's.
    pub words_in_file: u64,
    /// The labels of a supervised model.
    pub labels: Vec<String>,
    /// How often each was seen.
    pub label_counts: Vec<u64>,
    /// Tokens that the model was trained on.
    pub tokens: u64,
    /// Words that had come before; the first was kept.
    pub duplicates: u64,
    /// The bucket of each row after the words, in a model that was pruned when it was quantised;
    /// `None` where every bucket has its row.
    pub ngram_buckets: Option<Vec<u32>>,
}

impl Dictionary {
    /// Reads the dictionary; also returns which of the rows of words are taken.
    pub(super) fn read(
        file: &mut Fields,
        args: &Args,
        limit: Option<u64>,
        mut decoder: KeyDecoder,
    ) -> Result<(Self, WordRows)> {
        let sizes = Sizes::read(file, args)?;
        let mut dictionary = Self {
            words: KeyTable::default(),
            counts: Vec::new(),
            words_in_file: sizes.words,
            labels: Vec::new(),
            label_counts: Vec::new(),
            tokens: sizes.tokens,
            duplicates: 0,
            ngram_buckets: None,
        };
        if file.remaining().is_some() {
            dictionary.words.reserve(sizes.words.min(limit.unwrap_or(u64::MAX)) as usize);
        }
        let mut kept = RowRanges::new();
        for index in 0..sizes.words {
            let is_wanted = limit.is_none_or(|limit| index < limit);
            let (word, count) = read_entry(file, &sizes, index, &mut decoder)?;
            if !is_wanted {
                continue;
            }
            if !dictionary.words.insert(&word)?.1 {
                dictionary.duplicates += 1;
                continue;
            }
            dictionary.counts.push(count);
            match kept.last_mut() {
                Some(range) if range.end == index => range.end += 1,
                _ => kept.push(index..index + 1),
            }
        }
        for index in sizes.words..sizes.words + sizes.labels {
            let (label, count) = read_entry(file, &sizes, index, &mut decoder)?;
            dictionary.labels.push(label);
            dictionary.label_counts.push(count);
        }
        if let Some(pruned) = sizes.pruned {
            dictionary.ngram_buckets = Some(read_kept_buckets(file, args, pruned)?);
        }
        Ok((dictionary, WordRows { words: sizes.words, kept }))
    }
}

/// The head of a dictionary.
struct Sizes {
    words: u64,
    labels: u64,
    tokens: u64,
    pruned: Option<u64>,
}

impl Sizes {
    fn read(file: &mut Fields, args: &Args) -> Result<Self> {
        let offset = file.offset();
        let (size, words, labels) = (file.int("size")?, file.int("nwords")?, file.int("nlabels")?);
        let tokens = file.long("ntokens")?;
        let pruned = if args.is_older_layout() { NOT_PRUNED } else { file.long("pruneidx_size")? };
        let header = |message: String| {
            let message = format!("the dictionary at byte {offset} {message}");
            Err(file.error(FormatErrorKind::Header, message))
        };
        if words < 0 || labels < 0 || i64::from(words) + i64::from(labels) != i64::from(size) {
            return header(format!(
                "has {words} words and {labels} labels but {size} entries, expected their sum"
            ));
        }
        if tokens < 0 || pruned < NOT_PRUNED {
            return header(format!(
                "gives {tokens} tokens and {pruned} kept buckets, expected 0 or more, and -1 or more"
            ));
        }
        let is_supervised = args.model == ModelKind::Supervised;
        if is_supervised != (labels > 0) {
            return header(format!(
                "has {labels} labels in a {} model, expected {}",
                args.model.name(),
                if is_supervised { "at least one" } else { "none" }
            ));
        }
        if pruned > i64::from(args.bucket) {
            return header(format!("keeps {pruned} buckets of {}", args.bucket));
        }
        let needed = size as u64 * ENTRY_BYTES + pruned.max(0) as u64 * PRUNED_BYTES;
        if let Some(left) = file.remaining().filter(|&left| left < needed) {
            return header(format!(
                "has {size} entries and {} kept buckets, which take at least {needed} bytes, but \
                 {left} follow",
                pruned.max(0)
            ));
        }
        let rows = words as u64 + if pruned < 0 { args.bucket.into() } else { pruned as u64 };
        let limit = file.limits().max_rows;
        if rows.max(size as u64) > limit {
            let message = format!(
                "{rows} rows of words and buckets, beyond max_rows = {limit}; if it is meant, load \
                 with limits=synvec.Limits(max_rows=…)"
            );
            return Err(file.error(FormatErrorKind::Limit, message));
        }
        Ok(Self {
            words: words as u64,
            labels: labels as u64,
            tokens: tokens as u64,
            pruned: u64::try_from(pruned).ok(),
        })
    }
}

fn read_entry(
    file: &mut Fields,
    sizes: &Sizes,
    index: u64,
    decoder: &mut KeyDecoder,
) -> Result<(String, u64)> {
    let offset = file.offset();
    let place = || {
        let entries = sizes.words + sizes.labels;
        format!("entry {} of {entries} (byte {offset})", index + 1)
    };
    let limit = ("max_key_bytes", file.limits().max_key_bytes);
    let Some(length) = file.reader().find(0, limit, "a word")? else {
        return Err(file.truncated(&place()));
    };
    let word = decoder.decode(&file.reader().ahead()[..length]).map(Cow::into_owned);
    let word = word.map_err(|fault| {
        let message = format!("{} {fault}", place());
        file.error(FormatErrorKind::Encoding, message)
    })?;
    // An empty word is none of ours to refuse: `-pretrainedVectors` can leave one in a dictionary.
    file.reader().consume(length + 1);
    let (count, kind) = (file.long("the count of an entry")?, file.byte("the type of an entry")?);
    let expected = u8::from(index >= sizes.words);
    if count < 0 || kind != expected {
        let message = format!(
            "{} ({word:?}) has count {count} and type {kind}, expected 0 or more and {expected}",
            place()
        );
        return Err(file.error(FormatErrorKind::Row, message));
    }
    Ok((word, count as u64))
}

/// The buckets that were kept: in the file, pairs of a bucket and its row after the words.
fn read_kept_buckets(file: &mut Fields, args: &Args, pruned: u64) -> Result<Vec<u32>> {
    // A pair for each: where the size of the file is unknown, memory grows with what is read.
    let mut pairs = Vec::new();
    for _ in 0..pruned {
        let offset = file.offset();
        let (bucket, row) = (file.int("a kept bucket")?, file.int("a kept bucket")?);
        let is_bucket = u32::try_from(bucket).is_ok_and(|bucket| bucket < args.bucket);
        if !is_bucket || !u64::try_from(row).is_ok_and(|row| row < pruned) {
            let message = format!(
                "the kept bucket at byte {offset} is {bucket} in row {row}, expected below {} and \
                 below {pruned}",
                args.bucket
            );
            return Err(file.error(FormatErrorKind::Header, message));
        }
        pairs.push((row as u32, bucket as u32));
    }
    pairs.sort_unstable();
    let mut buckets: Vec<u32> = pairs.iter().map(|&(_, bucket)| bucket).collect();
    let has_each_row = pairs.iter().enumerate().all(|(row, pair)| pair.0 as usize == row);
    let in_order = buckets.clone();
    buckets.sort_unstable();
    if !has_each_row || buckets.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = "the kept buckets name a bucket or a row twice, expected each once";
        return Err(file.error(FormatErrorKind::Header, message));
    }
    Ok(in_order)
}
