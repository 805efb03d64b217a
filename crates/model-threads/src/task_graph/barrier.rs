//! `barrier`: two rows of blocks, by parity of the step, and a `std::sync::Barrier` after each. Between two barriers a block
//! is written by its owner or read by all, never both, so that its lock is never waited for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, PoisonError, RwLock};

use patterns::map_reduce::block;
use patterns::probe::Observed;
use patterns::task_graph::{done, owners};
use patterns::{Error, Job, Measure, Probe, Start, TaskGraph, Units, team};

/// The blocks of each worker, of this step and the one before.
type Rows<E> = [Vec<RwLock<Vec<E>>>; 2];

pub(super) fn run<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let owners = owners(workload.width(), workers);
    let barrier = Barrier::new(workers);
    // The step in which somebody failed.
    let failed = AtomicUsize::new(usize::MAX);
    let work = |worker, rows: Arc<Rows<W::Edge>>| {
        let points = block(workload.width(), worker, workers);
        let mut executed = 0;
        for step in 0..workload.steps() {
            let execute = || row(workload, &owners, step, points.clone(), worker, &rows);
            let result = catch_unwind(AssertUnwindSafe(execute));
            if result.is_err() {
                // Relaxed: the barrier orders it before what the others read after it.
                failed.fetch_min(step, Ordering::Relaxed);
            }
            // A panic keeps nobody waiting: all leave behind the same barrier, and only its own thread tells of it.
            barrier.wait();
            result.map_err(|payload| Error::panicked(worker, &*payload))?;
            // Not a later one: whoever is ahead may have failed there, and waits for this worker.
            if failed.load(Ordering::Relaxed) <= step {
                break;
            }
            executed += points.len() as u64;
        }
        Ok((executed, P::default().observed(executed)))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let blocks = || (0..workers).map(|_| RwLock::new(Vec::new())).collect::<Vec<_>>();
            let rows = Arc::new([blocks(), blocks()]);
            let (mut executed, mut observed) = (0, Observed::default());
            for (count, seen) in watch.time(|| team.run(|_| rows.clone()))? {
                executed += count;
                observed.absorb(seen);
            }
            let rows = Arc::into_inner(rows).ok_or_else(|| Error::other("a worker kept the rows"))?;
            let last = rows.into_iter().nth((workload.steps() + 1) % 2).unwrap_or_default();
            let last = last.into_iter().flat_map(|block| block.into_inner().unwrap_or_else(PoisonError::into_inner));
            let units = Units { threads: workers as u64, ..Units::default() };
            Ok(done(last.collect(), executed, units, observed))
        })
    })
}

/// A step of one worker.
fn row<W: TaskGraph>(
    workload: &W,
    owners: &[(usize, usize)],
    step: usize,
    points: std::ops::Range<usize>,
    worker: usize,
    rows: &Rows<W::Edge>,
) {
    let before: Vec<_> =
        rows[(step + 1) % 2].iter().map(|block| block.read().unwrap_or_else(PoisonError::into_inner)).collect();
    let mut mine = rows[step % 2][worker].write().unwrap_or_else(PoisonError::into_inner);
    mine.clear();
    let (mut needs, mut inputs) = (Vec::new(), Vec::new());
    for point in points {
        needs.clear();
        workload.needs(step, point, &mut needs);
        inputs.clear();
        inputs.extend(needs.iter().map(|need| {
            let (owner, place) = owners[*need];
            &before[owner][place]
        }));
        mine.push(workload.execute(step, point, &inputs));
    }
}
