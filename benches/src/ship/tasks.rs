//! Small messages both ways: tasks for a worker process and their results, and an echo.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, bail, ensure};
use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender};

use super::Ends;
use super::process::{Worker, connect, unless_closed};

pub(super) const ECHO: &str = "echo";
pub(super) const TASKS: &str = "tasks";
/// Bytes of a task: an index and nothing to do.
const TASK: usize = 16;
const WORD: usize = 8;

/// Channels both ways, closed before the worker is waited for.
struct Link {
    to_worker: IpcBytesSender,
    from_worker: IpcBytesReceiver,
    _worker: Worker,
}

impl Link {
    fn start(program: &Path, does: &str) -> Result<Self> {
        let (worker, ends) = Worker::connected(program, &[does], Stdio::null())?;
        let Ends::BothWays(to_worker, from_worker) = ends else { bail!("a worker that does not answer") };
        Ok(Self { to_worker, from_worker, _worker: worker })
    }
}

/// A worker process that does empty tasks.
pub struct Tasks {
    link: Link,
    batch: u64,
    window: u64,
    message: Vec<u8>,
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tasks").field("batch", &self.batch).field("window", &self.window).finish_non_exhaustive()
    }
}

impl Tasks {
    /// One task a message, 16 messages in flight, as the pool has it.
    pub const ONE: (u64, u64) = (1, 16);
    /// 64 tasks a message, two in flight, as the batched pool has it.
    pub const BATCHED: (u64, u64) = (64, 2);

    /// Starts `program` as the worker, for messages of `batch` tasks, `window` of them in flight.
    ///
    /// # Errors
    /// If the worker does not start.
    pub fn start(program: &Path, (batch, window): (u64, u64)) -> Result<Self> {
        Ok(Self { link: Link::start(program, TASKS)?, batch, window, message: Vec::new() })
    }

    /// Has so many tasks done and waits for all results.
    ///
    /// # Errors
    /// If the worker is gone, or has not done each once.
    pub fn run(&mut self, tasks: u64) -> Result<()> {
        let (mut next, mut waiting, mut sum) = (0, 0, 0);
        while next < tasks || waiting > 0 {
            if next < tasks && waiting < self.window {
                let after = tasks.min(next + self.batch);
                self.message.clear();
                for index in next..after {
                    self.message.extend([index.to_le_bytes(), [0; WORD]].as_flattened());
                }
                self.link.to_worker.send(&self.message)?;
                (next, waiting) = (after, waiting + 1);
            } else {
                sum += word(&self.link.from_worker.recv()?)?;
                waiting -= 1;
            }
        }
        let expected = tasks * tasks.saturating_sub(1) / 2;
        ensure!(sum == expected, "the indices of {tasks} tasks add up to {sum} instead of {expected}");
        Ok(())
    }
}

/// A worker process that sends back what it is sent.
pub struct Echo(Link);

impl std::fmt::Debug for Echo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Echo").finish_non_exhaustive()
    }
}

impl Echo {
    /// Starts `program` as the echo.
    ///
    /// # Errors
    /// If the worker does not start.
    pub fn start(program: &Path) -> Result<Self> {
        Ok(Self(Link::start(program, ECHO)?))
    }

    /// There and back.
    ///
    /// # Errors
    /// If the worker is gone.
    pub fn round_trip(&self, token: &[u8]) -> Result<Vec<u8>> {
        self.0.to_worker.send(token)?;
        Ok(self.0.from_worker.recv()?)
    }
}

/// The worker of [`Tasks`]: answers a message with the sum of its indices.
pub(super) fn work(address: &str) -> Result<()> {
    answer(address, |message| {
        let sum = message.chunks(TASK).map(word).sum::<Result<u64>>()?;
        Ok(sum.to_le_bytes().to_vec())
    })
}

/// The worker of [`Echo`].
pub(super) fn echo(address: &str) -> Result<()> {
    answer(address, Ok)
}

fn answer(address: &str, answer: impl Fn(Vec<u8>) -> Result<Vec<u8>>) -> Result<()> {
    let (to_worker, inbox) = ipc::bytes_channel()?;
    let (outbox, from_worker) = ipc::bytes_channel()?;
    connect(address, Ends::BothWays(to_worker, from_worker))?;
    while let Some(message) = unless_closed(inbox.recv())? {
        outbox.send(&answer(message)?)?;
    }
    Ok(())
}

fn word(bytes: &[u8]) -> Result<u64> {
    match bytes.first_chunk() {
        Some(word) => Ok(u64::from_le_bytes(*word)),
        None => bail!("{} bytes are no number", bytes.len()),
    }
}
