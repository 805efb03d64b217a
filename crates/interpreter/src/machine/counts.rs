//! Reference counts in three ways: plain, under a global lock or for one thread; atomic; and biased, as in the free-threaded
//! build: the owner's references in a plain half, those of all others in an atomic one.

use super::sync::{AtomicI64, AtomicU32, Ordering};

/// The local count of what is never freed.
const IMMORTAL: u32 = u32::MAX;

/// One reference in the shared half, above its two bits of state.
const ONE: i64 = 4;
const STATE: i64 = 3;
/// Others may reach the object without a lock, so its owner may not free it at once. States only go up, from zero.
const MAYBE_WEAKREF: i64 = 1;
/// It waits for its owner to merge the halves; the queue has a reference.
const QUEUED: i64 = 2;
/// It has no owner any more, and all of its references are in the shared half.
const MERGED: i64 = 3;

/// The counts of one object. A thread is a number from one; no thread has it again.
#[derive(Debug, Default)]
pub struct Counts {
    owner: AtomicU32,
    local: AtomicU32,
    shared: AtomicI64,
}

/// What is left of an object when a reference was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Other references.
    Alive,
    /// None: whoever is told so frees it.
    Dead,
    /// The reference itself, which now is the owner's to drop: whoever is told so takes it there.
    Queued,
}

impl Counts {
    /// Of a new object, with one reference, of the thread that made it.
    pub(crate) fn begin(&self, me: u32) {
        // Relaxed, as wherever a thread writes what only it may: others hear of the object by what publishes it.
        self.shared.store(0, Ordering::Relaxed);
        self.local.store(1, Ordering::Relaxed);
        self.owner.store(me, Ordering::Relaxed);
    }

    /// From now on it is not counted. To be called before anybody else knows the object.
    pub(crate) fn immortalize(&self) {
        self.local.store(IMMORTAL, Ordering::Relaxed);
    }

    /// No thread's from now on. To be called when it is dead.
    pub(crate) fn end(&self) {
        self.owner.store(0, Ordering::Relaxed);
    }

    /// Who owns it; 0 is nobody.
    pub(crate) fn owner(&self) -> u32 {
        self.owner.load(Ordering::Relaxed)
    }

    /// Merges the halves, and drops the reference of the queue. To be called by the owner, or by the one who queued it if
    /// the owner is gone.
    pub(crate) fn merge(&self) -> Left {
        if self.owner() == 0 {
            // Its owner has merged it, or is about to: whoever comes last finds it dead.
            return self.decref_shared();
        }
        let local = self.local.load(Ordering::Relaxed);
        self.local.store(0, Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
        self.merge_with(i64::from(local) - 1)
    }

    fn merge_with(&self, more: i64) -> Left {
        let merged = |shared: i64| (((shared >> 2) + more) << 2) | MERGED;
        // Release and acquire: whoever finds it dead sees what all others did with it before.
        match self.shared.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |shared| Some(merged(shared))) {
            Ok(before) if merged(before) == MERGED => Left::Dead,
            _ => Left::Alive,
        }
    }

    fn decref_shared(&self) -> Left {
        let queues = |shared: i64| shared == 0 || shared == MAYBE_WEAKREF;
        let after = |shared: i64| if queues(shared) { QUEUED } else { shared - ONE };
        match self.shared.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |shared| Some(after(shared))) {
            Ok(before) if queues(before) => Left::Queued,
            Ok(before) if after(before) == MERGED => Left::Dead,
            _ => Left::Alive,
        }
    }
}

/// How references are counted.
pub trait Counting: Send + Sync + 'static {
    /// Whether several threads may count at once.
    const SHARED: bool;

    /// One reference more, by a thread that has one, or is the only one to know the object.
    fn incref(counts: &Counts, me: u32);

    /// One reference more to what another's reference keeps alive: an item, under the lock of its container.
    #[inline(always)]
    fn incref_item(counts: &Counts, me: u32) {
        Self::incref(counts, me);
    }

    /// One reference more, unless it may be dead; it may even be another object by now.
    fn try_incref(counts: &Counts, me: u32) -> bool;

    /// One reference less.
    fn decref(counts: &Counts, me: u32) -> Left;
}

/// A plain number: the build with a GIL, or a single thread.
#[derive(Debug, Clone, Copy)]
pub struct PlainCounts;

impl Counting for PlainCounts {
    const SHARED: bool = false;

    #[inline(always)]
    fn incref(counts: &Counts, _: u32) {
        let local = counts.local.load(Ordering::Relaxed);
        if local != IMMORTAL {
            counts.local.store(local + 1, Ordering::Relaxed);
        }
    }

    #[inline(always)]
    fn try_incref(counts: &Counts, me: u32) -> bool {
        Self::incref(counts, me);
        true
    }

    #[inline(always)]
    fn decref(counts: &Counts, _: u32) -> Left {
        let local = counts.local.load(Ordering::Relaxed);
        if local == IMMORTAL {
            return Left::Alive;
        }
        counts.local.store(local - 1, Ordering::Relaxed);
        if local == 1 { Left::Dead } else { Left::Alive }
    }
}

/// One atomic number.
#[derive(Debug, Clone, Copy)]
pub struct AtomicCounts;

impl Counting for AtomicCounts {
    const SHARED: bool = true;

    #[inline(always)]
    fn incref(counts: &Counts, _: u32) {
        if counts.local.load(Ordering::Relaxed) != IMMORTAL {
            counts.local.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn try_incref(counts: &Counts, _: u32) -> bool {
        let more = |local| if local == 0 { None } else { Some(local + 1) };
        counts.local.load(Ordering::Relaxed) == IMMORTAL
            || counts.local.fetch_update(Ordering::Acquire, Ordering::Relaxed, more).is_ok()
    }

    #[inline(always)]
    fn decref(counts: &Counts, _: u32) -> Left {
        if counts.local.load(Ordering::Relaxed) == IMMORTAL {
            return Left::Alive;
        }
        // Release and acquire: see `Counts::merge_with`.
        if counts.local.fetch_sub(1, Ordering::AcqRel) == 1 { Left::Dead } else { Left::Alive }
    }
}

/// Biased: the owner's plain, the others' atomic.
#[derive(Debug, Clone, Copy)]
pub struct BiasedCounts;

impl Counting for BiasedCounts {
    const SHARED: bool = true;

    #[inline(always)]
    fn incref(counts: &Counts, me: u32) {
        let local = counts.local.load(Ordering::Relaxed);
        if local == IMMORTAL {
        } else if counts.owner() == me {
            counts.local.store(local + 1, Ordering::Relaxed);
        } else {
            counts.shared.fetch_add(ONE, Ordering::Relaxed);
        }
    }

    #[inline(always)]
    fn incref_item(counts: &Counts, me: u32) {
        let local = counts.local.load(Ordering::Relaxed);
        if local == IMMORTAL {
        } else if counts.owner() == me {
            counts.local.store(local + 1, Ordering::Relaxed);
        } else if counts.shared.load(Ordering::Relaxed) & STATE != 0 {
            // States only go up.
            counts.shared.fetch_add(ONE, Ordering::Relaxed);
        } else {
            let seen = |shared: i64| Some((shared + ONE) | (i64::from(shared & STATE == 0) * MAYBE_WEAKREF));
            let _ = counts.shared.fetch_update(Ordering::Relaxed, Ordering::Relaxed, seen);
        }
    }

    #[inline]
    fn try_incref(counts: &Counts, me: u32) -> bool {
        let local = counts.local.load(Ordering::Relaxed);
        if local == IMMORTAL {
            return true;
        }
        if counts.owner() == me {
            counts.local.store(local + 1, Ordering::Relaxed);
            return true;
        }
        let more = |shared| if shared == 0 || shared == MERGED { None } else { Some(shared + ONE) };
        // Acquire, with the release of a decref: what is found alive is seen as it was left.
        counts.shared.fetch_update(Ordering::Acquire, Ordering::Relaxed, more).is_ok()
    }

    #[inline(always)]
    fn decref(counts: &Counts, me: u32) -> Left {
        let local = counts.local.load(Ordering::Relaxed);
        if local == IMMORTAL {
            return Left::Alive;
        }
        if counts.owner() != me {
            return counts.decref_shared();
        }
        counts.local.store(local - 1, Ordering::Relaxed);
        if local > 1 {
            Left::Alive
        } else if counts.shared.load(Ordering::Acquire) == 0 {
            // Nobody else knows it. Acquire, with the release of the others' last decrefs.
            Left::Dead
        } else {
            counts.owner.store(0, Ordering::Relaxed);
            counts.merge_with(0)
        }
    }
}
