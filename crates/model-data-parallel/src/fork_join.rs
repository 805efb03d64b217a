//! Fork-join on a pool of as many threads as there are workers: what it was made for.
//!
//! - `join`: both halves of every node by `rayon::join`. About ten nanoseconds a node; balances.
//! - `scope`: the right half of every node as a spawned job with a place for its value, the left one in the caller. A box and
//!   a counter a node; balances.

use std::sync::Arc;

use patterns::fork_join::{Counted, STACK, Split};
use patterns::{Demand, Error, ForkJoin, Job, Measure, Probe, RunsForkJoin, Start, Strategies, Strategy, Units};
use rayon::ThreadPoolBuilder;

use crate::{DataParallel, on};

impl RunsForkJoin for DataParallel {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::idiomatic("join", Demand::BORROWED, join::<W, P>).mind(SMALL))
            .and(Strategy::idiomatic("scope", Demand::BORROWED, scope::<W, P>).mind(SMALL))
    }
}

const SMALL: &str = "entering the pool costs tens of microseconds, and every node something: \
                     a tree that takes less, or whose leaves do next to nothing, is slower than on one thread";

fn join<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    rounds::<W, P>(start, job, measure, by_join)
}

fn by_join<W: ForkJoin>(workload: &W, input: &W::Input, node: W::Node) -> Counted<W> {
    match workload.split(input, &node) {
        Split::Leaf => Counted::leaf(workload, input, node),
        Split::Two(left, right) => {
            let (left, right) =
                rayon::join(move || by_join(workload, input, left), move || by_join(workload, input, right));
            Counted::join(workload, input, node, left, right)
        }
    }
}

fn scope<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    rounds::<W, P>(start, job, measure, by_scope)
}

fn by_scope<W: ForkJoin>(workload: &W, input: &W::Input, node: W::Node) -> Counted<W> {
    let Split::Two(left, right) = workload.split(input, &node) else {
        return Counted::leaf(workload, input, node);
    };
    let mut place = None;
    let left = rayon::scope(|scope| {
        scope.spawn(|_| place = Some(by_scope(workload, input, right)));
        by_scope(workload, input, left)
    });
    match place {
        Some(right) => Counted::join(workload, input, node, left, right),
        None => unreachable!("a scope ends when its jobs have ended"),
    }
}

fn rounds<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Job<W>,
    measure: &mut Measure<'_, W::Value>,
    subtree: fn(&W, &W::Input, W::Node) -> Counted<W>,
) -> Result<(), Error> {
    let builder = ThreadPoolBuilder::new().num_threads(start.workers.get()).stack_size(STACK);
    let pool = builder.build().map_err(Error::other)?;
    pool.broadcast(|_| ());
    measure(&mut |watch| {
        let root = job.workload.root(&job.input);
        let counted = watch.time(|| on(&pool, || subtree(&job.workload, &job.input, root)))?;
        let observed = P::default().observed(counted.leaves);
        // Every split made a job, and a binary tree has one split less than leaves.
        let (threads, tasks) = (start.workers.get() as u64, counted.leaves.saturating_sub(1));
        Ok(counted.done(Units { threads, tasks, ..Units::default() }, observed))
    })
}
