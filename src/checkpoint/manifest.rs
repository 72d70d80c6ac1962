//! The manifest of a checkpoint: one JSON object, small and last.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, FormatError, FormatErrorKind, Result};
use crate::formats::native::Written;
use crate::train::EpochSummary;
use crate::train::position::{Position, Reached};

/// The name of the format in messages.
pub const FORMAT: &str = "synvec checkpoint";

/// The version that is written and read. It also stands for the arithmetic and the draws of training:
/// when they change, a run that goes on would not be the one that was begun.
pub const VERSION: u64 = 1;

/// Far beyond any; a manifest is read whole.
const MAX_BYTES: u64 = 1 << 28;

/// How the object begins: its own checksum, taken with these zeros in its place.
const HEAD: &str = "{\"checksum\":\"0000000000000000\",";

/// What makes a data file a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The name of the data file, in the same folder.
    pub data: String,
    /// Its size, and the checksum of its header, which holds those of all it holds.
    pub written: Written,
    /// How far training had got.
    pub reached: Reached,
    /// The caller's JSON object.
    pub state: String,
}

impl Manifest {
    /// The text of the file.
    pub fn encode(&self) -> Result<String> {
        let state: Value = serde_json::from_str(&self.state)
            .map_err(|error| Error::config("state", format!("must be JSON: {error}")))?;
        let Position { epoch, unit } = self.reached.position;
        let rest = json!({
            "format": FORMAT,
            "version": VERSION,
            "synvec": env!("CARGO_PKG_VERSION"),
            "data": {
                "file": self.data,
                "bytes": self.written.bytes,
                "checksum": hex(self.written.checksum),
            },
            "position": { "epoch": epoch, "unit": unit },
            "epochs": self.reached.epochs.iter().map(encode_summary).collect::<Vec<_>>(),
            "current": encode_summary(&self.reached.current),
            "state": state,
        });
        let text = format!("{HEAD}{}\n", &rest.to_string()[1..]);
        Ok(text.replacen(&"0".repeat(16), &hex(xxh3_64(text.as_bytes())), 1))
    }

    /// Reads a file; everything in it is checked.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
        read.map_err(|error| Error::io(path, error))?;
        Self::decode(&bytes).map_err(|(kind, message)| {
            FormatError { kind, path: Some(path.to_owned()), format: FORMAT, message }.into()
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self, (FormatErrorKind, String)> {
        let torn = |what: String| (FormatErrorKind::Header, what);
        if bytes.is_empty() {
            return Err(torn("the manifest is empty".to_owned()));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| torn(format!("the manifest is not UTF-8: {error}")))?;
        let value: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| torn(format!("the manifest is not a JSON object: {error}")))?;
        if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
            let found = value.get("format").map_or("nothing".to_owned(), Value::to_string);
            return Err(torn(format!("format is {found}, expected \"{FORMAT}\"")));
        }
        check_sum(text, &value)?;
        let version = value.get("version").and_then(Value::as_u64).unwrap_or(0);
        if version != VERSION {
            let writer = value.get("synvec").and_then(Value::as_str).unwrap_or("another version");
            let message = format!(
                "version is {version}, expected {VERSION}: it was written by synvec {writer}, which \
                 can go on with it"
            );
            return Err((FormatErrorKind::Unsupported, message));
        }
        Self::from_fields(&value)
            .ok_or_else(|| torn("the manifest lacks a field, or one is of another type".to_owned()))
    }

    fn from_fields(value: &Map<String, Value>) -> Option<Self> {
        let data = value.get("data")?;
        let position = value.get("position")?;
        let epochs = value.get("epochs")?.as_array()?;
        let name = data["file"].as_str()?;
        // A file of this folder, whatever the manifest says.
        super::number(name, ".kv")?;
        Some(Self {
            data: name.to_owned(),
            written: Written {
                bytes: data["bytes"].as_u64()?,
                checksum: u64::from_str_radix(data["checksum"].as_str()?, 16).ok()?,
            },
            reached: Reached {
                position: Position {
                    epoch: u32::try_from(position["epoch"].as_u64()?).ok()?,
                    unit: position["unit"].as_u64()?,
                },
                epochs: epochs.iter().map(decode_summary).collect::<Option<_>>()?,
                current: decode_summary(value.get("current")?)?,
            },
            state: value.get("state").filter(|state| state.is_object())?.to_string(),
        })
    }
}

fn check_sum(text: &str, value: &Map<String, Value>) -> Result<(), (FormatErrorKind, String)> {
    let found = value.get("checksum").and_then(Value::as_str).unwrap_or("nothing");
    let blank = text.replacen(found, &"0".repeat(16), 1);
    if blank.starts_with(HEAD) && found == hex(xxh3_64(blank.as_bytes())) {
        return Ok(());
    }
    let message =
        "the manifest does not match its own checksum: it has changed since it was written";
    Err((FormatErrorKind::Checksum, message.to_owned()))
}

fn encode_summary(summary: &EpochSummary) -> Value {
    json!({
        "raw_words": summary.raw_words,
        "trained_words": summary.trained_words,
        "loss": summary.loss,
        "seconds": summary.seconds,
    })
}

fn decode_summary(value: &Value) -> Option<EpochSummary> {
    Some(EpochSummary {
        raw_words: value["raw_words"].as_u64()?,
        trained_words: value["trained_words"].as_u64()?,
        loss: value["loss"].as_f64()?,
        seconds: value["seconds"].as_f64()?,
    })
}

fn hex(checksum: u64) -> String {
    format!("{checksum:016x}")
}
