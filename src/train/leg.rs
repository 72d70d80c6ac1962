//! What the workers of a leg and the thread that waits for them tell one another.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::EpochSummary;

/// Which unit comes next, and whether to go on.
#[derive(Debug)]
pub struct Flags {
    next: AtomicU64,
    /// The unit that the leg ends before.
    end: u64,
    /// Rest at the next boundary.
    pause: AtomicBool,
    /// Leave everything as it is.
    pub stop: AtomicBool,
}

impl Flags {
    /// For the units from the next on.
    pub fn new(next: u64, end: u64) -> Self {
        let [pause, stop] = [false; 2].map(AtomicBool::new);
        Self { next: AtomicU64::new(next), end, pause, stop }
    }

    /// Lets the workers rest at the next boundary.
    pub fn pause(&self) {
        self.pause.store(true, Ordering::Relaxed);
    }

    /// Whether to drop everything.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The first unit that is not done, at a boundary.
    pub fn reached(&self) -> u64 {
        self.next.load(Ordering::Relaxed).min(self.end)
    }

    /// Whether workers go no further than that.
    pub fn is_over(&self) -> bool {
        let wants_rest = self.pause.load(Ordering::Relaxed) || self.is_stopped();
        wants_rest || self.next.load(Ordering::Relaxed) >= self.end
    }

    /// A unit for whoever asks. One that is taken is trained, so that all before the next are done.
    pub fn take(&self) -> Option<u64> {
        let next = || self.next.fetch_add(1, Ordering::Relaxed);
        (!self.is_over()).then(next).filter(|&unit| unit < self.end)
    }

    /// One more unit is done, where workers train each of them together.
    pub fn advance(&self) {
        self.next.fetch_add(1, Ordering::Relaxed);
    }
}

/// What one worker has done, on a cache line of its own; only that worker writes it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Tally {
    raw_words: AtomicU64,
    trained_words: AtomicU64,
    /// The bits of an f64.
    loss: AtomicU64,
}

impl Tally {
    /// Replaces what it says.
    pub fn store(&self, summary: &EpochSummary) {
        self.raw_words.store(summary.raw_words, Ordering::Relaxed);
        self.trained_words.store(summary.trained_words, Ordering::Relaxed);
        self.loss.store(summary.loss.to_bits(), Ordering::Relaxed);
    }

    /// What it says; the time it does not know.
    pub fn load(&self) -> EpochSummary {
        EpochSummary {
            raw_words: self.raw_words.load(Ordering::Relaxed),
            trained_words: self.trained_words.load(Ordering::Relaxed),
            loss: f64::from_bits(self.loss.load(Ordering::Relaxed)),
            seconds: 0.0,
        }
    }

    /// What several say together.
    pub fn sum(tallies: &[Self]) -> EpochSummary {
        tallies.iter().map(Self::load).fold(EpochSummary::default(), |sum, one| EpochSummary {
            raw_words: sum.raw_words + one.raw_words,
            trained_words: sum.trained_words + one.trained_words,
            loss: sum.loss + one.loss,
            seconds: 0.0,
        })
    }
}
