//! `server`: the worker's side, in either role: the owner of the entries, or a client with a script.

use patterns::probe::Recorder;
use patterns::shared_state::{State, try_client};
use patterns::{Error, Probe, SharedState, Silent};

use super::super::clients::{Report, Sight};
use super::{Request, Role};
use crate::parent::{self, Parent};
use crate::wire::{self, End, decode, encode};

/// The worker's side, in either role.
pub(crate) fn work<W: SharedState>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    match parent.expect()? {
        Role::Owner { clients } => own(&parent, &workload, clients),
        Role::Client { who, records: false } => attend::<W, Silent>(&parent, &workload, who),
        Role::Client { who, records: true } => attend::<W, Recorder>(&parent, &workload, who),
    }
}

fn own<W: SharedState>(parent: &Parent, workload: &W, clients: usize) -> Result<(), Error> {
    let End::Inbox(inbox) = parent.end()? else { return Err(Error::other("expected an inbox")) };
    let mut answers = Vec::with_capacity(clients);
    for _ in 0..clients {
        let End::Outbox(outbox) = parent.end()? else { return Err(Error::other("expected an outbox")) };
        answers.push(outbox);
    }
    let mut state = State::<W>::new([]);
    loop {
        let message = match wire::receive(&inbox) {
            Ok(message) => message,
            Err(wire::Broken::Closed) => parent::leave(),
            Err(broken) => return Err(broken.into()),
        };
        match decode::<Request<W>>(&message)? {
            Request::Reset(entries) => {
                state = State::new(entries);
                parent.send(&encode(&())?)?;
            }
            Request::Do { who, op } => {
                let reply = state.apply(workload, &op);
                if workload.asks(&op) {
                    wire::send(&answers[who], &encode(&reply)?)?;
                }
            }
            Request::Flush { who } => wire::send(&answers[who], &[])?,
            Request::Finish => {
                let entries = std::mem::replace(&mut state, State::new([])).into_entries();
                parent.send(&encode(&entries)?)?;
            }
        }
    }
}

/// A client: sends its operations, and waits for the replies that it asked for.
fn attend<W: SharedState, P: Probe>(parent: &Parent, workload: &W, who: usize) -> Result<(), Error> {
    let (End::Outbox(outbox), End::Inbox(replies)) = (parent.end()?, parent.end()?) else {
        return Err(Error::other("expected an outbox and an inbox"));
    };
    let script: Vec<W::Op> = parent.expect()?;
    while parent.receive()?.is_some() {
        let (mut messages, mut bytes) = (0, 0);
        let mut ship = |request: &Request<W>, reply: bool| {
            let message = encode(request)?;
            // Many send to the owner: what does not fit a piece would be torn apart by the others.
            if message.len() >= wire::PIECE {
                return Err(Error::other(format!(
                    "an operation of {} bytes; {} are allowed",
                    message.len(),
                    wire::PIECE
                )));
            }
            wire::send(&outbox, &message)?;
            let answer = if reply { Some(wire::receive(&replies)?) } else { None };
            messages += 1 + u64::from(reply);
            bytes += (message.len() + answer.as_ref().map_or(0, Vec::len)) as u64;
            Ok::<_, Error>(answer)
        };
        let (evidence, seen) = try_client::<W, P, Error>(workload, &script, |op, _| {
            let answer = ship(&Request::Do { who, op: op.clone() }, workload.asks(op))?;
            answer.map(|answer| decode(&answer)).transpose()
        })?;
        ship(&Request::Flush { who }, true)?;
        parent.send(&encode(&Report { evidence, messages, bytes, seen: Sight::of::<P>(seen) })?)?;
    }
    parent::leave()
}
