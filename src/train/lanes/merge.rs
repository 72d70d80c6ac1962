//! After a round: each row that several lanes worked on takes what all of them changed.

use crate::matrix::{Row, SharedMatrix};

use super::claims::Claims;
use super::rows::LaneRows;

/// A row and its copies.
#[derive(Debug, Default)]
pub struct Merging<'a> {
    row: Option<Row<'a>>,
    copies: Vec<Row<'a>>,
    uses: u32,
}

impl<'a> Merging<'a> {
    /// Gathers the copies of the row with a number, and asks for their values.
    pub fn gather(
        &mut self,
        number: usize,
        matrix: SharedMatrix<'a>,
        claims: &Claims,
        lanes: &[&LaneRows<'a>],
    ) {
        self.copies.clear();
        self.uses = 0;
        self.row = claims.row(number).map(|row| matrix.row(row));
        let Some(row) = self.row else { return };
        row.prefetch();
        for (copy, uses) in lanes.iter().filter_map(|lane| lane.copy(number)) {
            copy.prefetch();
            self.copies.push(copy);
            self.uses += uses;
        }
    }

    /// Adds the changes of all copies to their row, damped.
    pub fn merge(&self, strength: f32) {
        if let Some(row) = self.row {
            let damping = damping(strength * self.uses as f32, self.copies.len());
            row.add_changes(damping, &self.copies);
        }
    }
}

/// How much of the sum of its lanes' changes a row takes.
fn damping(strength: f32, lanes: usize) -> f32 {
    static KIND: std::sync::OnceLock<(String, f32)> = std::sync::OnceLock::new();
    let (kind, c) = KIND.get_or_init(|| {
        (
            std::env::var("SYNVEC_DAMP").unwrap_or_default(),
            std::env::var("SYNVEC_DAMP_C").map_or(6.0, |v| v.parse().unwrap()),
        )
    });
    let k = lanes.max(1) as f32;
    match kind.as_str() {
        "none" => 1.0,
        "mean" => 1.0 / k,
        "issue" => (c / strength).min(1.0),
        "ratio" => (1.0 + strength / c / k) / (1.0 + strength / c),
        "root" => {
            let s = strength / c;
            ((1.0 + (s / k) * (s / k)) / (1.0 + s * s)).sqrt()
        }
        _ => (c / strength.max(*c)).max(1.0 / k),
    }
}
