//! `shared-atomic`: a word a counter, one indivisible addition an operation. Hardware knows no processes: it costs what it
//! costs threads. `racy`: the same with a load and a store in its place, deliberately wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use ipc_channel::ipc::IpcSharedMemory;
use patterns::shared_state::word::{add, add_in_two_steps};
use patterns::{Error, Probe, SharedState};

use super::Store;
use crate::region::Region;

pub(in super::super) struct Counted<const RACY: bool>(Region);

impl<W: SharedState, const RACY: bool> Store<W> for Counted<RACY> {
    fn new(workload: &W) -> Result<Self, Error> {
        Ok(Self(Region::new(W::COUNTERS.given().words(workload) * size_of::<AtomicU64>())))
    }

    fn of(memory: IpcSharedMemory) -> Self {
        Self(Region::of(memory))
    }

    fn share(&self) -> IpcSharedMemory {
        self.0.share()
    }

    fn reset(&self, workload: &W, entries: Vec<(W::Key, W::Value)>) {
        for (word, value) in self.0.words().iter().zip(W::COUNTERS.given().filled(workload, entries)) {
            // Relaxed: the message that starts a round orders this before the clients.
            word.store(value, Ordering::Relaxed);
        }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> Result<W::Reply, Error> {
        let (word, amount) = W::COUNTERS.given().place(workload, op);
        let word = &self.0.words()[word];
        let work = || (W::COUNTERS.given().work)(workload, op);
        let before = if RACY {
            add_in_two_steps(word, amount, work)
        } else {
            work();
            add(word, amount)
        };
        Ok((W::COUNTERS.given().reply)(workload, op, before))
    }

    fn entries(&self, workload: &W) -> Vec<(W::Key, W::Value)> {
        W::COUNTERS.given().entries(workload, self.0.words().iter().map(|word| word.load(Ordering::Relaxed)))
    }

    fn damage(&self) -> Option<&'static str> {
        None
    }
}
