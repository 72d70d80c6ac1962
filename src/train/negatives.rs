//! Which negatives a step has.

use crate::sampling::{AliasTable, SplitMix64};
use crate::simd::MAX_INPUTS;
use crate::vocab::WordId;

/// The most negatives that are kept in use: their rows should stay in a core's own cache.
const MAX_IN_USE: usize = 1024;

/// A stream of negatives in which each one comes back.
///
/// Every step draws one new negative, and has with it those that were new `lag` steps before, twice
/// `lag` steps before, and so on. So each of them is drawn from the same distribution as ever and
/// serves in as many steps as there are negatives, but a step needs one new row instead of five,
/// which is what costs time (the row must come from memory, or from another core that has just
/// changed it). `lag` is such that no context meets a draw in two of its windows (while there is
/// room): for an input its negatives are as independent as if each step drew its own.
#[derive(Debug)]
pub struct RecurringNegatives {
    count: usize,
    lag: usize,
    /// The draws of the last steps: a ring of a power of two, so that a place in it costs no division.
    drawn: Vec<WordId>,
    /// How many were drawn since the last [`RecurringNegatives::forget`].
    draws: usize,
}

impl RecurringNegatives {
    /// `count` negatives a step, where a window reaches `window` words to either side.
    pub fn new(count: usize, window: usize) -> Self {
        let steps_of_a_window = (2 * window).div_ceil(MAX_INPUTS);
        let reach = (2 * window + 1) * steps_of_a_window;
        let lag = (MAX_IN_USE / count.max(1)).clamp(1, reach);
        let ring = (lag * count.max(1)).next_power_of_two();
        Self { count, lag, drawn: vec![WordId(0); ring], draws: 0 }
    }

    /// Forgets all draws, so that what follows depends on the generator alone.
    pub fn forget(&mut self) {
        self.draws = 0;
    }

    /// The `negatives` of the next step, the new one first.
    #[inline(always)]
    pub fn draw(
        &mut self,
        table: &AliasTable,
        generator: &mut SplitMix64,
        negatives: &mut [WordId],
    ) {
        debug_assert_eq!(negatives.len(), self.count);
        if self.draws == 0 {
            self.draw_earlier(table, generator);
        }
        let mask = self.drawn.len() - 1;
        self.drawn[self.draws & mask] = table.draw(generator);
        // A window's size may be drawn before the next negative.
        table.prefetch(2, generator);
        let mut at = self.draws;
        for negative in negatives {
            *negative = self.drawn[at & mask];
            at = at.wrapping_sub(self.lag);
        }
        self.draws += 1;
    }

    /// How many of the negatives of the last step, the first ones, no step before it had.
    #[inline(always)]
    pub fn fresh(&self) -> usize {
        let steps = self.draws - self.lag * (self.count - 1);
        if steps <= self.lag { self.count } else { 1 }
    }

    /// The draws of steps that were not.
    #[cold]
    fn draw_earlier(&mut self, table: &AliasTable, generator: &mut SplitMix64) {
        self.draws = self.lag * (self.count - 1);
        self.drawn[..self.draws].fill_with(|| table.draw(generator));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_draw_serves_in_steps_a_lag_apart() {
        let table = AliasTable::new(&[3, 2, 2, 1, 1, 1], 0.75);
        for (count, window) in [(1, 5), (2, 1), (5, 5), (5, 15), (25, 2), (2000, 5)] {
            let mut negatives = RecurringNegatives::new(count, window);
            let lag = negatives.lag;
            let earlier = lag * (count - 1);
            let mut plain = SplitMix64::new(7);
            let draws: Vec<WordId> = (0..earlier + 500).map(|_| table.draw(&mut plain)).collect();
            let mut generator = SplitMix64::new(7);
            for step in 0..500 {
                let mut found = vec![WordId(0); count];
                negatives.draw(&table, &mut generator, &mut found);
                let expected: Vec<WordId> =
                    (0..count).map(|back| draws[earlier + step - back * lag]).collect();
                assert_eq!(found, expected, "{count} {window} {step}");
                let is_new = |back: usize| back == 0 || step < lag;
                assert_eq!(negatives.fresh(), (0..count).filter(|&back| is_new(back)).count());
            }
            negatives.forget();
            let mut again = SplitMix64::new(7);
            let mut first = vec![WordId(0); count];
            negatives.draw(&table, &mut again, &mut first);
            assert_eq!(first[0], draws[earlier]);
        }
    }

    #[test]
    fn no_context_meets_a_negative_in_two_of_its_windows() {
        assert_eq!(RecurringNegatives::new(5, 5).lag, 11);
        assert_eq!(RecurringNegatives::new(5, 8).lag, 17);
        assert_eq!(RecurringNegatives::new(5, 15).lag, 62, "two steps a window");
        assert_eq!(RecurringNegatives::new(5, 500).lag, 204, "as far as there is room");
        assert_eq!(RecurringNegatives::new(5000, 5).lag, 1);
    }
}
