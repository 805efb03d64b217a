//! A barrier between processes: a count, and a generation to sleep on. Nobody spins.
//!
//! Whoever arrives last counts for the next time and begins a new generation. A barrier that one of its processes will
//! never reach any more is poisoned, which ends everybody's wait. `tests/barrier.rs` tries every interleaving with loom.

use crate::sync::{Ordering, Word};

/// The barrier, in words that lie apart from each other.
pub(crate) struct Barrier<'w> {
    workers: u32,
    arrived: &'w Word,
    generation: &'w Word,
    poisoned: &'w Word,
}

/// Somebody died, so that not all will come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Poisoned;

impl<'w> Barrier<'w> {
    /// Of so many workers, on words that are zero at first.
    pub(crate) fn new(workers: u32, [arrived, generation, poisoned]: [&'w Word; 3]) -> Self {
        Self { workers, arrived, generation, poisoned }
    }

    /// Waits for all. What each wrote before it arrived, all see after.
    pub(crate) fn wait(&self) -> Result<(), Poisoned> {
        // Acquire: a generation that begins with a poisoning comes with the poison. No other begins before this worker
        // has arrived, so this is the one that the wait is over with.
        let generation = self.generation.load(Ordering::Acquire);
        self.sound()?;
        // AcqRel: hands what this worker wrote to whoever arrives last, which gets what all before it wrote.
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.workers {
            // Relaxed: who comes next has seen the new generation, which the line below publishes after this.
            self.arrived.store(0, Ordering::Relaxed);
            // Release: hands what all wrote to all that leave below.
            self.generation.fetch_add(1, Ordering::Release);
            self.generation.wake();
        } else {
            // Acquire: gets what all wrote from whoever arrived last.
            while self.generation.load(Ordering::Acquire) == generation {
                self.generation.wait(generation);
            }
        }
        self.sound()
    }

    /// Ends everybody's wait, now and later.
    pub(crate) fn poison(&self) {
        // Relaxed: the generation, which the next line begins, publishes it.
        self.poisoned.store(1, Ordering::Relaxed);
        // Release: whoever sees this generation sees the poison.
        self.generation.fetch_add(1, Ordering::Release);
        self.generation.wake();
    }

    fn sound(&self) -> Result<(), Poisoned> {
        // Relaxed: ordered by the generation that was loaded before.
        if self.poisoned.load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(Poisoned) }
    }
}
