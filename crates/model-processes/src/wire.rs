//! What travels between a parent and its workers, and the calls that carry it: interrupted ones are repeated, and the
//! ways in which a socket says "nobody there" become one.

use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcSender};
use patterns::Error;
use serde::{Deserialize, Serialize};

/// What a worker sends when it connects: the parent's ends of its channels.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) to_worker: IpcBytesSender,
    pub(crate) from_worker: IpcBytesReceiver,
    pub(crate) ends: IpcSender<End>,
}

/// An end of a channel between two workers, handed out by the parent. One a message: ipc-channel panics beyond 64.
#[derive(Serialize, Deserialize)]
pub(crate) enum End {
    /// Receive here.
    Inbox(IpcBytesReceiver),
    /// Send here.
    Outbox(IpcBytesSender),
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

/// Sends, again where a signal interrupted.
pub(crate) fn send(to: &IpcBytesSender, message: &[u8]) -> Result<(), Broken> {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, Interrupted};
    loop {
        match to.send(message) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == Interrupted => {}
            Err(error) if matches!(error.kind(), BrokenPipe | ConnectionReset) => return Err(Broken::Closed),
            Err(error) => return Err(Broken::Failed(Error::io("send a message")(error))),
        }
    }
}

/// Receives, again where a signal interrupted.
pub(crate) fn receive(from: &IpcBytesReceiver) -> Result<Vec<u8>, Broken> {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, Interrupted};
    loop {
        match from.recv() {
            Ok(message) => return Ok(message),
            Err(IpcError::Disconnected) => return Err(Broken::Closed),
            Err(IpcError::Io(error)) if error.kind() == Interrupted => {}
            Err(IpcError::Io(error)) if matches!(error.kind(), BrokenPipe | ConnectionReset) => {
                return Err(Broken::Closed);
            }
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
