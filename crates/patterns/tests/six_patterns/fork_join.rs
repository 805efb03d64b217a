//! Fork-join: a sum over a tree whose values know whether they were joined in order, and the three ways.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use patterns::fork_join::{Counted, Split, sequential};
use patterns::{
    Demand, Error, ForkJoin, Job, Measure, Probe, RunsForkJoin, Silent, Start, Strategies, Strategy, Units, Workload,
    Wrong, job,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{
    Far, Process, WORKERS, every_strategy, gone, join, joined, pack, pause, process, spawn, start, unpack,
};

impl RunsForkJoin for Toy {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::idiomatic("borrowed", Demand::BORROWED, borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", Demand::SPAWNED, spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", Demand::SHIPPED, shipped::<W, P>))
    }
}

/// Levels that fork, so that there are at least as many subtrees as workers.
fn levels(start: &Start) -> u32 {
    start.workers.get().next_power_of_two().trailing_zeros()
}

fn borrowed<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let counted = watch.time(|| halves(job, job.workload.root(&job.input), levels(start)));
        let observed = P::default().observed(counted.leaves);
        Ok(counted.done(Units { threads: 1 << levels(start), ..Units::default() }, observed))
    })
}

fn halves<W: ForkJoin>(job: &Job<W>, node: W::Node, levels: u32) -> Counted<W> {
    if levels == 0 {
        return sequential(&job.workload, &job.input, node);
    }
    match job.workload.split(&job.input, &node) {
        Split::Leaf => Counted::leaf(&job.workload, &job.input, node),
        Split::Two(left, right) => {
            let (left, right) = join(|| halves(job, left, levels - 1), || halves(job, right, levels - 1));
            Counted::join(&job.workload, &job.input, node, left, right)
        }
    }
}

fn spawned<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let root = job.workload.root(&job.input);
        let counted = watch.time(|| joined(0, spawn(subtree::<W>(job.clone(), root, levels(start)))))??;
        let observed = P::default().observed(counted.leaves);
        Ok(counted.done(Units { tasks: 1 << levels(start), ..Units::default() }, observed))
    })
}

type Subtree<W> = Pin<Box<dyn Future<Output = Result<Counted<W>, Error>> + Send>>;

fn subtree<W: ForkJoin>(job: Arc<Job<W>>, node: W::Node, levels: u32) -> Subtree<W> {
    Box::pin(async move {
        if levels == 0 {
            pause().await; // with a node in hand
            return Ok(sequential(&job.workload, &job.input, node));
        }
        match job.workload.split(&job.input, &node) {
            Split::Leaf => Ok(Counted::leaf(&job.workload, &job.input, node)),
            Split::Two(left, right) => {
                let left = spawn(subtree(job.clone(), left, levels - 1));
                let right = subtree(job.clone(), right, levels - 1).await?;
                pause().await; // with a value in hand
                Ok(Counted::join(&job.workload, &job.input, node, joined(0, left)??, right))
            }
        }
    })
}

fn shipped<W: ForkJoin, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    let processes: Vec<Process> =
        (0..start.workers.get()).map(|_| process(&job.workload, serve_parcels::<W>)).collect();
    measure(&mut |watch| {
        let (counted, bytes) = watch.time(|| {
            let root = job.workload.root(&job.input);
            let mut frontier = Vec::new();
            expand(job, root.clone(), levels(start), &mut frontier);
            let parcels: Vec<_> = frontier.into_iter().map(|node| pack(&job.workload.pack(&job.input, node))).collect();
            let bytes = parcels.iter().map(Vec::len).sum::<usize>();
            let deal = || processes.iter().cycle();
            parcels.into_iter().zip(deal()).try_for_each(|(parcel, process)| process.to.send(parcel)).map_err(gone)?;
            let mut next = deal();
            let mut receive = || next.next().map(|process| process.from.recv()).expect("a cycle").map_err(gone);
            collect(job, root, levels(start), &mut receive).map(|counted| (counted, bytes as u64))
        })?;
        let observed = P::default().observed(counted.leaves);
        let units = Units { processes: processes.len() as u64, bytes_shipped: bytes, ..Units::default() };
        Ok(counted.done(units, observed))
    })
}

/// The subtrees below `levels`, from left to right.
fn expand<W: ForkJoin>(job: &Job<W>, node: W::Node, levels: u32, frontier: &mut Vec<W::Node>) {
    if levels > 0
        && let Split::Two(left, right) = job.workload.split(&job.input, &node)
    {
        expand(job, left, levels - 1, frontier);
        expand(job, right, levels - 1, frontier);
    } else {
        frontier.push(node);
    }
}

/// Joins the values of [`expand`]'s frontier the way it was split.
fn collect<W: ForkJoin>(
    job: &Job<W>,
    node: W::Node,
    levels: u32,
    receive: &mut impl FnMut() -> Result<Vec<u8>, Error>,
) -> Result<Counted<W>, Error> {
    if levels > 0
        && let Split::Two(left, right) = job.workload.split(&job.input, &node)
    {
        let left = collect(job, left, levels - 1, receive)?;
        let right = collect(job, right, levels - 1, receive)?;
        return Ok(Counted::join(&job.workload, &job.input, node, left, right));
    }
    receive().map(|value| unpack(&value))
}

fn serve_parcels<W: ForkJoin>(workload: &W, far: Far) {
    while let Ok(message) = far.inbox.recv() {
        let (input, node) = workload.unpack(unpack::<W::Parcel<'_>>(&message));
        let counted = sequential(workload, &input, node);
        far.outbox.send(pack(&counted)).expect("the parent waits for it");
    }
}

/// Sums consecutive numbers, halving them down to a cut-off.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TreeSum {
    n: u64,
    cut_off: usize,
    /// Whether it says how many leaves there are.
    pub(crate) foreseen: bool,
}

impl Default for TreeSum {
    fn default() -> Self {
        Self { n: 1000, cut_off: 3, foreseen: true }
    }
}

/// A sum, and which numbers it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stretch {
    first: u64,
    last: u64,
    sum: u64,
}

impl Workload for TreeSum {
    const ID: &'static str = "tree-sum";
    type Input = Vec<u64>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<u64> {
        (0..self.n).collect()
    }
}

impl ForkJoin for TreeSum {
    type Node = (usize, usize);
    type Parcel<'i> = Cow<'i, [u64]>;
    type Value = Stretch;

    fn root(&self, input: &Vec<u64>) -> (usize, usize) {
        (0, input.len())
    }
    fn split(&self, _: &Vec<u64>, &(from, to): &(usize, usize)) -> Split<(usize, usize)> {
        let middle = from.midpoint(to);
        if to - from <= self.cut_off { Split::Leaf } else { Split::Two((from, middle), (middle, to)) }
    }
    fn leaf(&self, input: &Vec<u64>, (from, to): (usize, usize)) -> Stretch {
        Stretch { first: input[from], last: input[to - 1], sum: input[from..to].iter().sum() }
    }
    fn join(&self, _: &Vec<u64>, _: (usize, usize), left: Stretch, right: Stretch) -> Stretch {
        assert_eq!(left.last + 1, right.first, "joined out of order");
        Stretch { first: left.first, last: right.last, sum: left.sum + right.sum }
    }
    fn pack<'i>(&self, input: &'i Vec<u64>, (from, to): (usize, usize)) -> Cow<'i, [u64]> {
        Cow::Borrowed(&input[from..to])
    }
    fn unpack(&self, parcel: Cow<'_, [u64]>) -> (Vec<u64>, (usize, usize)) {
        let input = parcel.into_owned();
        let all = (0, input.len());
        (input, all)
    }
    fn leaves(&self, input: &Vec<u64>) -> Option<u64> {
        fn leaves(n: usize, cut_off: usize) -> u64 {
            if n <= cut_off { 1 } else { leaves(n / 2, cut_off) + leaves(n - n / 2, cut_off) }
        }
        self.foreseen.then(|| leaves(input.len(), self.cut_off))
    }
    fn verify(&self, _: &Vec<u64>, answer: &Stretch) -> Result<(), Wrong> {
        let right = Stretch { first: 0, last: self.n - 1, sum: self.n * (self.n - 1) / 2 };
        if *answer == right { Ok(()) } else { Err(format!("{answer:?}, not {right:?}").into()) }
    }
}

#[test]
fn a_tree_is_summed_in_order_by_any_number_of_workers() {
    // The second is a single leaf: nothing to fork.
    for workload in [TreeSum::default(), TreeSum { n: 2, ..TreeSum::default() }] {
        let job = job(workload, 42, 1);
        let reference = sequential(&job.workload, &job.input, job.workload.root(&job.input));
        assert_eq!(job.workload.verify(&job.input, &reference.value), Ok(()));
        assert_eq!(Some(reference.leaves), job.workload.leaves(&job.input));
        for workers in WORKERS {
            let (ways, start) = (["borrowed", "spawned", "shipped"], start(workers, None));
            every_strategy(Toy::fork_join::<TreeSum, Silent>(), &ways, &job, &start, |id, done| {
                assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, {workers} workers");
                assert_eq!(done.answer, reference.value, "{id}, {workers} workers");
                assert_eq!(done.steps, reference.leaves, "{id}, {workers} workers");
            });
        }
    }
}

/// For strategies that keep nodes in a queue rather than on a stack: nodes alone say what is left to do.
#[test]
fn nodes_can_wait_in_a_queue() {
    let job = job(TreeSum::default(), 42, 1);
    let mut queue = VecDeque::from([job.workload.root(&job.input)]);
    let (mut leaves, mut sum) = (0, 0);
    while let Some(node) = queue.pop_front() {
        match job.workload.split(&job.input, &node) {
            Split::Leaf => {
                leaves += 1;
                sum += job.workload.leaf(&job.input, node).sum;
            }
            Split::Two(left, right) => queue.extend([left, right]),
        }
    }
    assert_eq!((Some(leaves), sum), (job.workload.leaves(&job.input), 499_500));
}

#[test]
fn a_parcel_holds_its_part_of_the_input_and_no_more() {
    let job = job(TreeSum::default(), 42, 1);
    let message = pack(&job.workload.pack(&job.input, (10, 13)));
    assert_eq!(message, [3, 10, 11, 12]);
    let (input, node) = job.workload.unpack(unpack(&message));
    assert_eq!(job.workload.leaf(&input, node), Stretch { first: 10, last: 12, sum: 33 });
}
