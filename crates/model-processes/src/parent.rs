//! The worker's side: its parent.

use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcReceiver, IpcSender};
use patterns::Error;
use serde::de::DeserializeOwned;

use crate::wire::{Broken, End, Hello, decode, receive, send};

/// The worker's side.
pub(crate) struct Parent {
    inbox: IpcBytesReceiver,
    outbox: IpcBytesSender,
    ends: IpcReceiver<End>,
}

impl Parent {
    /// Connects to the parent that waits at `address`.
    pub(crate) fn connect(address: &str) -> Result<Self, Error> {
        // Set in the child, after exec: it dies with the thread that started it, which lives as long as the link does.
        // If the parent died before this line, the connection below fails.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).map_err(Error::other)?;
        let parent = IpcSender::connect(address.to_owned()).map_err(Error::io(format!("connect to {address}")))?;
        let made = "make a channel";
        let (to_worker, inbox) = ipc::bytes_channel().map_err(Error::io(made))?;
        let (outbox, from_worker) = ipc::bytes_channel().map_err(Error::io(made))?;
        let (ends_to_worker, ends) = ipc::channel().map_err(Error::io(made))?;
        parent.send(Hello { to_worker, from_worker, ends: ends_to_worker }).map_err(Error::other)?;
        Ok(Self { inbox, outbox, ends })
    }

    /// The next message; `None` once the parent has hung up.
    pub(crate) fn receive(&self) -> Result<Option<Vec<u8>>, Error> {
        match receive(&self.inbox) {
            Ok(message) => Ok(Some(message)),
            Err(Broken::Closed) => Ok(None),
            Err(Broken::Failed(error)) => Err(error),
        }
    }

    /// The next message, where the parent has no reason to hang up.
    pub(crate) fn expect<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode(&self.receive()?.ok_or_else(|| Error::other("the parent hung up early"))?)
    }

    /// Sends a message.
    pub(crate) fn send(&self, message: &[u8]) -> Result<(), Error> {
        Ok(send(&self.outbox, message)?)
    }

    /// The next end of a channel, or region, that the parent hands out.
    pub(crate) fn end(&self) -> Result<End, Error> {
        self.ends.recv().map_err(Error::other)
    }
}
