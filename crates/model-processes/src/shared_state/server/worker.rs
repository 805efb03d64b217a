//! `server`: the worker's side, in either role: the owner of the entries, or a client with a script.

use patterns::shared_state::{Evidence, State};
use patterns::{Error, SharedState};

use super::{Report, Request, Role};
use crate::parent::Parent;
use crate::wire::{self, End, decode, encode};

/// The worker's side, in either role.
pub(crate) fn work<W: SharedState>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    match parent.expect()? {
        Role::Owner { clients } => own(&parent, &workload, clients),
        Role::Client { who } => attend(&parent, &workload, who),
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
            Err(wire::Broken::Closed) => return Ok(()),
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

/// The loop of [`patterns::shared_state::client`], sending its operations.
fn attend<W: SharedState>(parent: &Parent, workload: &W, who: usize) -> Result<(), Error> {
    let (End::Outbox(outbox), End::Inbox(replies)) = (parent.end()?, parent.end()?) else {
        return Err(Error::other("expected an outbox and an inbox"));
    };
    let script: Vec<W::Op> = parent.expect()?;
    while parent.receive()?.is_some() {
        let mut report = Report::<W> { evidence: Evidence::empty(), messages: 0, bytes: 0 };
        let mut ship = |request: &Request<W>, reply: bool| {
            let message = encode(request)?;
            wire::send(&outbox, &message)?;
            let answer = if reply { Some(wire::receive(&replies)?) } else { None };
            report.messages += 1 + u64::from(reply);
            report.bytes += (message.len() + answer.as_ref().map_or(0, Vec::len)) as u64;
            Ok::<_, Error>(answer)
        };
        for op in &script {
            workload.prepare(op);
            report.evidence.steps += 1;
            let mut next = Some(op.clone());
            while let Some(op) = next.take() {
                report.evidence.operations += 1;
                let asked = workload.asks(&op);
                let answer = ship(&Request::Do { who, op: op.clone() }, asked)?;
                if let Some(answer) = answer {
                    next = report.evidence.note(workload, &op, decode(&answer)?);
                }
            }
        }
        ship(&Request::Flush { who }, true)?;
        parent.send(&encode(&report)?)?;
    }
    Ok(())
}
