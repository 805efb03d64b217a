//! A team: scoped threads that stay warm across rounds and borrow the job.
//!
//! Threads wait at a gate (a channel each) between rounds; leaving the session closes the gates and ends them. No
//! `'static` bound, no unsafe code. What differs a round (a store, a queue) goes through the gate.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;

use crate::error::Error;

/// A team between two rounds.
pub struct Team<T, R> {
    gates: Vec<Sender<T>>,
    reports: Receiver<(usize, Result<R, Error>)>,
}

impl<T, R> Team<T, R> {
    /// One round: hands `parcel(worker)` to each worker and waits for all of them.
    ///
    /// # Errors
    /// The first worker that failed or panicked, as soon as it reports.
    pub fn run(&mut self, parcel: impl FnMut(usize) -> T) -> Result<Vec<R>, Error> {
        self.run_with(parcel, || ())
    }

    /// As [`Team::run`], with something to do on the coordinating thread once all workers have started.
    ///
    /// # Errors
    /// As [`Team::run`].
    pub fn run_with(&mut self, mut parcel: impl FnMut(usize) -> T, meanwhile: impl FnOnce()) -> Result<Vec<R>, Error> {
        for (worker, gate) in self.gates.iter().enumerate() {
            gate.send(parcel(worker)).map_err(|_| Error::other(format!("worker {worker} is gone")))?;
        }
        meanwhile();
        let mut results: Vec<Option<R>> = self.gates.iter().map(|_| None).collect();
        for _ in 0..results.len() {
            let (worker, result) = self.reports.recv().map_err(|_| Error::other("all workers are gone"))?;
            results[worker] = Some(result?);
        }
        Ok(results.into_iter().flatten().collect())
    }
}

/// Runs `session` with a team of `workers` threads, each running `body(worker, parcel)` once a round.
///
/// A worker must have dropped what came through the gate before `body` returns, so that the session may take it back
/// (`Arc::into_inner`): `body` owns its parcel, so that is the natural thing to happen.
///
/// # Errors
/// What `session` returns, and threads that cannot be started.
pub fn team<T: Send, R: Send>(
    workers: NonZeroUsize,
    body: impl Fn(usize, T) -> Result<R, Error> + Sync,
    session: impl FnOnce(&mut Team<T, R>) -> Result<(), Error>,
) -> Result<(), Error> {
    team_of(Builder::new, workers, body, session)
}

/// As [`team`], of threads that are not as the system makes them: with a larger stack, for one.
///
/// # Errors
/// As [`team`].
pub fn team_of<T: Send, R: Send>(
    thread: impl Fn() -> Builder,
    workers: NonZeroUsize,
    body: impl Fn(usize, T) -> Result<R, Error> + Sync,
    session: impl FnOnce(&mut Team<T, R>) -> Result<(), Error>,
) -> Result<(), Error> {
    let body = &body;
    std::thread::scope(|scope| {
        let (report, reports) = channel();
        let mut gates = Vec::with_capacity(workers.get());
        for worker in 0..workers.get() {
            let (gate, parcels) = channel::<T>();
            let report = report.clone();
            let attend = move || {
                while let Ok(parcel) = parcels.recv() {
                    // A panic is this worker's result, not the end of the team: nobody waits for it for ever.
                    let result = catch_unwind(AssertUnwindSafe(|| body(worker, parcel)));
                    let result = result.unwrap_or_else(|payload| Err(Error::panicked(worker, &*payload)));
                    if report.send((worker, result)).is_err() {
                        return;
                    }
                }
            };
            let builder = thread().name(format!("worker-{worker}"));
            builder.spawn_scoped(scope, attend).map_err(Error::io(format!("start thread {worker} of {workers}")))?;
            gates.push(gate);
        }
        drop(report);
        session(&mut Team { gates, reports })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: NonZeroUsize = NonZeroUsize::new(3).unwrap();

    #[test]
    fn results_come_back_by_worker_and_rounds_repeat() {
        team(
            THREE,
            |worker, round: usize| Ok(worker * 10 + round),
            |team| {
                assert_eq!(team.run(|_| 1)?, [1, 11, 21]);
                assert_eq!(team.run(|_| 2)?, [2, 12, 22]);
                Ok(())
            },
        )
        .unwrap();
    }

    #[test]
    fn a_panic_is_reported_with_its_worker_and_ends_the_team() {
        let result = team(
            THREE,
            |worker, ()| if worker == 1 { panic!("boom {worker}") } else { Ok(()) },
            |team| team.run(|_| ()).map(drop),
        );
        assert_eq!(result.unwrap_err().to_string(), "worker 1 panicked: boom 1");
    }
}
