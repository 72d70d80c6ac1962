//! From a hidden vector to the probabilities of labels, for each way in which a model was trained.

use super::best::{self, Best};
use super::rows::Rows;
use super::tree::Tree;
use crate::error::Result;
use crate::formats::fasttext::Loss;

/// fastText looks sigmoids up: so many steps from -8 to 8, and 0 or 1 beyond.
const SIGMOID_STEPS: usize = 512;
const SIGMOID_BOUND: f32 = 8.0;

/// Labels whose sums are made side by side: they stay in a core's own cache.
const LABELS_AT_ONCE: usize = 1 << 11;

/// What is made of a model's output matrix once, for all texts.
#[derive(Debug)]
pub struct OutputLayer {
    labels: usize,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// One label is right: the probabilities add up to 1.
    Softmax(Products),
    /// Each label is right or wrong by itself; with the table of sigmoids.
    Sigmoid(Products, Vec<f32>),
    /// One label is right, and found by turns in a tree.
    Hierarchical(Tree),
}

impl OutputLayer {
    /// For labels that occurred so often, and their rows.
    pub fn new(loss: Loss, label_counts: &[u64], output: Rows<'_>) -> Result<Self> {
        let form = match loss {
            Loss::Softmax => Form::Softmax(Products::new(output)),
            Loss::OneVsAll | Loss::NegativeSampling => {
                Form::Sigmoid(Products::new(output), sigmoids())
            }
            Loss::Hierarchical => Form::Hierarchical(Tree::new(label_counts)?),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Asked;
    use proptest::prelude::*;

    #[test]
    fn sigmoids_are_steps_between_0_and_1() {
        let table = sigmoids();
        assert_eq!(sigmoid(&table, 0.0), 0.5);
        assert_eq!(sigmoid(&table, 0.031), 0.5); // the same step
        assert!(sigmoid(&table, 0.032) > 0.5);
        assert_eq!((sigmoid(&table, -8.1), sigmoid(&table, 8.1)), (0.0, 1.0));
        assert!(sigmoid(&table, 8.0) > 0.999 && sigmoid(&table, 8.0) < 1.0);
        assert_eq!(sigmoid(&table, f32::INFINITY), 1.0);
        assert!(sigmoid(&table, f32::NAN).is_nan());
    }

    #[test]
    fn a_sum_that_overflows_is_told() {
        let weights = [f32::MAX, -f32::MAX, 1.0, 1.0];
        let rows = Rows::dense(&weights, 2).unwrap();
        for loss in [Loss::Softmax, Loss::OneVsAll, Loss::Hierarchical] {
            let layer = OutputLayer::new(loss, &[2, 1], rows).unwrap();
            let mut best = Best::default();
            best.begin(Asked { k: 1, threshold: 0.0 });
            assert!(!layer.predict(rows, &[9.0, 9.0], &mut Vec::new(), &mut best));
        }
    }

    proptest! {
        #[test]
        fn columns_side_by_side_give_the_products_row_by_row(
            values in prop::collection::vec(-9.0_f32..9.0, 1..200),
            width in 1_usize..9,
        ) {
            let values = &values[..values.len() / width * width];
            let rows = Rows::dense(values, width).unwrap();
            let vector: Vec<f32> = (0..width).map(|column| column as f32 * 0.3 - 1.0).collect();
            let (mut fast, mut plain) = (Vec::new(), Vec::new());
            Products::new(rows).with(rows, &vector, &mut fast);
            Products::RowByRow.with(rows, &vector, &mut plain);
            prop_assert_eq!(fast, plain);
        }

        #[test]
        fn labels_that_are_passed_over_would_not_have_been_kept(
            probabilities in prop::collection::vec(
                prop_oneof![0.0_f32..1.0, 0.0_f32..1e-4, 0.0_f32..1e-11, Just(0.5), Just(1.0)], 0..60
            ),
            k in 1_usize..6,
            threshold in prop_oneof![Just(0.0_f32), 0.0_f32..1.0],
        ) {
            let (mut fast, mut plain) = (Best::default(), Best::default());
            fast.begin(Asked { k, threshold });
            plain.begin(Asked { k, threshold });
            offer_all(&probabilities, &mut fast);
            for (label, &probability) in probabilities.iter().enumerate() {
                if probability >= threshold {
                    plain.offer(label as u32, best::log(f64::from(probability)));
                }
            }
            fast.sort();
            plain.sort();
            prop_assert!(fast.sorted().eq(plain.sorted()));
        }
    }
}
