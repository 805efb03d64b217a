//! `depth-limited`: the right half on a thread of its own, as long as there are workers to share between the halves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, scope};

use patterns::fork_join::{Counted, STACK, Split, sequential};
use patterns::{Error, ForkJoin, Job, Measure, Probe, Start, Units};

pub(super) fn run<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    let workers = start.workers.get();
    measure(&mut |watch| {
        let root = job.workload.root(&job.input);
        let whole = || catch_unwind(AssertUnwindSafe(|| halves(job, root, 0..workers)));
        let counted = watch.time(whole).unwrap_or_else(|payload| Err(Error::panicked(0, &*payload)))?;
        let observed = P::default().observed(counted.leaves);
        Ok(counted.done(Units { threads: workers as u64, ..Units::default() }, observed))
    })
}

/// A subtree on these workers, of whom the first is the one that calls.
fn halves<W: ForkJoin>(job: &Job<W>, node: W::Node, workers: std::ops::Range<usize>) -> Result<Counted<W>, Error> {
    let (workload, input) = (&job.workload, &job.input);
    if workers.len() == 1 {
        return Ok(sequential(workload, input, node));
    }
    let Split::Two(left, right) = workload.split(input, &node) else {
        return Ok(Counted::leaf(workload, input, node));
    };
    let other = workers.start + workers.len().div_ceil(2);
    let (left, right) = scope(|scope| {
        let right = move || halves(job, right, other..workers.end);
        let right = Builder::new().stack_size(STACK).spawn_scoped(scope, right);
        let right = right.map_err(Error::io(format!("start thread {other} of {}", workers.end)))?;
        let left = halves(job, left, workers.start..other);
        let right = right.join().unwrap_or_else(|payload| Err(Error::panicked(other, &*payload)));
        Ok::<_, Error>((left?, right?))
    })?;
    Ok(Counted::join(workload, input, node, left, right))
}
