//! After a round: each row that several lanes worked on takes what all of them changed.

use std::ops::Range;
use std::sync::RwLockReadGuard;

use crate::matrix::Row;

use super::super::objective::Sources;
use super::lane::Lane;
use super::rows::{LaneRows, Side};

/// What a row may be pulled in a round, in learning rates times gradients, before lanes that all
/// pull it the same way would together carry it too far.
const FREE_STRENGTH: f32 = 6.0;

/// The merging of a round: so and so many rows, in any order.
#[derive(Debug)]
pub struct Merge<'m, 'a> {
    /// Each matrix, as it is and as each lane sees it.
    sides: Vec<(&'m Side<'a>, Vec<&'m LaneRows<'a>>)>,
    alpha: f32,
}

impl<'m, 'a> Merge<'m, 'a> {
    /// Of what lanes did at a learning rate.
    pub fn new(
        sides: &'m Sources<Side<'a>, Side<'a>>,
        lanes: &'m [RwLockReadGuard<'m, Lane<'a>>],
        alpha: f32,
    ) -> Self {
        let view = |at: usize| lanes.iter().filter_map(move |lane| lane.rows().nth(at)).collect();
        let sides = sides.each().enumerate().map(|(at, side)| (side, view(at))).collect();
        Self { sides, alpha }
    }

    /// How many rows there are, and a few that are none.
    pub fn len(&self) -> usize {
        self.sides.iter().map(|(side, _)| side.claims.numbers()).sum()
    }

    /// Merges some of them. Each row's copies come from the caches of other cores, so those of the
    /// next row are asked for before.
    pub fn merge(&self, rows: Range<usize>, copied: &mut [Copied<'a>; 2]) {
        let [now, next] = copied;
        for at in rows {
            self.gather(at, next);
            now.merge();
            std::mem::swap(now, next);
        }
        now.merge();
    }

    fn gather(&self, mut number: usize, copied: &mut Copied<'a>) {
        for (side, lanes) in &self.sides {
            if number < side.claims.numbers() {
                return copied.gather(number, side, lanes, self.alpha);
            }
            number -= side.claims.numbers();
        }
    }
}

/// A row and its copies.
#[derive(Debug, Default)]
pub struct Copied<'a> {
    row: Option<Row<'a>>,
    copies: Vec<Row<'a>>,
    damping: f32,
}

impl<'a> Copied<'a> {
    #[inline(always)]
    fn gather(&mut self, number: usize, side: &Side<'a>, lanes: &[&LaneRows<'a>], alpha: f32) {
        self.row = side.claims.row(number).map(|row| side.matrix.row(row));
        let Some(row) = self.row else { return };
        row.prefetch();
        self.copies.clear();
        let mut uses = 0;
        for (copy, used) in lanes.iter().filter_map(|lane| lane.copy(number)) {
            copy.prefetch();
            self.copies.push(copy);
            uses += used;
        }
        let strength = alpha * side.gradients_per_use * uses as f32;
        self.damping = damping(strength, self.copies.len());
    }

    fn merge(&mut self) {
        if let Some(row) = self.row.take() {
            row.add_changes(self.damping, &self.copies);
        }
    }
}

/// How much of the sum of its lanes' changes a row takes: all of it while it was pulled but little,
/// their mean at least.
///
/// Each lane moves its copy towards where its own tokens want it. As long as it does not get far,
/// changes add up as if they had come one after another; when it arrives, each change is the whole
/// way, and their sum would be many times that. On 17 M words of Wikipedia a free strength of 2 lost a
/// point of the analogies. Where all rows are pulled hard, as in small vocabularies, 6 lets training
/// diverge (skip-gram, 8 … 1,000 words) and 1.5 doesn't; there rounds are short instead
/// ([`super::rounds`]).
fn damping(strength: f32, lanes: usize) -> f32 {
    let mean = 1.0 / lanes.max(1) as f32;
    (FREE_STRENGTH / strength.max(FREE_STRENGTH)).max(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_changes_are_summed_and_strong_ones_averaged() {
        assert_eq!(damping(0.0, 16), 1.0);
        assert_eq!(damping(FREE_STRENGTH, 16), 1.0);
        assert_eq!(damping(4.0 * FREE_STRENGTH, 16), 0.25);
        assert_eq!(damping(1e6, 16), 1.0 / 16.0);
        assert_eq!(damping(f32::INFINITY, 2), 0.5);
        assert_eq!(damping(1e6, 1), 1.0);
        assert_eq!(damping(0.0, 0), 1.0, "a row that nobody came to use");
    }
}
