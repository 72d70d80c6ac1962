//! A native file as it comes, and once more with its checksums set right: otherwise the fuzzer would
//! never get past them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use synvec::formats::native::NativeFile;
use synvec::progress::Silent;
use synvec_fuzz::{check, limits, question, round_trip, stream, values};
use xxhash_rust::xxh3::xxh3_64;

fuzz_target!(|data: &[u8]| {
    open(data);
    if let Some(mended) = mended(data) {
        open(&mended);
    }
});

fn open(data: &[u8]) {
    let file = match NativeFile::open(stream(data), limits(), &mut Silent) {
        Ok(file) => file,
        Err(error) => return check(&error),
    };
    let (keys, (rows, size)) = (file.keys().expect("keys"), file.shape().expect("a shape"));
    assert_eq!(keys.len(), rows);
    question(&keys);
    let vectors = values(&file, "vectors");
    assert_eq!(vectors.len(), rows * size);
    for (name, expected) in [("norms", rows), ("output_vectors", rows * size)] {
        assert!(file.range(name).is_none() || values(&file, name).len() == expected);
    }
    round_trip(&keys, &vectors, size);
}

fn mended(data: &[u8]) -> Option<Vec<u8>> {
    let length = u64::from_le_bytes(*data.first_chunk()?);
    let start = usize::try_from(length).ok()?.checked_add(8)?;
    let (json, tensors) = (data.get(8..start)?, &data[start..]);
    let mut header: Value = serde_json::from_slice(json).ok()?;
    let entries = header.as_object()?.clone();
    let metadata = header.get_mut("__metadata__")?.as_object_mut()?;
    for (name, entry) in &entries {
        let place = |at: usize| usize::try_from(entry["data_offsets"][at].as_u64()?).ok();
        if let (Some(from), Some(to)) = (place(0), place(1))
            && let Some(bytes) = tensors.get(from..to)
        {
            metadata.insert(format!("xxh3-64.{name}"), format!("{:016x}", xxh3_64(bytes)).into());
        }
    }
    let zeros = "\"xxh3-64.header\":\"0000000000000000\"";
    metadata.insert("xxh3-64.header".into(), "0000000000000000".into());
    let mut json = header.to_string();
    json.push_str(&" ".repeat((8 - json.len() % 8) % 8));
    let checksum = format!("\"xxh3-64.header\":\"{:016x}\"", xxh3_64(json.as_bytes()));
    let json = json.replacen(zeros, &checksum, 1);
    Some([&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), tensors].concat())
}
