//! A link: the parent's side of one worker process, its channels, and its end.
//!
//! The worker makes both channels, moves the far ends to the parent over a one-shot server and keeps no copy, so that
//! either side's death closes them. ipc-channel leaves reaping to its user: whoever drops a link has reaped.

mod blame;
#[cfg(target_os = "linux")]
mod ends;
mod start;

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::Duration;

use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcSender};
use patterns::clock::Tick;
use patterns::{Error, Start};
use serde::de::DeserializeOwned;

use crate::wire::{Broken, End, decode, hand, receive, send};

use blame::Guilt;
pub(crate) use blame::{Failure, INNOCENT, SAID, blame};
#[cfg(target_os = "linux")]
pub(crate) use ends::on_end;
use start::Starting;
pub(crate) use start::{INHERITED, start_all};

/// How long a child that was hung up on may take to end.
const END: Duration = Duration::from_secs(2);

/// The parent's side.
pub(crate) struct Link {
    worker: usize,
    child: Child,
    to_worker: Option<IpcBytesSender>,
    from_worker: IpcBytesReceiver,
    ends: Option<IpcSender<End>>,
    /// What it said of its own failure, once that was heard.
    failure: Option<Failure>,
}

impl Link {
    /// Replaces a dead worker by a new process.
    pub(crate) fn restart(&mut self, start: &Start) -> Result<(), Error> {
        *self = Starting::new(start, self.worker)?.up(start)?;
        Ok(())
    }

    /// Process ID.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a message.
    pub(crate) fn send(&self, message: &[u8]) -> Result<(), Broken> {
        self.to_worker.as_ref().map_or(Err(Broken::Closed), |to_worker| send(to_worker, message))
    }

    /// Hands the worker an end of a channel to another, or a region.
    pub(crate) fn hand(&self, end: End) -> Result<(), Broken> {
        self.ends.as_ref().map_or(Err(Broken::Closed), |ends| hand(ends, end))
    }

    /// Waits for a message.
    pub(crate) fn receive(&self) -> Result<Vec<u8>, Broken> {
        receive(&self.from_worker)
    }

    /// Waits for a message and reads it; a closed channel becomes what the process died of.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let message = self.receive().map_err(|broken| self.explain(broken))?;
        decode(&message)
    }

    /// As [`Link::ask`], for what [`Parent::answer`](crate::parent::Parent::answer) sent; and its size.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self) -> Result<(T, u64), Error> {
        let message = self.receive().map_err(|broken| self.explain(broken))?;
        match decode(&message)? {
            Ok(answer) => Ok((answer, message.len() as u64)),
            Err(failure) => {
                let failure: &Failure = self.failure.insert(failure);
                Err(failure.clone().of(self.worker))
            }
        }
    }

    /// What a broken link means: how its process ended.
    pub(crate) fn explain(&mut self, broken: Broken) -> Error {
        match broken {
            Broken::Closed => {
                let status = self.end();
                self.died(status)
            }
            Broken::Failed(error) => error,
        }
    }

    /// The error of a process that ended this way.
    pub(crate) fn died(&self, status: Option<ExitStatus>) -> Error {
        let how = status.map_or_else(|| String::from("closed its channel, hung and was killed"), said);
        Error::Died { worker: self.worker, how }
    }

    /// What went wrong with this process, if something did, and how it is to blame; waits for its end, as [`Link::end`]
    /// does.
    fn wrong(&mut self) -> Option<(Guilt, Error)> {
        let status = self.end()?;
        match status.code() {
            Some(INNOCENT) => None,
            Some(SAID) => {
                let failure = self.failure.take().or_else(|| blame::last_words(self));
                let error = failure.map_or_else(|| self.died(Some(status)), |failure| failure.of(self.worker));
                Some((Guilt::Said, error))
            }
            Some(_) => Some((Guilt::Left, self.died(Some(status)))),
            None => Some((Guilt::Killed, self.died(Some(status)))),
        }
    }

    /// Hangs up: the worker sees the end of its channel and leaves.
    pub(crate) fn hang_up(&mut self) {
        self.to_worker = None;
        self.ends = None;
    }

    /// Hangs up and reaps; `None` if it had to be killed.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        self.hang_up();
        let status = ended(&mut self.child);
        if status.is_none() {
            reap(&mut self.child);
        }
        status
    }
}

/// No zombie: whoever drops a link has hung up and reaped.
impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a process ended that has nothing left to do; `None` if it did not.
fn ended(child: &mut Child) -> Option<ExitStatus> {
    let asked = Tick::now();
    let mut nap = Duration::from_micros(50);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if asked.elapsed() < END => thread::sleep(nap),
            _ => return None,
        }
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

/// Ends a process that is of no more use.
fn reap(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// How a process ended, in words.
fn said(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("exited with status {code}"),
        (None, None) => String::from("ended"),
    }
}

/// Whether a process was lost, as against having failed: killed from outside, or ended in the middle of its work as if
/// it were done.
pub(crate) fn lost(status: Option<ExitStatus>) -> bool {
    status.is_none_or(|status| status.code().is_none_or(|code| code == 0))
}
