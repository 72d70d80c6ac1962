//! Threads for one job: they live as long as the job, so that forking before or after is safe.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use crate::error::{Error, Result};
use crate::progress::POLL_INTERVAL;

/// The cores this process may use (affinity and cgroup quota respected).
pub fn available() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `work(0)` … `work(workers - 1)` on threads of their own, while the calling thread runs
/// `poll` about every [`POLL_INTERVAL`]; returns their results in order.
///
/// The first error, of a worker or of `poll`, raises `stop`, which `work` must look at often; it is
/// returned once every thread has ended. A panic becomes [`Error::Internal`].
pub fn run<T: Send>(
    workers: usize,
    stop: &AtomicBool,
    work: impl Fn(usize) -> Result<T> + Sync,
    mut poll: impl FnMut() -> Result<()>,
) -> Result<Vec<T>> {
    let mut results: Vec<Option<T>> = (0..workers).map(|_| None).collect();
    let mut failure: Option<Error> = None;
    let mut fail = |error: Error| {
        stop.store(true, Ordering::Relaxed);
        failure.get_or_insert(error);
    };
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        for worker in 0..workers {
            let (sender, work) = (sender.clone(), &work);
            scope.spawn(move || {
                let result = caught(|| work(worker));
                // The receiver outlives the scope's threads: sending cannot fail.
                let _ = sender.send((worker, result));
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(POLL_INTERVAL) {
                Ok((worker, Ok(result))) => results[worker] = Some(result),
                Ok((_, Err(error))) => fail(error),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = caught(&mut poll) {
                        fail(error);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(results.into_iter().flatten().collect()),
    }
}

/// Runs `work`; a panic in it becomes [`Error::Internal`].
///
/// What the work had borrowed may be half changed afterwards: it must stay safe to use and to drop,
/// as everything in this crate does.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::Internal(panic_message(&*panic))))
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let stop = AtomicBool::new(false);
        let results = run(4, &stop, |worker| Ok(worker * 10), || Ok(())).unwrap();
        assert_eq!(results, [0, 10, 20, 30]);
    }

    #[test]
    fn an_error_stops_the_others() {
        let stop = AtomicBool::new(false);
        let work = |worker| {
            if worker == 0 {
                return Err(Error::config("window", "is wrong"));
            }
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            Ok(())
        };
        assert!(matches!(run(3, &stop, work, || Ok(())), Err(Error::Config { .. })));
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let stop = AtomicBool::new(false);
        let work = |worker| {
            assert_eq!(worker, 0, "boom");
            Ok(())
        };
        let result = run(2, &stop, work, || Ok(()));
        assert!(matches!(result, Err(Error::Internal(message)) if message.contains("boom")));
    }

    #[test]
    fn a_panic_of_the_caller_stops_the_workers() {
        let stop = AtomicBool::new(false);
        let work = |_| {
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            Ok(())
        };
        let result = run(2, &stop, work, || panic!("boom {}", 1));
        assert!(matches!(result, Err(Error::Internal(message)) if message == "boom 1"));
    }

    #[test]
    fn the_observer_can_stop_the_workers() {
        let stop = AtomicBool::new(false);
        let work = |_| {
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            Ok(())
        };
        assert!(matches!(run(2, &stop, work, || Err(Error::Stopped)), Err(Error::Stopped)));
    }
}
