//! Random draws: the generator, subsampling, negatives.
