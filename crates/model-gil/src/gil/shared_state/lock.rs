//! `lock`: a `threading.Lock` round each operation, with check points inside it. Whoever must wait for it sleeps at once and
//! drops the interpreter's lock, since its holder cannot run before.
//!
//! Lock order: who waits for this lock has dropped the interpreter's; who has this one may wait for the interpreter's.

use cpython_locks::{ByteLock, Spins, global_lot};
use parking_lot::Mutex;
use patterns::shared_state::State;
use patterns::{Probe, SharedState};

use super::Thread;

pub(super) struct Store<W: SharedState> {
    lock: ByteLock,
    /// Nobody waits for this one, since only who has both others takes it: it is how safe code says so.
    state: Mutex<State<W>>,
}

/// Held, until it goes.
struct Held<'l>(&'l ByteLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.unlock(global_lot());
    }
}

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self { lock: ByteLock::new(), state: Mutex::new(State::new(entries)) }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, thread: &mut Thread<'_>, probe: &mut P) -> W::Reply {
        let wait = || {
            self.lock.lock(global_lot(), &Spins::GIL, thread);
            Held(&self.lock)
        };
        let _held = probe.acquire(|| self.lock.try_lock().then(|| Held(&self.lock)), wait);
        // After the call that took it, and after those that look and act: here the others run into it.
        thread.check_point(probe);
        let reply = probe.hold(|| self.state.lock().apply(workload, op));
        thread.check_point(probe);
        reply
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.state.into_inner().into_entries()
    }
}
