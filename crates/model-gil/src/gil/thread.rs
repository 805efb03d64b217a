//! A thread of the interpreter: it holds the lock while it runs, may be asked for it at its check points, and drops it
//! round calls that need no interpreter.

use std::sync::Arc;

use cpython_locks::{Around, Breaker, Gil};
use patterns::Probe;

/// One thread. Whoever is gone, by a panic perhaps, holds nothing.
pub(super) struct Thread<'g> {
    gil: &'g Gil,
    me: Arc<Breaker>,
    attached: bool,
}

impl<'g> Thread<'g> {
    /// One that does not hold the lock yet.
    pub(super) fn of(gil: &'g Gil) -> Self {
        Self { gil, me: Arc::new(Breaker::new()), attached: false }
    }

    /// What it is asked by, for tests that wait until it is.
    #[cfg(test)]
    pub(super) fn breaker(&self) -> Arc<Breaker> {
        self.me.clone()
    }

    /// Takes the lock, unless this thread has it.
    #[inline]
    pub(super) fn attach<P: Probe>(&mut self, probe: &mut P) {
        if !self.attached {
            let (gil, me) = (self.gil, &self.me);
            let wait = || {
                gil.take(me);
            };
            probe.acquire(|| gil.try_take(me).then_some(()), wait);
            self.attached = true;
        }
    }

    /// Whether somebody has waited for the lock for an interval.
    #[inline]
    pub(super) fn asked(&self) -> bool {
        self.me.asked(Breaker::DROP)
    }

    /// Where this thread may be switched: hands over the lock that it was asked for, and takes it again.
    #[inline]
    pub(super) fn check_point<P: Probe>(&mut self, probe: &mut P) {
        if self.asked() {
            self.detach();
            self.attach(probe);
        }
    }

    /// Makes a call without the lock, as an extension does that lets go of it.
    pub(super) fn released<P: Probe, R>(&mut self, probe: &mut P, call: impl FnOnce() -> R) -> R {
        self.detach();
        let result = call();
        self.attach(probe);
        result
    }
}

/// What it does round a sleep in the parking lot. The wait for the lock is then part of the wait that it is made for.
impl Around for Thread<'_> {
    fn detach(&mut self) {
        // First: what panics in `release` must not come here again.
        self.attached = false;
        self.gil.release(&self.me);
    }

    fn attach(&mut self) {
        self.gil.take(&self.me);
        self.attached = true;
    }
}

impl Drop for Thread<'_> {
    fn drop(&mut self) {
        if self.attached {
            self.detach();
        }
    }
}
