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

/// A message travels in pieces of this many bytes, of which the last, and it alone, is shorter; most are their own last.
///
/// ipc-channel (0.23.1) sends what exceeds a socket's buffer through a socket made for it, whose far end the sender keeps
/// open until it is done: if the receiver dies meanwhile, nobody tells the sender, which waits for ever. A piece fits one
/// packet of the channel itself, which breaks when the receiver dies; and a call that a signal interrupts has sent all of
/// a packet or nothing, so that it can be repeated.
pub(crate) const PIECE: usize = 64 << 10;

/// Whether an error says that nobody is there.
fn gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// Sends a message. Where a channel has several senders, each must fit a piece: others would come in between.
pub(crate) fn send(to: &IpcBytesSender, message: &[u8]) -> Result<(), Broken> {
    let (full, last) = message.as_chunks::<PIECE>();
    full.iter().try_for_each(|piece| send_piece(to, piece))?;
    send_piece(to, last)
}

fn send_piece(to: &IpcBytesSender, piece: &[u8]) -> Result<(), Broken> {
    loop {
        match to.send(piece) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if gone(&error) => return Err(Broken::Closed),
            Err(error) => return Err(Broken::Failed(Error::io("send a message")(error))),
        }
    }
}

/// Receives a message.
pub(crate) fn receive(from: &IpcBytesReceiver) -> Result<Vec<u8>, Broken> {
    let mut message = receive_piece(from)?;
    let mut length = message.len();
    while length == PIECE {
        let piece = receive_piece(from)?;
        length = piece.len();
        message.extend_from_slice(&piece);
    }
    Ok(message)
}

fn receive_piece(from: &IpcBytesReceiver) -> Result<Vec<u8>, Broken> {
    loop {
        match from.recv() {
            Ok(piece) => return Ok(piece),
            Err(IpcError::Disconnected) => return Err(Broken::Closed),
            Err(IpcError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(IpcError::Io(error)) if gone(&error) => return Err(Broken::Closed),
            Err(error) => return Err(Broken::Failed(Error::other(format!("failed to receive a message: {error}")))),
        }
    }
}

/// A thread that signals leave alone while this lives, but for those by which a user ends a program: for calls that
/// cannot be repeated, since what they send is gone when they fail.
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

/// Hands out.
pub(crate) fn hand(to: &IpcSender<End>, end: End) -> Result<(), Broken> {
    let _undisturbed = Undisturbed::new()?;
    match to.send(end) {
        Ok(()) => Ok(()),
        Err(IpcError::Disconnected) => Err(Broken::Closed),
        Err(IpcError::Io(error)) if gone(&error) => Err(Broken::Closed),
        Err(error) => Err(Broken::Failed(Error::other(format!("failed to hand out a channel: {error}")))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_any_length_arrive_whole_and_apart() {
        let lengths = [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7, 0, 2];
        let message = |length: usize| -> Vec<u8> { (0..length).map(|byte| (byte / 255 + byte % 255) as u8).collect() };
        let (outbox, inbox) = ipc_channel::ipc::bytes_channel().expect("a channel");
        std::thread::scope(|scope| {
            scope.spawn(|| lengths.map(|length| send(&outbox, &message(length)).is_ok()));
            for length in lengths {
                assert!(receive(&inbox).is_ok_and(|got| got == message(length)), "{length} bytes");
            }
        });
        drop(outbox);
        assert!(matches!(receive(&inbox), Err(Broken::Closed)));
    }

    #[test]
    fn whoever_sends_to_somebody_who_is_gone_is_told() {
        let (outbox, inbox) = ipc_channel::ipc::bytes_channel().expect("a channel");
        let message = vec![0; 100 * PIECE];
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| send(&outbox, &message));
            // In the middle of the message, which no buffer holds.
            assert!(inbox.recv().is_ok_and(|piece| piece.len() == PIECE));
            drop(inbox);
            assert!(matches!(sending.join().expect("no panic"), Err(Broken::Closed)));
        });
    }
}
