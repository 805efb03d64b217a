//! Worker processes: started, connected, and never left behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcOneShotServer, IpcSender};

use super::{Ends, WORKER};

/// A worker that ends at once.
pub(super) const EXIT: &str = "exit";

/// A process whose parent's ends of its channels are closed before this is dropped.
pub(super) struct Worker(Child);

impl Worker {
    /// Starts `program` as a worker.
    pub(super) fn start(program: &Path, arguments: &[&str], stdin: Stdio) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg(WORKER).args(arguments).stdin(stdin).stdout(Stdio::null());
        Ok(Self(command.spawn().with_context(|| format!("failed to start {}", program.display()))?))
    }

    /// Starts `program` as a worker and waits for the ends it sends. As in `bare ipc`, a worker that dies before it
    /// connects is not noticed.
    pub(super) fn connected(program: &Path, arguments: &[&str], stdin: Stdio) -> Result<(Self, Ends)> {
        let (server, address) = IpcOneShotServer::new()?;
        let worker = Self::start(program, &[arguments, &[&address]].concat(), stdin)?;
        let (_, ends) = server.accept().context("a worker process did not connect")?;
        Ok((worker, ends))
    }
}

/// No zombie. The worker was hung up on and leaves by itself; one that does not within seconds is killed.
impl Drop for Worker {
    fn drop(&mut self) {
        for _ in 0..2000 {
            match self.0.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(1)),
                _ => return,
            }
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process and nothing else: started, ended, reaped.
///
/// # Errors
/// If it cannot be started, or fails.
pub fn start_and_end(program: &Path) -> Result<()> {
    let status = Worker::start(program, &[EXIT], Stdio::null())?.0.wait()?;
    ensure!(status.success(), "an empty process failed: {status}");
    Ok(())
}

/// The worker's side of [`Worker::connected`].
pub(super) fn connect(address: &str, ends: Ends) -> Result<()> {
    Ok(IpcSender::<Ends>::connect(address.to_owned())?.send(ends)?)
}

/// What was received; `None` where the other side has hung up.
pub(super) fn unless_closed<T>(received: Result<T, IpcError>) -> Result<Option<T>> {
    match received {
        Ok(message) => Ok(Some(message)),
        Err(IpcError::Disconnected) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
