//! Writing: one pass over the matrices proves and sums up, a second one writes; no copy is made.

use std::ops::Range;

use bytemuck::{NoUninit, cast_slice};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::header::{FORMAT, Header, Kind, MAX_HEADER_BYTES, Tensor};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::output::{Destination, Output};
use crate::progress::Observer;
use crate::vocab::KeyTable;

/// Elements looked at between two looks at the observer.
const BLOCK: usize = 1 << 20;

/// What is to be saved: V keys and V × D matrices.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a> {
    /// The keys.
    pub keys: &'a KeyTable,
    /// V × D, row by row.
    pub vectors: &'a [f32],
    /// D.
    pub vector_size: usize,
    /// The length of each vector; computed when not given.
    pub norms: Option<&'a [f32]>,
    /// How often each key occurs.
    pub counts: Option<&'a [u64]>,
    /// Output vectors of negative sampling, V × D.
    pub output_vectors: Option<&'a [f32]>,
    /// Output vectors of the inner nodes of hierarchical softmax, V × D.
    pub output_nodes: Option<&'a [f32]>,
    /// The row of each key that its vector is composed of, V × D.
    pub own_vectors: Option<&'a [f32]>,
    /// The rows of n-grams, N × D; with them the file is one of vectors with subwords.
    pub ngram_vectors: Option<&'a [f32]>,
    /// The bucket of each of these, where not every bucket has one.
    pub ngram_buckets: Option<&'a [u32]>,
    /// JSON that makes the file a full model, or tells how n-grams are made.
    pub config: Option<&'a str>,
    /// Whether NaN and infinity may be saved.
    pub allow_nonfinite: bool,
}

/// One tensor to be written.
pub(super) struct Part<'a> {
    name: &'static str,
    shape: Vec<u64>,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    pub(super) fn new<T: NoUninit>(name: &'static str, shape: &[usize], values: &'a [T]) -> Self {
        let shape = shape.iter().map(|&length| length as u64).collect();
        Self { name, shape, bytes: cast_slice(values) }
    }
}

/// Saves a store, atomically.
pub fn save(store: &Store, destination: Destination, observer: &mut dyn Observer) -> Result<()> {
    check_shapes(store)?;
    let mut output = Output::create(destination, observer)?;
    store.keys.verify().map_err(|fault| refuse(FormatErrorKind::Checksum, fault.to_string()))?;
    let is_finite = prove_finite(store, &mut output)?;
    let computed;
    let norms = match store.norms {
        Some(norms) => norms,
        None => {
            computed = norms_of(store.vectors, store.vector_size, &mut output)?;
            &computed
        }
    };
    let parts = parts(store, norms);
    let kind = match (store.ngram_vectors, store.config) {
        (Some(_), _) => Kind::FastTextKeyedVectors,
        (None, Some(_)) => Kind::Word2Vec,
        (None, None) => Kind::KeyedVectors,
    };
    let key_kind = store.keys.kind();
    let header = Header::new(kind, key_kind, is_finite, store.config.map(str::to_owned));
    write(header, &parts, output)
}

/// Writes a header and the tensors behind it; both passes over them must see the same.
pub(super) fn write(mut header: Header, parts: &[Part], mut output: Output) -> Result<()> {
    let mut start = 0;
    for part in parts {
        let bytes = start..start + part.bytes.len() as u64;
        start = bytes.end;
        let checksum = checksum(part.bytes, &mut output)?;
        header.tensors.insert(part.name, Tensor { shape: part.shape.clone(), bytes, checksum });
    }
    let encoded = header.encode();
    if encoded.len() as u64 > MAX_HEADER_BYTES {
        let message = format!(
            "the settings take {} bytes, and no more than {MAX_HEADER_BYTES} are read back; shorten \
             what is long among them",
            encoded.len()
        );
        return Err(refuse(FormatErrorKind::Limit, message));
    }
    output.write(&encoded)?;
    for part in parts {
        let written = write_summed(part.bytes, &mut output)?;
        if written != header.tensors[part.name].checksum {
            let message =
                format!("{} changed while it was being saved; save again when it rests", part.name);
            return Err(refuse(FormatErrorKind::Checksum, message));
        }
    }
    output.finish()
}

fn parts<'a>(store: &Store<'a>, norms: &'a [f32]) -> Vec<Part<'a>> {
    let (rows, size) = (store.keys.len(), store.vector_size);
    let keys = store.keys;
    let mut parts = vec![Part::new("key_offsets", &[rows + 1], keys.offsets())];
    parts.extend(store.counts.map(|counts| Part::new("counts", &[rows], counts)));
    parts.push(Part::new("vectors", &[rows, size], store.vectors));
    parts.push(Part::new("norms", &[rows], norms));
    parts.push(Part::new("key_slots", &[keys.slots().len()], keys.slots()));
    for (name, matrix) in [
        ("output_vectors", store.output_vectors),
        ("output_nodes", store.output_nodes),
        ("own_vectors", store.own_vectors),
    ] {
        parts.extend(matrix.map(|matrix| Part::new(name, &[rows, size], matrix)));
    }
    if let Some(ngrams) = store.ngram_vectors {
        parts.push(Part::new("ngram_vectors", &[ngrams.len() / size, size], ngrams));
    }
    if let Some(buckets) = store.ngram_buckets {
        parts.push(Part::new("ngram_buckets", &[buckets.len()], buckets));
    }
    parts.push(Part::new("key_bytes", &[keys.bytes().len()], keys.bytes()));
    parts
}

fn check_shapes(store: &Store) -> Result<()> {
    let (rows, size) = (store.keys.len(), store.vector_size);
    if size == 0 {
        return Err(Error::config("vectors", "have no dimension, expected at least one"));
    }
    let lengths = [
        ("vectors", Some(store.vectors.len()), rows * size),
        ("norms", store.norms.map(<[f32]>::len), rows),
        ("counts", store.counts.map(<[u64]>::len), rows),
        ("output_vectors", store.output_vectors.map(<[f32]>::len), rows * size),
        ("output_nodes", store.output_nodes.map(<[f32]>::len), rows * size),
        ("own_vectors", store.own_vectors.map(<[f32]>::len), rows * size),
    ];
    for (argument, found, expected) in lengths {
        if found.is_some_and(|found| found != expected) {
            let message = format!(
                "has {} numbers, expected {expected} for {rows} keys and vectors of {size}",
                found.unwrap_or(0)
            );
            return Err(Error::config(argument, message));
        }
    }
    let ngrams = store.ngram_vectors.map(<[f32]>::len);
    let buckets = store.ngram_buckets.map(<[u32]>::len);
    let is_consistent = match (ngrams, buckets) {
        (Some(ngrams), buckets) => {
            store.own_vectors.is_some()
                && store.config.is_some()
                && ngrams % size == 0
                && buckets.is_none_or(|buckets| buckets == ngrams / size)
        }
        (None, buckets) => buckets.is_none() && store.own_vectors.is_none(),
    };
    if !is_consistent {
        let message = "need own_vectors, config and a row for each of ngram_buckets beside them";
        return Err(Error::config("ngram_vectors", message));
    }
    Ok(())
}

pub(super) fn refuse(kind: FormatErrorKind, message: String) -> Error {
    FormatError { kind, path: None, format: FORMAT, message }.into()
}

/// Whether every number is finite; when some are not and that is not allowed, which.
fn prove_finite(store: &Store, output: &mut Output) -> Result<bool> {
    let matrices = [
        ("vectors", Some(store.vectors)),
        ("output_vectors", store.output_vectors),
        ("output_nodes", store.output_nodes),
        ("own_vectors", store.own_vectors),
        ("ngram_vectors", store.ngram_vectors),
    ];
    for (name, matrix) in matrices {
        let Some(matrix) = matrix else { continue };
        let Some(at) = find_nonfinite(matrix, || output.check())? else { continue };
        if store.allow_nonfinite {
            return Ok(false);
        }
        let row = at / store.vector_size;
        let key = if name == "ngram_vectors" { None } else { store.keys.get(row) };
        let message = format!(
            "{name} of {:?} (row {row}, column {}) is {}; save with allow_nonfinite=True if it is meant",
            key.unwrap_or("n-grams"),
            at % store.vector_size,
            matrix[at]
        );
        return Err(refuse(FormatErrorKind::NonFinite, message));
    }
    Ok(true)
}

/// The place of the first NaN or infinity.
pub(super) fn find_nonfinite(
    values: &[f32],
    mut check: impl FnMut() -> Result<()>,
) -> Result<Option<usize>> {
    for (block, part) in values.chunks(BLOCK).enumerate() {
        check()?;
        // Without an early way out the compiler makes vectors of it.
        if !part.iter().fold(true, |finite, value| finite & value.is_finite()) {
            let within = part.iter().position(|value| !value.is_finite());
            return Ok(within.map(|within| block * BLOCK + within));
        }
    }
    Ok(None)
}

fn norms_of(vectors: &[f32], size: usize, output: &mut Output) -> Result<Vec<f32>> {
    let mut norms = Vec::with_capacity(vectors.len() / size.max(1));
    for rows in vectors.chunks(size.max(1) * 4096) {
        output.check()?;
        norms.extend(rows.chunks(size.max(1)).map(norm));
    }
    Ok(norms)
}

/// The length of a vector, summed in double precision so that nothing overflows.
pub(super) fn norm(vector: &[f32]) -> f32 {
    let mut lanes = [0f64; 8];
    let (whole, rest) = vector.as_chunks::<8>();
    for part in whole {
        for (lane, &value) in lanes.iter_mut().zip(part) {
            *lane += f64::from(value) * f64::from(value);
        }
    }
    let rest: f64 = rest.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    (lanes.iter().sum::<f64>() + rest).sqrt() as f32
}

fn checksum(bytes: &[u8], output: &mut Output) -> Result<u64> {
    let mut hasher = Xxh3::new();
    for block in blocks(bytes.len()) {
        output.check()?;
        hasher.update(&bytes[block]);
    }
    Ok(hasher.digest())
}

fn write_summed(bytes: &[u8], output: &mut Output) -> Result<u64> {
    let mut hasher = Xxh3::new();
    for block in blocks(bytes.len()) {
        hasher.update(&bytes[block.clone()]);
        output.write(&bytes[block])?;
    }
    Ok(if bytes.is_empty() { xxh3_64(b"") } else { hasher.digest() })
}

fn blocks(bytes: usize) -> impl Iterator<Item = Range<usize>> {
    let step = 4 * BLOCK;
    (0..bytes).step_by(step).map(move |start| start..bytes.min(start + step))
}
