//! The hyper-parameters across the line.

use pyo3::prelude::*;

use crate::config::{Architecture, TrainConfig};
use crate::error::Error;

/// Every hyper-parameter of training, checked once.
#[pyclass(frozen, name = "TrainConfig", module = "synvec._core")]
pub struct PyTrainConfig {
    pub config: TrainConfig,
}

#[pymethods]
impl PyTrainConfig {
    #[new]
    #[pyo3(signature = (
        *, sg, vector_size, window, shrink_windows, hs, negative, ns_exponent, sample, cbow_mean,
        cbow_corrected, shared_negatives, deterministic, alpha, min_alpha, epochs, workers, seed,
        compute_loss
    ))]
    #[allow(clippy::too_many_arguments)] // one keyword an argument is the point of this class
    fn new(
        sg: bool,
        vector_size: i64,
        window: i64,
        shrink_windows: bool,
        hs: bool,
        negative: i64,
        ns_exponent: f64,
        sample: f64,
        cbow_mean: bool,
        cbow_corrected: bool,
        shared_negatives: bool,
        deterministic: bool,
        alpha: f64,
        min_alpha: f64,
        epochs: i64,
        workers: i64,
        seed: u64,
        compute_loss: bool,
    ) -> PyResult<Self> {
        let config = TrainConfig {
            architecture: if sg { Architecture::SkipGram } else { Architecture::Cbow },
            vector_size: whole("vector_size", vector_size)?,
            window: whole("window", window)?,
            shrink_windows,
            hierarchical_softmax: hs,
            negative: whole("negative", negative)?,
            ns_exponent,
            sample,
            cbow_mean,
            cbow_corrected,
            shared_negatives,
            deterministic,
            alpha: alpha as f32,
            min_alpha: min_alpha as f32,
            epochs: u32::try_from(whole("epochs", epochs)?).unwrap_or(u32::MAX),
            workers: whole("workers", workers)?,
            seed,
            compute_loss,
        };
        config.validate()?;
        Ok(Self { config })
    }
}

/// A count as Python hands it over.
fn whole(argument: &'static str, value: i64) -> PyResult<usize> {
    let error = |_| Error::config(argument, format!("must not be negative, but is {value}")).into();
    usize::try_from(value).map_err(error)
}
