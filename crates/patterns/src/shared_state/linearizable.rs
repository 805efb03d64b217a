//! Whether a history of calls is linearizable: whether they can be put in one order in which each replies as the object
//! would to one client alone, and in which no call comes before another that had returned before it began (Herlihy and
//! Wing: Linearizability, TOPLAS 1990).
//!
//! The search is that of Wing and Gong (Testing and Verifying Concurrent Objects, JPDC 1993): of the calls that may come
//! next, take one whose reply is right, go on, and come back where nothing can follow. It remembers, after Lowe (Testing
//! for Linearizability, CCPE 2017), each set of ordered calls with the state they left, and goes on from none twice. A
//! history of independent objects is searched object by object (Horn and Kroening: Faster Linearizability Checking via
//! P-compositionality, FORTE 2015), which is the caller's: here is one object.
//!
//! - **A set of ordered calls is how many of each client's there are**, since a client makes one call after the other.
//!   That is a few numbers, however long the history, and at a moment when no call is under way it is the same for every
//!   order of what came before. So histories need no cutting at such moments, and no bit a call.
//! - **A call that cannot change the object goes first, and without an alternative**: whatever order there is from here
//!   on, moving it to the front leaves the rest as it was.
//! - A call that **never returned** may have been carried out or not, at any later moment.
//! - Calls that begin and end in the same nanosecond count as concurrent: a coarse clock can hide an error, and not make
//!   one up.
//!
//! Finding an order is NP-complete (Gibbons and Korach: Testing Shared Memories, SIAM J. Comput. 1997), so that the search
//! has a limit and a third answer. It does not recurse.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use foldhash::fast::RandomState;

use crate::clock::Tick;

/// What the calls are made to, as one client alone would see it.
pub trait Object {
    /// What it holds.
    type State: Clone + Eq + Hash;
    /// What it is asked.
    type Op;
    /// What it replies.
    type Reply: PartialEq;

    /// Carries out an operation.
    fn apply(&self, state: &mut Self::State, op: &Self::Op) -> Self::Reply;
    /// Whether a call that replied this left the object as it was, whatever it was: a read.
    fn keeps(&self, op: &Self::Op, reply: &Self::Reply) -> bool;
}

/// A call.
#[derive(Debug)]
pub struct Call<'h, O, R> {
    /// Whose. A client's calls are in its order, and only the last may not have returned.
    pub client: usize,
    /// What was asked.
    pub op: &'h O,
    /// A moment before it could take effect.
    pub invoked: Tick,
    /// The reply, and a moment after it took effect; `None` where it never returned, as far as is known.
    pub returned: Option<(Tick, &'h R)>,
}

/// What the search came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<S> {
    /// There is an order, found in so many steps.
    Linearizable {
        /// Calls tried.
        steps: u64,
    },
    /// There is none.
    Contradiction(Contradiction<S>),
    /// None was found, and not all were tried: neither right nor wrong.
    Undecided {
        /// Calls tried.
        steps: u64,
    },
}

/// As far as any order goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Contradiction<S> {
    /// The calls of the longest order, by their place in the history.
    pub order: Vec<usize>,
    /// What the object holds then.
    pub state: S,
    /// The calls of which one would have to be next and none can be, the one that returned first first. None where all
    /// calls have an order, but the object holds something else at the end.
    pub stuck: Vec<usize>,
}

/// Searches for an order of `calls` to an object that held `start` before the first, and `end` after the last where that
/// is known, in at most `limit` steps.
pub fn check<O: Object>(
    object: &O,
    start: &O::State,
    end: Option<&O::State>,
    calls: &[Call<'_, O::Op, O::Reply>],
    limit: u64,
) -> Verdict<O::State> {
    let mut by_client: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        by_client.entry(call.client).or_default().push(index);
    }
    let lanes: Vec<Vec<usize>> = by_client.into_values().collect();
    let search = Search {
        object,
        calls,
        end,
        at: vec![0; lanes.len()],
        lanes,
        state: start.clone(),
        path: Vec::new(),
        seen: HashSet::default(),
        best: None,
        shared: 0,
    };
    search.run(limit)
}

struct Search<'s, 'h, O: Object> {
    object: &'s O,
    calls: &'s [Call<'h, O::Op, O::Reply>],
    end: Option<&'s O::State>,
    /// The calls of each client, in its order.
    lanes: Vec<Vec<usize>>,
    /// How many of each are ordered.
    at: Vec<u32>,
    state: O::State,
    path: Vec<Step<O::State>>,
    /// Sets of ordered calls, and the state they left, from which all was or is being tried.
    seen: HashSet<(Box<[u32]>, O::State), RandomState>,
    best: Option<Contradiction<O::State>>,
    /// How much of `path` is also the beginning of the best order.
    shared: usize,
}

/// A call that was ordered, and how to take it back.
struct Step<S> {
    lane: usize,
    call: usize,
    before: S,
    /// Nothing else needs to be tried in its place.
    only: bool,
}

impl<O: Object> Search<'_, '_, O> {
    fn run(mut self, limit: u64) -> Verdict<O::State> {
        let mut steps = 0;
        // Of the calls that may be next, those of earlier lanes have been tried.
        let mut from = 0;
        loop {
            if steps >= limit {
                return Verdict::Undecided { steps };
            }
            let horizon = self.horizon();
            if horizon.is_none() && self.end.is_none_or(|end| *end == self.state) {
                return Verdict::Linearizable { steps };
            }
            let read = if from == 0 { self.read(horizon, &mut steps) } else { None };
            let next = read.or_else(|| self.change(horizon, from, &mut steps));
            if let Some((step, after)) = next {
                self.at[step.lane] += 1;
                self.state = after;
                self.path.push(step);
                from = 0;
                continue;
            }
            if from == 0 {
                self.note(horizon);
            }
            match self.back() {
                Some(lane) => from = lane + 1,
                None => return Verdict::Contradiction(self.best.expect("who came back was stuck first")),
            }
        }
    }

    /// The call of a lane that is next.
    fn next(&self, lane: usize) -> Option<usize> {
        self.lanes[lane].get(self.at[lane] as usize).copied()
    }

    /// The first return among calls without a place: what began after it cannot be next. `None` where all that returned
    /// have theirs.
    fn horizon(&self) -> Option<Tick> {
        let returned = |lane| Some(self.calls[self.next(lane)?].returned.as_ref()?.0);
        (0..self.lanes.len()).filter_map(returned).min()
    }

    /// The calls that may be next, with their lanes.
    fn candidates(&self, horizon: Option<Tick>, from: usize) -> impl Iterator<Item = (usize, usize)> {
        let next = (from..self.lanes.len()).filter_map(|lane| Some((lane, self.next(lane)?)));
        next.filter(move |(_, call)| horizon.is_none_or(|horizon| self.calls[*call].invoked <= horizon))
    }

    /// The state after a call, if its reply was right.
    fn after(&self, call: usize) -> Option<O::State> {
        let Call { op, returned, .. } = &self.calls[call];
        let mut after = self.state.clone();
        let reply = self.object.apply(&mut after, op);
        returned.as_ref().is_none_or(|(_, right)| reply == **right).then_some(after)
    }

    fn step(&self, lane: usize, call: usize, only: bool) -> Step<O::State> {
        Step { lane, call, before: self.state.clone(), only }
    }

    /// A call that changes nothing and may be next.
    fn read(&self, horizon: Option<Tick>, steps: &mut u64) -> Option<(Step<O::State>, O::State)> {
        let mut reads = self.candidates(horizon, 0).filter(|(_, call)| {
            let Call { op, returned, .. } = &self.calls[*call];
            returned.as_ref().is_some_and(|(_, reply)| self.object.keeps(op, reply))
        });
        reads.find_map(|(lane, call)| {
            *steps += 1;
            self.after(call).map(|after| (self.step(lane, call, true), after))
        })
    }

    /// A call that may be next and leads to where the search has not been.
    fn change(&mut self, horizon: Option<Tick>, from: usize, steps: &mut u64) -> Option<(Step<O::State>, O::State)> {
        let candidates: Vec<_> = self.candidates(horizon, from).collect();
        candidates.into_iter().find_map(|(lane, call)| {
            *steps += 1;
            let after = self.after(call)?;
            let mut at: Box<[u32]> = self.at.as_slice().into();
            at[lane] += 1;
            self.seen.insert((at, after.clone())).then(|| (self.step(lane, call, false), after))
        })
    }

    /// Takes calls back up to one in whose place another may be tried; its lane.
    fn back(&mut self) -> Option<usize> {
        while let Some(Step { lane, before, only, .. }) = self.path.pop() {
            self.at[lane] -= 1;
            self.state = before;
            self.shared = self.shared.min(self.path.len());
            if !only {
                return Some(lane);
            }
        }
        None
    }

    /// Keeps the longest order. Only what differs from the one before is copied, so that this costs no more than the path.
    fn note(&mut self, horizon: Option<Tick>) {
        if self.best.as_ref().is_some_and(|best| best.order.len() >= self.path.len()) {
            return;
        }
        let mut order = self.best.take().map_or_else(Vec::new, |best| best.order);
        order.truncate(self.shared);
        order.extend(self.path[self.shared..].iter().map(|step| step.call));
        self.shared = self.path.len();
        let mut stuck: Vec<usize> = match horizon {
            Some(_) => self.candidates(horizon, 0).map(|(_, call)| call).collect(),
            None => Vec::new(),
        };
        let pending = |call: &usize| self.calls[*call].returned.as_ref().map(|(moment, _)| *moment);
        stuck.sort_by_key(|call| (pending(call).is_none(), pending(call)));
        self.best = Some(Contradiction { order, state: self.state.clone(), stuck });
    }
}

#[cfg(test)]
mod tests;
