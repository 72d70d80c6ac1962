//! Where workers wait for one another.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Looks at the others before a worker gives its core away: about a fifth of a round's time.
const SPINS: u32 = 2_000;
/// Times it then lets others run before it goes to sleep.
const YIELDS: u32 = 50;

/// A meeting place for a fixed number of workers, again and again.
///
/// A phase of work takes less than a millisecond, so waiting is a short spin; but where there are
/// fewer cores than workers those that wait must let the others run, and so they sleep in the end.
#[derive(Debug)]
pub struct Barrier {
    workers: u32,
    arrived: AtomicU32,
    meeting: AtomicU32,
    is_broken: AtomicBool,
    sleepers: Mutex<()>,
    wake: Condvar,
}

/// A worker will not come any more, so there is no use in waiting.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

impl Barrier {
    /// For so many workers.
    pub fn new(workers: usize) -> Self {
        Self {
            workers: workers as u32,
            arrived: AtomicU32::new(0),
            meeting: AtomicU32::new(0),
            is_broken: AtomicBool::new(false),
            sleepers: Mutex::new(()),
            wake: Condvar::new(),
        }
    }

    /// Waits until all workers are here; the last one to come does something before all go on. All
    /// that workers did before is seen by all of them after.
    pub fn wait(&self, last: impl FnOnce()) -> Result<(), Broken> {
        let meeting = self.meeting.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.workers {
            last();
            self.arrived.store(0, Ordering::Relaxed);
            self.meeting.store(meeting.wrapping_add(1), Ordering::Release);
            self.wake_all();
        } else {
            self.await_others(meeting);
        }
        if self.is_broken.load(Ordering::Acquire) { Err(Broken) } else { Ok(()) }
    }

    /// Lets all workers go, now and at every later meeting.
    pub fn break_up(&self) {
        self.is_broken.store(true, Ordering::Release);
        self.wake_all();
    }

    fn await_others(&self, meeting: u32) {
        let is_over = || {
            self.meeting.load(Ordering::Acquire) != meeting
                || self.is_broken.load(Ordering::Acquire)
        };
        for _ in 0..SPINS {
            if is_over() {
                return;
            }
            std::hint::spin_loop();
        }
        for _ in 0..YIELDS {
            if is_over() {
                return;
            }
            std::thread::yield_now();
        }
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_over() {
            sleepers = self.wake.wait(sleepers).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wake_all(&self) {
        // Locked, so that nobody looks before the change and falls asleep after this call.
        drop(self.sleepers.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::scope;

    #[test]
    fn nobody_goes_on_before_all_are_there() {
        let workers = 7; // more than there are cores, often
        let (barrier, arrived, last) =
            (Barrier::new(workers), AtomicU32::new(0), AtomicU32::new(0));
        scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    for meeting in 1..=300 {
                        arrived.fetch_add(1, Ordering::Relaxed);
                        let all = meeting * workers as u32;
                        barrier
                            .wait(|| {
                                assert_eq!(arrived.load(Ordering::Relaxed), all);
                                last.fetch_add(1, Ordering::Relaxed);
                            })
                            .unwrap();
                        assert!(arrived.load(Ordering::Relaxed) >= all);
                        assert_eq!(barrier.wait(|| {}), Ok(()));
                    }
                });
            }
        });
        assert_eq!(last.into_inner(), 300);
    }

    #[test]
    fn one_alone_never_waits() {
        let barrier = Barrier::new(1);
        let mut count = 0;
        (0..100).for_each(|_| barrier.wait(|| count += 1).unwrap());
        assert_eq!(count, 100);
    }

    #[test]
    fn a_broken_barrier_holds_nobody() {
        let barrier = Barrier::new(3);
        scope(|scope| {
            let waiting = [(); 2].map(|()| scope.spawn(|| barrier.wait(|| unreachable!())));
            std::thread::sleep(std::time::Duration::from_millis(20)); // let them fall asleep
            barrier.break_up();
            waiting.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), Err(Broken)));
        });
    }
}
