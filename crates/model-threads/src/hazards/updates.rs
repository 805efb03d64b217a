//! What threads do in which one panics: updates of two halves, and when.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;

/// Threads; the first panics once.
pub(super) const THREADS: u64 = 4;
/// Updates of each, of which the first thread's in the middle panics, where it may.
pub(super) const EACH: u64 = 100;

/// What is updated: both halves, or it is a lie.
#[derive(Default)]
pub(super) struct Halves {
    pub(super) left: u64,
    pub(super) right: u64,
}

impl Halves {
    pub(super) fn update(&mut self) {
        self.left += 1;
        self.right += 1;
    }

    /// Updates that are not there whole.
    pub(super) fn lost(&self) -> u64 {
        THREADS * EACH - self.left.min(self.right)
    }
}

/// All threads do half of their updates; then the first takes the lock and panics inside it, while the others ask for it
/// to do the other half.
pub(super) struct Course {
    half: Barrier,
    inside: Barrier,
}

impl Course {
    pub(super) fn new() -> Self {
        let all = || Barrier::new(THREADS as usize);
        Self { half: all(), inside: all() }
    }

    /// Runs a thread: `update` does one, and says whether to go on; `fail` panics in the middle of one, after the barrier.
    pub(super) fn run(&self, first: bool, mut update: impl FnMut() -> bool, fail: impl FnOnce(&Barrier)) {
        let mut updates = |count: u64| (0..count).all(|_| update());
        updates(EACH / 2);
        self.half.wait();
        if !first {
            self.inside.wait();
            updates(EACH - EACH / 2);
            return;
        }
        // As a server does with a request: what panics is over, the thread goes on.
        let _ = catch_unwind(AssertUnwindSafe(|| fail(&self.inside)));
        updates(EACH - EACH / 2 - 1);
    }
}
