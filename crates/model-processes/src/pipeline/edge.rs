//! Edges: what carries messages from one unit to the next, in order. A kind of them is two ends, which the parent makes and
//! hands to two stages, or keeps.

use std::thread::Scope;

use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender};
use patterns::Error;

use crate::link::Link;
use crate::parent::Parent;
use crate::wire::{self, Broken, End};

/// A kind of edges.
pub(super) trait Edges: 'static {
    /// Where messages go in.
    type Put: Put;
    /// Where they come out.
    type Take: Take;

    /// An edge with room for so many messages, where its kind can keep to that.
    fn edge(capacity: usize) -> Result<(Self::Put, Self::Take), Error>;

    /// Sees to it that these two ends, which the parent keeps, are closed when a stage ends, where they are not by
    /// themselves. On threads of `scope`, which is over when the stages have ended.
    fn guard<'s>(links: &[Link], scope: &'s Scope<'s, '_>, put: &Self::Put, take: &Self::Take) -> Result<(), Error> {
        let _ = (links, scope, put, take);
        Ok(())
    }
}

/// An end where messages go in.
pub(super) trait Put: Sized + Send + 'static {
    /// Puts a message, waiting for room.
    fn put(&mut self, message: &[u8]) -> Result<(), Broken>;
    /// Hands this end to a stage.
    fn hand(self, to: &Link) -> Result<(), Broken>;
    /// In a stage: the next such end that it was handed.
    fn handed(parent: &Parent, capacity: usize) -> Result<Self, Error>;
}

/// An end where they come out.
pub(super) trait Take: Sized + Send + 'static {
    /// Takes a message, waiting for one.
    fn take(&mut self, message: &mut Vec<u8>) -> Result<(), Broken>;
    /// Hands this end to a stage.
    fn hand(self, to: &Link) -> Result<(), Broken>;
    /// In a stage: the next such end that it was handed.
    fn handed(parent: &Parent) -> Result<Self, Error>;
}

/// Channels of bytes. They close by themselves when an end is gone, with its process or without.
pub(super) struct Channels;

impl Edges for Channels {
    type Put = IpcBytesSender;
    type Take = IpcBytesReceiver;

    fn edge(_: usize) -> Result<(IpcBytesSender, IpcBytesReceiver), Error> {
        ipc::bytes_channel().map_err(Error::io("make a channel"))
    }
}

impl Put for IpcBytesSender {
    fn put(&mut self, message: &[u8]) -> Result<(), Broken> {
        wire::send(self, message)
    }

    fn hand(self, to: &Link) -> Result<(), Broken> {
        to.hand(End::Outbox(self))
    }

    fn handed(parent: &Parent, _: usize) -> Result<Self, Error> {
        let End::Outbox(outbox) = parent.end()? else { return Err(Error::other("expected an outbox")) };
        Ok(outbox)
    }
}

impl Take for IpcBytesReceiver {
    fn take(&mut self, message: &mut Vec<u8>) -> Result<(), Broken> {
        *message = wire::receive(self)?;
        Ok(())
    }

    fn hand(self, to: &Link) -> Result<(), Broken> {
        to.hand(End::Inbox(self))
    }

    fn handed(parent: &Parent) -> Result<Self, Error> {
        let End::Inbox(inbox) = parent.end()? else { return Err(Error::other("expected an inbox")) };
        Ok(inbox)
    }
}
