//! What workers send each other after a step: one message to each that needs something, with all the edges that it needs;
//! more than one where that would not fit a socket's buffer.
//!
//! No two can block on each other. In the k-th part of an exchange everybody first sends the k-th message to each peer that
//! it has one for, then receives one from each peer that has not yet sent its last of this step. Call (step, k) a round.
//! A message is at most a third of what a socket holds. So:
//!
//! - who is blocked on sending to B in round r waits for B to receive a message of an earlier round: B is in an earlier
//!   round;
//! - who waits in round r to receive from B waits for B to send in round r: B is in the same round and has not finished
//!   sending, or in an earlier one.
//!
//! Along a chain of those who wait for each other rounds never increase, and at every blocked sender they decrease. A
//! circle therefore has receivers only, all in one round; but who receives in a round has finished sending in it.

use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender};
use patterns::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::{Broken, PIECE, encode, receive, send};

/// Bytes of a message, unless a single edge is larger.
const MESSAGE: usize = 32 << 10;

/// The other workers.
pub(super) struct Peers {
    outboxes: Vec<Option<IpcBytesSender>>,
    inboxes: Vec<Option<IpcBytesReceiver>>,
    messages: u64,
    bytes: u64,
}

impl Peers {
    pub(super) fn new(
        workers: usize,
        outboxes: impl Iterator<Item = (usize, IpcBytesSender)>,
        inboxes: impl Iterator<Item = (usize, IpcBytesReceiver)>,
    ) -> Self {
        let mut peers = Self { outboxes: none(workers), inboxes: none(workers), messages: 0, bytes: 0 };
        outboxes.for_each(|(peer, outbox)| peers.outboxes[peer] = Some(outbox));
        inboxes.for_each(|(peer, inbox)| peers.inboxes[peer] = Some(inbox));
        peers
    }

    /// After a step: sends edges of `row` to those in `sends`, and takes what comes from those in `receives`.
    pub(super) fn exchange<E: Serialize + DeserializeOwned>(
        &mut self,
        sends: &[(usize, Vec<usize>)],
        receives: &[usize],
        row: &mut [Option<E>],
    ) -> Result<(), Broken> {
        let mut letters = Vec::with_capacity(sends.len());
        for (to, points) in sends {
            letters.push((*to, letter(points, row)?));
        }
        let mut open = receives.to_vec();
        let mut part = 0;
        while !open.is_empty() || letters.iter().any(|(_, letter)| part < letter.len()) {
            for (to, letter) in &letters {
                if let Some(message) = letter.get(part) {
                    let outbox = self.outboxes[*to].as_ref().ok_or(Broken::Closed)?;
                    send(outbox, message)?;
                    self.messages += 1;
                    self.bytes += message.len() as u64;
                }
            }
            let mut waiting = Vec::new();
            for from in open {
                let message = receive(self.inboxes[from].as_ref().ok_or(Broken::Closed)?)?;
                let more = unpack(&message, row)?;
                waiting.extend(more.then_some(from));
            }
            open = waiting;
            part += 1;
        }
        Ok(())
    }

    /// What was sent since this was last asked: messages, and their bytes.
    pub(super) fn sent(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.messages), std::mem::take(&mut self.bytes))
    }
}

fn none<T>(workers: usize) -> Vec<Option<T>> {
    (0..workers).map(|_| None).collect()
}

/// The edges of these points in as many messages as they need. A message begins with whether more follow.
fn letter<E: Serialize>(points: &[usize], row: &[Option<E>]) -> Result<Vec<Vec<u8>>, Error> {
    let (mut messages, mut message) = (Vec::new(), vec![u8::from(false)]);
    for point in points {
        let edge = encode(&(point, &row[*point]))?;
        if edge.len() > PIECE {
            let size = edge.len();
            return Err(Error::other(format!("an edge of {size} bytes is too large for a message: at most {PIECE}")));
        }
        if message.len() > 1 && message.len() + edge.len() > MESSAGE {
            message[0] = u8::from(true);
            messages.push(std::mem::replace(&mut message, vec![u8::from(false)]));
        }
        message.extend_from_slice(&edge);
    }
    messages.push(message);
    Ok(messages)
}

/// Puts the edges of a message where they belong; whether more follow.
fn unpack<E: DeserializeOwned>(message: &[u8], row: &mut [Option<E>]) -> Result<bool, Error> {
    let (more, mut rest) = postcard::take_from_bytes(message).map_err(Error::other)?;
    while !rest.is_empty() {
        let ((point, edge), after): ((usize, Option<E>), _) = postcard::take_from_bytes(rest).map_err(Error::other)?;
        row[point] = edge;
        rest = after;
    }
    Ok(more)
}
