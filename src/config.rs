//! Every hyper-parameter of training: its default, one comment, its range check. Nothing else reads
//! raw arguments.

use crate::error::{Error, Result};

/// Which words predict which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Each context word predicts the center.
    SkipGram,
    /// All context words together predict the center.
    Cbow,
}

/// What training needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// Skip-gram or CBOW (gensim's `sg`).
    pub architecture: Architecture,
    /// D, the length of a vector.
    pub vector_size: usize,
    /// The farthest context, in words kept by subsampling.
    pub window: usize,
    /// Whether each window is shrunk to a uniform draw from 1 ..= window.
    pub shrink_windows: bool,
    /// Whether hierarchical softmax is trained (gensim's `hs`).
    pub hierarchical_softmax: bool,
    /// Negatives a center; 0 leaves negative sampling out.
    pub negative: usize,
    /// Negatives are drawn in proportion to count ^ ns_exponent.
    pub ns_exponent: f64,
    /// Subsampling threshold: a share of the corpus below 1, a count from 1 on, 0 for none.
    pub sample: f64,
    /// Whether CBOW's hidden vector is the mean of the contexts instead of their sum.
    pub cbow_mean: bool,
    /// Whether CBOW's contexts take the true gradient (Irsoy et al. 2021) instead of word2vec.c's
    /// and gensim's.
    pub cbow_corrected: bool,
    /// Whether one set of negatives (or one path) serves a block of up to 16 contexts at once, and
    /// negatives come back in later windows; otherwise pairs are trained one by one, each with
    /// negatives of its own, in word2vec.c's order.
    pub shared_negatives: bool,
    /// Learning rate at the start.
    pub alpha: f32,
    /// Learning rate at the end; it falls linearly with the words passed.
    pub min_alpha: f32,
    /// Passes over the corpus.
    pub epochs: u32,
    /// Threads.
    pub workers: usize,
    /// Seeds every random draw.
    pub seed: u64,
    /// Whether every number of workers gives the same bits.
    pub deterministic: bool,
    /// Whether the loss is summed.
    pub compute_loss: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            architecture: Architecture::Cbow,
            vector_size: 100,
            window: 5,
            shrink_windows: true,
            hierarchical_softmax: false,
            negative: 5,
            ns_exponent: 0.75,
            sample: 1e-3,
            cbow_mean: true,
            cbow_corrected: false,
            shared_negatives: true,
            alpha: 0.025,
            min_alpha: 0.0001,
            epochs: 5,
            workers: crate::workers::available(),
            seed: 1,
            deterministic: false,
            compute_loss: false,
        }
    }
}

/// Beyond these a number is a slip of the keyboard, not a wish.
const MAX_VECTOR_SIZE: usize = 65_536;
const MAX_WINDOW: usize = 1_000_000;
const MAX_NEGATIVE: usize = 10_000;
const MAX_WORKERS: usize = 4_096;

impl TrainConfig {
    /// Checks every range; the error names the argument by its public name.
    pub fn validate(&self) -> Result<()> {
        between("vector_size", self.vector_size, 1, MAX_VECTOR_SIZE)?;
        between("window", self.window, 1, MAX_WINDOW)?;
        between("negative", self.negative, 0, MAX_NEGATIVE)?;
        between("workers", self.workers, 1, MAX_WORKERS)?;
        between("epochs", self.epochs as usize, 1, u32::MAX as usize)?;
        finite("ns_exponent", self.ns_exponent)?;
        not_negative("sample", self.sample)?;
        not_negative("alpha", f64::from(self.alpha))?;
        not_negative("min_alpha", f64::from(self.min_alpha))?;
        if self.negative == 0 && !self.hierarchical_softmax {
            return Err(Error::config(
                "negative",
                "is 0 and hs is 0, so there is nothing to train; set negative=5 or hs=1",
            ));
        }
        Ok(())
    }
}

fn between(argument: &'static str, value: usize, low: usize, high: usize) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::config(argument, format!("must be from {low} to {high}, not {value}")))
}

fn finite(argument: &'static str, value: f64) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::config(argument, format!("must be a finite number, not {value}")))
}

fn not_negative(argument: &'static str, value: f64) -> Result<()> {
    finite(argument, value)?;
    if value >= 0.0 {
        return Ok(());
    }
    Err(Error::config(argument, format!("must be 0 or more, not {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(change: impl FnOnce(&mut TrainConfig)) -> String {
        let mut config = TrainConfig::default();
        change(&mut config);
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid() {
        TrainConfig::default().validate().unwrap();
    }

    #[test]
    fn each_range_names_its_argument_and_value() {
        assert_eq!(message(|c| c.vector_size = 0), "vector_size must be from 1 to 65536, not 0");
        assert_eq!(message(|c| c.window = 0), "window must be from 1 to 1000000, not 0");
        assert_eq!(message(|c| c.workers = 0), "workers must be from 1 to 4096, not 0");
        assert_eq!(message(|c| c.epochs = 0), "epochs must be from 1 to 4294967295, not 0");
        assert_eq!(message(|c| c.negative = 20_000), "negative must be from 0 to 10000, not 20000");
        assert_eq!(message(|c| c.alpha = -0.5), "alpha must be 0 or more, not -0.5");
        assert_eq!(message(|c| c.min_alpha = -1.0), "min_alpha must be 0 or more, not -1");
        assert_eq!(message(|c| c.sample = f64::NAN), "sample must be a finite number, not NaN");
        assert!(message(|c| c.ns_exponent = f64::INFINITY).starts_with("ns_exponent"));
        assert!(message(|c| c.negative = 0).contains("nothing to train"));
    }
}
