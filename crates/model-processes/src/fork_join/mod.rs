//! Fork-join on warm worker processes: subtrees travel, their values travel back.
//!
//! - `frontier`: the parent splits the tree breadth first, inside the clock, until there are enough subtrees for everybody,
//!   ships them, and joins what comes back the way it was split. A message a subtree and one back. Trees are uneven, so
//!   there are eight subtrees a worker, and who is done takes the next.
//!
//! Nothing is stolen in between: a worker that finds its subtree large is not helped. A worker that is killed costs the
//! subtrees that it had, which others take at once, as in map-reduce: it is the same pool.

mod frontier;

use std::sync::Arc;
use std::thread;

use frontier::Frontier;
use patterns::fork_join::{Counted, STACK, sequential};
use patterns::probe::Observed;
use patterns::{Demand, Error, ForkJoin, Job, Measure, Probe, RunsForkJoin, Start, Strategies, Strategy};

use crate::Processes;
use crate::link::{Failure, Link};
use crate::map_reduce::{Errand, Home, Packing, Pool, append, crew};
use crate::parent::Parent;
use crate::wire::{Broken, decode, encode};

impl RunsForkJoin for Processes {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::idiomatic("frontier", Demand::SHIPPED, run::<W, P>).with_worker(work::<W>).mind(SMALL))
    }
}

const SMALL: &str = "a round begins with messages and wake-ups, tens of microseconds: a small tree is done before that";

/// Subtrees a worker: uneven as they are, the last of them are small beside the whole.
const SUBTREES: usize = 8;

/// Subtrees that were done, by their number.
type Done<W> = Vec<(usize, Counted<W>)>;

fn run<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    let knobs = encode(&job.workload)?;
    let introduce = |link: &Link| link.send(&knobs);
    let pool = Pool { start, packing: Packing::SINGLE, introduce: &introduce };
    crew::<Subtrees<W>, P>(&pool, |crew| {
        measure(&mut |watch| {
            let (counted, units, observed) = watch.time(|| {
                let frontier = Arc::new(Frontier::of(job, SUBTREES * start.workers.get()));
                let errand = Subtrees { job: job.clone(), frontier };
                let Home { shares, units, observed } = crew.round(errand.frontier.len(), &errand)?;
                let leaves = |share: &Done<W>| share.iter().map(|(_, counted)| counted.leaves).sum();
                let operations = if P::RECORDS { shares.iter().map(leaves).collect() } else { Vec::new() };
                let counted = errand.frontier.join(job, shares.into_iter().flatten())?;
                Ok::<_, Error>((counted, units, Observed { operations, ..observed }))
            })?;
            Ok(counted.done(units, observed))
        })
    })
}

/// The frontier of a round, and what it is meaningful beside.
struct Subtrees<W: ForkJoin> {
    job: Arc<Job<W>>,
    frontier: Arc<Frontier<W>>,
}

impl<W: ForkJoin> Clone for Subtrees<W> {
    fn clone(&self) -> Self {
        Self { job: self.job.clone(), frontier: self.frontier.clone() }
    }
}

impl<W: ForkJoin> Errand for Subtrees<W> {
    type Share = Done<W>;

    fn load(&self, index: usize, message: &mut Vec<u8>) -> Result<(), Error> {
        append(&index, message)?;
        append(&self.job.workload.pack(&self.job.input, self.frontier.node(index).clone()), message)
    }

    fn open(&self, worker: usize, answer: &[u8]) -> Result<Done<W>, Error> {
        decode::<Result<_, Failure>>(answer)?.map_err(|failure| failure.of(worker))
    }

    fn empty(&self) -> Done<W> {
        Vec::new()
    }

    fn absorb(&self, into: &mut Done<W>, other: Done<W>) {
        into.extend(other);
    }

    fn tasks(share: &Done<W>) -> u64 {
        share.len() as u64
    }
}

/// The worker's side: does each message's subtrees, until the parent hangs up. On a thread of its own, for its stack: trees
/// may be deep.
fn work<W: ForkJoin>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let deep = thread::Builder::new().name(String::from("subtrees")).stack_size(STACK);
    let working = deep.spawn(move || parent.serve(|| subtrees(&parent, &workload)));
    working.map_err(Error::io("start a thread"))?.join().map_err(|_| Error::other("the working thread is gone"))
}

fn subtrees<W: ForkJoin>(parent: &Parent, workload: &W) -> Result<(), Broken> {
    while let Some(message) = parent.receive()? {
        let (count, mut rest): (usize, &[u8]) = postcard::take_from_bytes(&message).map_err(Error::other)?;
        let mut done: Done<W> = Vec::with_capacity(count);
        for _ in 0..count {
            let ((index, parcel), after) = postcard::take_from_bytes(rest).map_err(Error::other)?;
            let (input, node) = workload.unpack(parcel);
            done.push((index, sequential(workload, &input, node)));
            rest = after;
        }
        parent.answer(&done)?;
    }
    Ok(())
}
