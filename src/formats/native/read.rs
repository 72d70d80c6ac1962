//! Reading: the header is checked, the rest is mapped and looked at when it is used.

use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::cast_slice;
use xxhash_rust::xxh3::Xxh3;

use super::header::{FORMAT, Fault, Header, Kind, MAX_HEADER_BYTES, Tensor};
use super::write::find_nonfinite;
use crate::compression::{Compression, HEAD_BYTES};
use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::Limits;
use crate::formats::source::{ByteReader, Input};
use crate::mapped::{Buffer, Mapping, PrivateMapping};
use crate::progress::{FileProgress, Observer, POLL_INTERVAL, Report};
use crate::vocab::KeyTable;

/// Files up to this size are verified whenever they are opened.
const VERIFIED_AT_OPENING: u64 = 64 << 20;

/// A native file, open.
#[derive(Debug)]
pub struct NativeFile {
    header: Header,
    /// Where the tensors begin in the file.
    data: u64,
    file: File,
    mapping: Arc<Mapping>,
    path: Option<PathBuf>,
}

impl NativeFile {
    /// Opens a file. Streams, compressed files and what else cannot be mapped are first unfolded
    /// into a temporary file that has no name.
    pub fn open(input: Input, limits: Limits, observer: &mut dyn Observer) -> Result<Self> {
        let path = input.path().map(Path::to_owned);
        let file = mappable(input, limits, observer)?;
        let (header, data) = read_header(&file, path.as_deref())?;
        let mapping = Mapping::read_only(&file).map_err(|error| io(path.as_deref(), error))?;
        let native = Self { header, data, file, mapping: Arc::new(mapping), path };
        native.check_limits(&limits)?;
        if native.is_verified_at_opening() {
            native.verify(&limits, observer)?;
        }
        Ok(native)
    }

    /// Small files, and those that are read whole anyway.
    fn is_verified_at_opening(&self) -> bool {
        self.header.data_bytes() <= VERIFIED_AT_OPENING || !self.kind().has_vectors()
    }

    /// What the file holds.
    pub fn kind(&self) -> Kind {
        self.header.kind
    }

    /// The configuration of a full model, of subwords or of phrases, as JSON; `None` when the file
    /// holds keys and vectors only.
    pub fn config(&self) -> Option<&str> {
        match self.header.kind {
            Kind::KeyedVectors => None,
            _ => Some(self.header.config.as_deref().unwrap_or("{}")),
        }
    }

    /// V and D.
    pub fn shape(&self) -> Result<(usize, usize)> {
        let (rows, size) = self.header.shape();
        match (usize::try_from(rows), usize::try_from(size)) {
            (Ok(rows), Ok(size)) => Ok((rows, size)),
            _ => Err(self.error(FormatErrorKind::Limit, "too large for this machine's addresses")),
        }
    }

    /// The first dimension of a tensor; 0 when it is not there.
    pub fn length(&self, name: &str) -> usize {
        // It lies within the file, which fits the address space, unless rows have no width.
        usize::try_from(self.header.length(name)).unwrap_or(0)
    }

    /// The keys, which stay in the mapping.
    pub fn keys(&self) -> Result<KeyTable> {
        let (bytes, offsets, slots) = (
            self.buffer::<u8>("key_bytes")?,
            self.buffer::<u64>("key_offsets")?,
            self.buffer::<u32>("key_slots")?,
        );
        KeyTable::from_parts(bytes, offsets, slots, self.header.key_kind)
            .map_err(|fault| self.error(FormatErrorKind::Header, fault.to_string()))
    }

    /// Where a tensor lies in the file; `None` when it is not there.
    pub fn range(&self, name: &str) -> Option<Range<usize>> {
        Some(self.place(self.header.tensors.get(name)?))
    }

    fn place(&self, tensor: &Tensor) -> Range<usize> {
        // The header was compared with the size of the file, which fits the address space.
        (self.data + tensor.bytes.start) as usize..(self.data + tensor.bytes.end) as usize
    }

    /// The mapping that everyone shares and nobody writes.
    pub fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// A mapping of the same file whose pages are copied when they are first written.
    pub fn private_mapping(&self) -> Result<PrivateMapping> {
        PrivateMapping::new(&self.file).map_err(|error| io(self.path.as_deref(), error))
    }

    /// Checks every checksum, and proves again what was proven at saving.
    pub fn verify(&self, limits: &Limits, observer: &mut dyn Observer) -> Result<()> {
        let mut watch = Watch { observer, bytes: 0, reported: std::time::Instant::now() };
        for (name, tensor) in self.header.in_order() {
            let mut hasher = Xxh3::new();
            for block in (*self.mapping).as_ref()[self.place(tensor)].chunks(4 << 20) {
                hasher.update(block);
                watch.pass(block.len())?;
            }
            if hasher.digest() != tensor.checksum {
                let message = format!(
                    "{name} does not match its checksum: the file has changed since it was saved; \
                     get it again"
                );
                return Err(self.error(FormatErrorKind::Checksum, message));
            }
        }
        if self.kind() == Kind::FrozenPhrases {
            self.check_scores()?;
        }
        let keys = self.keys()?;
        keys.verify().map_err(|fault| self.error(FormatErrorKind::Checksum, fault.to_string()))?;
        self.check_keys(&keys, limits)?;
        let matrices =
            ["vectors", "output_vectors", "output_nodes", "own_vectors", "ngram_vectors"];
        for name in matrices.into_iter().filter(|name| self.header.tensors.contains_key(name)) {
            let vectors = cast_slice(self.bytes(name));
            if self.header.is_finite && find_nonfinite(vectors, || watch.pass(0))?.is_some() {
                let message =
                    format!("{name} holds NaN or infinity, though saved as finite; save it again");
                return Err(self.error(FormatErrorKind::NonFinite, message));
            }
        }
        Ok(())
    }

    fn check_limits(&self, limits: &Limits) -> Result<()> {
        let (rows, size) = self.header.shape();
        let what = match self.kind() {
            Kind::Phrases => format!("{rows} words"),
            Kind::FrozenPhrases => format!("{rows} phrases"),
            _ => format!("{rows} vectors of {size} dimensions"),
        };
        for (name, found, limit) in
            [("max_rows", rows, limits.max_rows), ("max_vector_size", size, limits.max_vector_size)]
        {
            if found > limit {
                let message = format!(
                    "{what}, beyond {name} = {limit}; if it is meant, load with \
                     limits=synvec.Limits({name}=…)"
                );
                return Err(self.error(FormatErrorKind::Limit, message));
            }
        }
        Ok(())
    }

    fn check_scores(&self) -> Result<()> {
        match self.buffer::<f64>("scores")?.iter().position(|score| !score.is_finite()) {
            None => Ok(()),
            Some(index) => {
                let message = format!("the score of phrase {index} is NaN or infinity");
                Err(self.error(FormatErrorKind::NonFinite, message))
            }
        }
    }

    /// Only a look at every offset tells how long the longest key is, so it belongs to `verify`.
    fn check_keys(&self, keys: &KeyTable, limits: &Limits) -> Result<()> {
        let limit = limits.max_key_bytes;
        let mut lengths = keys.offsets().windows(2).map(|ends| ends[1].saturating_sub(ends[0]));
        match lengths.position(|bytes| bytes > limit) {
            None => Ok(()),
            Some(index) => {
                let message = format!(
                    "key {index} has {} bytes, beyond max_key_bytes = {limit}; if it is meant, load \
                     with limits=synvec.Limits(max_key_bytes=…)",
                    keys.offsets()[index + 1] - keys.offsets()[index]
                );
                Err(self.error(FormatErrorKind::Limit, message))
            }
        }
    }

    fn bytes(&self, name: &str) -> &[u8] {
        self.range(name).map_or(&[], |range| &(*self.mapping).as_ref()[range])
    }

    /// The numbers of a tensor, which stay in the mapping.
    pub fn buffer<T: bytemuck::Pod>(&self, name: &str) -> Result<Buffer<T>> {
        self.range(name)
            .and_then(|range| Buffer::mapped(Arc::clone(&self.mapping), range))
            .ok_or_else(|| self.error(FormatErrorKind::Header, format!("{name} is not aligned")))
    }

    fn error(&self, kind: FormatErrorKind, message: impl Into<String>) -> Error {
        fault(self.path.as_deref(), kind, message)
    }
}

/// What a file was found to hold when all of it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// V.
    pub rows: u64,
    /// D.
    pub vector_size: u64,
    /// How many tensors match their checksums.
    pub tensors: usize,
    /// Whether every number is finite; otherwise the file was saved with NaN or infinity.
    pub is_finite: bool,
    /// What the file is.
    pub kind: Kind,
}

/// Checks a file of any size against its checksums, and everything that was proven at saving.
pub fn verify(input: Input, limits: Limits, observer: &mut dyn Observer) -> Result<Verified> {
    let native = NativeFile::open(input, limits, observer)?;
    if !native.is_verified_at_opening() {
        native.verify(&limits, observer)?;
    }
    let header = &native.header;
    let (rows, vector_size) = header.shape();
    let tensors = header.in_order().count();
    Ok(Verified { rows, vector_size, tensors, is_finite: header.is_finite, kind: header.kind })
}

fn fault(path: Option<&Path>, kind: FormatErrorKind, message: impl Into<String>) -> Error {
    let message = message.into();
    FormatError { kind, path: path.map(Path::to_owned), format: FORMAT, message }.into()
}

fn io(path: Option<&Path>, error: std::io::Error) -> Error {
    Error::io(path.unwrap_or(Path::new("<stream>")), error)
}

/// A plain file to map.
fn mappable(input: Input, limits: Limits, observer: &mut dyn Observer) -> Result<File> {
    if let Input::Path(path) = &input {
        let failed = |error| Error::io(path, error);
        let mut file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_file() {
            let mut head = Vec::new();
            (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(failed)?;
            // The length of a header looks like a compressed file's first bytes only by chance.
            if Compression::of(&head).is_none() || head.get(8) == Some(&b'{') {
                return Ok(file);
            }
        }
    }
    unfold(ByteReader::open(input, FORMAT, limits, observer)?)
}

/// A temporary file of what `reader` gives: as much as its header asks for, and a byte more when
/// there is more, so that a stream without an end fills no disk.
fn unfold(mut reader: ByteReader) -> Result<File> {
    let failed = |error| Error::io(std::env::temp_dir(), error);
    let mut left = claimed_bytes(&mut reader)?.saturating_add(1);
    let mut file = tempfile::tempfile().map_err(failed)?;
    while left > 0 && !reader.peek(1)?.is_empty() {
        let bytes = reader.ahead().len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&reader.ahead()[..bytes]).map_err(failed)?;
        reader.consume(bytes);
        left -= bytes as u64;
    }
    Ok(file)
}

/// The size of the file that lies ahead, by its header; where that is cut or too large, as much as
/// it takes to say so.
fn claimed_bytes(reader: &mut ByteReader) -> Result<u64> {
    let Some(&length) = reader.peek(8)?.first_chunk() else { return Ok(8) };
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_BYTES {
        return Ok(8);
    }
    let data = 8 + length;
    let Some(json) = reader.peek(data as usize)?.get(8..data as usize) else { return Ok(data) };
    match Header::decode(json) {
        Ok(header) => Ok(data.saturating_add(header.data_bytes())),
        Err((kind, message)) => Err(reader.error(kind, message)),
    }
}

fn read_header(mut file: &File, path: Option<&Path>) -> Result<(Header, u64)> {
    use std::io::{Seek, SeekFrom};
    let failed = |error| io(path, error);
    let size = file.metadata().map_err(failed)?.len();
    if size == 0 {
        return Err(fault(path, FormatErrorKind::Header, "file is empty"));
    }
    if size < 8 {
        let message = format!("the file has {size} bytes, expected at least 8 and a header");
        return Err(fault(path, FormatErrorKind::Truncated, message));
    }
    let mut length = [0; 8];
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    file.read_exact(&mut length).map_err(failed)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_BYTES {
        let message = format!("a header of {length} bytes, expected at most {MAX_HEADER_BYTES}");
        return Err(fault(path, FormatErrorKind::Header, message));
    }
    let data = 8 + length;
    if data > size {
        let message = format!("a header of {length} bytes, but the file has only {size}");
        return Err(fault(path, FormatErrorKind::Truncated, message));
    }
    let mut json = vec![0; length as usize];
    file.read_exact(&mut json).map_err(failed)?;
    let header = Header::decode(&json).map_err(|(kind, message)| fault(path, kind, message))?;
    if !data.is_multiple_of(8) {
        let message = format!("the tensors begin at byte {data}, expected a multiple of 8");
        return Err(fault(path, FormatErrorKind::Header, message));
    }
    check_size(data.checked_add(header.data_bytes()), size)
        .map_err(|(kind, message)| fault(path, kind, message))?;
    Ok((header, data))
}

/// The tensors end where the file does.
fn check_size(claimed: Option<u64>, found: u64) -> Result<(), Fault> {
    match claimed {
        Some(claimed) if claimed == found => Ok(()),
        Some(claimed) if claimed < found => {
            let message =
                format!("trailing data after the {claimed} bytes that the header describes");
            Err((FormatErrorKind::Header, message))
        }
        claimed => {
            let claimed =
                claimed.map_or("more than any file".to_owned(), |bytes| bytes.to_string());
            let message = format!(
                "the header describes {claimed} bytes, but the file has {found}; get the whole file"
            );
            Err((FormatErrorKind::Truncated, message))
        }
    }
}

/// Looks up for Ctrl-C between blocks.
struct Watch<'a> {
    observer: &'a mut dyn Observer,
    bytes: u64,
    reported: std::time::Instant,
}

impl Watch<'_> {
    fn pass(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes as u64;
        if self.reported.elapsed() < POLL_INTERVAL {
            return Ok(());
        }
        self.reported = std::time::Instant::now();
        let progress = FileProgress { bytes: self.bytes, total_bytes: None };
        self.observer.observe(Report::File(progress))
    }
}
