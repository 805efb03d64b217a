//! What goes wrong between processes: one is killed inside a critical section, or two wait for room in each other's
//! socket.

#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod shared;
mod sockets;

use std::num::NonZeroUsize;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use patterns::hazard::{Ending, Hazard, Scenario, Scene};
use patterns::{Error, Form, RunsHazards, Start, WorkerMain};

use crate::Processes;
use crate::link::{self, Link};

#[cfg(target_os = "linux")]
const KILLED: (Form<Scenario>, Form<Scenario>, Option<WorkerMain>) =
    (Form::Has(killed::inside_lock), Form::Has(killed::inside_flag), Some(killed::work));
#[cfg(not(target_os = "linux"))]
const KILLED: (Form<Scenario>, Form<Scenario>, Option<WorkerMain>) = (
    Form::Lacks("locks that several processes share need Linux here"),
    Form::Lacks("locks that several processes share need Linux here"),
    None,
);

impl RunsHazards for Processes {
    fn hazards() -> Form<&'static [Hazard]> {
        const REMEDY: &str = "another lock, with its holder's name in it: the parent, who reaps it, undoes its half, frees the lock, and \
                              has its updates done by another";
        Form::Has(
            const {
                &[
                    Hazard {
                        id: "killed-inside-lock",
                        about: "a process is killed half way through an update, inside a robust lock that others share",
                        told: "whoever takes the lock next, by EOWNERDEAD, and by a word beside it all who come later; all stop",
                        remedy: REMEDY,
                        unit: "updates",
                        ends: Ending::Told,
                        run: KILLED.0,
                        worker: KILLED.2,
                    },
                    Hazard {
                        id: "killed-inside-flag",
                        about: "the same with a flag in shared memory as the lock, which nobody frees but its holder",
                        told: "nobody who wants the lock; only the parent, that a process is gone",
                        remedy: REMEDY,
                        unit: "updates",
                        ends: Ending::Hung,
                        run: KILLED.1,
                        worker: KILLED.2,
                    },
                    Hazard {
                        id: "full-socket",
                        about: "64 requests of 48 KiB go out before the first reply is read, both ways through a socket",
                        told: "nobody: both sides wait in send(), each for the other to receive",
                        remedy: "no more requests under way than a socket holds",
                        unit: "replies",
                        ends: Ending::Hung,
                        run: Form::Has(sockets::full),
                        worker: Some(sockets::work),
                    },
                ]
            },
        )
    }
}

/// Worker processes of a scenario. They end with the thread that starts them: the one that runs the scenario.
fn workers(scene: &Scene, count: usize) -> Result<Vec<Link>, Error> {
    let workers = NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
    let start = Start { workers, cpus: NonZeroUsize::MIN, respawn: scene.respawn.clone(), load: None };
    link::start_all(&start, count)
}

/// Kills a worker process that has not been reaped.
fn kill_worker(pid: u32) -> Result<(), Error> {
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).map_err(|error| Error::io("kill a worker")(error.into()))
}
