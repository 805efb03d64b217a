//! Map-reduce under the lock.
//!
//! - `threads`: warm threads take the next index from one counter and compute with the lock, so that one does at a time.
//!   What a workload says that its kernel does without it (`release-share`) runs side by side.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cpython_locks::Gil as Lock;
use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::{
    Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy, Units, team,
};

use super::thread::Thread;
use super::{Gil, INTERVAL};

/// Items between two check points. CPython has one at the end of each turn of a loop; what matters of it is that the time
/// to the next is short beside the interval, and that it costs next to nothing. A thousand items are 0.6 us of additions
/// and half a millisecond of dear pixels.
const QUANTUM: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

impl RunsMapReduce for Gil {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        let mind = "one thread computes at a time, whatever their number, but where a kernel lets go of the lock";
        Strategies::of(Strategy::idiomatic("threads", Demand::BORROWED, run::<W, P>).mind(mind))
    }
}

fn run<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let gil = Lock::new(INTERVAL);
    let work = |_, next: Arc<AtomicUsize>| {
        let mut probe = P::default();
        let share = compute(&mut Thread::of(&gil), job, &next, &mut probe);
        let observed = probe.observed(share.tasks());
        Ok((share, observed))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let next = Arc::new(AtomicUsize::new(0));
            let (share, observed) = watch.time(|| {
                let (shares, seen): (Vec<_>, Vec<_>) = team.run(|_| next.clone())?.into_iter().unzip();
                let mut observed = Observed::default();
                seen.into_iter().for_each(|seen| observed.absorb(seen));
                Ok::<_, Error>((Share::combine(workload, shares), observed))
            })?;
            let units = Units { threads: start.workers.get() as u64, ..Units::default() };
            Ok(share.done(units, observed))
        })
    })
}

/// Why a thread stops computing with the lock.
enum Stop {
    /// Another wants it.
    Asked,
    /// So many items of the task in hand do not need it.
    Released(NonZeroUsize),
    /// There is nothing left.
    Done,
}

/// All that one thread does: the lock is taken when it starts, and dropped when nothing is left.
fn compute<W: MapReduce, P: Probe>(
    thread: &mut Thread<'_>,
    job: &Job<W>,
    next: &AtomicUsize,
    probe: &mut P,
) -> Share<W> {
    let (workload, tasks, released) = (&job.workload, job.workload.tasks(&job.input), job.workload.released());
    let mut share = Share::empty(workload);
    // The task in hand, and its items that are left.
    let mut hand: Option<(W::Task<'_>, Range<usize>)> = None;
    thread.attach(probe);
    loop {
        let stop = probe.hold(|| {
            while !thread.asked() {
                if let Some((task, rest)) = &mut hand {
                    if !share.map_next(workload, task, rest, QUANTUM) {
                        hand = None;
                    }
                    continue;
                }
                // Relaxed: as in `threads/self-scheduling`; and whoever takes an index holds the lock.
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= tasks {
                    return Stop::Done;
                }
                let task = workload.task(&job.input, index);
                let items = workload.items(&task);
                hand = Some((task, 0..items));
                if let Some(free) = NonZeroUsize::new(part(items, released)) {
                    return Stop::Released(free);
                }
            }
            Stop::Asked
        });
        match (stop, &mut hand) {
            (Stop::Done, _) => return share,
            (Stop::Released(items), Some((task, rest))) => {
                if !thread.released(probe, || share.map_next(workload, task, rest, items)) {
                    hand = None;
                }
            }
            (Stop::Asked | Stop::Released(_), _) => thread.check_point(probe),
        }
    }
}

/// How many of a task's items a share is: to the nearest, the same in every run.
fn part(items: usize, share: f64) -> usize {
    (items as f64 * share).round() as usize
}

#[cfg(test)]
mod tests;
