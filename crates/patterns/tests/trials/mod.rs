//! Trials that a model's strategies go through in its own tests: right answers where everything a workload may ask for
//! is asked for, and panics, which must come back as errors, soon, and leave no thread behind.
//!
//! No test target of its own: the models' `tests/trials.rs` include it.

mod exchange;
mod line;
mod tasks;
mod tree;
mod web;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use patterns::{
    Clock, Done, Error, ForkJoin, Job, Pipeline, Respawn, Run, RunsForkJoin, RunsMapReduce, RunsPipeline,
    RunsSharedState, RunsTaskGraph, Silent, Start, Units, Watch, Workload, job, task_graph,
};

use exchange::{Exchange, Side};
use line::Line;
use tasks::Tasks;
use tree::Tree;
use web::Web;

/// Longer than any round here: who takes it hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// Every strategy of map-reduce: a sum of tasks, and two tasks that panic.
pub(crate) fn map_reduce<M: RunsMapReduce>() {
    for workers in [1, 2, 7] {
        for strategy in M::map_reduce::<Tasks, Silent>() {
            let Some(&run) = strategy.support.run() else { continue };
            let good = job(Tasks { faulty: false }, 42, 1);
            let done = rounds(run, &good, workers).unwrap();
            assert_eq!(done.answer, tasks::SUM, "{}, {workers} workers", strategy.id);
            assert_eq!(done.steps, tasks::TASKS as u64, "{}, {workers} workers", strategy.id);
            panics(run, &job(Tasks { faulty: true }, 42, 1), workers, strategy.id);
        }
    }
}

/// Every strategy of fork-join: a lopsided tree, and two leaves that panic.
pub(crate) fn fork_join<M: RunsForkJoin>() {
    for workers in [1, 2, 7] {
        for strategy in M::fork_join::<Tree, Silent>() {
            let Some(&run) = strategy.support.run() else { continue };
            let good = job(Tree { faulty: false }, 42, 1);
            for _ in 0..10 {
                let done = rounds(run, &good, workers).unwrap();
                assert_eq!(good.workload.verify(&(), &done.answer), Ok(()), "{}, {workers} workers", strategy.id);
                assert_eq!(done.steps, tree::LEAVES, "{}, {workers} workers", strategy.id);
            }
            panics(run, &job(Tree { faulty: true }, 42, 1), workers, strategy.id);
        }
    }
}

/// Every strategy of task graphs: shapes with more and fewer points than workers, and two tasks that panic.
pub(crate) fn task_graph<M: RunsTaskGraph>() {
    for workers in [1, 2, 7] {
        for strategy in M::task_graph::<Web, Silent>() {
            let Some(&run) = strategy.support.run() else { continue };
            for (width, steps) in [(10, 20), (3, 2), (1, 5), (64, 1), (17, 33)] {
                let good = job(Web { width, steps, faulty: false }, 42, 1);
                let done = rounds(run, &good, workers).unwrap();
                let right = (task_graph::sequential(&good).0, (width * steps) as u64);
                assert_eq!((done.answer, done.steps), right, "{}, {workers} workers, {width}x{steps}", strategy.id);
            }
            panics(run, &job(Web { width: 10, steps: 20, faulty: true }, 42, 1), workers, strategy.id);
        }
    }
}

/// Every strategy of pipelines: items in order, whatever the room between stages; rings; and an item that panics.
pub(crate) fn pipeline<M: RunsPipeline>() {
    let line = |items, stages, laps, capacity| Line { items, stages, laps, capacity, ..Line::default() };
    for strategy in M::pipeline::<Line, Silent>() {
        let Some(&run) = strategy.support.run() else { continue };
        let shapes = [line(100, 3, 1, 2), line(7, 1, 1, 1), line(0, 3, 1, 4), line(50, 5, 1, 0), line(1, 2, 50, 1)];
        let rings = [line(1, 2, 50, 0), line(4, 5, 20, 1), line(4, 5, 20, 64), line(0, 2, 3, 1)];
        for shape in shapes.into_iter().chain(rings) {
            if (strategy.refuses)(&shape).is_some() {
                continue;
            }
            let good = job(shape, 42, 1);
            let done = rounds(run, &good, 2).unwrap();
            let told = format!("{}, {:?}", strategy.id, good.workload);
            assert_eq!(good.workload.verify(&(), &done.answer), Ok(()), "{told}");
            let Line { items, stages, laps, .. } = good.workload;
            assert_eq!(done.steps, (items * stages * laps) as u64, "{told}");
        }
        let slow = job(Line { slow: true, ..line(60, 3, 1, 2) }, 42, 1);
        line::peak();
        rounds(run, &slow, 2).unwrap();
        // What four edges hold, and one in the hands of each unit.
        let peak = line::peak();
        assert!(peak <= 4 * 2 + 5, "{}: {peak} items on their way to a slow sink", strategy.id);
        for shape in [line(100, 3, 1, 2), line(4, 5, 20, 1)] {
            if (strategy.refuses)(&shape).is_none() {
                panics(run, &job(Line { faulty: true, ..shape }, 42, 1), 2, strategy.id);
            }
        }
    }
}

/// Every strategy of shared state: reads, follow-ups, removals, pairs and audits, and panics on either side. `check`
/// looks at what each says it used: its ID, workers, messages if there were an owner, and units.
pub(crate) fn shared_state<M: RunsSharedState>(check: impl Fn(&str, u64, u64, Units)) {
    exchange::<M, true>(&check);
    exchange::<M, false>(&check);
}

fn exchange<M: RunsSharedState, const WHOLE: bool>(check: &impl Fn(&str, u64, u64, Units)) {
    for workers in [1, 2, 7] {
        for strategy in M::shared_state::<Exchange<WHOLE>, Silent>() {
            let Some(&run) = strategy.support.run() else { continue };
            let good = job(Exchange { fault: None }, 42, workers);
            let done = rounds(run, &good, workers).unwrap();
            exchange::verify(&good, &done.answer, strategy.id);
            assert_eq!(done.steps, exchange::STEPS * workers as u64, "{}, {workers} workers", strategy.id);
            check(strategy.id, workers as u64, Exchange::<WHOLE>::MESSAGES * workers as u64, done.units);
            for side in [Side::Client, Side::Store] {
                panics(run, &job(Exchange::<WHOLE> { fault: Some(side) }, 42, workers), workers, strategy.id);
            }
        }
    }
}

/// A panic is an error that says what it was, and afterwards there are as many threads as before.
fn panics<W: Workload, A: Send + 'static>(run: Run<W, A>, job: &Arc<Job<W>>, workers: usize, id: &str) {
    let before = threads();
    let error = rounds(run, job, workers).err().unwrap_or_else(|| panic!("{id}, {workers} workers: no error"));
    let told = matches!(&error, Error::Panicked { message, .. } if message == "as told");
    assert!(told, "{id}, {workers} workers: {error}");
    // A thread that was joined may be seen for a moment longer.
    let mut patience = 1000;
    while threads() > before && patience > 0 {
        std::thread::sleep(Duration::from_millis(1));
        patience -= 1;
    }
    assert!(threads() <= before, "{id}, {workers} workers: {before} threads before, {} after", threads());
}

/// Two rounds with the same workers, the last one's result; a hang is a panic here.
fn rounds<W: Workload, A: Send + 'static>(run: Run<W, A>, job: &Arc<Job<W>>, workers: usize) -> Result<Done<A>, Error> {
    let workers = NonZeroUsize::new(workers).unwrap();
    let start = Start { workers, cpus: NonZeroUsize::new(2).unwrap(), respawn: Respawn::default(), load: None };
    let (report, result) = channel();
    let job = job.clone();
    let runner = std::thread::spawn(move || {
        let mut last = None;
        let ended = run(&start, &job, &mut |round| {
            round(&mut Watch::new(&mut NoClock))?;
            last = Some(round(&mut Watch::new(&mut NoClock))?);
            Ok(())
        });
        report.send(ended.map(|()| last.expect("two rounds"))).unwrap();
    });
    let result = result.recv_timeout(LIMIT).expect("no answer: it hangs, or panicked itself");
    runner.join().unwrap();
    result
}

struct NoClock;

impl Clock for NoClock {
    fn start(&mut self) {}
    fn stop(&mut self) {}
}

/// Threads of this process; always 0 where the system does not say.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
