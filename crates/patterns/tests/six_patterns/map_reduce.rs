//! Map-reduce: a task that borrows text, a task that borrows numbers, and the three ways.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use patterns::map_reduce::{Share, block};
use patterns::probe::Observed;
use patterns::{
    Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Silent, Start, Strategies, Strategy, Units, Workload,
    Wrong, job, team,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{Far, Process, WORKERS, every_strategy, gone, joined, pack, pause, process, spawn, start, unpack};

impl RunsMapReduce for Toy {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("borrowed", Demand::BORROWED, borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", Demand::SPAWNED, spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", Demand::SHIPPED, shipped::<W, P>))
    }
}

fn borrowed<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let (tasks, workers) = (job.workload.tasks(&job.input), start.workers.get());
    let work = |worker, ()| Ok(Share::empty(&job.workload).take_all(job, block(tasks, worker, workers)));
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let shares = watch.time(|| team.run(|_| ()))?;
            Ok(Share::combine(&job.workload, shares).done(units(workers), P::default().observed(tasks as u64)))
        })
    })
}

fn spawned<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let (tasks, workers) = (job.workload.tasks(&job.input), start.workers.get());
    measure(&mut |watch| {
        let shares = watch.time(|| {
            let one = |worker| spawn(take::<W, P>(job.clone(), block(tasks, worker, workers)));
            let handles: Vec<_> = (0..workers).map(one).collect();
            handles
                .into_iter()
                .enumerate()
                .map(|(worker, handle)| joined(worker, handle))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let mut observed = Observed::default();
        let shares = shares.into_iter().map(|(share, seen)| {
            observed.absorb(seen);
            share
        });
        Ok(Share::combine(&job.workload, shares).done(units(workers), observed))
    })
}

async fn take<W: MapReduce, P: Probe>(job: Arc<Job<W>>, indices: Range<usize>) -> (Share<W>, Observed) {
    let probe = P::default();
    let mut share = Share::empty(&job.workload);
    for index in indices {
        let task = job.workload.task(&job.input, index);
        pause().await; // with a borrowed task in hand
        share.map(&job.workload, &task);
    }
    let tasks = share.tasks();
    (share, probe.observed(tasks))
}

fn shipped<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let (tasks, workers) = (job.workload.tasks(&job.input), start.workers.get());
    let processes: Vec<Process> = (0..workers).map(|_| process(&job.workload, serve_tasks::<W>)).collect();
    measure(&mut |watch| {
        let (shares, bytes) = watch.time(|| {
            let mut bytes = 0;
            for (worker, process) in processes.iter().enumerate() {
                for index in block(tasks, worker, workers) {
                    let message = pack(&job.workload.task(&job.input, index));
                    bytes += message.len();
                    process.to.send(message).map_err(gone)?;
                }
                process.to.send(Vec::new()).map_err(gone)?;
            }
            let share = |process: &Process| process.from.recv().map(|share| unpack::<Share<W>>(&share)).map_err(gone);
            let shares: Result<Vec<_>, Error> = processes.iter().map(share).collect();
            Ok((Share::combine(&job.workload, shares?), bytes as u64))
        })?;
        let units = Units { processes: workers as u64, bytes_shipped: bytes, ..Units::default() };
        Ok(shares.done(units, P::default().observed(tasks as u64)))
    })
}

/// Tasks until an empty message asks for the share.
fn serve_tasks<W: MapReduce>(workload: &W, far: Far) {
    let mut share = Share::empty(workload);
    while let Ok(message) = far.inbox.recv() {
        if message.is_empty() {
            let share = std::mem::replace(&mut share, Share::empty(workload));
            far.outbox.send(pack(&share)).expect("the parent waits for it");
        } else {
            share.map(workload, &unpack::<W::Task<'_>>(&message));
        }
    }
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}

/// Letters of a text: line `i` is `abc`, `i` times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Letters {
    pub(crate) lines: u64,
}

impl Default for Letters {
    fn default() -> Self {
        Self { lines: 40 }
    }
}

impl Workload for Letters {
    const ID: &'static str = "letters";
    type Input = Vec<String>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<String> {
        (0..self.lines).map(|i| "abc".repeat(i as usize)).collect()
    }
}

impl MapReduce for Letters {
    type Task<'i> = &'i str;
    type Partial = BTreeMap<char, u64>;
    fn tasks(&self, input: &Vec<String>) -> usize {
        input.len()
    }
    fn empty(&self) -> Self::Partial {
        BTreeMap::new()
    }
    fn task<'i>(&self, input: &'i Vec<String>, index: usize) -> &'i str {
        &input[index]
    }
    fn items(&self, task: &&str) -> usize {
        task.len()
    }
    fn map(&self, task: &&str, items: Range<usize>, into: &mut Self::Partial) {
        task[items].chars().for_each(|letter| *into.entry(letter).or_default() += 1);
    }
    fn merge(&self, into: &mut Self::Partial, other: Self::Partial) {
        other.into_iter().for_each(|(letter, n)| *into.entry(letter).or_default() += n);
    }
    fn verify(&self, _: &Vec<String>, answer: &Self::Partial) -> Result<(), Wrong> {
        let each = self.lines * (self.lines - 1) / 2;
        let right = BTreeMap::from([('a', each), ('b', each), ('c', each)]);
        if *answer == right { Ok(()) } else { Err(format!("{answer:?}, not {right:?}").into()) }
    }
}

/// The sum of 0..n, in chunks of numbers: what a slice that is not text or bytes travels as.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sum {
    n: u64,
    chunk: usize,
}

impl Default for Sum {
    fn default() -> Self {
        Self { n: 1000, chunk: 11 }
    }
}

impl Workload for Sum {
    const ID: &'static str = "sum";
    type Input = Vec<u64>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<u64> {
        (0..self.n).collect()
    }
}

impl MapReduce for Sum {
    type Task<'i> = Cow<'i, [u64]>;
    type Partial = u64;
    fn tasks(&self, input: &Vec<u64>) -> usize {
        input.len().div_ceil(self.chunk)
    }
    fn empty(&self) -> u64 {
        0
    }
    fn task<'i>(&self, input: &'i Vec<u64>, index: usize) -> Cow<'i, [u64]> {
        Cow::Borrowed(&input[index * self.chunk..input.len().min((index + 1) * self.chunk)])
    }
    fn items(&self, task: &Cow<'_, [u64]>) -> usize {
        task.len()
    }
    fn map(&self, task: &Cow<'_, [u64]>, items: Range<usize>, into: &mut u64) {
        *into += task[items].iter().sum::<u64>();
    }
    fn merge(&self, into: &mut u64, other: u64) {
        *into += other;
    }
    fn verify(&self, _: &Vec<u64>, answer: &u64) -> Result<(), Wrong> {
        let right = self.n * (self.n - 1) / 2;
        if *answer == right { Ok(()) } else { Err(format!("{answer}, not {right}").into()) }
    }
}

fn check<W: MapReduce>(expected: &[&str])
where
    W::Partial: PartialEq + std::fmt::Debug,
{
    let job = job(W::default(), 42, 1);
    let tasks = job.workload.tasks(&job.input);
    let reference = Share::empty(&job.workload).take_all(&job, 0..tasks).done(Units::default(), Observed::default());
    assert_eq!(job.workload.verify(&job.input, &reference.answer), Ok(()));
    for workers in WORKERS {
        every_strategy(Toy::map_reduce::<W, Silent>(), expected, &job, &start(workers, None), |id, done| {
            assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, {workers} workers");
            assert_eq!(done.answer, reference.answer, "{id}, {workers} workers");
            assert_eq!(done.steps, tasks as u64, "{id}, {workers} workers");
        });
    }
}

const WAYS: [&str; 3] = ["borrowed", "spawned", "shipped"];

#[test]
fn tasks_that_borrow_text() {
    check::<Letters>(&WAYS);
}

#[test]
fn tasks_that_borrow_numbers() {
    check::<Sum>(&WAYS);
}

/// A process must get a task without copying what it holds.
#[test]
fn text_is_borrowed_from_the_message() {
    let message = pack(&"abcabc");
    let task: &str = unpack(&message);
    assert!(message.as_ptr_range().contains(&task.as_ptr()));
}

#[test]
fn a_task_cut_in_pieces_is_the_same_work() {
    let job = job(Letters::default(), 42, 1);
    let task = job.workload.task(&job.input, 7);
    let (mut whole, mut pieces) = (job.workload.empty(), job.workload.empty());
    job.workload.map(&task, 0..21, &mut whole);
    [0..4, 4..4, 4..20, 20..21].into_iter().for_each(|items| job.workload.map(&task, items, &mut pieces));
    assert_eq!(whole, pieces);
    assert_eq!(job.workload.items(&task), 21);
}

/// For whoever has to look up now and then: the same work, a check point after each piece, and still one task.
#[test]
fn a_quantum_cuts_a_task_and_counts_it_once() {
    let job = job(Letters::default(), 42, 1);
    let whole = Share::empty(&job.workload).take_all(&job, 0..40).done(Units::default(), Observed::default());
    for (quantum, expected) in [(1, 2340 + 1), (3, 780 + 1), (1000, 40)] {
        let quantum = NonZeroUsize::new(quantum).expect("some items");
        let (mut cut, mut checks) = (Share::empty(&job.workload), 0);
        for index in 0..40 {
            let task = job.workload.task(&job.input, index);
            cut.map_in_quanta(&job.workload, &task, quantum, || checks += 1);
        }
        // Line 0 is empty: one piece all the same, as it is one task.
        assert_eq!(checks, expected, "quantum {quantum}");
        let cut = cut.done(Units::default(), Observed::default());
        assert_eq!((cut.answer, cut.steps), (whole.answer.clone(), 40), "quantum {quantum}");
    }
}

#[test]
fn a_quantum_ends_at_every_multiple() {
    let (sum, input): (Sum, Vec<u64>) = (Sum::default(), (0..10).collect());
    let (mut share, mut rest) = (Share::empty(&sum), 0..10);
    let mut starts = Vec::new();
    let four = NonZeroUsize::new(4).expect("some items");
    while share.map_next(&sum, &Cow::Borrowed(&input[..]), &mut rest, four) {
        assert_eq!(share.tasks(), 0, "its last piece counts it");
        starts.push(rest.start);
    }
    assert_eq!((starts, rest, share.tasks()), (vec![4, 8], 10..10, 1));
    assert_eq!(share.done(Units::default(), Observed::default()).answer, 45);
}

#[test]
fn blocks_cover_every_index_once() {
    for tasks in [0, 1, 6, 7, 8, 1000] {
        for workers in WORKERS {
            let all: Vec<usize> = (0..workers).flat_map(|worker| block(tasks, worker, workers)).collect();
            assert_eq!(all, (0..tasks).collect::<Vec<_>>());
            let sizes = (0..workers).map(|worker| block(tasks, worker, workers).len());
            assert!(sizes.clone().max() <= sizes.min().map(|smallest| smallest + 1));
        }
    }
}
