//! `shared-atomic`: a word a counter, one indivisible addition an operation. Hardware knows no processes: it costs what it
//! costs threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use ipc_channel::ipc::IpcSharedMemory;
use patterns::shared_state::Counters;
use patterns::{Error, Form, SharedState};

use super::Store;
use crate::region::Region;

pub(in super::super) struct Counted(Region);

/// The counters of a workload that was let through by `Strategy::needs`.
#[inline(always)]
fn counters<W: SharedState>() -> Counters<W> {
    match W::COUNTERS {
        Form::Has(counters) => counters,
        Form::Lacks(why) => unreachable!("{}: {why}", W::ID),
    }
}

impl<W: SharedState> Store<W> for Counted {
    fn new(workload: &W) -> Result<Self, Error> {
        Ok(Self(Region::new((counters::<W>().slots)(workload) * size_of::<AtomicU64>())))
    }

    fn of(memory: IpcSharedMemory) -> Self {
        Self(Region::of(memory))
    }

    fn share(&self) -> IpcSharedMemory {
        self.0.share()
    }

    fn reset(&self, workload: &W, entries: Vec<(W::Key, W::Value)>) {
        let counters = counters::<W>();
        let initial: HashMap<W::Key, W::Value> = entries.into_iter().collect();
        for (slot, word) in self.0.words().iter().enumerate() {
            let (key, _) = (counters.entry)(workload, slot, 0);
            let value = initial.get(&key).map_or(0, |value| (counters.initial)(workload, value));
            // Relaxed: the message that starts a round orders this before the clients.
            word.store(value, Ordering::Relaxed);
        }
    }

    #[inline]
    fn apply(&self, workload: &W, op: &W::Op) -> Result<W::Reply, Error> {
        let (slot, amount) = (counters::<W>().add)(workload, op);
        (counters::<W>().work)(workload, op);
        // Relaxed: the word publishes nothing but itself; the client's report orders it before the final read.
        let before = self.0.words()[slot].fetch_add(amount, Ordering::Relaxed);
        Ok((counters::<W>().reply)(workload, op, before))
    }

    fn entries(&self, workload: &W) -> Vec<(W::Key, W::Value)> {
        let entry =
            |(slot, word): (usize, &AtomicU64)| (counters::<W>().entry)(workload, slot, word.load(Ordering::Relaxed));
        self.0.words().iter().enumerate().map(entry).collect()
    }

    fn damage(&self) -> Option<&'static str> {
        None
    }
}
