//! A line: one sender, one receiving process, a window of messages in flight.
//!
//! Whatever the way, each message is acknowledged by eight bytes on a raw socket, which is the worker's standard input:
//! the sum of the lines it read. So every message is checked, and acknowledgements cost all ways the same.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use anyhow::{Result, ensure};
use ipc_channel::ipc;

use super::outlet::Outlet;
use super::process::{Worker, connect, unless_closed};
use super::{Ends, Way, read_lines, region, socket};

/// Bytes in flight at most, where messages are large.
const IN_FLIGHT: usize = 4 << 20;
/// Messages in flight at most, where they are small.
const WINDOW: usize = 32;
/// Bytes of an acknowledgement, and of the number at the head of each message.
const WORD: usize = 8;

/// A warm worker process and the way to it. Dropped, it closes the way first and then waits for the worker to end.
pub struct Line {
    outlet: Outlet,
    socket: OwnedFd,
    _worker: Worker,
    payload: Vec<u8>,
    /// The sum of the payload but for its number.
    rest: u64,
    window: u64,
    sent: u64,
    acknowledged: u64,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("bytes", &self.payload.len()).field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Line {
    /// Starts `program` as the receiver of messages of `size` bytes.
    ///
    /// # Errors
    /// If there is less in a message than its number, or the worker does not start.
    pub fn start(program: &Path, way: Way, size: usize) -> Result<Self> {
        ensure!(size >= WORD, "a message of {size} bytes has no room for its number");
        let window = (IN_FLIGHT / size).clamp(1, WINDOW);
        let (socket, theirs) = socket::pair()?;
        let arguments = [way.id(), &size.to_string()];
        let (worker, outlet) = if way == Way::Seqpacket {
            let worker = Worker::start(program, &[&arguments[..], &["-"]].concat(), theirs.into())?;
            (worker, Outlet::Seqpacket { fragment: socket::fragment(&socket)? })
        } else {
            let (worker, ends) = Worker::connected(program, &arguments, theirs.into())?;
            (worker, Outlet::of(ends, size, window)?)
        };
        let mut payload: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        payload[..WORD].fill(0);
        let rest = read_lines(&payload);
        Ok(Self { outlet, socket, _worker: worker, payload, rest, window: window as u64, sent: 0, acknowledged: 0 })
    }

    /// Ships so many messages and waits until all were read, as they were sent and in their order.
    ///
    /// # Errors
    /// If a message does not arrive as it was sent.
    pub fn ship(&mut self, messages: u64) -> Result<()> {
        for _ in 0..messages {
            if self.sent - self.acknowledged == self.window {
                self.hear()?;
            }
            self.payload[..WORD].copy_from_slice(&self.sent.to_le_bytes());
            self.outlet.send(&self.payload, &self.socket)?;
            self.sent += 1;
        }
        while self.acknowledged < self.sent {
            self.hear()?;
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<()> {
        let mut sum = [0; WORD];
        ensure!(socket::receive_all(self.socket.as_fd(), &mut sum)?, "the worker process is gone");
        let expected = self.rest.wrapping_add(self.acknowledged);
        ensure!(u64::from_le_bytes(sum) == expected, "message {} arrived as another", self.acknowledged);
        self.outlet.acknowledged();
        self.acknowledged += 1;
        Ok(())
    }
}

/// The receiving process: reads and acknowledges until its parent hangs up.
pub(super) fn receive(way: Way, size: usize, address: &str) -> Result<()> {
    match way {
        Way::Vec => {
            let (ours, inbox) = ipc::channel()?;
            connect(address, Ends::Vec(ours))?;
            acknowledge(|| Ok(unless_closed(inbox.recv())?.map(|message: Vec<u8>| read_lines(&message))))
        }
        Way::ByteBuf => {
            let (ours, inbox) = ipc::channel()?;
            connect(address, Ends::ByteBuf(ours))?;
            acknowledge(|| Ok(unless_closed(inbox.recv())?.map(|message| read_lines(&message))))
        }
        Way::BytesChannel => {
            let (ours, inbox) = ipc::bytes_channel()?;
            connect(address, Ends::Bytes(ours))?;
            acknowledge(|| Ok(unless_closed(inbox.recv())?.map(|message| read_lines(&message))))
        }
        Way::RegionEach => {
            let (ours, inbox) = ipc::channel()?;
            connect(address, Ends::Regions(ours))?;
            acknowledge(|| Ok(unless_closed(inbox.recv())?.map(|message| read_lines(&message))))
        }
        Way::RegionOnce => {
            let (region, regions) = ipc::channel()?;
            let (descriptors, inbox) = ipc::bytes_channel()?;
            connect(address, Ends::Region { region, descriptors })?;
            let region = regions.recv()?;
            acknowledge(|| {
                let descriptor = unless_closed(inbox.recv())?;
                descriptor.map(|descriptor| region::described(&region, &descriptor, size).map(read_lines)).transpose()
            })
        }
        Way::Seqpacket => {
            let mut buffer = vec![0; size];
            let stdin = std::io::stdin();
            acknowledge(|| Ok(socket::receive_all(stdin.as_fd(), &mut buffer)?.then(|| read_lines(&buffer))))
        }
    }
}

fn acknowledge(mut next: impl FnMut() -> Result<Option<u64>>) -> Result<()> {
    let stdin = std::io::stdin();
    while let Some(sum) = next()? {
        socket::send_all(stdin.as_fd(), &sum.to_le_bytes(), WORD)?;
    }
    Ok(())
}
