//! The header: which tensor lies where, and what is known about them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::FormatErrorKind;

/// The name of the format in messages.
pub const FORMAT: &str = "synvec native";

/// The largest header that is read; only a model's configuration can make one grow.
pub const MAX_HEADER_BYTES: u64 = 8 << 20;

/// The version that this code writes and reads.
const VERSION: &str = "1";

/// What was proven at saving when everything was.
const PROVEN: &str = "finite,utf8,unique";

/// The same for a store that was saved with NaN or infinity on request.
const PROVEN_BUT_FINITE: &str = "utf8,unique";

const HEADER_CHECKSUM: &str = "xxh3-64.header";
const CHECKSUM_PREFIX: &str = "xxh3-64.";
const NO_CHECKSUM: &str = "0000000000000000";

/// Every tensor there can be: name, element type, bytes an element. Their order is the file's.
const TENSORS: [(&str, &str, u64); 11] = [
    ("key_offsets", "U64", 8),
    ("counts", "U64", 8),
    ("vectors", "F32", 4),
    ("norms", "F32", 4),
    ("key_slots", "U32", 4),
    ("output_vectors", "F32", 4),
    ("output_nodes", "F32", 4),
    ("own_vectors", "F32", 4),
    ("ngram_vectors", "F32", 4),
    ("ngram_buckets", "U32", 4),
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
}

impl Kind {
    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyedVectors => "keyed_vectors",
            Self::Word2Vec => "word2vec",
            Self::FastTextKeyedVectors => "fasttext_keyed_vectors",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::KeyedVectors, Self::Word2Vec, Self::FastTextKeyedVectors]
            .into_iter()
            .find(|kind| kind.name() == name)
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
    pub is_finite: bool,
    pub config: Option<String>,
    pub tensors: BTreeMap<&'static str, Tensor>,
}

/// In which way a header is wrong, and the message.
pub type Fault = (FormatErrorKind, String);

fn header_fault(message: impl Into<String>) -> Fault {
    (FormatErrorKind::Header, message.into())
}

impl Header {
    /// An empty header, for a file to be written.
    pub fn new(kind: Kind, is_finite: bool, config: Option<String>) -> Self {
        Self { kind, is_finite, config, tensors: BTreeMap::new() }
    }

    /// V and D.
    pub fn shape(&self) -> (u64, u64) {
        let shape = &self.tensors["vectors"].shape;
        (shape[0], shape[1])
    }

    /// Bytes of all tensors together.
    pub fn data_bytes(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.bytes.end).max().unwrap_or(0)
    }

    /// The tensors in the order of the file.
    pub fn in_order(&self) -> impl Iterator<Item = (&'static str, &Tensor)> {
        TENSORS.iter().filter_map(|(name, ..)| Some((*name, self.tensors.get(name)?)))
    }

    /// The bytes before the first tensor: length, JSON, and spaces so that the vectors begin at a
    /// multiple of 64 (a cache line) in the file, and so in memory.
    pub fn encode(&self) -> Vec<u8> {
        let mut json = self.to_json().to_string();
        let vectors = self.tensors["vectors"].bytes.start;
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
        let mut metadata = Map::new();
        for (name, value) in [
            ("format", "synvec"),
            ("format_version", VERSION),
            ("key_type", "str"),
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
        check_format(&field)?;
        check_header_checksum(text, field(HEADER_CHECKSUM))?;
        let kind = field("kind").and_then(Kind::from_name).ok_or_else(|| {
            let found = field("kind").unwrap_or("nothing");
            unsupported(format!(
                "kind is {found:?}, expected \"keyed_vectors\", \"word2vec\" or \
                 \"fasttext_keyed_vectors\""
            ))
        })?;
        let is_finite = field("proven").is_some_and(|proven| proven.contains("finite"));
        let mut header = Self::new(kind, is_finite, field("config").map(str::to_owned));
        for (name, entry) in value.iter().filter(|(name, _)| *name != "__metadata__") {
            let checksum = field(&format!("{CHECKSUM_PREFIX}{name}"));
            let (name, tensor) = read_tensor(name, entry, checksum)?;
            header.tensors.insert(name, tensor);
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
        let subwords: &[&str] = match self.kind {
            Kind::FastTextKeyedVectors => &["own_vectors", "ngram_vectors"],
            Kind::KeyedVectors | Kind::Word2Vec => &[],
        };
        let always = ["key_offsets", "vectors", "norms", "key_slots", "key_bytes"];
        for name in always.iter().chain(subwords) {
            if !self.tensors.contains_key(name) {
                return Err(header_fault(format!("there is no tensor {name}")));
            }
        }
        let vectors = &self.tensors["vectors"].shape;
        let &[rows, size] = vectors.as_slice() else {
            return Err(header_fault(format!("vectors has shape {vectors:?}, expected [V, D]")));
        };
        let ngrams = self.tensors.get("ngram_vectors").and_then(|tensor| tensor.shape.first());
        let ngrams = ngrams.copied().unwrap_or(0);
        for (name, tensor) in &self.tensors {
            let expected = match *name {
                "key_offsets" => vec![rows.saturating_add(1)],
                "counts" | "norms" => vec![rows],
                "vectors" | "output_vectors" | "output_nodes" | "own_vectors" => vec![rows, size],
                "ngram_vectors" => vec![ngrams, size],
                "ngram_buckets" => vec![ngrams],
                _ if tensor.shape.len() == 1 => continue,
                _ => vec![tensor.shape.iter().product()],
            };
            if tensor.shape != expected {
                return Err(header_fault(format!(
                    "{name} has shape {:?}, expected {expected:?} beside {rows} vectors of {size}",
                    tensor.shape
                )));
            }
        }
        Ok(())
    }
}

fn unsupported(message: String) -> Fault {
    (FormatErrorKind::Unsupported, message)
}

fn check_format<'a>(field: &impl Fn(&str) -> Option<&'a str>) -> Result<(), Fault> {
    if field("format") != Some("synvec") {
        return Err(unsupported(
            "a safetensors file that synvec did not write; read its tensors with the safetensors \
             package and pass them to KeyedVectors.from_arrays"
                .into(),
        ));
    }
    match (field("format_version"), field("key_type")) {
        (Some(VERSION), Some("str")) => Ok(()),
        (version, key_type) => Err(unsupported(format!(
            "format version {:?} with keys of type {:?}, expected \"{VERSION}\" and \"str\"; a newer \
             synvec may read it",
            version.unwrap_or("none"),
            key_type.unwrap_or("none")
        ))),
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

fn read_tensor(
    name: &str,
    entry: &Value,
    checksum: Option<&str>,
) -> Result<(&'static str, Tensor), Fault> {
    let Some(&(name, dtype, size)) = TENSORS.iter().find(|(known, ..)| *known == name) else {
        return Err(unsupported(format!("tensor {name:?} is unknown; a newer synvec may read it")));
    };
    if entry["dtype"] != dtype {
        let found = &entry["dtype"];
        return Err(header_fault(format!("{name} has dtype {found}, expected \"{dtype}\"")));
    }
    let numbers = |field: &str| -> Option<Vec<u64>> {
        entry[field].as_array()?.iter().map(Value::as_u64).collect()
    };
    let (Some(shape), Some(offsets)) = (numbers("shape"), numbers("data_offsets")) else {
        return Err(header_fault(format!("{name} has no shape or no data_offsets")));
    };
    let claimed = shape.iter().try_fold(size, |bytes, &length| bytes.checked_mul(length));
    let given = match offsets.as_slice() {
        &[start, end] => end.checked_sub(start),
        _ => None,
    };
    if claimed.is_none() || claimed != given {
        return Err(header_fault(format!(
            "{name} has shape {shape:?} of {dtype} but data_offsets {offsets:?}"
        )));
    }
    let checksum = checksum
        .filter(|text| text.len() == NO_CHECKSUM.len())
        .and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or_else(|| header_fault(format!("{name} has no checksum")))?;
    Ok((name, Tensor { shape, bytes: offsets[0]..offsets[1], checksum }))
}

fn hex(checksum: u64) -> String {
    let mut text = String::new();
    write!(text, "{checksum:016x}").expect("writing to memory does not fail");
    text
}

fn checksum_field(checksum: &str) -> String {
    format!("\"{HEADER_CHECKSUM}\":\"{checksum}\"")
}
