//! The header: which tensor lies where, and what is known about them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::FormatErrorKind;
use crate::vocab::KeyKind;

/// The name of the format in messages.
pub const FORMAT: &str = "synvec native";

/// The largest header that is read; only a model's configuration can make one grow.
pub const MAX_HEADER_BYTES: u64 = 8 << 20;

/// The version that this code writes, and the newest that it reads.
const VERSION: u64 = 1;

/// How the name of a tensor begins that a reader may do without: one that it doesn't know is
/// skipped. Whatever else it doesn't know changes what a file means, and the file is refused.
const OPTIONAL_PREFIX: &str = "optional.";

/// What was proven at saving when everything was.
const PROVEN: &str = "finite,utf8,unique";

/// The same for a store that was saved with NaN or infinity on request.
const PROVEN_BUT_FINITE: &str = "utf8,unique";

const HEADER_CHECKSUM: &str = "xxh3-64.header";
const CHECKSUM_PREFIX: &str = "xxh3-64.";
const NO_CHECKSUM: &str = "0000000000000000";

/// Every tensor there can be: name, element type, bytes an element. Their order is the file's.
const TENSORS: [(&str, &str, u64); 17] = [
    ("key_offsets", "U64", 8),
    ("counts", "U64", 8),
    ("scores", "F64", 8),
    ("pair_counts", "U64", 8),
    ("pair_offsets", "U64", 8),
    ("vectors", "F32", 4),
    ("norms", "F32", 4),
    ("key_slots", "U32", 4),
    ("output_vectors", "F32", 4),
    ("output_nodes", "F32", 4),
    ("own_vectors", "F32", 4),
    ("ngram_vectors", "F32", 4),
    ("ngram_buckets", "U32", 4),
    ("pair_first", "U32", 4),
    ("pair_last", "U32", 4),
    ("pair_between", "U32", 4),
    ("key_bytes", "U8", 1),
];

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Keys and vectors.
    KeyedVectors,
    /// A whole model, which can be trained on.
    Word2Vec,
    /// Keys and vectors, and the rows of keys and n-grams that vectors are composed of.
    FastTextKeyedVectors,
    /// Words and pairs of them, counted: what phrases are chosen from.
    Phrases,
    /// Phrases that were chosen, and their scores.
    FrozenPhrases,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::KeyedVectors,
        Self::Word2Vec,
        Self::FastTextKeyedVectors,
        Self::Phrases,
        Self::FrozenPhrases,
    ];

    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyedVectors => "keyed_vectors",
            Self::Word2Vec => "word2vec",
            Self::FastTextKeyedVectors => "fasttext_keyed_vectors",
            Self::Phrases => "phrases",
            Self::FrozenPhrases => "frozen_phrases",
        }
    }

    /// Whether a file of this kind has a vector for each key.
    pub fn has_vectors(self) -> bool {
        !matches!(self, Self::Phrases | Self::FrozenPhrases)
    }

    /// Whether keys may be integers: what is made of characters has none.
    fn may_have_integers(self) -> bool {
        matches!(self, Self::KeyedVectors | Self::Word2Vec)
    }

    fn may_have(self, tensor: &str) -> bool {
        match tensor {
            "key_offsets" | "key_slots" | "key_bytes" => true,
            "counts" => self != Self::FrozenPhrases,
            "scores" => self == Self::FrozenPhrases,
            _ if tensor.starts_with("pair_") => self == Self::Phrases,
            _ => self.has_vectors(),
        }
    }

    /// The tensors without which a file of this kind means nothing, beside its keys.
    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::KeyedVectors | Self::Word2Vec => &["vectors", "norms"],
            Self::FastTextKeyedVectors => &["vectors", "norms", "own_vectors", "ngram_vectors"],
            Self::Phrases => &[
                "counts",
                "pair_counts",
                "pair_offsets",
                "pair_first",
                "pair_last",
                "pair_between",
            ],
            Self::FrozenPhrases => &["scores"],
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One tensor of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub shape: Vec<u64>,
    /// Where it lies, from the end of the header on.
    pub bytes: Range<u64>,
    pub checksum: u64,
}

/// The header, read and found to be consistent.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub kind: Kind,
    pub key_kind: KeyKind,
    pub is_finite: bool,
    pub config: Option<String>,
    pub tensors: BTreeMap<&'static str, Tensor>,
    /// Tensors of a newer writer that a reader may do without, by name.
    pub skipped: BTreeMap<String, Tensor>,
}

/// In which way a header is wrong, and the message.
pub type Fault = (FormatErrorKind, String);

fn header_fault(message: impl Into<String>) -> Fault {
    (FormatErrorKind::Header, message.into())
}

impl Header {
    /// An empty header, for a file to be written.
    pub fn new(kind: Kind, key_kind: KeyKind, is_finite: bool, config: Option<String>) -> Self {
        let (tensors, skipped) = (BTreeMap::new(), BTreeMap::new());
        Self { kind, key_kind, is_finite, config, tensors, skipped }
    }

    /// V and D; of a kind without vectors D is 0.
    pub fn shape(&self) -> (u64, u64) {
        match self.tensors.get("vectors").map(|tensor| tensor.shape.as_slice()) {
            Some(&[rows, size]) => (rows, size),
            _ => (self.length("key_offsets").saturating_sub(1), 0),
        }
    }

    /// The first dimension of a tensor; 0 when it is not there.
    pub fn length(&self, name: &str) -> u64 {
        self.tensors.get(name).and_then(|tensor| tensor.shape.first()).copied().unwrap_or(0)
    }

    /// Bytes of all tensors together.
    pub fn data_bytes(&self) -> u64 {
        self.in_order().last().map_or(0, |(_, tensor)| tensor.bytes.end)
    }

    /// The names of the tensors that the format knows, in the order of the file.
    pub fn tensors_in_order(&self) -> impl Iterator<Item = &'static str> {
        TENSORS.iter().map(|(name, ..)| *name).filter(|name| self.tensors.contains_key(name))
    }

    /// The tensors in the order of the file: those of the format, then the skipped ones as they lie.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let known = TENSORS.iter().filter_map(|(name, ..)| Some((*name, self.tensors.get(name)?)));
        let mut skipped: Vec<_> = self.skipped.iter().map(|(name, t)| (name.as_str(), t)).collect();
        skipped.sort_by_key(|(_, tensor)| (tensor.bytes.start, tensor.bytes.end));
        known.chain(skipped)
    }

    /// The bytes before the first tensor: length, JSON, and spaces so that the vectors (where there
    /// are none, the first tensor) begin at a multiple of 64 (a cache line) in the file, and so in
    /// memory.
    pub fn encode(&self) -> Vec<u8> {
        let mut json = self.to_json().to_string();
        let vectors = self.tensors.get("vectors").map_or(0, |tensor| tensor.bytes.start);
        while !(8 + json.len() as u64 + vectors).is_multiple_of(64) {
            json.push(' ');
        }
        let checksum = hex(xxh3_64(json.as_bytes()));
        let json = json.replacen(&checksum_field(NO_CHECKSUM), &checksum_field(&checksum), 1);
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(json.as_bytes());
        bytes
    }

    fn to_json(&self) -> Value {
        let proven = if self.is_finite { PROVEN } else { PROVEN_BUT_FINITE };
        let version = VERSION.to_string();
        let mut metadata = Map::new();
        for (name, value) in [
            ("format", "synvec"),
            ("format_version", version.as_str()),
            ("key_type", self.key_kind.name()),
            ("kind", self.kind.name()),
            ("proven", proven),
            (HEADER_CHECKSUM, NO_CHECKSUM),
        ] {
            metadata.insert(name.into(), value.into());
        }
        if let Some(config) = &self.config {
            metadata.insert("config".into(), config.as_str().into());
        }
        let mut json = Map::new();
        for (name, dtype, _) in TENSORS {
            let Some(tensor) = self.tensors.get(name) else { continue };
            metadata.insert(format!("{CHECKSUM_PREFIX}{name}"), hex(tensor.checksum).into());
            let offsets = [tensor.bytes.start, tensor.bytes.end];
            let entry = json!({"dtype": dtype, "shape": tensor.shape, "data_offsets": offsets});
            json.insert(name.into(), entry);
        }
        json.insert("__metadata__".into(), metadata.into());
        Value::Object(json)
    }

    /// Reads the JSON of a header; everything that can be known without the tensors is checked.
    pub fn decode(json: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(json)
            .map_err(|error| header_fault(format!("the header is not UTF-8: {error}")))?;
        let value: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| header_fault(format!("the header is not a JSON object: {error}")))?;
        let metadata = value.get("__metadata__").and_then(Value::as_object);
        let field = |name: &str| metadata.and_then(|map| map.get(name)).and_then(Value::as_str);
        let key_kind = check_format(&field)?;
        check_header_checksum(text, field(HEADER_CHECKSUM))?;
        let newer = reader_of(&field);
        let kind = field("kind").and_then(Kind::from_name).ok_or_else(|| {
            let found = field("kind").unwrap_or("nothing");
            let known = Kind::ALL.map(|kind| format!("{:?}", kind.name())).join(", ");
            unsupported(format!("kind is {found:?}, expected one of {known}; {newer}"))
        })?;
        if key_kind == KeyKind::Integer && !kind.may_have_integers() {
            let name = kind.name();
            return Err(header_fault(format!(
                "a file of kind {name:?} has no keys of type \"int\""
            )));
        }
        let mut proven = field("proven").unwrap_or("").split(',');
        let is_finite = proven.any(|proven| proven == "finite");
        let mut header = Self::new(kind, key_kind, is_finite, field("config").map(str::to_owned));
        for (name, entry) in value.iter().filter(|(name, _)| *name != "__metadata__") {
            let checksum = field(&format!("{CHECKSUM_PREFIX}{name}"));
            if let Some(&known) = TENSORS.iter().find(|(known, ..)| known == name) {
                header.tensors.insert(known.0, read_tensor(known, entry, checksum)?);
            } else if name.starts_with(OPTIONAL_PREFIX) {
                header.skipped.insert(name.clone(), read_place(name, entry, checksum)?);
            } else {
                return Err(unsupported(format!("tensor {name:?} is unknown; {newer}")));
            }
        }
        header.check_layout()?;
        header.check_shapes()?;
        Ok(header)
    }

    /// Tensors follow one another without a gap or an overlap, in the order of the format.
    fn check_layout(&self) -> Result<(), Fault> {
        let mut end = 0;
        for (name, tensor) in self.in_order() {
            if tensor.bytes.start != end {
                return Err(header_fault(format!(
                    "tensor {name} begins at byte {}, expected {end}",
                    tensor.bytes.start
                )));
            }
            end = tensor.bytes.end;
        }
        Ok(())
    }

    fn check_shapes(&self) -> Result<(), Fault> {
        for name in ["key_offsets", "key_slots", "key_bytes"].iter().chain(self.kind.needed()) {
            if !self.tensors.contains_key(name) {
                return Err(header_fault(format!("there is no tensor {name}")));
            }
        }
        if self.kind.has_vectors() {
            let vectors = &self.tensors["vectors"].shape;
            if vectors.len() != 2 {
                return Err(header_fault(format!(
                    "vectors has shape {vectors:?}, expected [V, D]"
                )));
            }
            if vectors[1] == 0 {
                return Err(header_fault("vectors have no dimension, expected at least one"));
            }
        }
        if let Some(name) = self.tensors.keys().find(|name| !self.kind.may_have(name)) {
            let kind = self.kind.name();
            return Err(header_fault(format!("a file of kind {kind:?} has no tensor {name}")));
        }
        let (rows, size) = self.shape();
        let (ngrams, pairs) = (self.length("ngram_vectors"), self.length("pair_counts"));
        for (name, tensor) in &self.tensors {
            let expected = match *name {
                "key_offsets" => vec![rows.saturating_add(1)],
                "counts" | "norms" | "scores" => vec![rows],
                "pair_counts" | "pair_first" | "pair_last" => vec![pairs],
                "pair_offsets" => vec![pairs.saturating_add(1)],
                "vectors" | "output_vectors" | "output_nodes" | "own_vectors" => vec![rows, size],
                "ngram_vectors" => vec![ngrams, size],
                "ngram_buckets" => vec![ngrams],
                _ if tensor.shape.len() == 1 => continue,
                _ => vec![tensor.shape.iter().product()],
            };
            if tensor.shape != expected {
                return Err(header_fault(format!(
                    "{name} has shape {:?}, expected {expected:?} beside {rows} {}",
                    tensor.shape,
                    if size > 0 { format!("vectors of {size}") } else { "keys".to_owned() }
                )));
            }
        }
        Ok(())
    }
}

fn unsupported(message: String) -> Fault {
    (FormatErrorKind::Unsupported, message)
}

/// What the keys of a file are that this code can read.
fn check_format<'a>(field: &impl Fn(&str) -> Option<&'a str>) -> Result<KeyKind, Fault> {
    if field("format") != Some("synvec") {
        return Err(unsupported(
            "a safetensors file that synvec did not write; read its tensors with the safetensors \
             package and pass them to KeyedVectors.from_arrays"
                .into(),
        ));
    }
    let version = field("format_version").and_then(|text| text.parse::<u64>().ok());
    let key_kind = field("key_type").and_then(KeyKind::from_name);
    if let (Some(VERSION), Some(key_kind)) = (version, key_kind) {
        return Ok(key_kind);
    }
    Err(unsupported(format!(
        "format version {:?} with keys of type {:?}, expected \"{VERSION}\" and \"str\" or \"int\"; {}",
        field("format_version").unwrap_or("none"),
        field("key_type").unwrap_or("none"),
        reader_of(field)
    )))
}

/// Who reads a file that this code can't: as the file itself says, in numbers and dots alone.
fn reader_of<'a>(field: &impl Fn(&str) -> Option<&'a str>) -> String {
    let is_version = |text: &&str| {
        (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    match field("readable_from").filter(is_version) {
        Some(release) => {
            format!("synvec {release} and later read it: pip install 'synvec>={release}'")
        }
        None => "a newer synvec may read it: pip install --upgrade synvec".to_owned(),
    }
}

fn check_header_checksum(text: &str, checksum: Option<&str>) -> Result<(), Fault> {
    let checksum = checksum.unwrap_or("");
    let blank = text.replacen(&checksum_field(checksum), &checksum_field(NO_CHECKSUM), 1);
    if checksum == hex(xxh3_64(blank.as_bytes())) {
        return Ok(());
    }
    let message = "the header does not match its checksum: the file has changed since it was saved";
    Err((FormatErrorKind::Checksum, format!("{message}; get it again")))
}

/// A tensor of the format: its type is known, and its shape must account for its bytes.
fn read_tensor(
    (name, dtype, size): (&str, &str, u64),
    entry: &Value,
    checksum: Option<&str>,
) -> Result<Tensor, Fault> {
    if entry["dtype"] != dtype {
        let found = &entry["dtype"];
        return Err(header_fault(format!("{name} has dtype {found}, expected \"{dtype}\"")));
    }
    let tensor = read_place(name, entry, checksum)?;
    let claimed = tensor.shape.iter().try_fold(size, |bytes, &length| bytes.checked_mul(length));
    if claimed != Some(tensor.bytes.end - tensor.bytes.start) {
        return Err(header_fault(format!(
            "{name} has shape {:?} of {dtype} but data_offsets {:?}",
            tensor.shape, tensor.bytes
        )));
    }
    Ok(tensor)
}

/// A tensor of whatever type.
fn read_place(name: &str, entry: &Value, checksum: Option<&str>) -> Result<Tensor, Fault> {
    let numbers = |field: &str| -> Option<Vec<u64>> {
        entry[field].as_array()?.iter().map(Value::as_u64).collect()
    };
    let (Some(shape), Some(offsets)) = (numbers("shape"), numbers("data_offsets")) else {
        return Err(header_fault(format!("{name} has no shape or no data_offsets")));
    };
    let bytes = match offsets.as_slice() {
        &[start, end] if start <= end => start..end,
        _ => {
            let message = format!("{name} has data_offsets {offsets:?}, expected [start, end]");
            return Err(header_fault(message));
        }
    };
    let checksum = checksum
        .filter(|text| text.len() == NO_CHECKSUM.len())
        .and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or_else(|| header_fault(format!("{name} has no checksum")))?;
    Ok(Tensor { shape, bytes, checksum })
}

fn hex(checksum: u64) -> String {
    let mut text = String::new();
    write!(text, "{checksum:016x}").expect("writing to memory does not fail");
    text
}

fn checksum_field(checksum: &str) -> String {
    format!("\"{HEADER_CHECKSUM}\":\"{checksum}\"")
}
