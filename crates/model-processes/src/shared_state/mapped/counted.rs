//! `shared-atomic`: a word a counter, one indivisible addition an operation. Hardware knows no processes: it costs what it
//! costs threads. `racy`: the same with a load and a store in its place, deliberately wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use ipc_channel::ipc::IpcSharedMemory;
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
        // Relaxed: the word publishes nothing but itself; the client's report orders it before the final read.
        let before = if RACY {
            // Whatever another process stores in between is overwritten. That is the point.
            let before = word.load(Ordering::Relaxed);
            (W::COUNTERS.given().work)(workload, op);
            word.store(before.wrapping_add(amount), Ordering::Relaxed);
            before
        } else {
            (W::COUNTERS.given().work)(workload, op);
            word.fetch_add(amount, Ordering::Relaxed)
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
