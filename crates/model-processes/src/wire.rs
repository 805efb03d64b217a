//! What travels between a parent and its workers, and the calls that carry it: interrupted ones are repeated, and the
//! ways in which a socket says "nobody there" become one.

use std::io;

use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcSender, IpcSharedMemory};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use patterns::Error;
use serde::{Deserialize, Serialize};

/// What a worker sends when it connects: the parent's ends of its channels.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) to_worker: IpcBytesSender,
    pub(crate) from_worker: IpcBytesReceiver,
    pub(crate) ends: IpcSender<End>,
}

/// What a worker is handed by its parent: an end of a channel to another, a region of memory. One a message: ipc-channel
/// panics beyond 64 descriptors.
#[derive(Serialize, Deserialize)]
pub(crate) enum End {
    /// Receive here.
    Inbox(IpcBytesReceiver),
    /// Send here.
    Outbox(IpcBytesSender),
    /// Look here.
    Region(IpcSharedMemory),
}

/// Why nothing more comes.
pub(crate) enum Broken {
    /// The other side is gone.
    Closed,
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Closed => Self::other("the channel was closed by the other side"),
            Broken::Failed(error) => error,
        }
    }
}

/// A thread that signals leave alone while this lives, but for those by which a user ends a program. ipc-channel sends
/// and receives a long message in fragments; a call that is interrupted between two of them loses the rest.
pub(crate) struct Undisturbed(SigSet);

impl Undisturbed {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut all = SigSet::all();
        for end in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT, Signal::SIGHUP] {
            all.remove(end);
        }
        all.thread_swap_mask(SigmaskHow::SIG_BLOCK).map(Self).map_err(Error::other)
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        let _ = self.0.thread_set_mask();
    }
}

/// Whether an error says that nobody is there.
fn gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// Sends, again where a signal interrupted.
pub(crate) fn send(to: &IpcBytesSender, message: &[u8]) -> Result<(), Broken> {
    loop {
        match to.send(message) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if gone(&error) => return Err(Broken::Closed),
            Err(error) => return Err(Broken::Failed(Error::io("send a message")(error))),
        }
    }
}

/// Hands out.
pub(crate) fn hand(to: &IpcSender<End>, end: End) -> Result<(), Broken> {
    match to.send(end) {
        Ok(()) => Ok(()),
        Err(IpcError::Disconnected) => Err(Broken::Closed),
        Err(IpcError::Io(error)) if gone(&error) => Err(Broken::Closed),
        Err(error) => Err(Broken::Failed(Error::other(format!("failed to hand out a channel: {error}")))),
    }
}

/// Receives, again where a signal interrupted.
pub(crate) fn receive(from: &IpcBytesReceiver) -> Result<Vec<u8>, Broken> {
    loop {
        match from.recv() {
            Ok(message) => return Ok(message),
            Err(IpcError::Disconnected) => return Err(Broken::Closed),
            Err(IpcError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(IpcError::Io(error)) if gone(&error) => return Err(Broken::Closed),
            Err(error) => return Err(Broken::Failed(Error::other(format!("failed to receive a message: {error}")))),
        }
    }
}

/// A value as a message, in the format ipc-channel itself uses.
pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    postcard::to_stdvec(value).map_err(Error::other)
}

/// A message as a value.
pub(crate) fn decode<'m, T: Deserialize<'m>>(message: &'m [u8]) -> Result<T, Error> {
    postcard::from_bytes(message).map_err(Error::other)
}
