//! The order of a pipeline's end: items come in any order and are absorbed in theirs, and whoever is too far ahead waits, or
//! memory would not be bounded. Whoever has the next item never waits, so somebody always goes on.
//!
//! A lock and a condition of our own, so `tests/order.rs` tries every interleaving of it with loom.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use crate::sync::{Condvar, Mutex, MutexGuard};

/// A sink `S` of items `T`.
pub(super) struct Order<S, T> {
    /// So many items may lie ready beside the one that is absorbed.
    room: usize,
    state: Mutex<State<S, T>>,
    moved: Condvar,
}

struct State<S, T> {
    sink: S,
    next: usize,
    early: BTreeMap<usize, T>,
    failed: bool,
}

impl<S, T> Order<S, T> {
    pub(super) fn new(sink: S, room: usize) -> Self {
        let state = State { sink, next: 0, early: BTreeMap::new(), failed: false };
        Self { room, state: Mutex::new(state), moved: Condvar::new() }
    }

    /// Absorbs item `index`, and those that waited for it, or leaves it to whoever has the ones before.
    pub(super) fn take(&self, index: usize, item: T, absorb: impl Fn(&mut S, T)) {
        let mut state = self.lock();
        while index > state.next + self.room && !state.failed {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.early.insert(index, item);
        loop {
            let next = state.next;
            let Some(item) = state.early.remove(&next) else { break };
            absorb(&mut state.sink, item);
            state.next += 1;
        }
        self.moved.notify_all();
    }

    /// Somebody will not come: nobody may wait for what they had.
    pub(super) fn fail(&self) {
        self.lock().failed = true;
        self.moved.notify_all();
    }

    /// The sink, and how many items it has.
    pub(super) fn end(self) -> (S, usize) {
        let State { sink, next, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (sink, next)
    }

    fn lock(&self) -> MutexGuard<'_, State<S, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
