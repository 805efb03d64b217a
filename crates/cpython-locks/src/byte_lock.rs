//! A lock in a byte: spins, then parks. Unfair, so that it is fast; handed to who has waited too long, so that none starves.

use std::ops::AddAssign;
use std::time::Duration;

use crate::parking_lot::{Around, Parked, ParkingLot};
use crate::sync::{AtomicU8, Ordering, nanos, spin_loop, yield_now};

const UNLOCKED: u8 = 0;
const LOCKED: u8 = 1;
/// Somebody waits in the parking lot, or is on the way there.
const HAS_PARKED: u8 = 2;

/// The word to who is woken that the lock is already theirs.
const HANDED_OFF: u64 = 1;

/// The lock. It has no owner: whoever may say so unlocks it.
#[derive(Debug, Default)]
pub struct ByteLock(pub(crate) AtomicU8);

/// How one waits before one parks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spins {
    /// How often at most.
    pub limit: u32,
    /// What one does each time.
    pub wait: Wait,
    /// Whether one looks at the lock after each. CPython 3.13 does not: it sees after the last that the lock was free.
    pub reload: bool,
    /// Who has waited so long is handed the lock.
    pub fair_after: Duration,
}

/// What one does while one spins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Lets another thread have the CPU: `sched_yield`.
    Yield,
    /// Lets the CPU rest for some cycles: `pause`.
    Pause,
}

impl Spins {
    /// Of the free-threaded build.
    pub const FREE_THREADED: Self =
        Self { limit: 40, wait: Wait::Yield, reload: false, fair_after: Duration::from_millis(1) };
    /// Of the build with a GIL: who holds the lock cannot run while one spins.
    pub const GIL: Self = Self { limit: 0, ..Self::FREE_THREADED };
}

/// How a thread came to a lock: all zero where it was free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waited {
    /// How often it parked.
    pub parks: u64,
    /// How often it spun.
    pub yields: u64,
    /// Whether the lock was handed to it.
    pub handed_off: bool,
}

impl AddAssign for Waited {
    fn add_assign(&mut self, other: Self) {
        self.parks += other.parks;
        self.yields += other.yields;
        self.handed_off |= other.handed_off;
    }
}

impl ByteLock {
    /// An unlocked one.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU8::new(UNLOCKED))
    }

    /// Locks it if it is unlocked, past whoever waits for it.
    #[must_use]
    pub fn try_lock(&self) -> bool {
        // Relaxed: a hint, for the exchange to check.
        let mut byte = self.0.load(Ordering::Relaxed);
        while byte & LOCKED == 0 {
            match self.barge(byte) {
                Ok(()) => return true,
                Err(now) => byte = now,
            }
        }
        false
    }

    /// Locks it if it is unlocked and nobody waits for it.
    #[inline]
    pub(crate) fn try_lock_fast(&self) -> bool {
        self.barge(UNLOCKED).is_ok()
    }

    #[inline]
    fn barge(&self, byte: u8) -> Result<(), u8> {
        // Acquire, with the release of `unlock`: whoever has the lock sees what was done under it.
        self.0.compare_exchange(byte, byte | LOCKED, Ordering::Acquire, Ordering::Relaxed).map(|_| ())
    }

    /// Locks it. Who must wait spins, and sleeps in `lot` between the two calls of `around`.
    #[inline]
    pub fn lock(&self, lot: &ParkingLot, spins: &Spins, around: &mut impl Around) -> Waited {
        if self.try_lock_fast() { Waited::default() } else { self.lock_slow(lot, spins, around) }
    }

    #[cold]
    fn lock_slow(&self, lot: &ParkingLot, spins: &Spins, around: &mut impl Around) -> Waited {
        let mut waited = Waited::default();
        if self.try_lock() {
            return waited;
        }
        // One deadline, however often one is woken in vain.
        let fair_at = nanos().saturating_add(u64::try_from(spins.fair_after.as_nanos()).unwrap_or(u64::MAX));
        // Relaxed, here and below: the exchange that locks makes the edge, or the parking lot does.
        let mut byte = self.0.load(Ordering::Relaxed);
        loop {
            if byte & LOCKED == 0 {
                match self.barge(byte) {
                    Ok(()) => return waited,
                    Err(now) => byte = now,
                }
            } else if byte & HAS_PARKED == 0 && waited.yields < u64::from(spins.limit) {
                spins.wait.once();
                waited.yields += 1;
                if spins.reload {
                    byte = self.0.load(Ordering::Relaxed);
                }
            } else if let Err(now) = self.mark_parked(byte) {
                byte = now;
            } else {
                // Under the bucket's lock, as in `unlock_slow`: it is not unlocked before this thread can be found.
                let still = || self.0.load(Ordering::Relaxed) == LOCKED | HAS_PARKED;
                let woken = lot.park(self.address(), fair_at, still, around);
                waited.parks += u64::from(woken.is_some());
                if woken == Some(HANDED_OFF) {
                    waited.handed_off = true;
                    return waited;
                }
                byte = self.0.load(Ordering::Relaxed);
            }
        }
    }

    fn mark_parked(&self, byte: u8) -> Result<(), u8> {
        if byte & HAS_PARKED != 0 {
            return Ok(());
        }
        self.0.compare_exchange(byte, byte | HAS_PARKED, Ordering::Relaxed, Ordering::Relaxed).map(|_| ())
    }

    /// Unlocks it, or hands it to who has waited too long.
    ///
    /// # Panics
    ///
    /// If it is not locked.
    #[inline]
    pub fn unlock(&self, lot: &ParkingLot) {
        // Release: see `barge`.
        if self.0.compare_exchange(LOCKED, UNLOCKED, Ordering::Release, Ordering::Relaxed).is_err() {
            self.unlock_slow(lot);
        }
    }

    #[cold]
    fn unlock_slow(&self, lot: &ParkingLot) {
        // Locked with waiters it stays so until the holder comes here: others change it only if either bit is clear.
        let byte = self.0.load(Ordering::Relaxed);
        assert!(byte & LOCKED != 0, "a byte lock is unlocked that nobody holds; lock it first");
        lot.unpark_one(self.address(), |first| {
            let hand_off = first.is_some_and(|first| nanos() >= first.token);
            let parked = if first.is_some_and(|first: Parked| first.more) { HAS_PARKED } else { 0 };
            // Release: see `barge`. Who is handed the lock has the edge from the parking lot.
            self.0.store(if hand_off { LOCKED | parked } else { parked }, Ordering::Release);
            u64::from(hand_off) * HANDED_OFF
        });
    }

    /// Whether somebody holds it, or did a moment ago.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.load(Ordering::Relaxed) & LOCKED != 0
    }

    /// Where it is: what it is called in the parking lot, and its place in the order of locks.
    #[must_use]
    pub fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl Wait {
    fn once(self) {
        match self {
            Self::Yield => yield_now(),
            Self::Pause => spin_loop(),
        }
    }
}
