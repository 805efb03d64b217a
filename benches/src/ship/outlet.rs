//! The sender's side of each way.

use std::os::fd::{AsFd as _, OwnedFd};

use anyhow::{Result, bail};
use ipc_channel::ipc::{IpcBytesSender, IpcSender, IpcSharedMemory};
use serde_bytes::ByteBuf;

use super::Ends;
use super::region::Slots;
use super::socket;

pub(super) enum Outlet {
    Vec(IpcSender<Vec<u8>>),
    ByteBuf(IpcSender<ByteBuf>),
    BytesChannel(IpcBytesSender),
    RegionEach(IpcSender<IpcSharedMemory>),
    RegionOnce(IpcBytesSender, Slots),
    Seqpacket { fragment: usize },
}

impl Outlet {
    /// What the worker's ends say.
    pub(super) fn of(ends: Ends, size: usize, window: usize) -> Result<Self> {
        Ok(match ends {
            Ends::Vec(sender) => Self::Vec(sender),
            Ends::ByteBuf(sender) => Self::ByteBuf(sender),
            Ends::Bytes(sender) => Self::BytesChannel(sender),
            Ends::Regions(sender) => Self::RegionEach(sender),
            Ends::Region { region, descriptors } => Self::RegionOnce(descriptors, Slots::sent(window, size, &region)?),
            Ends::BothWays(..) => bail!("a worker that answers instead of acknowledging"),
        })
    }

    /// Sends a message; on the raw way, through the socket that acknowledgements come back by.
    pub(super) fn send(&mut self, payload: &[u8], socket: &OwnedFd) -> Result<()> {
        match self {
            Self::Vec(sender) => sender.send(payload.to_vec())?,
            Self::ByteBuf(sender) => sender.send(ByteBuf::from(payload))?,
            Self::BytesChannel(sender) => sender.send(payload)?,
            Self::RegionEach(sender) => sender.send(IpcSharedMemory::from_bytes(payload))?,
            Self::RegionOnce(descriptors, slots) => descriptors.send(&slots.fill(payload)?)?,
            Self::Seqpacket { fragment } => socket::send_all(socket.as_fd(), payload, *fragment)?,
        }
        Ok(())
    }

    /// The oldest message in flight was acknowledged.
    pub(super) fn acknowledged(&mut self) {
        if let Self::RegionOnce(_, slots) = self {
            slots.release();
        }
    }
}
