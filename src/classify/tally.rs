//! Predictions held against the labels that stand in the lines.

/// How often each label was right; and how many lines were asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines with a known label and a known word.
    pub examples: u64,
    /// Lines without.
    pub skipped: u64,
    /// For each label: how often it stands in a line, was predicted, and was predicted rightly.
    pub labels: Vec<LabelTally>,
}

/// What is counted of one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LabelTally {
    /// How often it stands in a line.
    pub gold: u64,
    /// How often it was predicted.
    pub predicted: u64,
    /// How often both.
    pub correct: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(labels: usize) -> Self {
        Self { labels: vec![LabelTally::default(); labels], ..Self::default() }
    }

    /// Counts a line: the labels that stand in it and those that were predicted, or nothing.
    pub fn count(&mut self, line: Option<&(Vec<u32>, Vec<u32>)>) {
        let Some((gold, predicted)) = line else {
            self.skipped += 1;
            return;
        };
        self.examples += 1;
        for &label in gold {
            self.labels[label as usize].gold += 1;
        }
        for label in predicted {
            let tally = &mut self.labels[*label as usize];
            tally.predicted += 1;
            tally.correct += u64::from(gold.contains(label));
        }
    }
}
