//! The worker's side: its parent.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcReceiver, IpcSender};
use patterns::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::link::{Failure, INNOCENT, SAID};
use crate::wire::{Broken, End, Hello, decode, encode, receive, send};

/// The worker's side.
pub(crate) struct Parent {
    /// `None` once it is followed.
    inbox: Option<IpcBytesReceiver>,
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
        Ok(Self { inbox: Some(inbox), outbox, ends })
    }

    /// The next message; `None` once the parent has hung up.
    pub(crate) fn receive(&self) -> Result<Option<Vec<u8>>, Error> {
        match self.inbox.as_ref().map_or(Err(Broken::Closed), receive) {
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

    /// Sends what [`Link::hear`](crate::link::Link::hear) waits for.
    pub(crate) fn answer(&self, value: &impl Serialize) -> Result<(), Error> {
        self.send(&encode(&Ok::<_, Failure>(value))?)
    }

    /// From now on leaves at once when the parent hangs up, whatever else this process waits for: for workers that hear
    /// from their neighbours alone.
    pub(crate) fn follow(&mut self) -> Result<(), Error> {
        let Some(inbox) = self.inbox.take() else { return Ok(()) };
        let listen = move || {
            while receive(&inbox).is_ok() {}
            leave()
        };
        thread::Builder::new().name(String::from("parent")).spawn(listen).map_err(Error::io("start a thread"))?;
        Ok(())
    }

    /// Does all the work of this process, and leaves; the parent is told why it failed, if it did. What `work` borrows is
    /// still there when that is said: an end of a channel that closed before would make a neighbour's end look like the
    /// cause.
    pub(crate) fn serve(&self, work: impl FnOnce() -> Result<(), Broken>) -> ! {
        let failure = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(()) | Err(Broken::Closed)) => leave(),
            Ok(Err(Broken::Failed(error))) => Failure::Failed(error.to_string()),
            Err(payload) => match Error::panicked(0, &*payload) {
                Error::Panicked { message, .. } => Failure::Panicked(message),
                other => Failure::Failed(other.to_string()),
            },
        };
        // If the parent is gone, nobody wants to know.
        let _ = encode(&Err::<(), _>(failure)).map(|words| self.send(&words));
        std::process::exit(SAID)
    }
}

/// Ends this process: the parent, or a neighbour, is gone.
pub(crate) fn leave() -> ! {
    std::process::exit(INNOCENT)
}
