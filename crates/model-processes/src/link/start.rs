//! A worker process comes up: it is started, connects, and is waited for no longer than it lives.
//!
//! What ipc-channel leaves to its user: a child that dies before it connects (`accept` would wait for ever), a folder too
//! long for a socket's name, the limit of descriptors.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use ipc_channel::ipc::IpcOneShotServer;
use nix::sys::resource::{Resource, getrlimit};
use patterns::clock::Tick;
use patterns::{Error, Start};

use super::{Link, ended, reap, said};
use crate::wire::{Hello, Undisturbed};

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

/// Held while a descriptor exists that a child would inherit, and while one is made. ipc-channel duplicates that of a
/// region without the mark that closes it (0.23.1).
pub(crate) static INHERITED: Mutex<()> = Mutex::new(());

pub(super) struct Starting {
    worker: usize,
    child: Option<Child>,
    server: Option<IpcOneShotServer<Hello>>,
    name: String,
}

impl Starting {
    pub(super) fn new(start: &Start, worker: usize) -> Result<Self, Error> {
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
        let _nothing_to_inherit = INHERITED.lock();
        let child = command.spawn().map_err(Error::io(format!("start worker process {worker}")))?;
        Ok(Self { worker, child: Some(child), server: Some(server), name })
    }

    /// Waits for the child to connect; one that is killed before it does is replaced.
    pub(super) fn up(mut self, start: &Start) -> Result<Link, Error> {
        let worker = self.worker;
        for _ in 1..STARTS {
            match self.connected() {
                Err(Absent { killed: true, .. }) => self = Self::new(start, worker)?,
                connected => return connected.map_err(|absent| absent.error),
            }
        }
        self.connected().map_err(|absent| absent.error)
    }

    /// Waits for the child to connect, and no longer than it lives. `accept` cannot be told to stop, so it runs on a
    /// thread of its own, and a connection of ours ends it where the child's will never come.
    fn connected(mut self) -> Result<Link, Absent> {
        let worker = self.worker;
        let (Some(server), Some(mut child)) = (self.server.take(), self.child.take()) else {
            return Err(Error::other("a worker can connect once").into());
        };
        let (report, accepted) = channel();
        let accept = move || {
            // Where it cannot be had, an interrupted call is a child that failed to connect.
            let _undisturbed = Undisturbed::new();
            let _ = report.send(server.accept());
        };
        let accepting = match thread::Builder::new().name(String::from("accept")).spawn(accept) {
            Ok(accepting) => accepting,
            Err(error) => {
                reap(&mut child);
                return Err(Error::io("start a thread")(error).into());
            }
        };
        let asked = Tick::now();
        let failed = loop {
            match accepted.recv_timeout(LOOK) {
                Ok(Ok((_, hello))) => {
                    let Hello { to_worker, from_worker, ends } = hello;
                    let (to_worker, ends) = (Some(to_worker), Some(ends));
                    return Ok(Link { worker, child, to_worker, from_worker, ends, failure: None });
                }
                Ok(Err(error)) => {
                    let _ = accepting.join();
                    // One that was killed after it connected, before its first word, had hung up as well.
                    if let Some(status) = ended(&mut child).filter(|status| status.signal().is_some()) {
                        return Err(Absent::of(worker, status));
                    }
                    reap(&mut child);
                    return Err(Error::Died { worker, how: format!("failed to connect: {error}") }.into());
                }
                Err(RecvTimeoutError::Disconnected) => break Error::other("the accepting thread is gone").into(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match child.try_wait() {
                Ok(Some(status)) => break Absent::of(worker, status),
                Ok(None) if asked.elapsed() < CONNECT => {}
                _ => break Error::Died { worker, how: format!("did not connect within {CONNECT:?}") }.into(),
            }
        };
        // In this order: `accept` also waits for the first word of a child that has connected.
        reap(&mut child);
        knock(&self.name);
        let _ = accepting.join();
        Err(failed)
    }
}

/// Why a worker did not connect, and whether that was because it was killed, which another may escape.
struct Absent {
    error: Error,
    killed: bool,
}

impl Absent {
    fn of(worker: usize, status: ExitStatus) -> Self {
        let error = Error::Died { worker, how: format!("{} before it connected", said(status)) };
        Self { error, killed: status.signal().is_some() }
    }
}

impl From<Error> for Absent {
    fn from(error: Error) -> Self {
        Self { error, killed: false }
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

/// Connects and hangs up, so that an `accept` returns. Not with ipc-channel: where nobody waits any more, its connection
/// (0.23.1) fails and leaves the socket open.
fn knock(name: &str) {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
    let door = socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None);
    if let (Ok(door), Ok(address)) = (door, UnixAddr::new(name)) {
        let _ = connect(std::os::fd::AsRawFd::as_raw_fd(&door), &address);
    }
}
