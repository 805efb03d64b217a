//! A crew: worker processes and their drivers, one thread each, warm across rounds.

use std::sync::{Arc, Mutex, PoisonError};

use patterns::probe::Observed;
use patterns::{Error, Probe, Start, Team, Units, team};

use super::board::Board;
use super::driver::{Driven, Driver};
use super::errand::Errand;
use crate::link::{self, Link};
use crate::wire::Broken;

/// How tasks are packed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packing {
    /// Tasks in a message, at most.
    pub(crate) batch: usize,
    /// Messages on their way to a worker, at most.
    pub(crate) window: usize,
}

impl Packing {
    /// One task a message, so many on their way.
    pub(crate) const SINGLE: Self = Self { batch: 1, window: 16 };
}

/// What all drivers of a pool know.
pub(crate) struct Pool<'r> {
    pub(crate) start: &'r Start,
    pub(crate) packing: Packing,
    /// Tells a worker what it has to know before its first task.
    pub(crate) introduce: &'r (dyn Fn(&Link) -> Result<(), Broken> + Sync),
}

impl Pool<'_> {
    pub(super) fn introduce(&self, link: &mut Link) -> Result<(), Error> {
        (self.introduce)(link).map_err(|broken| link.explain(broken))
    }
}

/// The workers of a pool, between two rounds.
pub(crate) struct Crew<'t, E: Errand> {
    team: &'t mut Team<(Arc<Board>, E), Driven<E::Share>>,
    workers: usize,
}

/// What a round brought.
pub(crate) struct Home<S> {
    /// One a worker.
    pub(crate) shares: Vec<S>,
    pub(crate) units: Units,
    pub(crate) observed: Observed,
}

impl<E: Errand> Crew<'_, E> {
    /// A round of so many tasks.
    pub(crate) fn round(&mut self, tasks: usize, errand: &E) -> Result<Home<E::Share>, Error> {
        let board = Arc::new(Board::new(tasks, self.workers));
        let driven = self.team.run(|_| (board.clone(), errand.clone()))?;
        let units = Units { processes: self.workers as u64, ..Units::default() };
        let mut home = Home { shares: Vec::with_capacity(self.workers), units, observed: Observed::default() };
        for Driven { share, units: used, observed: seen } in driven {
            home.units.messages += used.messages;
            home.units.bytes_shipped += used.bytes_shipped;
            home.units.restarts += used.restarts;
            home.observed.absorb(seen);
            home.shares.push(share);
        }
        Ok(home)
    }
}

/// Starts the workers of a pool, calls `session` with them, and ends them.
pub(crate) fn crew<E: Errand, P: Probe>(
    pool: &Pool<'_>,
    session: impl FnOnce(&mut Crew<'_, E>) -> Result<(), Error>,
) -> Result<(), Error> {
    let workers = pool.start.workers.get();
    let mut links = link::start_all(pool.start, workers)?;
    links.iter_mut().try_for_each(|link| pool.introduce(link))?;
    let links: Vec<_> = links.into_iter().map(Mutex::new).collect();
    let work = |worker: usize, (board, errand): (Arc<Board>, E)| {
        // Each driver locks its own link: the lock is never waited for.
        let mut link = links[worker].lock().unwrap_or_else(PoisonError::into_inner);
        let leaving = Leaving(&board);
        let driven = Driver::<E, P>::new(pool, &board, &errand, worker).drive(&mut link)?;
        std::mem::forget(leaving);
        Ok(driven)
    };
    let result = team(pool.start.workers, work, |team| session(&mut Crew { team, workers }));
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
