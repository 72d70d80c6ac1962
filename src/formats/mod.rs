//! Vector files: one reader and writer a format.
//!
//! [`source`] is the only way to read a file and [`output`] the only way to write one; [`limits`]
//! bounds what a file may ask for. [`native`] is synvec's own format, [`word2vec`] holds the text
//! and binary formats of word2vec and the headerless text of GloVe, [`numbers`] how they spell a
//! number, and [`decimal`] how that is read fast.

pub mod decimal;
pub mod fasttext;
pub mod limits;
pub mod native;
pub mod numbers;
pub mod output;
pub mod source;
pub mod word2vec;

pub use limits::Limits;

#[cfg(target_endian = "big")]
compile_error!("vector files are little-endian and are read straight into memory");

#[cfg(test)]
mod failing_saves;
