//! `partitioned`: the worker's side, an owner of some keys.

use std::ptr;

use patterns::shared_state::{Access, Evidence, State, try_client};
use patterns::{Error, SharedState, Silent};

use super::{Arrived, Report, Request, owner};
use crate::parent::Parent;
use crate::wire::{decode, encode};

/// The worker's side: an owner.
pub(crate) fn work<W: SharedState>(address: &str) -> Result<(), Error> {
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
