//! A link: the parent's side of one worker process, its channels, and its end.
//!
//! The worker makes both channels, moves the far ends to the parent over a one-shot server and keeps no copy, so that
//! either side's death closes them. What ipc-channel leaves to its user is done here: a child that dies before it
//! connects (its accept would wait for ever), interrupted calls, a temporary folder too long for a socket's name, and
//! reaping.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender};
use nix::sys::resource::{Resource, getrlimit};
use patterns::clock::Tick;
use patterns::{Error, Start};
use serde::de::DeserializeOwned;

use crate::wire::{Broken, End, Hello, decode, hand, receive, send};

/// A socket's name holds 107 bytes; ipc-channel adds `/.tmpXXXXXX/socket` to the folder and truncates in silence.
const LONGEST_FOLDER: usize = 80;
/// Descriptors of the parent a worker costs: three ends of channels, the socket it connects to, one in passing.
const DESCRIPTORS: u64 = 5;
/// Descriptors for everything else.
const SPARE: u64 = 32;
/// How long a child may take to connect: a loaded machine is slow, a hung child is not waited for.
const CONNECT: Duration = Duration::from_secs(20);
/// How often a child that has not connected is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often a child may be killed before it connects.
const STARTS: u32 = 5;
/// How long a child that was hung up on may take to end.
const END: Duration = Duration::from_secs(2);

/// The parent's side.
pub(crate) struct Link {
    worker: usize,
    child: Child,
    to_worker: Option<IpcBytesSender>,
    from_worker: IpcBytesReceiver,
    ends: Option<IpcSender<End>>,
}

/// Starts all workers of a cell at once: their start-ups overlap.
pub(crate) fn start_all(start: &Start, workers: usize) -> Result<Vec<Link>, Error> {
    // Beyond the limit ipc-channel panics in the middle of a message (0.23.1), so it is asked before.
    let needed = DESCRIPTORS * workers as u64 + SPARE;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((limit, _)) if limit < needed => Err(Error::other(format!(
            "{workers} worker processes need about {needed} open files, the limit is {limit}: raise it with `ulimit -n`"
        ))),
        _ => Ok(()),
    }?;
    let started: Result<Vec<_>, _> = (0..workers).map(|worker| Starting::new(start, worker)).collect();
    started?.into_iter().map(|starting| starting.up(start)).collect()
}

struct Starting {
    worker: usize,
    child: Option<Child>,
    server: Option<IpcOneShotServer<Hello>>,
    name: String,
}

impl Starting {
    fn new(start: &Start, worker: usize) -> Result<Self, Error> {
        let folder = std::env::temp_dir();
        if folder.as_os_str().len() > LONGEST_FOLDER {
            return Err(Error::other(format!(
                "TMPDIR is too long for the name of a socket ({} bytes, at most {LONGEST_FOLDER}): set TMPDIR=/tmp",
                folder.as_os_str().len()
            )));
        }
        let (server, name) = IpcOneShotServer::new().map_err(Error::io(format!("make a socket in {folder:?}")))?;
        let mut command = start.respawn.command();
        command.arg(&name).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(Error::io(format!("start worker process {worker}")))?;
        Ok(Self { worker, child: Some(child), server: Some(server), name })
    }

    /// Waits for the child to connect; one that is killed before it does is replaced.
    fn up(mut self, start: &Start) -> Result<Link, Error> {
        let worker = self.worker;
        for _ in 1..STARTS {
            match self.connected() {
                Err(Error::Died { how, .. }) if how.starts_with(KILLED) => self = Self::new(start, worker)?,
                connected => return connected,
            }
        }
        self.connected()
    }

    /// Waits for the child to connect, and no longer than it lives. `accept` cannot be told to stop, so it runs on a
    /// thread of its own, and a connection of ours ends it where the child's will never come.
    fn connected(mut self) -> Result<Link, Error> {
        let worker = self.worker;
        let (Some(server), Some(mut child)) = (self.server.take(), self.child.take()) else {
            return Err(Error::other("a worker can connect once"));
        };
        let (report, accepted) = channel();
        let accepting = thread::Builder::new().name(String::from("accept")).spawn(move || {
            let _ = report.send(server.accept());
        });
        let accepting = accepting.map_err(Error::io("start a thread"))?;
        let asked = Tick::now();
        let failed = loop {
            match accepted.recv_timeout(LOOK) {
                Ok(Ok((_, hello))) => {
                    let Hello { to_worker, from_worker, ends } = hello;
                    let (to_worker, ends) = (Some(to_worker), Some(ends));
                    return Ok(Link { worker, child, to_worker, from_worker, ends });
                }
                Ok(Err(error)) => {
                    let _ = accepting.join();
                    reap(&mut child);
                    return Err(Error::Died { worker, how: format!("failed to connect: {error}") });
                }
                Err(RecvTimeoutError::Disconnected) => break Error::other("the accepting thread is gone"),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match child.try_wait() {
                Ok(Some(status)) => break Error::Died { worker, how: format!("{} before it connected", said(status)) },
                Ok(None) if asked.elapsed() < CONNECT => {}
                _ => break Error::Died { worker, how: format!("did not connect within {CONNECT:?}") },
            }
        };
        knock(&self.name);
        let _ = accepting.join();
        reap(&mut child);
        Err(failed)
    }
}

/// A sibling failed to start: no child is left behind, connected or not.
impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            reap(child);
        }
    }
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

    /// The error of a process that was killed, if it was; waits for its end, as [`Link::end`] does.
    pub(crate) fn killed(&mut self) -> Option<Error> {
        let status = self.end();
        status.is_some_and(|status| status.signal().is_some()).then(|| self.died(status))
    }

    /// Hangs up: the worker sees the end of its channel and leaves.
    pub(crate) fn hang_up(&mut self) {
        self.to_worker = None;
        self.ends = None;
    }

    /// Hangs up and reaps; `None` if it had to be killed.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        self.hang_up();
        let asked = Tick::now();
        let mut nap = Duration::from_micros(50);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if asked.elapsed() < END => thread::sleep(nap),
                _ => break,
            }
            nap = (nap * 2).min(Duration::from_millis(10));
        }
        reap(&mut self.child);
        None
    }
}

/// No zombie: whoever drops a link has hung up and reaped.
impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

/// Connects and hangs up, so that an `accept` returns. Not with ipc-channel: where nobody waits any more, its connection
/// (0.23.1) fails and leaves the socket open.
fn knock(name: &str) {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
    let door = socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None);
    if let (Ok(door), Ok(address)) = (door, UnixAddr::new(name)) {
        let _ = connect(std::os::fd::AsRawFd::as_raw_fd(&door), &address);
    }
}

/// Ends a process that is of no more use.
fn reap(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

const KILLED: &str = "was killed by signal ";

/// How a process ended, in words.
fn said(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("{KILLED}{signal}"),
        (None, Some(code)) => format!("exited with status {code}"),
        (None, None) => String::from("ended"),
    }
}

/// Whether a process was lost, as against having failed: killed from outside, or ended in the middle of its work as if
/// it were done.
pub(crate) fn lost(status: Option<ExitStatus>) -> bool {
    status.is_none_or(|status| status.code().is_none_or(|code| code == 0))
}
