//! A byte lock as a lock of `lock_api`, to guard data with: in the one parking lot of the process.

use std::sync::LazyLock;

use lock_api::{GuardSend, RawMutex};

use crate::byte_lock::{ByteLock, Spins};
use crate::parking_lot::ParkingLot;
use crate::sync::AtomicU8;

/// The parking lot of the process.
#[must_use]
pub fn global_lot() -> &'static ParkingLot {
    static LOT: LazyLock<ParkingLot> = LazyLock::new(ParkingLot::new);
    &LOT
}

/// A byte lock that spins as in the free-threaded build.
#[derive(Debug)]
pub struct RawByteLock(ByteLock);

// SAFETY: of all threads that try, `ByteLock` lets one in until it is unlocked, by `unlock` only, which only the holder may
// call: by then it is unlocked, or handed to one waiter. `tests/interleavings.rs` tries it.
#[allow(unsafe_code, reason = "`RawMutex` is an unsafe trait")]
unsafe impl RawMutex for RawByteLock {
    const INIT: Self = Self(ByteLock(AtomicU8::new(0)));
    /// Any thread may unlock it.
    type Guard = GuardSend;

    #[inline]
    fn lock(&self) -> GuardSend {
        self.0.lock(global_lot(), &Spins::FREE_THREADED, &mut ());
        GuardSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardSend> {
        self.0.try_lock().then(GuardSend::new)
    }

    #[inline]
    unsafe fn unlock(&self, _: GuardSend) {
        self.0.unlock(global_lot());
    }

    fn is_locked(&self) -> bool {
        self.0.is_locked()
    }
}
