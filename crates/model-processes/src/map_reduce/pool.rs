//! Pools of workers: one driver thread a worker process; the worker folds what comes into shares. Strategies differ in
//! how tasks are packed and what their data travels in.

use std::sync::{Arc, Mutex, PoisonError};

use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::{Error, Job, MapReduce, Measure, Probe, Start, Units, team};

use super::board::Board;
use super::driver::{Driven, Driver};
use super::freight::{Buffer, Load, Mapped, Owned, Tasks, Unload, append};
use crate::link::{self, Link};
use crate::parent::Parent;
use crate::wire::encode;

/// How tasks are packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing {
    /// Tasks in a message, at most.
    pub(super) batch: usize,
    /// Messages on their way to a worker, at most.
    pub(super) window: usize,
}

/// What all drivers of a pool know.
pub(super) struct Pool<'r, W: MapReduce, F> {
    pub(super) start: &'r Start,
    pub(super) job: &'r Job<W>,
    pub(super) knobs: Vec<u8>,
    pub(super) packing: Packing,
    pub(super) freight: F,
}

impl<W: MapReduce, F: Load<W>> Pool<'_, W, F> {
    /// What a worker is told before its first task.
    pub(super) fn introduce(&self, link: &mut Link) -> Result<(), Error> {
        let told = link.send(&self.knobs).and_then(|()| self.freight.introduce(link));
        told.map_err(|broken| link.explain(broken))
    }
}

/// One task a message, so many on their way.
const SINGLE: Packing = Packing { batch: 1, window: 16 };

pub(super) fn single<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, SINGLE, Tasks)
}

pub(super) fn batched<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, Packing { batch: 64, window: 2 }, Tasks)
}

pub(super) fn owned<W: MapReduce, P: Probe, B: Buffer>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, SINGLE, Owned::<B>::NEW)
}

pub(super) fn copied<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, SINGLE, Mapped::copied(job))
}

pub(super) fn resident<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, SINGLE, Mapped::resident(job))
}

fn rounds<W: MapReduce, P: Probe, F: Load<W>>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
    packing: Packing,
    freight: F,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let pool = Pool { start, job, knobs: encode(workload)?, packing, freight };
    let mut links = link::start_all(start, workers)?;
    links.iter_mut().try_for_each(|link| pool.introduce(link))?;
    let links: Vec<_> = links.into_iter().map(Mutex::new).collect();
    let work = |worker: usize, board: Arc<Board>| {
        // Each driver locks its own link: the lock is never waited for.
        let mut link = links[worker].lock().unwrap_or_else(PoisonError::into_inner);
        let leaving = Leaving(&board);
        let driven = Driver::<W, P, F>::new(&pool, &board).drive(&mut link)?;
        std::mem::forget(leaving);
        Ok(driven)
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

/// A driver that leaves before its time, by an error or a panic: nobody may wait for what it had.
struct Leaving<'b>(&'b Board);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fail();
    }
}

/// The worker's side: folds each message's tasks into a share, until the parent hangs up.
pub(super) fn work<W: MapReduce, F: Unload<W>>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let freight = F::new(&parent)?;
    let mut answer = Vec::new();
    while let Some(message) = parent.receive()? {
        let mut share = Share::empty(&workload);
        let (count, mut rest): (usize, &[u8]) = postcard::take_from_bytes(&message).map_err(Error::other)?;
        for _ in 0..count {
            rest = freight.unload(&workload, rest, &mut share)?;
        }
        answer.clear();
        append(&share, &mut answer)?;
        parent.send(&answer)?;
    }
    Ok(())
}
