//! `partitioned`: each process owns the keys that hash to it. The parent cuts the clients' scripts by key and ships the
//! parts, a client after the other, so that owners work while the rest is cut; order is kept by client and key.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use patterns::shared_state::{Access, Answer, Evidence, State, try_client};
use patterns::{Error, Job, Measure, Probe, SharedState, Silent, Start, Units};
use serde::{Deserialize, Serialize};

use super::clients;
use crate::link::{self, Link};
use crate::parent::Parent;
use crate::wire::{decode, encode};

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
        let seen = watch.time(|| round(&mut links, job, &mut units))?;
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

/// As many clients as there are owners. No owner answers before it has all, so nobody is blocked on sending.
fn round<W: SharedState>(links: &mut [Link], job: &Job<W>, units: &mut Units) -> Result<Vec<Evidence<W>>, Error> {
    let owners = links.len();
    let mut parts: Vec<Vec<&W::Op>> = links.iter().map(|_| Vec::new()).collect();
    for client in 0..owners {
        for op in job.workload.script(&job.input, client) {
            let (Access::Read(key) | Access::Write(key)) = job.workload.access(op) else {
                return Err(Error::other(format!("{} issued what its USES denies", W::ID)));
            };
            parts[owner::<W>(&key, owners)].push(op);
        }
        for (link, part) in links.iter_mut().zip(&mut parts) {
            units.messages += 1;
            units.bytes_shipped += request::<W>(link, &Request::Do(part))? as u64;
            part.clear();
        }
    }
    let report = |link: &mut Link| {
        let message = link.receive().map_err(|broken| link.explain(broken))?;
        units.messages += 1;
        units.bytes_shipped += message.len() as u64;
        decode(&message)
    };
    links.iter_mut().map(report).collect()
}

/// Sends a request; its length.
fn request<W: SharedState>(link: &mut Link, request: &Borrowed<'_, W>) -> Result<usize, Error> {
    let message = encode(request)?;
    link.send(&message).map_err(|broken| link.explain(broken))?;
    Ok(message.len())
}

/// The worker's side: an owner.
pub(super) fn work<W: SharedState>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let (me, owners): (usize, usize) = parent.expect()?;
    let mut state = State::<W>::new([]);
    let (mut all, mut served) = (Evidence::empty(), 0);
    while let Some(message) = parent.receive()? {
        match decode::<Arrived<W>>(&message)? {
            Request::Reset(entries) => {
                state = State::new(entries);
                parent.send(&encode(&())?)?;
            }
            Request::Do(part) => {
                let apply = |op: &W::Op, _: &mut Silent| match workload.access(op) {
                    // Where nothing is asked nothing follows, and the parent has cut by owner.
                    Access::Read(key) | Access::Write(key) if !W::USES.asks || owner::<W>(&key, owners) == me => {
                        Ok(Some(state.apply(&workload, op)))
                    }
                    // What follows from a reply may have a key of somebody else.
                    _ => Err(Error::other(format!("{}: an operation followed whose key is another owner's", W::ID))),
                };
                let (evidence, _) = try_client(&workload, &part, apply)?;
                all.absorb(&workload, evidence);
                served += 1;
                if served == owners {
                    parent.send(&encode(&std::mem::replace(&mut all, Evidence::empty()))?)?;
                    served = 0;
                }
            }
            Request::Finish => {
                let entries = std::mem::replace(&mut state, State::new([])).into_entries();
                parent.send(&encode(&entries)?)?;
            }
        }
    }
    Ok(())
}
