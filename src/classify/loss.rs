//! From a hidden vector to the probabilities of labels, for each way in which a model was trained.

use super::best::{self, Best};
use super::rows::Rows;
use super::tree::Tree;
use crate::error::Result;

/// fastText looks sigmoids up: so many steps from -8 to 8, and 0 or 1 beyond.
const SIGMOID_STEPS: usize = 512;
const SIGMOID_BOUND: f32 = 8.0;

/// Labels whose sums are made side by side: they stay in a core's own cache.
const LABELS_AT_ONCE: usize = 1 << 11;

/// What a model was trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// One label is right: the probabilities add up to 1.
    Softmax,
    /// Each label is right or wrong by itself: one-vs-all, and negative sampling.
    Sigmoid,
    /// One label is right, and found by turns in a tree.
    Hierarchical,
}

/// What is made of a model's output matrix once, for all texts.
#[derive(Debug)]
pub struct Loss {
    labels: usize,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Softmax(Products),
    Sigmoid(Products, Vec<f32>),
    Hierarchical(Tree),
}

impl Loss {
    /// For labels that occurred so often, and their rows.
    pub fn new(kind: LossKind, label_counts: &[u64], output: Rows<'_>) -> Result<Self> {
        let form = match kind {
            LossKind::Softmax => Form::Softmax(Products::new(output)),
            LossKind::Sigmoid => Form::Sigmoid(Products::new(output), sigmoids()),
            LossKind::Hierarchical => Form::Hierarchical(Tree::new(label_counts)?),
        };
        Ok(Self { labels: label_counts.len(), form })
    }

    /// How many labels there are.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Offers every label that is likely enough; false when a sum overflowed.
    pub fn predict(
        &self,
        output: Rows<'_>,
        hidden: &[f32],
        probabilities: &mut Vec<f32>,
        best: &mut Best,
    ) -> bool {
        match &self.form {
            Form::Softmax(products) => {
                products.with(output, hidden, probabilities);
                softmax(probabilities);
            }
            Form::Sigmoid(products, table) => {
                products.with(output, hidden, probabilities);
                probabilities.iter_mut().for_each(|value| *value = sigmoid(table, *value));
            }
            Form::Hierarchical(tree) => return tree.predict(output, hidden, best),
        }
        let is_number = !probabilities.iter().any(|value| value.is_nan());
        if is_number {
            offer_all(probabilities, best);
        }
        is_number
    }
}

fn offer_all(probabilities: &[f32], best: &mut Best) {
    let threshold = best.asked().threshold;
    // Once as many labels are kept as are asked for, those that are less likely by far need no
    // logarithm; those about as likely may still be equal when it is rounded.
    let mut glance = threshold;
    for (label, &probability) in probabilities.iter().enumerate() {
        if probability >= glance {
            best.offer(label as u32, best::log(f64::from(probability)));
            if let Some(floor) = best.floor() {
                glance = threshold.max(best::surely_below(floor));
            }
        }
    }
}

fn softmax(values: &mut [f32]) {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - most).exp();
        sum += *value;
    }
    values.iter_mut().for_each(|value| *value /= sum);
}

fn sigmoids() -> Vec<f32> {
    let step = 2.0 * SIGMOID_BOUND / SIGMOID_STEPS as f32;
    let at = |index: usize| index as f32 * step - SIGMOID_BOUND;
    (0..=SIGMOID_STEPS).map(|index| (1.0 / (1.0 + f64::from((-at(index)).exp()))) as f32).collect()
}

fn sigmoid(table: &[f32], x: f32) -> f32 {
    if x.is_nan() {
        x
    } else if x < -SIGMOID_BOUND {
        0.0
    } else if x > SIGMOID_BOUND {
        1.0
    } else {
        table[((x + SIGMOID_BOUND) * SIGMOID_STEPS as f32 / SIGMOID_BOUND / 2.0) as usize]
    }
}

/// The products of a vector with all rows.
///
/// Of dense rows the columns are kept side by side: so many labels are summed at once, each in the
/// order of its columns.
#[derive(Debug)]
enum Products {
    Columns(Vec<f32>),
    RowByRow,
}

impl Products {
    fn new(rows: Rows<'_>) -> Self {
        let Rows::Dense { values, width } = rows else { return Self::RowByRow };
        let labels = rows.len();
        let mut columns = vec![0.0; values.len()];
        for (label, row) in values.chunks_exact(width).enumerate() {
            for (column, &value) in row.iter().enumerate() {
                columns[column * labels + label] = value;
            }
        }
        Self::Columns(columns)
    }

    fn with(&self, rows: Rows<'_>, vector: &[f32], products: &mut Vec<f32>) {
        products.clear();
        let Self::Columns(columns) = self else {
            products.extend((0..rows.len()).map(|row| rows.dot(row, vector)));
            return;
        };
        let labels = rows.len();
        products.resize(labels, 0.0);
        for (block, sums) in products.chunks_mut(LABELS_AT_ONCE).enumerate() {
            for (column, &factor) in columns.chunks_exact(labels.max(1)).zip(vector) {
                let column = &column[block * LABELS_AT_ONCE..][..sums.len()];
                sums.iter_mut().zip(column).for_each(|(sum, value)| *sum += factor * value);
            }
        }
    }
}
