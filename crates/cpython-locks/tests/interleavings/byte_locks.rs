//! Byte locks: barging, parking and handing over.

use std::time::Duration;

use crate::byte_lock::{ByteLock, Spins, Wait, Waited};
use crate::parking_lot::ParkingLot;
use crate::{Guarded, outcomes};

struct Shared {
    spins: Spins,
    lot: ParkingLot,
    lock: ByteLock,
    guarded: Guarded,
}

/// A lock whose waiters spin so often, and are handed it at once or never.
fn shared(limit: u32, reload: bool, hand_off: bool) -> impl Fn() -> Shared {
    let fair_after = if hand_off { Duration::ZERO } else { Duration::MAX };
    let spins = Spins { limit, wait: Wait::Yield, reload, fair_after };
    // One bucket: where it lies in memory must not make a difference.
    move || Shared { spins, lot: ParkingLot::with_buckets(1), lock: ByteLock::new(), guarded: Guarded::default() }
}

fn round(shared: &Shared) -> (u64, u64, bool) {
    let Waited { parks, yields, handed_off } = shared.lock.lock(&shared.lot, &shared.spins, &mut ());
    shared.guarded.touch();
    shared.lock.unlock(&shared.lot);
    (parks, yields, handed_off)
}

#[test]
fn two_lock_twice() {
    for (limit, reload) in [(0, false), (1, false), (1, true)] {
        for hand_off in [false, true] {
            let found = outcomes(2, 3, shared(limit, reload, hand_off), |_, shared| [round(shared), round(shared)]);
            let rounds = || found.iter().flatten().flatten();
            assert!(rounds().any(|(parks, ..)| *parks > 0));
            assert_eq!(rounds().any(|(_, yields, _)| *yields > 0), limit > 0);
            assert_eq!(rounds().any(|(.., handed_off)| *handed_off), hand_off);
            // Who is woken but not handed the lock may find it taken again.
            assert_eq!(rounds().any(|(parks, ..)| *parks > 1), !hand_off);
        }
    }
}

#[test]
fn three_lock_once() {
    for limit in [0, 1] {
        for hand_off in [false, true] {
            let found = outcomes(3, 3, shared(limit, false, hand_off), |_, shared| round(shared));
            assert_eq!(found.iter().flatten().any(|(.., handed_off)| *handed_off), hand_off);
        }
    }
}

#[test]
fn trying_never_waits_and_has_it_alone() {
    let found = outcomes(2, 3, shared(0, false, false), |number, shared| {
        let has = number > 0 || shared.lock.try_lock();
        if number > 0 {
            round(shared);
        } else if has {
            shared.guarded.touch();
            shared.lock.unlock(&shared.lot);
        }
        has
    });
    assert_eq!(found, [[false, true], [true, true]].map(Vec::from).into());
}
