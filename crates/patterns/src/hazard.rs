//! Hazards: what goes wrong when things run at once, made to happen on purpose, and beside it what to do instead.
//!
//! A scenario is the real thing in a process of its own: threads that wait for each other really do. It forces the order
//! of events by barriers and channels, so that the hazard shows every time, and then does its remedy in the same process,
//! which must lose nothing. What hangs is left behind: it ends with the process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::clock::Tick;
use crate::error::Error;
use crate::run::{Respawn, WorkerMain};
use crate::strategy::Form;

/// What a model says of hazards.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about hazards",
    note = "write `src/hazards.rs` with `impl RunsHazards for {Self}`: its hazards, or why it has none"
)]
pub trait RunsHazards {
    /// What can go wrong in this model that cannot in others; or why nothing can.
    fn hazards() -> Form<&'static [Hazard]>;
}

/// Makes a hazard happen, then does its remedy.
pub type Scenario = fn(&Scene) -> Result<Outcome, Error>;

/// Something that goes wrong, and what to do instead.
#[derive(Debug, Clone, Copy)]
pub struct Hazard {
    /// Kebab-case name.
    pub id: &'static str,
    /// What is done, one line.
    pub about: &'static str,
    /// Who is told and how; where nobody is, what shows it.
    pub told: &'static str,
    /// What to do instead, one line.
    pub remedy: &'static str,
    /// What is lost: "updates", "heartbeats".
    pub unit: &'static str,
    /// How it ends, as far as is known before it is tried.
    pub ends: Ending,
    /// The scenario, or why there is none on this system.
    pub run: Form<Scenario>,
    /// What its worker processes run.
    pub worker: Option<WorkerMain>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It did not show: what is done is not enough to make it happen.
    NotSeen,
    /// Somebody was told.
    Told,
    /// Nobody was told, and the program went on.
    Silent,
    /// Nobody was told, and somebody waits for ever.
    Hung,
}

/// What a scenario is given.
#[derive(Debug, Clone)]
pub struct Scene {
    /// How long what hangs is waited for.
    pub limit: Duration,
    /// How its worker processes are started.
    pub respawn: Respawn,
}

impl Scene {
    /// How long a remedy is waited for. It does not hang, but a machine may be busy; nobody waits longer than it takes.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.limit * 10
    }
}

/// What came of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub ending: Ending,
    /// From the moment it happened to the first that was told; where nobody was, how long it lasted, if it ended.
    pub after: Option<Duration>,
    /// What was lost, in the hazard's unit.
    pub lost: u64,
    /// Out of so many.
    pub of: u64,
    /// What the remedy lost of as many: nothing, or it is none.
    pub remedy_lost: u64,
}

impl Outcome {
    /// Of a scenario that hangs: so much was done within the limit, and so much with the remedy.
    #[must_use]
    pub fn waited(of: u64, done: u64, done_with_remedy: u64) -> Self {
        let ending = if done < of { Ending::Hung } else { Ending::NotSeen };
        let (lost, remedy_lost) = (of.saturating_sub(done), of.saturating_sub(done_with_remedy));
        Self { ending, after: None, lost, of, remedy_lost }
    }
}

/// With what a thread says that something is done.
#[derive(Debug, Clone)]
pub struct Done(Sender<Result<(), Error>>);

impl Done {
    /// One more.
    pub fn one(&self) {
        // Whoever waited for it may have given up.
        let _ = self.0.send(Ok(()));
    }
}

/// What runs on a thread that may never end.
pub type Part = Box<dyn FnOnce(&Done) + Send>;

/// Runs each part on a thread of its own; how much they have done by the limit, `of` at most. It returns as soon as that
/// is done, and leaves behind who still waits.
///
/// # Errors
/// Where a thread cannot be started, panics, or all end before that is done: then nothing hangs, and something else is
/// wrong.
pub fn within(limit: Duration, of: u64, parts: Vec<Part>) -> Result<u64, Error> {
    let (done, waiting) = channel();
    for part in parts {
        let done = Done(done.clone());
        let run = move || {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| part(&done))) {
                let _ = done.0.send(Err(Error::panicked(0, &*payload)));
            }
        };
        thread::Builder::new().spawn(run).map_err(Error::io("start a thread"))?;
    }
    drop(done);
    let (begun, mut count) = (Tick::now(), 0);
    while count < of {
        match waiting.recv_timeout(limit.saturating_sub(begun.elapsed())) {
            Ok(one) => one.map(|()| count += 1)?,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::other(format!("all threads ended, with {count} of {of} done")));
            }
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_left_behind_and_what_is_done_is_counted() {
        let (hold, forever) = channel::<()>();
        let parts = || -> Vec<Part> {
            let two = |done: &Done| {
                done.one();
                done.one();
            };
            vec![Box::new(two), Box::new(|done| done.one())]
        };
        let long = Duration::from_secs(3600);
        assert_eq!(within(long, 3, parts()).unwrap(), 3, "it waits for what comes");
        let left = within(long, 5, parts()).unwrap_err().to_string();
        assert_eq!(left, "all threads ended, with 3 of 5 done", "and for nobody who has left");
        let panics = within(long, 5, vec![Box::new(|_| panic!("on purpose"))]).unwrap_err().to_string();
        assert!(panics.contains("on purpose"), "{panics}");
        let stuck = move |done: &Done| {
            done.one();
            let _ = forever.recv();
        };
        assert_eq!(within(Duration::from_millis(50), 2, vec![Box::new(stuck)]).unwrap(), 1);
        drop(hold);
    }

    #[test]
    fn only_what_is_missing_hangs() {
        let hung = Outcome { ending: Ending::Hung, after: None, lost: 2, of: 3, remedy_lost: 0 };
        assert_eq!(Outcome::waited(3, 1, 3), hung);
        assert_eq!(Outcome::waited(3, 3, 3).ending, Ending::NotSeen);
        assert_eq!(Outcome::waited(3, 3, 1).remedy_lost, 2);
    }
}
