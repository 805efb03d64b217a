//! `racy`: read, compute, write back, with a check point in between. Deliberately wrong; never ranked.
//!
//! Each step is whole under the interpreter's lock, their sequence is not: where a thread is switched between them, the
//! others run for whole intervals, and what they wrote is lost at once. That is seldom, and thousands of updates each time;
//! and never where a client is done within its first interval, so that it shows only with work enough for several of them.

use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;
use patterns::shared_state::word::add_in_two_steps;
use patterns::shared_state::{Answer, State, Torn};
use patterns::{Demand, Form, Probe, SharedState, Strategy};

use super::{Thread, clients};

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
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, thread: &mut Thread<'_>, probe: &mut P) -> W::Reply {
        let (word, amount) = W::COUNTERS.given().place(workload, op);
        let before = add_in_two_steps(&self.0[word], amount, || {
            (W::COUNTERS.given().work)(workload, op);
            thread.check_point(probe);
        });
        (W::COUNTERS.given().reply)(workload, op, before)
    }

    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)> {
        W::COUNTERS.given().entries(workload, self.0.into_iter().map(AtomicU64::into_inner))
    }
}

/// Nobody waits for this lock, since only who has the interpreter's takes it: it is how safe code says so.
pub(super) struct Steps<W: SharedState>(Mutex<State<W>>);

impl<W: SharedState> super::Store<W> for Steps<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Mutex::new(State::new(entries)))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, thread: &mut Thread<'_>, probe: &mut P) -> W::Reply {
        let begun = probe.hold(|| Torn::begin(workload, op, &mut self.0.lock()));
        let mut torn = match begun {
            Ok(torn) => torn,
            Err(reply) => return reply,
        };
        torn.gap(workload, op);
        thread.check_point(probe);
        // Whatever was seen may be otherwise by now. That is the point.
        probe.hold(|| torn.finish(workload, op, &mut self.0.lock()))
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_inner().into_entries()
    }
}
