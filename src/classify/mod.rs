//! Classifying texts with a supervised fastText model (Joulin et al. 2017, "Bag of Tricks for
//! Efficient Text Classification"): read alone, nothing is trained here.
//!
//! [`features`] turns a text into rows of the input matrix, [`rows`] knows dense and quantised
//! matrices, and their mean is the text's hidden vector. [`output`] makes a probability for each label
//! of it, or [`tree`] walks to the likely ones, and [`best`] keeps what is asked for. Every sum is
//! taken in the order in which Facebook's program takes it, so that the numbers are its own:
//! <https://github.com/facebookresearch/fastText>, `src/dictionary.cc` and `src/loss.cc` of 0.9.2.

pub mod best;
pub mod features;
pub mod output;
pub mod rows;
pub mod tally;
pub mod tree;

mod batch;

use std::sync::atomic::AtomicBool;

use crate::error::{Error, FormatError, FormatErrorKind, Result};

pub use batch::{Answers, Batch};
pub use best::{Asked, Prediction};
pub use features::Features;
pub use output::OutputLayer;
pub use rows::Rows;
pub use tally::Tally;

use best::Best;
use features::Line;

/// A model: what a text is made of, and what its labels are told from.
#[derive(Debug, Clone, Copy)]
pub struct Classifier<'a> {
    features: &'a Features,
    input: Rows<'a>,
    output: Rows<'a>,
    layer: &'a OutputLayer,
}

/// What one thread works with; kept from text to text.
#[derive(Debug)]
pub struct Scratch<'a> {
    /// Raised when nobody wants the answers any more.
    stop: &'a AtomicBool,
    line: Line,
    /// Whether the line has rows at all.
    is_known: bool,
    hidden: Vec<f32>,
    probabilities: Vec<f32>,
    best: Best,
    /// Rows that are still to be added up.
    pending: Vec<u32>,
}

impl<'a> Scratch<'a> {
    fn new(stop: &'a AtomicBool) -> Self {
        Self {
            stop,
            line: Line::default(),
            is_known: false,
            hidden: Vec::new(),
            probabilities: Vec::new(),
            best: Best::default(),
            pending: Vec::new(),
        }
    }
}

impl<'a> Classifier<'a> {
    /// Puts the parts together.
    ///
    /// Fails when they don't belong together: nothing that is read of them later can be out of
    /// range.
    pub fn new(
        features: &'a Features,
        input: Rows<'a>,
        output: Rows<'a>,
        layer: &'a OutputLayer,
    ) -> Result<Self> {
        let (labels, width) = (features.labels().len(), input.width());
        let checks = [
            ("labels", labels, labels > 0, "at least 1".to_owned()),
            ("output width", output.width(), output.width() == width, width.to_string()),
            (
                "output rows",
                output.len(),
                output.len() == labels,
                format!("{labels}, a label each"),
            ),
            ("labels of the layer", layer.labels(), layer.labels() == labels, labels.to_string()),
            (
                "input rows",
                input.len(),
                input.len() >= features.rows(),
                format!("at least {}", features.rows()),
            ),
        ];
        for (what, found, fits, expected) in checks {
            if !fits {
                return Err(Error::config(
                    "classifier",
                    format!("has {found} {what}, expected {expected}"),
                ));
            }
        }
        Ok(Self { features, input, output, layer })
    }

    /// The length of a hidden vector.
    pub fn width(&self) -> usize {
        self.input.width()
    }

    /// How many labels there are.
    pub fn labels(&self) -> usize {
        self.features.labels().len()
    }

    /// Makes the hidden vector of a line of text: the mean of its rows, or 0 when it has none.
    fn read_line(&self, line: &str, scratch: &mut Scratch<'_>) {
        let mut mean = Mean::new(self.input, &mut scratch.hidden, &mut scratch.pending);
        self.features.line_rows(line, scratch.stop, &mut scratch.line, |row| mean.add(row));
        scratch.is_known = mean.finish();
    }

    /// Makes the vector of a word: the mean of its own row and those of its n-grams of characters.
    fn read_word(&self, word: &str, scratch: &mut Scratch<'_>) {
        let mut mean = Mean::new(self.input, &mut scratch.hidden, &mut scratch.pending);
        self.features.word_rows(word, |row| mean.add(row));
        scratch.is_known = mean.finish();
    }

    /// Leaves the likely labels of a line of text in `scratch.best`, the likeliest first; none when
    /// nothing in it is known.
    fn predict_line(&self, line: &str, asked: Asked, scratch: &mut Scratch<'_>) -> Result<()> {
        scratch.best.begin(asked);
        self.read_line(line, scratch);
        if scratch.is_known {
            let Scratch { hidden, probabilities, best, .. } = scratch;
            if !self.layer.predict(self.output, hidden, probabilities, best) {
                return Err(overflow());
            }
        }
        scratch.best.sort();
        Ok(())
    }
}

/// Rows that are added up at once: a long line takes no more memory than a short one.
const ROWS_AT_ONCE: usize = 1 << 10;
/// How many rows ahead the memory is told what comes. Rows of n-grams lie anywhere.
const ROWS_AHEAD: usize = 8;

/// Rows on their way to their mean.
struct Mean<'a> {
    rows: Rows<'a>,
    sum: &'a mut [f32],
    pending: &'a mut Vec<u32>,
    count: u64,
}

impl<'a> Mean<'a> {
    fn new(rows: Rows<'a>, sum: &'a mut Vec<f32>, pending: &'a mut Vec<u32>) -> Self {
        sum.clear();
        sum.resize(rows.width(), 0.0);
        pending.clear();
        Self { rows, sum, pending, count: 0 }
    }

    #[inline]
    fn add(&mut self, row: u32) {
        self.pending.push(row);
        if self.pending.len() == ROWS_AT_ONCE {
            self.add_pending();
        }
    }

    fn add_pending(&mut self) {
        for (index, &row) in self.pending.iter().enumerate() {
            if let Some(&ahead) = self.pending.get(index + ROWS_AHEAD) {
                self.rows.prefetch(ahead as usize);
            }
            self.rows.add_to(row as usize, self.sum);
        }
        self.count += self.pending.len() as u64;
        self.pending.clear();
    }

    fn finish(mut self) -> bool {
        self.add_pending();
        if self.count > 0 {
            let share = (1.0 / self.count as f64) as f32;
            self.sum.iter_mut().for_each(|value| *value *= share);
        }
        self.count > 0
    }
}

/// Sums that fit no float32: only a damaged or hostile file has such weights.
fn overflow() -> Error {
    Error::Format(FormatError {
        kind: FormatErrorKind::NonFinite,
        path: None,
        format: "fastText classifier",
        message: "the weights of the model are so large that sums of them overflow; its file is \
                  damaged, fetch it again"
            .to_owned(),
    })
}
