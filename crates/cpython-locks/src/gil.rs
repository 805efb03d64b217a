//! The global interpreter lock: a flag, a condition, and a request to drop it after an interval. Whoever drops it on
//! request waits until another thread has it; whoever drops it by itself may win it again.
//!
//! Order of the two mutexes: `gate` before `last`.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::breaker::Breaker;
use crate::sync::{Condvar, Mutex, MutexGuard, wait_timeout};

/// The lock of one interpreter. A thread is known to it by its [`Breaker`], which must be that thread's alone.
#[derive(Debug)]
pub struct Gil {
    interval: Duration,
    gate: Mutex<Gate>,
    freed: Condvar,
    last: Mutex<Last>,
    switched: Condvar,
}

#[derive(Debug, Default)]
struct Gate {
    locked: bool,
    /// How often it went to a thread other than the last.
    switches: u64,
    /// Who sleeps in `take`: where nobody does nobody need be woken, which would be a call to the system.
    waiting: usize,
}

#[derive(Debug, Default)]
struct Last {
    holder: Option<Arc<Breaker>>,
    /// Who sleeps in `release` until another thread is the holder.
    dropping: usize,
}

impl Last {
    fn is(&self, me: &Arc<Breaker>) -> bool {
        self.holder.as_ref().is_some_and(|holder| Arc::ptr_eq(holder, me))
    }
}

/// How a thread came to the lock: all zero where it was free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// How often it slept.
    pub waits: u64,
    /// How often it asked the holder to drop the lock.
    pub asks: u64,
}

impl Gil {
    /// A free lock, whose holder is asked to drop it when somebody has waited for `interval`. CPython's is 5 ms.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            gate: Mutex::new(Gate::default()),
            freed: Condvar::new(),
            last: Mutex::new(Last::default()),
            switched: Condvar::new(),
        }
    }

    /// Takes the lock, and sleeps until it is free. Whoever comes in between may have it first.
    pub fn take(&self, me: &Arc<Breaker>) -> Taken {
        let mut taken = Taken::default();
        let mut gate = self.gate();
        while gate.locked {
            let seen = gate.switches;
            gate.waiting += 1;
            let timed_out;
            (gate, timed_out) = wait_timeout(&self.freed, &self.gate, gate, self.interval);
            gate.waiting -= 1;
            taken.waits += 1;
            // If the lock went round meanwhile, its new holder has not had an interval yet.
            if timed_out && gate.locked && gate.switches == seen {
                if let Some(holder) = &self.last().holder {
                    holder.ask(Breaker::DROP);
                }
                taken.asks += 1;
            }
        }
        self.enter(gate, me);
        taken
    }

    /// Takes the lock if it is free.
    #[must_use]
    pub fn try_take(&self, me: &Arc<Breaker>) -> bool {
        let gate = self.gate();
        let free = !gate.locked;
        if free {
            self.enter(gate, me);
        }
        free
    }

    fn enter(&self, mut gate: MutexGuard<'_, Gate>, me: &Arc<Breaker>) {
        gate.locked = true;
        let mut last = self.last();
        if !last.is(me) {
            last.holder = Some(me.clone());
            gate.switches += 1;
            // At most one of them still waits for this: the holder before.
            if last.dropping > 0 {
                self.switched.notify_one();
            }
        }
        // A request of the time before. The next can only come through the gate.
        me.clear(Breaker::DROP);
    }

    /// Drops the lock. If that was asked for, waits until another thread has taken it; whether it was.
    ///
    /// # Panics
    ///
    /// If nobody holds the lock.
    pub fn release(&self, me: &Arc<Breaker>) -> bool {
        let mut gate = self.gate();
        assert!(gate.locked, "the GIL is released while nobody holds it; take it first");
        gate.locked = false;
        // Whoever waits in `take` leaves it with the lock only. Without one nobody would end the wait below.
        let forced = gate.waiting > 0 && me.asked(Breaker::DROP);
        if gate.waiting > 0 {
            self.freed.notify_one();
        }
        drop(gate);
        if forced {
            self.until_switched(me);
        }
        forced
    }

    #[cold]
    fn until_switched(&self, me: &Arc<Breaker>) {
        me.clear(Breaker::DROP);
        let mut last = self.last();
        last.dropping += 1;
        // Another thread may have taken it, and even dropped it again, before this line: then it is the last holder.
        while last.is(me) {
            last = self.switched.wait(last).unwrap_or_else(PoisonError::into_inner);
        }
        last.dropping -= 1;
    }

    /// Where a running thread may be switched: drops the lock and takes it again if that was asked for.
    #[inline(always)]
    pub fn check_point(&self, me: &Arc<Breaker>) {
        if me.asked(Breaker::DROP) {
            self.switch(me);
        }
    }

    #[cold]
    fn switch(&self, me: &Arc<Breaker>) {
        self.release(me);
        self.take(me);
    }

    /// Makes a call that may block without the lock.
    pub fn blocking<R>(&self, me: &Arc<Breaker>, call: impl FnOnce() -> R) -> R {
        /// Takes the lock again, also where the call panics: whoever cleans up after it holds the lock.
        struct Again<'g>(&'g Gil, &'g Arc<Breaker>);
        impl Drop for Again<'_> {
            fn drop(&mut self) {
                self.0.take(self.1);
            }
        }
        self.release(me);
        let _again = Again(self, me);
        call()
    }

    /// How often the lock went to a thread other than the last, the first take included.
    #[must_use]
    pub fn switches(&self) -> u64 {
        self.gate().switches
    }

    /// How long a thread waits before it asks the holder.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
