//! Probes: strategies are generic over one, zero-sized when timing, recording in a diagnostic pass.
//!
//! A worker owns its probe and hands it back with its result, so that observing never shares a cache line.

use std::time::Duration;

use crate::clock::Tick;

/// What a strategy tells about its locks and its workers.
pub trait Probe: Default + Send + 'static {
    /// Whether it sees anything: what a parent tells its worker processes, which choose theirs by it.
    const RECORDS: bool;

    /// Takes a lock: counts the acquisition, whether it was contended, and the wait.
    fn acquire<G>(&mut self, try_lock: impl FnOnce() -> Option<G>, lock: impl FnOnce() -> G) -> G;

    /// Takes a lock by awaiting it. `Send`, because tasks move between threads.
    fn acquire_later<G: Send>(
        &mut self,
        try_lock: impl FnOnce() -> Option<G> + Send,
        lock: impl Future<Output = G> + Send,
    ) -> impl Future<Output = G> + Send;

    /// Runs a critical section: the longest hold is kept.
    fn hold<R>(&mut self, critical: impl FnOnce() -> R) -> R;

    /// So many steps of so many are done: now and then it is noted when.
    fn reached(&mut self, steps: u64, of: u64);

    /// A worker was found dead.
    fn died(&mut self, pid: u32);

    /// Everything seen, at the end of this worker's part of a round.
    fn observed(self, operations: u64) -> Observed;
}

/// What probes saw in a round, merged over workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Operations of each worker, in the order in which they reported.
    pub operations: Vec<u64>,
    /// Locks taken.
    pub acquisitions: u64,
    /// Of those, locks somebody else held.
    pub contended: u64,
    /// Waiting for locks, all workers.
    pub lock_wait: Duration,
    /// The longest of those waits.
    pub longest_wait: Duration,
    /// The longest critical section.
    pub longest_hold: Duration,
    /// How far each client was and when, in the order in which they reported; only of those that had anything to do.
    pub progress: Vec<Vec<(u64, Tick)>>,
    /// Workers found dead, and when.
    pub deaths: Vec<(u32, Tick)>,
}

impl Observed {
    /// Adds another worker's.
    pub fn absorb(&mut self, other: Self) {
        self.operations.extend(other.operations);
        self.acquisitions += other.acquisitions;
        self.contended += other.contended;
        self.lock_wait += other.lock_wait;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        self.longest_hold = self.longest_hold.max(other.longest_hold);
        self.progress.extend(other.progress);
        self.deaths.extend(other.deaths);
    }
}

/// The probe of timing runs: nothing, at no cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Probe for Silent {
    const RECORDS: bool = false;

    #[inline(always)]
    fn acquire<G>(&mut self, _: impl FnOnce() -> Option<G>, lock: impl FnOnce() -> G) -> G {
        lock()
    }

    #[inline(always)]
    fn acquire_later<G: Send>(
        &mut self,
        _: impl FnOnce() -> Option<G> + Send,
        lock: impl Future<Output = G> + Send,
    ) -> impl Future<Output = G> + Send {
        lock
    }

    #[inline(always)]
    fn hold<R>(&mut self, critical: impl FnOnce() -> R) -> R {
        critical()
    }

    #[inline(always)]
    fn reached(&mut self, _: u64, _: u64) {}

    #[inline(always)]
    fn died(&mut self, _: u32) {}

    #[inline(always)]
    fn observed(self, _: u64) -> Observed {
        Observed::default()
    }
}

/// The probe of a diagnostic pass.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Observed);

/// How often a client notes how far it is: often enough to tell shares apart, and seldom enough to cost nothing beside the
/// rest of a recording.
const NOTES: u64 = 64;

impl Recorder {
    fn waited(&mut self, asked: Tick) {
        let wait = asked.elapsed();
        self.0.lock_wait += wait;
        self.0.longest_wait = self.0.longest_wait.max(wait);
    }
}

impl Probe for Recorder {
    const RECORDS: bool = true;

    fn acquire<G>(&mut self, try_lock: impl FnOnce() -> Option<G>, lock: impl FnOnce() -> G) -> G {
        self.0.acquisitions += 1;
        try_lock().unwrap_or_else(|| {
            self.0.contended += 1;
            let asked = Tick::now();
            let guard = lock();
            self.waited(asked);
            guard
        })
    }

    async fn acquire_later<G: Send>(
        &mut self,
        try_lock: impl FnOnce() -> Option<G> + Send,
        lock: impl Future<Output = G> + Send,
    ) -> G {
        self.0.acquisitions += 1;
        if let Some(guard) = try_lock() {
            return guard;
        }
        self.0.contended += 1;
        let asked = Tick::now();
        let guard = lock.await;
        self.waited(asked);
        guard
    }

    fn hold<R>(&mut self, critical: impl FnOnce() -> R) -> R {
        let taken = Tick::now();
        let result = critical();
        self.0.longest_hold = self.0.longest_hold.max(taken.elapsed());
        result
    }

    fn reached(&mut self, steps: u64, of: u64) {
        if steps == of || steps.is_multiple_of(of.div_ceil(NOTES)) {
            if self.0.progress.is_empty() {
                self.0.progress.push(Vec::new());
            }
            self.0.progress[0].push((steps, Tick::now()));
        }
    }

    fn died(&mut self, pid: u32) {
        self.0.deaths.push((pid, Tick::now()));
    }

    fn observed(mut self, operations: u64) -> Observed {
        self.0.operations.push(operations);
        self.0
    }
}
