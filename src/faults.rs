//! Panics on request, to show what becomes of them: only in builds with the feature `faults`, which
//! are never shipped.

/// Where a panic can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A worker that trains, between two units.
    Training,
    /// The thread that gathers rows for a checkpoint, between two blocks.
    Gathering,
}

#[cfg(feature = "faults")]
pub use armed::{arm, pass};

/// Stands where a panic can be asked for; without the feature nothing ever happens.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn pass(_: Place) {}

#[cfg(feature = "faults")]
mod armed {
    use std::sync::{Mutex, PoisonError};

    use super::Place;

    static ARMED: Mutex<Option<Place>> = Mutex::new(None);

    /// Lets the next thread that passes a place panic.
    pub fn arm(place: Place) {
        *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// Panics where that was asked for, once.
    pub fn pass(place: Place) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        if *armed == Some(place) {
            *armed = None;
            drop(armed);
            panic!("a test's panic");
        }
    }
}
