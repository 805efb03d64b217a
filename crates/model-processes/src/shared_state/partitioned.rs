//! `partitioned`: each process owns the keys that hash to it. The parent cuts the clients' scripts by key and ships the
//! parts, a client after the other, so that owners work while the rest is cut; order is kept by client and key.
//!
//! Where an operation has two keys, each owner does its half. An audit goes to all of them: since the parent cuts one
//! operation after the other, what stands before an audit in its order stands before it in every part, and what they see
//! together is one moment of that order. Their replies are added up when the parts are done.

mod round;
mod worker;

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use patterns::shared_state::{Answer, Evidence};
use patterns::{Error, Form, Job, Measure, Probe, SharedState, Start, Units};
use serde::{Deserialize, Serialize};

use super::clients;
use crate::link::{self, Link};
use crate::wire::encode;

pub(super) use worker::work;

/// What an owner is asked: entries `E` and operations `O` are borrowed where they are sent, owned where they arrive.
#[derive(Serialize, Deserialize)]
enum Request<E, O> {
    /// Start a round from these entries.
    Reset(E),
    /// Carry out a client's operations, in order.
    Do(O),
    /// Send the entries to the parent.
    Finish,
}

type Borrowed<'a, W> =
    Request<&'a [(<W as SharedState>::Key, <W as SharedState>::Value)], &'a [&'a <W as SharedState>::Op]>;
type Arrived<W> = Request<Vec<(<W as SharedState>::Key, <W as SharedState>::Value)>, Vec<<W as SharedState>::Op>>;

/// What an owner brought back: its part of the evidence, and of the reply to each audit.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Report<W: SharedState> {
    evidence: Evidence<W>,
    audits: Vec<W::Reply>,
}

/// Who owns a key: the same in every process.
fn owner<W: SharedState>(key: &W::Key, owners: usize) -> usize {
    (FixedState::default().hash_one(key) % owners as u64) as usize
}

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let (workload, owners) = (&job.workload, start.workers.get());
    let mut links = link::start_all(start, owners)?;
    let knobs = encode(workload)?;
    for (me, link) in links.iter_mut().enumerate() {
        clients::tell(link, &knobs, &(me, owners))?;
    }
    let result = measure(&mut |watch| {
        reset(&mut links, job)?;
        let mut units = Units { processes: owners as u64, ..Units::default() };
        let seen = watch.time(|| round::round(&mut links, job, &mut units))?;
        let mut entries = Vec::new();
        for link in &mut links {
            request::<W>(link, &Request::Finish)?;
            entries.extend(link.ask::<Vec<_>>()?);
        }
        let seen = seen.into_iter().map(|evidence| {
            let operations = evidence.operations;
            (evidence, P::default().observed(operations))
        });
        Ok(Evidence::done(workload, seen, entries, units))
    });
    links.iter_mut().for_each(Link::hang_up);
    result
}

fn reset<W: SharedState>(links: &mut [Link], job: &Job<W>) -> Result<(), Error> {
    let mut parts: Vec<Vec<_>> = links.iter().map(|_| Vec::new()).collect();
    for entry in job.workload.initial(&job.input) {
        parts[owner::<W>(&entry.0, links.len())].push(entry);
    }
    for (link, part) in links.iter_mut().zip(&parts) {
        request::<W>(link, &Request::Reset(part))?;
        link.ask::<()>()?;
    }
    Ok(())
}

/// Sends a request; its length.
fn request<W: SharedState>(link: &mut Link, request: &Borrowed<'_, W>) -> Result<usize, Error> {
    let message = encode(request)?;
    link.send(&message).map_err(|broken| link.explain(broken))?;
    Ok(message.len())
}

/// What splitting needs of a workload that touches several entries at once.
pub(super) fn parts<W: SharedState>() -> Form<()> {
    match W::SPLIT {
        Form::Lacks(why) if W::USES.pairs || W::USES.audits => Form::Lacks(why),
        _ => Form::Has(()),
    }
}
