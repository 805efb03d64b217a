//! The board of a round: which tasks nobody has yet, which came back from a dead worker, and how many are not done.
//!
//! A lock and a condition of our own, so `tests/board.rs` tries every interleaving of it with loom.

use std::ops::Range;
use std::sync::PoisonError;

use crate::sync::{Condvar, Mutex, MutexGuard};

/// How often the same tasks may be the ones at which a worker dies before they are given up. A kernel that crashes does
/// so every time, within milliseconds; workers killed from outside die at the same tasks by chance.
pub(super) const ATTEMPTS: u32 = 10;

/// Tasks on their way to a worker: a range of indices, and how many workers they have killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) indices: Range<usize>,
    pub(super) deaths: u32,
}

/// Shared by the drivers of a round.
pub(super) struct Board {
    workers: usize,
    tasks: Mutex<Tasks>,
    changed: Condvar,
}

struct Tasks {
    next: usize,
    total: usize,
    returned: Vec<Batch>,
    open: usize,
    failed: bool,
}

impl Board {
    pub(super) fn new(total: usize, workers: usize) -> Self {
        let tasks = Tasks { next: 0, total, returned: Vec::new(), open: total, failed: false };
        Self { workers, tasks: Mutex::new(tasks), changed: Condvar::new() }
    }

    /// Up to `most` consecutive tasks, fewer towards the end, for a worker that has `waiting` messages of at most
    /// `window` (fewer towards the end) on their way; `None` if there are none at the moment.
    pub(super) fn take(&self, most: usize, waiting: usize, window: usize) -> Option<Batch> {
        let mut tasks = self.lock();
        let room = waiting < guided(window, tasks.left(), self.workers);
        room.then(|| tasks.take(most, self.workers)).flatten()
    }

    /// As [`Board::take`], waiting for what a dead worker may yet give back; `None` once all tasks are done, or failed.
    pub(super) fn wait(&self, most: usize) -> Option<Batch> {
        let mut tasks = self.lock();
        loop {
            if tasks.failed || tasks.open == 0 {
                return None;
            }
            if let Some(batch) = tasks.take(most, self.workers) {
                return Some(batch);
            }
            tasks = self.changed.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// These tasks are done.
    pub(super) fn done(&self, batch: &Batch) {
        let mut tasks = self.lock();
        tasks.open -= batch.indices.len();
        if tasks.open == 0 {
            self.changed.notify_all();
        }
    }

    /// A worker died with these tasks on their way to it, oldest first: somebody else takes them, at once. It was at
    /// the oldest, since answers come in order; an error if too many workers died there.
    pub(super) fn give_back(&self, batches: impl IntoIterator<Item = Batch>) -> Result<(), Range<usize>> {
        let mut tasks = self.lock();
        let mut batches = batches.into_iter();
        let mut given_up = None;
        if let Some(Batch { indices, deaths }) = batches.next() {
            let deaths = deaths + 1;
            given_up = (deaths >= ATTEMPTS).then(|| indices.clone());
            // In halves: what is innocent gets done, and a task that kills is soon alone.
            let middle = indices.start + indices.len() / 2;
            let halves = [indices.start..middle, middle..indices.end];
            let halves = halves.into_iter().filter(|half| !half.is_empty());
            tasks.returned.extend(halves.map(|indices| Batch { indices, deaths }));
        }
        tasks.returned.extend(batches);
        tasks.failed |= given_up.is_some();
        self.changed.notify_all();
        given_up.map_or(Ok(()), Err)
    }

    /// Nothing more is worth doing.
    pub(super) fn fail(&self) {
        self.lock().failed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        // No code that can panic runs under this lock.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tasks {
    fn left(&self) -> usize {
        self.total - self.next + self.returned.iter().map(|batch| batch.indices.len()).sum::<usize>()
    }

    fn take(&mut self, most: usize, workers: usize) -> Option<Batch> {
        if self.failed {
            return None;
        }
        if let Some(batch) = self.returned.pop() {
            return Some(batch);
        }
        let size = guided(most, self.left(), workers).min(self.total - self.next);
        let indices = self.next..self.next + size;
        self.next += size;
        (!indices.is_empty()).then_some(Batch { indices, deaths: 0 })
    }
}

/// Guided sizes (after Polychronopoulos and Kuck, 1987): at most half of a fair share of what is left, at least one.
fn guided(most: usize, left: usize, workers: usize) -> usize {
    most.min(left / (2 * workers)).max(1)
}
