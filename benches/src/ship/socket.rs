//! A raw socket of the kind ipc-channel is made of: a pair of AF_UNIX sockets that keep the edges of messages.

use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};

use anyhow::{Context as _, Result, ensure};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, socketpair, sockopt};

/// The largest fragment: a third of a default buffer, so that one is read while the next is written. With fragments as
/// large as the buffer, as ipc-channel has them, a raw socket is slower than ipc-channel.
const FRAGMENT: usize = 64 << 10;

/// A pair, closed in children that are not given an end.
pub(super) fn pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).context("make a pair of sockets")
}

/// Bytes of the largest fragment.
pub(super) fn fragment(socket: &OwnedFd) -> Result<usize> {
    Ok((getsockopt(socket, sockopt::SndBuf)? / 3).clamp(1, FRAGMENT))
}

/// Sends a message in fragments of at most so many bytes.
pub(super) fn send_all(socket: BorrowedFd<'_>, message: &[u8], fragment: usize) -> Result<()> {
    for part in message.chunks(fragment) {
        let sent = send(socket.as_raw_fd(), part, MsgFlags::empty())?;
        ensure!(sent == part.len(), "{sent} of {} bytes were sent", part.len());
    }
    Ok(())
}

/// Fills `buffer` with the fragments of one message; false where the other side has hung up.
pub(super) fn receive_all(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<bool> {
    let mut filled = 0;
    while filled < buffer.len() {
        let received = recv(socket.as_raw_fd(), &mut buffer[filled..], MsgFlags::empty())?;
        if received == 0 {
            ensure!(filled == 0, "the other side hung up in the middle of a message");
            return Ok(false);
        }
        filled += received;
    }
    Ok(true)
}
