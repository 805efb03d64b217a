//! `stealing`: warm threads with a deque each (Chase and Lev, SPAA 2005; crossbeam-deque), as Cilk and its heirs do it.
//!
//! Whoever splits a node offers the right half on its own deque, does the left one, and pops the right one again unless
//! somebody stole it. It offers only while fewer than [`SURPLUS`] halves of its own lie there: enough for whoever looks,
//! and the cost of an offer is not paid at every node (as `getSurplusQueuedTaskCount` is for in Java's fork/join).
//!
//! Who has nothing to do looks round, then naps: a tree has no end that a queue could tell.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, sleep};
use std::time::Duration;

use crossbeam_deque::{Stealer, Worker};
use crossbeam_utils::Backoff;
use patterns::fork_join::{Counted, STACK, Split};
use patterns::{Error, ForkJoin, Job, Measure, Probe, Start, Units, team_of};

/// Halves on offer at a time, of one thread.
const SURPLUS: usize = 3;
/// How long a thread sleeps that found nothing for a while.
const NAP: Duration = Duration::from_micros(50);

pub(super) fn run<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    let work = |worker: usize, (own, table): (Worker<Offer<W>>, Arc<Table<W>>)| {
        // However this worker leaves, nobody waits for it: a panic is told by the team, and ends the others.
        let leaving = Leaving(&table.over);
        let hand = Hand::<W, P> { job, own, table: &table, leaves: Cell::new(0), probe: P::default() };
        let value = if worker == 0 {
            hand.subtree(job.workload.root(&job.input))
        } else {
            while !table.over.load(Ordering::Relaxed) {
                hand.help(&Backoff::new(), || table.over.load(Ordering::Relaxed));
            }
            std::mem::forget(leaving);
            return Ok((None, hand.probe.observed(hand.leaves.get())));
        };
        Ok((value, hand.probe.observed(hand.leaves.get())))
    };
    let workers = start.workers.get();
    team_of(
        || Builder::new().stack_size(STACK),
        start.workers,
        work,
        |team| {
            measure(&mut |watch| {
                let mut own: Vec<_> = (0..workers).map(|_| Worker::new_lifo()).collect();
                let stealers = own.iter().map(Worker::stealer).collect();
                let table = Arc::new(Table { stealers, over: AtomicBool::new(false) });
                own.reverse();
                let hand = |_| (own.pop().unwrap_or_else(Worker::new_lifo), table.clone());
                let results = watch.time(|| team.run(hand))?;
                let (mut whole, mut observed) = (None, patterns::probe::Observed::default());
                for (value, seen) in results {
                    whole = whole.or(value);
                    observed.absorb(seen);
                }
                let whole: Counted<W> = whole.ok_or_else(|| Error::other("no worker had the root"))?;
                Ok(whole.done(Units { threads: workers as u64, ..Units::default() }, observed))
            })
        },
    )
}

/// A right half that anybody may take.
struct Half<W: ForkJoin> {
    node: W::Node,
    /// What it is worth, once whoever took it knows.
    value: Mutex<Option<Counted<W>>>,
}

impl<W: ForkJoin> Half<W> {
    fn value(&self) -> MutexGuard<'_, Option<Counted<W>>> {
        // No code that can panic runs under this lock.
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Offer<W> = Arc<Half<W>>;

/// What all threads of a round look at.
struct Table<W: ForkJoin> {
    stealers: Vec<Stealer<Offer<W>>>,
    /// The root is done, or somebody failed. Relaxed: it tells nobody to read anything.
    over: AtomicBool,
}

struct Leaving<'t>(&'t AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A thread in a round.
struct Hand<'r, W: ForkJoin, P> {
    job: &'r Job<W>,
    own: Worker<Offer<W>>,
    table: &'r Table<W>,
    leaves: Cell<u64>,
    probe: P,
}

impl<W: ForkJoin, P: Probe> Hand<'_, W, P> {
    /// The value of a subtree; `None` if the round is over before it is known.
    fn subtree(&self, node: W::Node) -> Option<Counted<W>> {
        let (workload, input) = (&self.job.workload, &self.job.input);
        let Split::Two(left, right) = workload.split(input, &node) else {
            if P::RECORDS {
                self.leaves.set(self.leaves.get() + 1);
            }
            return Some(Counted::leaf(workload, input, node));
        };
        let (left, right) = if self.own.len() < SURPLUS {
            let half = Arc::new(Half { node: right, value: Mutex::new(None) });
            self.own.push(half.clone());
            let left = self.subtree(left)?;
            // Last in, first out, and thieves take the oldest: what was offered later is gone by now, and if this half is,
            // so are all older ones.
            let right = match self.own.pop() {
                Some(mine) => self.subtree(mine.node.clone())?,
                None => self.wait(&half)?,
            };
            (left, right)
        } else {
            (self.subtree(left)?, self.subtree(right)?)
        };
        Some(Counted::join(workload, input, node, left, right))
    }

    /// The value of a half that was stolen; meanwhile others are helped.
    fn wait(&self, half: &Half<W>) -> Option<Counted<W>> {
        let backoff = Backoff::new();
        loop {
            let value = half.value().take();
            if value.is_some() || self.table.over.load(Ordering::Relaxed) {
                return value;
            }
            self.help(&backoff, || half.value().is_some());
        }
    }

    /// Does what somebody else has on offer, or waits a moment unless `enough`.
    fn help(&self, backoff: &Backoff, enough: impl Fn() -> bool) {
        loop {
            match self.table.stealers.iter().find_map(|other| other.steal().success()) {
                Some(half) => {
                    if let Some(value) = self.subtree(half.node.clone()) {
                        *half.value() = Some(value);
                    }
                    return;
                }
                None if enough() => return,
                None if backoff.is_completed() => sleep(NAP),
                None => backoff.snooze(),
            }
        }
    }
}
