//! A counting semaphore of a lock and a condition (Dijkstra's P and V, as Hoare's monitors have them). Checked by loom.

use std::sync::PoisonError;

use crate::sync::{Condvar, Mutex, MutexGuard};

/// So many permits.
pub(crate) struct Permits {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// One of them, given back when it goes.
pub(crate) struct Permit<'p>(&'p Permits);

impl Permits {
    pub(crate) fn new(permits: usize) -> Self {
        Self { free: Mutex::new(permits), given_back: Condvar::new() }
    }

    /// Takes a permit where one is free.
    pub(crate) fn try_take(&self) -> Option<Permit<'_>> {
        let mut free = self.free();
        *free = free.checked_sub(1)?;
        Some(Permit(self))
    }

    /// Takes a permit, and sleeps until one is free. Whoever comes in between may have it first.
    pub(crate) fn take(&self) -> Permit<'_> {
        let mut free = self.free();
        while *free == 0 {
            free = self.given_back.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit(self)
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        // Never poisoned: nobody panics between two lines of this file.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.given_back.notify_one();
    }
}
