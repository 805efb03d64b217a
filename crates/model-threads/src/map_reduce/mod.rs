//! Map-reduce on threads that borrow the input.
//!
//! - `static`: warm threads, one block of consecutive tasks each. No cost a task; uneven tasks leave threads idle.
//! - `scope`: the same blocks on threads started every round (`std::thread::scope`), as a program without a pool does.
//! - `queue`: warm threads take indices from a crossbeam channel. Balances; a channel operation a task.

use std::sync::Arc;

use crossbeam_channel::{Receiver, unbounded};
use patterns::map_reduce::{Share, block};
use patterns::probe::Observed;
use patterns::{
    Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy, Units, team,
};

use crate::Threads;

impl RunsMapReduce for Threads {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("static", Demand::BORROWED, static_blocks::<W, P>))
            .and(Strategy::idiomatic("scope", Demand::BORROWED, scope::<W, P>))
            .and(Strategy::idiomatic("queue", Demand::BORROWED, queue::<W, P>))
    }
}

fn static_blocks<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let work = |worker, ()| Ok(Share::empty(workload).take_all(job, block(tasks, worker, workers)));
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let (share, observed) = watch.time(|| team.run(|_| ()).map(|shares| combine::<W, P>(workload, shares)))?;
            Ok(share.done(units(workers), observed))
        })
    })
}

fn scope<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let work = |worker| Share::empty(workload).take_all(job, block(tasks, worker, workers));
    measure(&mut |watch| {
        let (share, observed) = watch.time(|| {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
                let joined = threads
                    .into_iter()
                    .enumerate()
                    .map(|(worker, thread)| thread.join().map_err(|payload| Error::panicked(worker, &*payload)));
                joined.collect::<Result<Vec<_>, _>>().map(|shares| combine::<W, P>(workload, shares))
            })
        })?;
        Ok(share.done(units(workers), observed))
    })
}

fn queue<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let work = |_, indices: Receiver<usize>| {
        let mut share = Share::empty(workload);
        for index in indices {
            share.take(job, index);
        }
        Ok(share)
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let (sender, receiver) = unbounded();
            let shares = watch.time(|| {
                let fill = move || (0..tasks).for_each(|index| sender.send(index).unwrap_or(()));
                team.run_with(|_| receiver.clone(), fill).map(|shares| combine::<W, P>(workload, shares))
            });
            let (share, observed) = shares?;
            Ok(share.done(Units { messages: tasks as u64, ..units(start.workers.get()) }, observed))
        })
    })
}

fn combine<W: MapReduce, P: Probe>(workload: &W, shares: Vec<Share<W>>) -> (Share<W>, Observed) {
    let mut observed = Observed::default();
    shares.iter().for_each(|share| observed.absorb(P::default().observed(share.tasks())));
    (Share::combine(workload, shares), observed)
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}
