//! `partitioned`: each process owns the keys that hash to it. The parent cuts the clients' scripts by key and ships the
//! parts, a client after the other, so that owners work while the rest is cut; order is kept by client and key.
//!
//! Where an operation has two keys, each owner does its half. An audit goes to all of them: since the parent cuts one
//! operation after the other, what stands before an audit in its order stands before it in every part, and what they see
//! together is one moment of that order. Their replies are added up when the parts are done.

use std::hash::BuildHasher;
use std::ptr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use patterns::shared_state::{Access, Answer, Evidence, State, try_client};
use patterns::{Error, Form, Job, Measure, Probe, SharedState, Silent, Start, Units};
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
    let mut audits = Vec::new();
    for client in 0..owners {
        for op in job.workload.script(&job.input, client) {
            match job.workload.access(op) {
                Access::Read(key) | Access::Write(key) => parts[owner::<W>(&key, owners)].push(op),
                Access::Pair(one, two) => {
                    let [one, two] = [one, two].map(|key| owner::<W>(&key, owners));
                    parts[one].push(op);
                    if two != one {
                        parts[two].push(op);
                    }
                }
                Access::Audit => {
                    audits.push(op);
                    parts.iter_mut().for_each(|part| part.push(op));
                }
            }
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
    let reports = links.iter_mut().map(report).collect::<Result<Vec<Report<W>>, Error>>()?;
    let (mut seen, replies): (Vec<_>, Vec<_>) =
        reports.into_iter().map(|Report { evidence, audits }| (evidence, audits)).unzip();
    if let Some(first) = seen.first_mut() {
        add_up(&job.workload, &audits, replies, first)?;
    }
    Ok(seen)
}

/// Notes what all owners together reply to each audit.
fn add_up<W: SharedState>(
    workload: &W,
    audits: &[&W::Op],
    parts: Vec<Vec<W::Reply>>,
    evidence: &mut Evidence<W>,
) -> Result<(), Error> {
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    for op in audits {
        let replies: Vec<W::Reply> = parts.iter_mut().filter_map(Iterator::next).collect();
        if replies.len() != parts.len() {
            return Err(Error::other("an owner left out an audit"));
        }
        let join = |mut all: W::Reply, part| {
            (W::SPLIT.given().join)(workload, &mut all, part);
            all
        };
        let followed = replies.into_iter().reduce(join).and_then(|reply| evidence.note(workload, op, reply));
        if followed.is_some() {
            return Err(Error::other(format!("{}: an operation followed from an audit, and has no owner", W::ID)));
        }
        evidence.steps += 1;
        evidence.operations += 1;
    }
    Ok(())
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
    let (mut all, mut audits, mut served) = (Evidence::empty(), Vec::new(), 0);
    while let Some(message) = parent.receive()? {
        match decode::<Arrived<W>>(&message)? {
            Request::Reset(entries) => {
                state = State::new(entries);
                parent.send(&encode(&())?)?;
            }
            Request::Do(part) => {
                all.absorb(&workload, carry_out(&workload, (me, owners), &mut state, &part, &mut audits)?);
                served += 1;
                if served == owners {
                    let evidence = std::mem::replace(&mut all, Evidence::empty());
                    parent.send(&encode(&Report::<W> { evidence, audits: std::mem::take(&mut audits) })?)?;
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

/// A client's operations, as far as they are this owner's: whole, the half of a pair, the part of an audit.
fn carry_out<W: SharedState>(
    workload: &W,
    (me, owners): (usize, usize),
    state: &mut State<W>,
    part: &[W::Op],
    audits: &mut Vec<W::Reply>,
) -> Result<Evidence<W>, Error> {
    let mine = |key: &W::Key| owner::<W>(key, owners) == me;
    let given = part.as_ptr_range();
    // Steps that another owner, or the parent, counts.
    let mut elsewhere = 0;
    let apply = |op: &W::Op, _: &mut Silent| match workload.access(op) {
        // What the parent has cut for this owner needs no second look.
        Access::Read(key) | Access::Write(key) if given.contains(&ptr::from_ref(op)) || mine(&key) => {
            Ok(Some(state.apply(workload, op)))
        }
        // What follows from a reply may have a key of somebody else.
        Access::Read(_) | Access::Write(_) => {
            Err(Error::other(format!("{}: an operation followed whose key is another owner's", W::ID)))
        }
        Access::Pair(..) if workload.asks(op) => {
            Err(Error::other(format!("{} asked a pair, whose halves have no reply", W::ID)))
        }
        Access::Pair(one, two) => {
            // Only what is this owner's is here.
            let mut half = |side, key| {
                let value = state.get_mut(key);
                value.map(|value| (W::SPLIT.given().half)(workload, op, side, value)).is_some()
            };
            let [first, second] = [half(0, &one), half(1, &two)];
            if !first && !second {
                return Err(Error::other(format!("{}: a pair of which neither is there", W::ID)));
            }
            elsewhere += u64::from(!first);
            Ok(None)
        }
        Access::Audit => {
            audits.push(workload.audit(op, &mut state.values()));
            elsewhere += 1;
            Ok(None)
        }
    };
    let (mut evidence, _) = try_client(workload, part, apply)?;
    evidence.steps -= elsewhere;
    evidence.operations -= elsewhere;
    Ok(evidence)
}

/// What splitting needs of a workload that touches several entries at once.
pub(super) fn parts<W: SharedState>() -> Form<()> {
    match W::SPLIT {
        Form::Lacks(why) if W::USES.pairs || W::USES.audits => Form::Lacks(why),
        _ => Form::Has(()),
    }
}
