//! synvec's core: word vectors without Python.
//!
//! Data flows one way: [`corpus`] reads text once into ids and [`vocab`] names them; [`phrases`]
//! makes one word of words that belong together; [`train`] turns ids into two matrices ([`matrix`]),
//! with [`sampling`] for its random draws and [`simd`] for its arithmetic, and [`checkpoint`] keeps
//! how far it has got; [`formats`] writes and reads the result, [`compose`] makes vectors of words and their n-grams, [`search`] looks in them,
//! and [`classify`] tells labels from texts. [`config`] holds every hyper-parameter, [`error`] every
//! way to be wrong, [`faults`] panics for tests, [`progress`], [`workers`] and [`pipeline`] how a long job reports, stops and
//! spreads over threads, and [`mapped`] the only file mappings.
//! `py` (feature `python`) is the one room that knows an interpreter.

pub mod checkpoint;
pub mod classify;
pub mod compose;
pub mod compression;
pub mod config;
pub mod corpus;
pub mod error;
pub mod faults;
pub mod formats;
pub mod mapped;
pub mod matrix;
pub mod phrases;
pub mod pipeline;
pub mod progress;
pub mod sampling;
pub mod search;
pub mod simd;
pub mod train;
pub mod vocab;
pub mod workers;

#[cfg(feature = "python")]
mod py;

pub use error::{Error, Result};
