//! Histories: what each client asked, what it was replied and when, recorded in a diagnostic pass by workloads that want
//! it, and checked to be [linearizable](super::linearizable) beside the oracle.
//!
//! Each client keeps its own record, so that recording shares nothing. A record holds so many calls ([`LIMIT`]); where one
//! is full the history is cut at that moment, for all: what had not returned by then may or may not have been carried
//! out. What is left is a whole history, since each beginning of a linearizable history is one.

mod by_key;

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::atomic::{Ordering, fence};

use serde::{Deserialize, Serialize};

use super::{Answer, SharedState};
use crate::clock::Tick;
use crate::probe::Probe;
use crate::strategy::Form;
use crate::workload::Job;

/// Calls a client keeps: about a megabyte of `kv-mix`, which is what travels where the client is a process.
pub const LIMIT: usize = 1 << 14;

/// How the histories of a workload are recorded and checked.
pub struct Histories<W: SharedState> {
    /// Why none is recorded at these knobs, if none is.
    pub refuses: fn(&W) -> Option<&'static str>,
    /// Whether an operation that is no read left its entry as it was, whatever it was, since it replied this: a removal that
    /// found nothing. Such calls need no place of their own, which keeps the search short where many are under way.
    pub keeps: fn(&W::Op, &W::Reply) -> bool,
    /// A call in words, with what it found where that is known: `looked and found 7`.
    pub words: fn(&W::Op, Option<&W::Reply>) -> String,
    keep: fn(&W::Reply) -> W::Reply,
    search: Search<W>,
}

type Search<W> = fn(&Job<W>, &Histories<W>, &Answer<W>, &[Record<W>]) -> Seen;

impl<W: SharedState> Histories<W> {
    /// Key by key: what an operation does to its key depends on nothing else, and one key's calls can be put in order
    /// without the others'.
    ///
    /// # Panics
    /// Where an operation may touch several keys, and where entries merge: `local-merge` and `fold-reduce` give each client
    /// a state of its own, and promise no order. As a constant it does not compile then.
    #[must_use]
    pub const fn by_key(
        refuses: fn(&W) -> Option<&'static str>,
        keeps: fn(&W::Op, &W::Reply) -> bool,
        words: fn(&W::Op, Option<&W::Reply>) -> String,
    ) -> Self
    where
        W::Reply: Clone + PartialEq,
        W::Value: Eq + Hash + Debug,
    {
        assert!(!W::USES.pairs && !W::USES.audits, "an operation on several keys is in the order of each of them");
        assert!(matches!(W::MERGE, Form::Lacks(_)), "private states that are merged at the end have no order of calls");
        Self { refuses, keeps, words, keep: W::Reply::clone, search: by_key::search }
    }
}

impl<W: SharedState> std::fmt::Debug for Histories<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Histories").finish_non_exhaustive()
    }
}

/// What came of a round's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// There is none, and this is why.
    Nothing(String),
    /// No contradiction in it.
    Fine(Examined),
    /// A contradiction, one line.
    Contradiction(String),
}

/// A history without a contradiction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Examined {
    /// Calls in it.
    pub calls: u64,
    /// Keys that they went to.
    pub keys: u64,
    /// Steps of the longest search.
    pub steps: u64,
    /// Keys whose search was given up: of these nothing is known.
    pub undecided: u64,
}

/// Checks the history of a round, if it has one.
pub fn examine<W: SharedState>(job: &Job<W>, answer: &Answer<W>) -> Seen {
    let histories = match W::HISTORY {
        Form::Has(histories) => histories,
        Form::Lacks(why) => return Seen::Nothing(why.to_owned()),
    };
    match (&answer.history, (histories.refuses)(&job.workload)) {
        (_, Some(why)) => Seen::Nothing(why.to_owned()),
        (None, None) => Seen::Nothing(String::from(
            "nothing was recorded: no client of this strategy waits for replies, or this was no diagnostic pass",
        )),
        (Some(records), None) => (histories.search)(job, &histories, answer, records),
    }
}

/// What one client did, in its order.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<W: SharedState> {
    calls: Vec<Recorded<W>>,
    /// It made calls after these.
    full: bool,
}

impl<W: SharedState> std::fmt::Debug for Record<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("calls", &self.calls.len()).field("full", &self.full).finish()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Recorded<W: SharedState> {
    op: W::Op,
    invoked: Tick,
    returned: Tick,
    /// `None` where it was told: then nobody knows when it was carried out.
    reply: Option<W::Reply>,
}

/// What a client's loop records with: nothing, at no cost, where the probe is silent or the workload wants no history.
pub struct Recording<W: SharedState, P> {
    record: Option<Record<W>>,
    probe: PhantomData<fn() -> P>,
}

impl<W: SharedState, P> std::fmt::Debug for Recording<W, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.record.fmt(f)
    }
}

impl<W: SharedState, P: Probe> Recording<W, P> {
    /// Known when a strategy is compiled, so that loops that never record have nothing of it.
    const MAY: bool = P::RECORDS && matches!(W::HISTORY, Form::Has(_));

    /// Of one client, from the first call of its script on.
    #[inline]
    #[must_use]
    pub fn of(workload: &W) -> Self {
        let wanted = Self::MAY && (W::HISTORY.given().refuses)(workload).is_none();
        Self { record: wanted.then(|| Record { calls: Vec::new(), full: false }), probe: PhantomData }
    }

    /// The moment before a call, if it is to be recorded.
    #[inline]
    #[must_use]
    pub fn invoked(&mut self) -> Option<Tick> {
        if !Self::MAY {
            return None;
        }
        let record = self.record.as_mut()?;
        record.full |= record.calls.len() == LIMIT;
        if record.full {
            return None;
        }
        let now = Tick::now();
        // Nothing of the call may be seen by others before the clock was read..
        fence(Ordering::SeqCst);
        Some(now)
    }

    /// Right after the call.
    #[inline]
    pub fn returned(&mut self, op: &W::Op, invoked: Option<Tick>, reply: Option<&W::Reply>) {
        let (true, Some(invoked), Some(record)) = (Self::MAY, invoked, self.record.as_mut()) else { return };
        // .. and all of it, before it is read again.
        fence(Ordering::SeqCst);
        let returned = Tick::now();
        let reply = reply.map(W::HISTORY.given().keep);
        record.calls.push(Recorded { op: op.clone(), invoked, returned, reply });
    }

    /// What was recorded.
    #[inline]
    #[must_use]
    pub fn done(self) -> Option<Record<W>> {
        self.record
    }
}
