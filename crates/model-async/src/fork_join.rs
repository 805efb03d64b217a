//! Fork-join on a runtime of as many threads as there are workers.
//!
//! - `spawn`: the left half as a task, the right one in the caller, down to [`A_WORKER`] tasks a worker; below that each goes
//!   on alone, without awaiting. Against the grain: an `async` recursion is a box a node, and a task that computes holds its
//!   thread.

use std::pin::Pin;
use std::sync::Arc;

use patterns::fork_join::{Counted, STACK, Split, sequential};
use patterns::{Demand, Error, ForkJoin, Job, Measure, Probe, RunsForkJoin, Start, Strategies, Strategy, Units};
use tokio::runtime::Builder;

use crate::{Async, START, joined};

impl RunsForkJoin for Async {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        let why = "recursion awaits its own tasks, which must be boxed and 'static, and computing holds up the runtime";
        Strategies::of(Strategy::against_the_grain("spawn", Demand::AWAITED, why, spawn::<W, P>))
    }
}

/// Tasks for each worker: enough that uneven halves even out.
const A_WORKER: usize = 16;

fn spawn<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    let threads = start.workers.get();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(threads).thread_stack_size(STACK).build().map_err(Error::io(START))?;
    let tasks = if threads == 1 { 1 } else { threads.saturating_mul(A_WORKER) };
    measure(&mut |watch| {
        let root = job.workload.root(&job.input);
        let whole = subtree::<W>(job.clone(), root, tasks);
        let counted = watch.time(|| joined(0, runtime.block_on(runtime.spawn(whole))))??;
        let observed = P::default().observed(counted.leaves);
        let units = Units { threads: threads as u64, tasks: (tasks as u64).min(counted.leaves), ..Units::default() };
        Ok(counted.done(units, observed))
    })
}

type Subtree<W> = Pin<Box<dyn Future<Output = Result<Counted<W>, Error>> + Send>>;

/// A subtree in so many tasks, of which the caller is one.
fn subtree<W: ForkJoin>(job: Arc<Job<W>>, node: W::Node, tasks: usize) -> Subtree<W> {
    Box::pin(async move {
        let (workload, input) = (&job.workload, &job.input);
        if tasks == 1 {
            return Ok(sequential(workload, input, node));
        }
        match workload.split(input, &node) {
            Split::Leaf => Ok(Counted::leaf(workload, input, node)),
            Split::Two(left, right) => {
                let left = tokio::spawn(subtree(job.clone(), left, tasks / 2));
                let right = subtree(job.clone(), right, tasks - tasks / 2).await;
                let left = joined(0, left.await)??;
                Ok(Counted::join(workload, input, node, left, right?))
            }
        }
    })
}
