//! `pool` and `pool-batched`: one driver thread a worker process; the worker folds what comes into shares.

use std::sync::{Arc, Mutex, PoisonError};

use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::{Error, Job, MapReduce, Measure, Probe, Start, Units, team};

use super::board::Board;
use super::driver::{Driven, Driver, Packing, append};
use crate::link;
use crate::parent::Parent;
use crate::wire::encode;

pub(super) fn single<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P>(start, job, measure, Packing { batch: 1, window: 16 })
}

pub(super) fn batched<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P>(start, job, measure, Packing { batch: 64, window: 2 })
}

fn rounds<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
    packing: Packing,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let knobs = encode(workload)?;
    let mut links = link::start_all(start, workers)?;
    for link in &mut links {
        link.send(&knobs).map_err(|broken| link.explain(broken))?;
    }
    let links: Vec<_> = links.into_iter().map(Mutex::new).collect();
    let work = |worker: usize, board: Arc<Board>| {
        // Each driver locks its own link: the lock is never waited for.
        let mut link = links[worker].lock().unwrap_or_else(PoisonError::into_inner);
        let driver = Driver::<W, P>::new(start, job, &knobs, packing, &board);
        let driven = driver.drive(&mut link);
        driven.inspect_err(|_| board.fail())
    };
    let result = team(start.workers, work, |team| {
        measure(&mut |watch| {
            let board = Arc::new(Board::new(tasks, workers));
            let mut observed = Observed::default();
            let mut units = Units { processes: workers as u64, ..Units::default() };
            let share = watch.time(|| {
                let driven = team.run(|_| board.clone())?;
                let shares = driven.into_iter().map(|Driven { share, units: used, observed: seen }| {
                    units.messages += used.messages;
                    units.bytes_shipped += used.bytes_shipped;
                    units.restarts += used.restarts;
                    observed.absorb(seen);
                    share
                });
                Ok::<_, Error>(Share::combine(workload, shares))
            })?;
            Ok(share.done(units, std::mem::take(&mut observed)))
        })
    });
    // All workers leave at the same time, then each is reaped.
    links.iter().for_each(|link| link.lock().unwrap_or_else(PoisonError::into_inner).hang_up());
    result
}

/// The worker's side: folds each message's tasks into a share, until the parent hangs up.
pub(super) fn work<W: MapReduce>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let mut answer = Vec::new();
    while let Some(message) = parent.receive()? {
        let share = share(&workload, &message)?;
        answer.clear();
        append(&share, &mut answer)?;
        parent.send(&answer)?;
    }
    Ok(())
}

/// Tasks are read where they lie: a `&str` borrows from the message.
fn share<W: MapReduce>(workload: &W, message: &[u8]) -> Result<Share<W>, Error> {
    let mut share = Share::empty(workload);
    let (count, mut rest): (usize, &[u8]) = postcard::take_from_bytes(message).map_err(Error::other)?;
    for _ in 0..count {
        let (task, after) = postcard::take_from_bytes(rest).map_err(Error::other)?;
        share.map(workload, &task);
        rest = after;
    }
    Ok(share)
}
