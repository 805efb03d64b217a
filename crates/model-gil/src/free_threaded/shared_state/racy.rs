//! `racy`: read, compute, write back, as if nobody else were there. Deliberately wrong; never ranked.
//!
//! A logic race without undefined behaviour: each step is whole, their sequence is not. On counters a step is a load or a
//! store; on other entries it is a look-up, an act or half of a pair under a lock of its object, which does not help.

use std::sync::atomic::AtomicU64;

use cpython_locks::RawByteLock;
use lock_api::Mutex;
use patterns::shared_state::word::add_in_two_steps;
use patterns::shared_state::{Answer, State, Torn};
use patterns::{Demand, Form, Probe, SharedState, Strategy};

use super::clients;

/// With counters where the workload has them, else with an operation in two steps.
pub(super) fn strategy<W: SharedState, P: Probe>() -> Strategy<W, Answer<W>> {
    let racy = |run| Strategy::idiomatic("racy", Demand::BORROWED, run).deliberately_wrong().unless(W::apart);
    match W::COUNTERS {
        Form::Has(_) => racy(clients::<W, P, Words>),
        Form::Lacks(_) => racy(clients::<W, P, Steps<W>>).needs(&Torn::<W>::form()),
    }
}

pub(super) struct Words(Vec<AtomicU64>);

impl<W: SharedState> super::Store<W> for Words {
    fn new(workload: &W, initial: Vec<(W::Key, W::Value)>) -> Self {
        Self(W::COUNTERS.given().filled(workload, initial).into_iter().map(AtomicU64::new).collect())
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> W::Reply {
        let (word, amount) = W::COUNTERS.given().place(workload, op);
        let before = add_in_two_steps(&self.0[word], amount, || (W::COUNTERS.given().work)(workload, op));
        (W::COUNTERS.given().reply)(workload, op, before)
    }

    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)> {
        W::COUNTERS.given().entries(workload, self.0.into_iter().map(AtomicU64::into_inner))
    }
}

pub(super) struct Steps<W: SharedState>(Mutex<RawByteLock, State<W>>);

impl<W: SharedState> super::Store<W> for Steps<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Mutex::new(State::new(entries)))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        let begun = {
            let mut state = probe.acquire(|| self.0.try_lock(), || self.0.lock());
            probe.hold(|| Torn::begin(workload, op, &mut state))
        };
        let mut torn = match begun {
            Ok(torn) => torn,
            Err(reply) => return reply,
        };
        torn.gap(workload, op);
        // Whatever was seen may be otherwise by now. That is the point.
        let mut state = probe.acquire(|| self.0.try_lock(), || self.0.lock());
        probe.hold(|| torn.finish(workload, op, &mut state))
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_inner().into_entries()
    }
}
