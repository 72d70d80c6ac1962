//! synvec's own file: a safetensors file that is mapped, not read.
//!
//! Tensors, in this order so that each is aligned: `key_offsets` U64 `[V+1]`, `counts` U64 `[V]`
//! (optional), `vectors` F32 `[V, D]`, `norms` F32 `[V]`, `key_slots` U32 `[S]`, `output_vectors`
//! and `output_nodes` F32 `[V, D]` (full models), `own_vectors` F32 `[V, D]`, `ngram_vectors` F32
//! `[N, D]` and `ngram_buckets` U32 `[N]` (vectors with subwords; the last where not every bucket
//! has a row), `key_bytes` U8. The metadata holds an xxh3-64 checksum of every tensor and one of the
//! header itself (taken with its own sixteen digits as zeros), and what was proven when the file was
//! saved: finite vectors, keys in valid UTF-8, no key twice.
//!
//! Phrases lie in the same kind of file without vectors: chosen ones have `scores` F64 `[V]`, counted
//! ones have `counts` of their words and P pairs of them, `pair_counts` U64 `[P]`, `pair_first` and
//! `pair_last` U32 `[P]`, and the words between the two, `pair_between` U32 from `pair_offsets[i]` to
//! `pair_offsets[i + 1]`.
//!
//! Vectors with subwords are stored composed, beside what they are composed of: every reader finds
//! them where it finds those of any other file, questions are answered from mapped pages that
//! processes share, and the file is no larger than Facebook's own, whose output matrix is left out.

mod header;
mod phrases;
mod read;
mod resting;
mod write;

pub use header::{FORMAT, Kind, MAX_HEADER_BYTES};
pub use phrases::{PairArrays, PhraseContent, PhraseStore, save_phrases};
pub use read::{NativeFile, Verified, verify};
pub use resting::{Nonfinite, RestingModel, Written, save_resting};
pub use write::{Store, save};

#[cfg(test)]
mod tests;
