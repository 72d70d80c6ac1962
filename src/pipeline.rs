//! One job in parts: made and put together in order by the calling thread, worked on by others.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::error::{Error, Result};
use crate::workers::panic_message;

/// The two ends of a pipeline; both are used on the calling thread alone.
pub trait Ends {
    /// What the threads work on.
    type Part: Send;
    /// What they make of it.
    type Product: Send;

    /// Makes the next part; `None` after the last.
    fn next(&mut self) -> Result<Option<Self::Part>>;

    /// Takes the products in the order of their parts.
    fn merge(&mut self, product: Self::Product) -> Result<()>;
}

/// Passes every part through `work`, on `workers` threads of their own when there is more than one
/// part, and returns the first error in the order of the parts: an error of [`Ends::next`] counts
/// once all that came before it has been merged, just as if one thread did everything in turn.
/// Only [`Error::Stopped`] counts at once.
///
/// A few parts for each worker are under way at a time. A panic of `work` is [`Error::Internal`].
pub fn run<E: Ends>(
    workers: usize,
    ends: &mut E,
    work: impl Fn(E::Part) -> E::Product + Sync,
) -> Result<()> {
    if workers > 1 {
        let Some(first) = ends.next()? else { return Ok(()) };
        match ends.next() {
            Ok(Some(second)) => return run_threads(workers, ends, [first, second], work),
            Err(Error::Stopped) => return Err(Error::Stopped),
            ended => {
                ends.merge(work(first))?;
                return ended.map(|_| ());
            }
        }
    }
    while let Some(part) = ends.next()? {
        ends.merge(work(part))?;
    }
    Ok(())
}

fn run_threads<E: Ends>(
    workers: usize,
    ends: &mut E,
    first: [E::Part; 2],
    work: impl Fn(E::Part) -> E::Product + Sync,
) -> Result<()> {
    let stop = AtomicBool::new(false);
    let (parts, queue) = channel();
    let queue = Mutex::new(queue);
    let (products, done) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, products, stop, work) = (&queue, products.clone(), &stop, &work);
            scope.spawn(move || work_off(queue, &products, stop, work));
        }
        // Only the workers hold a sender now, and `parts` is dropped at the end of this closure,
        // whichever way it is left: so neither side ever waits for the other in vain.
        drop(products);
        let mut belt = Belt { parts, done, waiting: BTreeMap::new(), sent: 0, merged: 0 };
        let result = belt.run(ends, first, 2 * workers + 1);
        stop.store(true, Ordering::Relaxed);
        result
    })
}

type Outcome<P> = Result<P, Box<dyn Any + Send>>;

/// One thread's work: part after part until there are no more.
fn work_off<I, P>(
    queue: &Mutex<Receiver<(usize, I)>>,
    products: &Sender<(usize, Outcome<P>)>,
    stop: &AtomicBool,
    work: impl Fn(I) -> P,
) {
    loop {
        let next = queue.lock().unwrap_or_else(|poison| poison.into_inner()).recv();
        let Ok((ordinal, part)) = next else { return };
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| work(part)));
        if products.send((ordinal, outcome)).is_err() {
            return;
        }
    }
}

/// The calling thread's side of the two channels.
struct Belt<I, P> {
    parts: Sender<(usize, I)>,
    done: Receiver<(usize, Outcome<P>)>,
    /// Products that came before their turn.
    waiting: BTreeMap<usize, Outcome<P>>,
    sent: usize,
    merged: usize,
}

impl<I: Send, P: Send> Belt<I, P> {
    fn run<E: Ends<Part = I, Product = P>>(
        &mut self,
        ends: &mut E,
        first: [I; 2],
        most: usize,
    ) -> Result<()> {
        for part in first {
            self.send(part)?;
        }
        let mut ended = None;
        while ended.is_none() || self.merged < self.sent {
            if ended.is_none() && self.sent - self.merged < most {
                match ends.next() {
                    Ok(Some(part)) => self.send(part)?,
                    Ok(None) => ended = Some(Ok(())),
                    Err(Error::Stopped) => return Err(Error::Stopped),
                    Err(error) => ended = Some(Err(error)),
                }
            } else {
                let (ordinal, outcome) = self.done.recv().map_err(|_| lost())?;
                self.waiting.insert(ordinal, outcome);
            }
            self.waiting.extend(self.done.try_iter());
            while let Some(outcome) = self.waiting.remove(&self.merged) {
                let product = outcome.map_err(|panic| Error::Internal(panic_message(&*panic)))?;
                ends.merge(product)?;
                self.merged += 1;
            }
        }
        ended.unwrap_or(Ok(()))
    }

    fn send(&mut self, part: I) -> Result<()> {
        self.parts.send((self.sent, part)).map_err(|_| lost())?;
        self.sent += 1;
        Ok(())
    }
}

fn lost() -> Error {
    Error::Internal("the workers ended before their work".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up to `last`, then ends, in an error if there is one; an odd product may be one, too.
    struct Numbers {
        next: u64,
        last: u64,
        error: Option<&'static str>,
        refused: Option<u64>,
        merged: Vec<u64>,
    }

    impl Numbers {
        fn to(last: u64) -> Self {
            Self { next: 0, last, error: None, refused: None, merged: Vec::new() }
        }
    }

    impl Ends for Numbers {
        type Part = u64;
        type Product = u64;

        fn next(&mut self) -> Result<Option<u64>> {
            if self.next == self.last {
                return self.error.map_or(Ok(None), |error| Err(Error::config("next", error)));
            }
            self.next += 1;
            Ok(Some(self.next - 1))
        }

        fn merge(&mut self, product: u64) -> Result<()> {
            if self.refused == Some(product) {
                return Err(Error::config("merge", "refused"));
            }
            self.merged.push(product);
            Ok(())
        }
    }

    /// Slow for some, so that products come out of order.
    fn work(part: u64) -> u64 {
        if part.is_multiple_of(3) {
            thread::sleep(std::time::Duration::from_micros(200));
        }
        part
    }

    #[test]
    fn products_are_merged_in_order() {
        for workers in [1, 2, 5] {
            for last in [0, 1, 2, 100] {
                let mut numbers = Numbers::to(last);
                run(workers, &mut numbers, work).unwrap();
                assert_eq!(numbers.merged, (0..last).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_error_of_the_source_counts_after_all_that_came_before() {
        for workers in [1, 4] {
            for last in [0, 1, 2, 50] {
                let mut numbers = Numbers { error: Some("broke"), ..Numbers::to(last) };
                let error = run(workers, &mut numbers, work).unwrap_err();
                assert!(matches!(error, Error::Config { argument: "next", .. }));
                assert_eq!(numbers.merged, (0..last).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_first_error_wins_and_nothing_is_merged_after_it() {
        for workers in [1, 4] {
            for refused in [0, 1, 2, 30] {
                let error = Some("broke");
                let mut numbers =
                    Numbers { error, refused: Some(refused), ..Numbers::to(refused + 1) };
                let error = run(workers, &mut numbers, work).unwrap_err();
                assert!(matches!(error, Error::Config { argument: "merge", .. }));
                assert_eq!(numbers.merged, (0..refused).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let panics = |part| {
            assert_ne!(part, 7, "boom");
            part
        };
        let error = run(3, &mut Numbers::to(50), panics).unwrap_err();
        assert!(matches!(error, Error::Internal(message) if message.contains("boom")));
    }

    #[test]
    fn few_parts_are_under_way_at_a_time() {
        struct Counted(u64, u64);
        impl Ends for Counted {
            type Part = u64;
            type Product = u64;

            fn next(&mut self) -> Result<Option<u64>> {
                self.0 += 1;
                assert!(self.0 - self.1 <= 7, "parts pile up");
                Ok((self.0 <= 200).then_some(self.0))
            }

            fn merge(&mut self, _: u64) -> Result<()> {
                self.1 += 1;
                Ok(())
            }
        }
        run(3, &mut Counted(0, 0), work).unwrap();
    }
}
