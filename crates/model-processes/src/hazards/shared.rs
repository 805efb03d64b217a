//! What processes of a scenario share: both halves of a count, behind a lock that tells of a dead holder or one that does
//! not.

#![expect(unsafe_code, reason = "a lock in memory that came from the parent is what the parent says it is")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ipc_channel::ipc::IpcSharedMemory;
use patterns::Error;
use serde::{Deserialize, Serialize};

use crate::lock::Guarded;
use crate::region::Region;

/// What kind of lock it is.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum Kind {
    Robust,
    Flag,
}

/// What became of updates.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Report {
    Done,
    /// The lock's holder died.
    Orphaned,
}

/// What the workers share: both halves of a count, behind a lock.
pub(super) enum Shared {
    Robust(Guarded),
    /// The name of the holder, or nobody; a cache line on, the halves.
    Flag(Region),
}

/// Words of the region of a flag before the halves.
const FLAG: usize = 8;

impl Shared {
    pub(super) fn new(kind: Kind) -> Result<Self, Error> {
        Ok(match kind {
            Kind::Robust => Self::Robust(Guarded::new(2)?),
            Kind::Flag => Self::Flag(Region::new((FLAG + 2) * size_of::<AtomicU64>())),
        })
    }

    pub(super) fn of(kind: Kind, memory: IpcSharedMemory) -> Self {
        match kind {
            // SAFETY: the parent says that it is one, and made it by `Guarded::new` in `Shared::new`.
            Kind::Robust => Self::Robust(unsafe { Guarded::of(memory) }),
            Kind::Flag => Self::Flag(Region::of(memory)),
        }
    }

    pub(super) fn share(&self) -> IpcSharedMemory {
        match self {
            Self::Robust(guarded) => guarded.share(),
            Self::Flag(region) => region.share(),
        }
    }

    fn halves(&self) -> &[AtomicU64] {
        match self {
            Self::Robust(guarded) => guarded.words(),
            Self::Flag(region) => &region.words()[FLAG..],
        }
    }

    /// Updates that are there whole.
    pub(super) fn whole(&self) -> u64 {
        // Relaxed, here and below: whoever wrote has said so in a message, or is dead and reaped; and inside the lock,
        // the lock orders them.
        let half = |half: &AtomicU64| half.load(Ordering::Relaxed);
        self.halves().iter().take(2).map(half).min().unwrap_or(0)
    }

    /// Undoes what a dead holder left half done, and frees the lock. Only a flag can be freed by another.
    pub(super) fn mend(&self, who: u64) {
        if let Self::Flag(region) = self
            && region.words()[0].load(Ordering::Relaxed) == who + 1
        {
            self.halves()[0].store(self.halves()[1].load(Ordering::Relaxed), Ordering::Relaxed);
            // Release: whoever takes it sees the halves as they are now.
            region.words()[0].store(0, Ordering::Release);
        }
    }

    /// An update inside the lock; `between` its halves something happens.
    pub(super) fn update(&self, who: u64, between: impl FnOnce()) -> Report {
        let count = |half: &AtomicU64| half.store(half.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let change = |halves: &[AtomicU64]| {
            count(&halves[0]);
            between();
            count(&halves[1]);
        };
        match self {
            Self::Robust(guarded) => match guarded.lock() {
                Ok(_held) => change(self.halves()),
                Err(_) => return Report::Orphaned,
            },
            Self::Flag(region) => {
                let flag = &region.words()[0];
                // Acquire: what the holder before wrote is seen; it pairs with the release below.
                while flag.compare_exchange(0, who + 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
                    thread::yield_now();
                }
                change(self.halves());
                flag.store(0, Ordering::Release);
            }
        }
        Report::Done
    }
}
