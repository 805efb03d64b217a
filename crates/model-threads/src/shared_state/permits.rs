//! A counting semaphore of a lock and a condition (Dijkstra's P and V, as Hoare's monitors have them). Checked by loom.

use std::sync::PoisonError;

use crate::sync::{Condvar, Mutex, MutexGuard};

/// So many permits.
pub(crate) struct Permits {
    state: Mutex<State>,
    given_back: Condvar,
}

struct State {
    free: usize,
    /// Who sleeps: where nobody does, nobody need be woken, which would be a call to the system.
    waiting: usize,
}

/// One of them, given back when it goes.
pub(crate) struct Permit<'p>(&'p Permits);

impl Permits {
    pub(crate) fn new(permits: usize) -> Self {
        Self { state: Mutex::new(State { free: permits, waiting: 0 }), given_back: Condvar::new() }
    }

    /// Takes a permit where one is free.
    pub(crate) fn try_take(&self) -> Option<Permit<'_>> {
        let mut state = self.state();
        state.free = state.free.checked_sub(1)?;
        Some(Permit(self))
    }

    /// Takes a permit, and sleeps until one is free. Whoever comes in between may have it first.
    pub(crate) fn take(&self) -> Permit<'_> {
        let mut state = self.state();
        while state.free == 0 {
            state.waiting += 1;
            state = self.given_back.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.free -= 1;
        Permit(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Never poisoned: nobody panics between two lines of this file.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.free += 1;
        if state.waiting > 0 {
            self.0.given_back.notify_one();
        }
    }
}
