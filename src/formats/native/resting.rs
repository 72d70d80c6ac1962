//! A model that rests in the middle of training, saved as it lies: rows are padded, no copy of a
//! matrix is made, and one pass over them proves, sums up and writes. What is only known at its end,
//! the checksums, is put into the header afterwards.
//!
//! Training waits meanwhile, so the pass is one of two threads: while a block is being written the
//! next one is gathered. Together they take little longer than the writing alone.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use bytemuck::cast_slice;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::header::{Header, Kind, MAX_HEADER_BYTES, Tensor};
use super::write::{norm, refuse};
use crate::error::{Error, FormatErrorKind, Result};
use crate::faults::{self, Place};
use crate::formats::output::{Destination, Output};
use crate::matrix::Matrix;
use crate::progress::Observer;
use crate::vocab::KeyTable;
use crate::workers::panic_message;

/// A model in training.
#[derive(Debug, Clone, Copy)]
pub struct RestingModel<'a> {
    /// The keys, V.
    pub keys: &'a KeyTable,
    /// How often each occurs.
    pub counts: &'a [u64],
    /// V × D.
    pub vectors: &'a Matrix,
    /// V × D, where negative sampling is trained.
    pub output_vectors: Option<&'a Matrix>,
    /// V × D, where hierarchical softmax is trained.
    pub output_nodes: Option<&'a Matrix>,
    /// The settings, as JSON.
    pub config: &'a str,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The size of the file.
    pub bytes: u64,
    /// The checksum of its header, which holds those of everything else.
    pub checksum: u64,
}

/// A row that is not finite: in which matrix, and where.
pub type Nonfinite = (&'static str, usize);

/// At least so many values are gathered before they are written: as many bytes as [`Output`] hands
/// on without a copy in between, and few enough to be still in the cache when they are.
const BLOCK_VALUES: usize = if cfg!(test) { 8 } else { 1 << 18 };

/// How many gathered blocks may wait to be written.
const BLOCKS_AHEAD: usize = 2;

/// Saves a model as a native file of the kind of full models, atomically. A row that is not finite
/// ends it, with the old file as it was.
pub fn save_resting(
    model: &RestingModel<'_>,
    destination: Destination<'_>,
    observer: &mut dyn Observer,
) -> Result<Result<Written, Nonfinite>> {
    let mut header = layout(model);
    let blank = header.encode();
    if blank.len() as u64 > MAX_HEADER_BYTES {
        let message = format!(
            "the settings and the history take {} bytes, and no more than {MAX_HEADER_BYTES} are \
             read back; shorten what is long among them",
            blank.len()
        );
        return Err(refuse(FormatErrorKind::Limit, message));
    }
    let mut output = Output::create(destination, observer)?;
    output.write(&blank)?;
    let mut norms = Vec::with_capacity(model.keys.len());
    // In the order of the file.
    let names: Vec<&'static str> = header.tensors_in_order().collect();
    for name in names {
        let checksum = match name {
            "key_offsets" => write_bytes(cast_slice(model.keys.offsets()), &mut output)?,
            "counts" => write_bytes(cast_slice(model.counts), &mut output)?,
            "norms" => write_bytes(cast_slice(&norms), &mut output)?,
            "key_slots" => write_bytes(cast_slice(model.keys.slots()), &mut output)?,
            "key_bytes" => write_bytes(model.keys.bytes(), &mut output)?,
            _ => {
                let matrix = model.matrix(name).expect("a matrix that was laid out");
                let norms = (name == "vectors").then_some(&mut norms);
                match write_rows(matrix, norms, &mut output)? {
                    Ok(checksum) => checksum,
                    Err(row) => return Ok(Err((name, row))),
                }
            }
        };
        if let Some(tensor) = header.tensors.get_mut(name) {
            tensor.checksum = checksum;
        }
    }
    let head = header.encode();
    let bytes = head.len() as u64 + header.data_bytes();
    output.finish_with_head(&head)?;
    Ok(Ok(Written { bytes, checksum: xxh3_64(&head) }))
}

impl<'a> RestingModel<'a> {
    fn matrix(&self, name: &str) -> Option<&'a Matrix> {
        match name {
            "vectors" => Some(self.vectors),
            "output_vectors" => self.output_vectors,
            _ => self.output_nodes,
        }
    }

    /// About the size of the file.
    pub fn bytes(&self) -> u64 {
        layout(self).data_bytes()
    }
}

/// The header with every tensor in its place, before any checksum is known.
fn layout(model: &RestingModel<'_>) -> Header {
    let (rows, size) = (model.keys.len(), model.vectors.columns());
    let mut header =
        Header::new(Kind::Word2Vec, model.keys.kind(), true, Some(model.config.to_owned()));
    let mut start = 0;
    let keys = model.keys;
    let matrix = |name| model.matrix(name).map(|_| (vec![rows, size], 4));
    for (name, tensor) in [
        ("key_offsets", Some((vec![rows + 1], 8))),
        ("counts", Some((vec![rows], 8))),
        ("vectors", matrix("vectors")),
        ("norms", Some((vec![rows], 4))),
        ("key_slots", Some((vec![keys.slots().len()], 4))),
        ("output_vectors", matrix("output_vectors")),
        ("output_nodes", matrix("output_nodes")),
        ("key_bytes", Some((vec![keys.bytes().len()], 1))),
    ] {
        let Some((shape, item)) = tensor else { continue };
        let shape: Vec<u64> = shape.into_iter().map(|length| length as u64).collect();
        let bytes = start..start + shape.iter().product::<u64>() * item;
        start = bytes.end;
        header.tensors.insert(name, Tensor { shape, bytes, checksum: 0 });
    }
    header
}

/// Writes a matrix; returns its checksum, or the first row that is not finite.
fn write_rows(
    matrix: &Matrix,
    norms: Option<&mut Vec<f32>>,
    output: &mut Output<'_>,
) -> Result<Result<u64, usize>> {
    let (filled, blocks) = sync_channel(BLOCKS_AHEAD);
    let (emptied, empty) = channel();
    thread::scope(|scope| {
        let gather = move || gather_rows(matrix, norms, &filled, &empty);
        let gathering = thread::Builder::new()
            .spawn_scoped(scope, gather)
            .map_err(|error| Error::io(output.path(), error))?;
        for block in blocks {
            output.write(cast_slice::<f32, u8>(&block))?;
            // Nobody wants it back once all is gathered.
            let _ = emptied.send(block);
        }
        gathering.join().map_err(|panic| Error::Internal(panic_message(&*panic)))
    })
}

/// Hands over a matrix block by block, each without padding; returns the checksum of all, or the
/// first row that is not finite, with which it ends.
fn gather_rows(
    matrix: &Matrix,
    mut norms: Option<&mut Vec<f32>>,
    filled: &SyncSender<Vec<f32>>,
    empty: &Receiver<Vec<f32>>,
) -> Result<u64, usize> {
    let (rows, size) = (matrix.rows(), matrix.columns());
    let step = BLOCK_VALUES.div_ceil(size);
    let mut hasher = Xxh3::new();
    for first in (0..rows).step_by(step) {
        faults::pass(Place::Gathering);
        let mut block = empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(step * size));
        block.clear();
        matrix.append_rows(first..rows.min(first + step), &mut block);
        // Without an early way out the compiler makes vectors of it.
        if !block.iter().fold(true, |finite, value| finite & value.is_finite()) {
            let at = block.iter().position(|value| !value.is_finite()).unwrap_or(0);
            return Err(first + at / size);
        }
        if let Some(norms) = &mut norms {
            norms.extend(block.chunks(size).map(norm));
        }
        hasher.update(cast_slice(&block));
        if filled.send(block).is_err() {
            break; // writing has failed, and says so itself
        }
    }
    Ok(hasher.digest())
}

fn write_bytes(bytes: &[u8], output: &mut Output<'_>) -> Result<u64> {
    output.write(bytes)?;
    Ok(xxh3_64(bytes))
}
