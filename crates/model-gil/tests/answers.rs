//! Both models on real workloads: right answers from one client to many more than there are CPUs, whatever share of a kernel
//! lets go of the lock; and what a probe is told of the lock.

use std::num::NonZeroUsize;
use std::sync::Arc;

use model_gil::{FreeThreaded, Gil};
use patterns::probe::Recorder;
use patterns::{
    Clock, Done, Job, MapReduce, Probe, Respawn, Run, RunsMapReduce, RunsSharedState, SharedState, Silent, Size, Start,
    Watch, Workload, job,
};
use workloads::{Bank, CheckThenAct, Counter, KvMix, Mandelbrot, Primes, SumOfSquares};

struct NoClock;

impl Clock for NoClock {
    fn start(&mut self) {}
    fn stop(&mut self) {}
}

fn round<W: Workload, A>(run: Run<W, A>, job: &Arc<Job<W>>, workers: usize) -> Done<A> {
    let workers = NonZeroUsize::new(workers).expect("some");
    let start = Start { workers, cpus: NonZeroUsize::MIN, respawn: Respawn::default(), load: None };
    let mut last = None;
    run(&start, job, &mut |round| {
        last = Some(round(&mut Watch::new(&mut NoClock))?);
        Ok(())
    })
    .expect("a round");
    last.expect("a round")
}

fn clients<M: RunsSharedState, W: SharedState>(workload: W) {
    for workers in [1, 2, 8, 50] {
        let job = job(workload.clone(), 42, workers);
        for strategy in M::shared_state::<W, Silent>() {
            let Some(&run) = strategy.support.run().filter(|_| !strategy.wrong) else { continue };
            let done = round(run, &job, workers);
            let verdict = job.workload.verify(&job.input, &done.answer);
            assert_eq!(verdict, Ok(()), "{}/{}, {workers} clients", W::ID, strategy.id);
        }
    }
}

fn every_client<M: RunsSharedState>() {
    clients::<M, _>(Counter { work_inside: 50, ..Counter::sized(Size::Smoke) });
    clients::<M, _>(Bank::sized(Size::Smoke));
    clients::<M, _>(CheckThenAct::sized(Size::Smoke));
    clients::<M, _>(KvMix::sized(Size::Smoke));
}

#[test]
fn clients_under_the_lock_lose_nothing() {
    every_client::<Gil>();
}

#[test]
fn clients_of_byte_locks_lose_nothing() {
    every_client::<FreeThreaded>();
}

/// Takes of the lock by one thread, which nobody else wants: how many, and whether it held it.
fn takes<W: MapReduce>(workload: W) -> (u64, bool) {
    let job = job(workload, 42, 1);
    for strategy in Gil::map_reduce::<W, Silent>() {
        for workers in [2, 8] {
            let done = round(*strategy.support.run().expect("it runs"), &job, workers);
            assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{}, {workers} threads", W::ID);
            assert_eq!(done.steps, job.workload.tasks(&job.input) as u64);
        }
    }
    let mut alone = Gil::map_reduce::<W, Recorder>().into_iter();
    let strategy = alone.next().expect("a strategy");
    let done = round(*strategy.support.run().expect("it runs"), &job, 1);
    assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{}", W::ID);
    assert_eq!(done.observed.contended, 0);
    (done.observed.acquisitions, done.observed.longest_hold.as_nanos() > 0)
}

#[test]
fn the_lock_is_taken_once_and_once_more_after_what_a_task_does_without_it() {
    for (release_share, times) in [(0.0, 0), (0.5, 1), (1.0, 1)] {
        let squares = SumOfSquares { tasks: 8, n: 2_500, release_share };
        assert_eq!(takes(squares), (1 + 8 * times, true), "{release_share}");
        let primes = Primes { release_share, ..Primes::sized(Size::Smoke) };
        assert_eq!(takes(primes), (1 + 10 * times, true), "{release_share}");
        let mandelbrot = Mandelbrot { release_share, ..Mandelbrot::sized(Size::Smoke) };
        assert_eq!(takes(mandelbrot), (1 + 16 * times, true), "{release_share}");
    }
}

/// How often one client took a lock, and how many there were to do it.
fn operations<M: RunsSharedState, P: Probe>(id: &str) -> u64 {
    let counter = job(Counter::sized(Size::Smoke), 42, 1);
    let strategy = M::shared_state::<Counter, P>().into_iter().find(|strategy| strategy.id == id).expect("a strategy");
    let done = round(*strategy.support.run().expect("it runs"), &counter, 1);
    assert_eq!((done.steps, done.observed.contended), (100, 0), "{id}");
    done.observed.acquisitions
}

#[test]
fn a_probe_is_told_of_every_lock() {
    let under = ["held", "lock", "racy"].map(operations::<Gil, Recorder>);
    assert_eq!(under, [1, 1 + 100, 1], "the lock once, and with `lock` another one an operation");
    let free = ["lock", "per-object", "racy"].map(operations::<FreeThreaded, Recorder>);
    assert_eq!(free, [100, 100, 0]);
}
