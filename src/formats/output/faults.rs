//! Where a save asks something of the system: tests make any one of these steps fail.

#[cfg(test)]
pub use injected::{failing_at, step};

/// Stands before every call that the system can refuse; only in tests does it ever fail.
#[cfg(not(test))]
#[inline]
pub fn step() -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod injected {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        /// When one is to fail: how many steps still go well, and whether one has failed.
        static PLAN: Cell<Option<(u64, bool)>> = const { Cell::new(None) };
    }

    /// What a full disk answers.
    const NO_SPACE: i32 = if cfg!(windows) { 112 } else { 28 };

    pub fn step() -> io::Result<()> {
        match PLAN.get() {
            None => Ok(()),
            Some((0, _)) => {
                PLAN.set(Some((0, true)));
                Err(io::Error::from_raw_os_error(NO_SPACE))
            }
            Some((left, _)) => {
                PLAN.set(Some((left - 1, false)));
                Ok(())
            }
        }
    }

    /// Runs `save` with its `step`-th step (from 0), and every later one, failing; also says
    /// whether it came to that.
    pub fn failing_at<T>(step: u64, save: impl FnOnce() -> T) -> (T, bool) {
        PLAN.set(Some((step, false)));
        let result = save();
        (result, PLAN.take().is_some_and(|(_, failed)| failed))
    }
}
