//! Byte locks, and data behind them.

use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Duration;

use cpython_locks::{ByteLock, ParkingLot, RawByteLock, Spins, Wait, Waited};

use crate::{Flag, add};

const THREADS: u64 = 50;
const ROUNDS: u64 = 1000;

#[test]
fn many_threads_lose_nothing() {
    let pausing = Spins { wait: Wait::Pause, reload: true, ..Spins::FREE_THREADED };
    let fair = Spins { fair_after: Duration::ZERO, ..Spins::GIL };
    for spins in [Spins::FREE_THREADED, Spins::GIL, pausing, fair] {
        let (lot, lock, counter) = (ParkingLot::new(), ByteLock::new(), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        lock.lock(&lot, &spins, &mut ());
                        add(&counter);
                        lock.unlock(&lot);
                    }
                });
            }
        });
        assert_eq!(counter.into_inner(), THREADS * ROUNDS, "{spins:?}");
        assert!(!lock.is_locked());
    }
}

#[test]
fn data_is_guarded() {
    let counter = lock_api::Mutex::<RawByteLock, u64>::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..ROUNDS).for_each(|_| *counter.lock() += 1));
        }
    });
    assert_eq!(counter.into_inner(), THREADS * ROUNDS);
    let held = lock_api::Mutex::<RawByteLock, u64>::new(0);
    let guard = held.lock();
    assert!(held.is_locked() && held.try_lock().is_none());
    drop(guard);
    assert!(held.try_lock().is_some());
}

#[test]
fn whoever_has_waited_long_enough_is_handed_it() {
    for (fair_after, handed_off) in [(Duration::ZERO, true), (Duration::from_secs(3600), false)] {
        let spins = Spins { fair_after, limit: 3, ..Spins::FREE_THREADED };
        let (lot, lock, parked) = (ParkingLot::new(), ByteLock::new(), Flag::default());
        assert!(lock.try_lock());
        let waited = thread::scope(|scope| {
            let waiter = scope.spawn(|| lock.lock(&lot, &spins, &mut &parked));
            parked.wait();
            lock.unlock(&lot);
            waiter.join().expect("no panic")
        });
        assert_eq!(waited, Waited { parks: 1, yields: 3, handed_off });
        assert!(!lock.try_lock());
    }
}

#[test]
fn what_is_free_costs_nothing() {
    let (lot, lock, parked) = (ParkingLot::new(), ByteLock::new(), Flag::default());
    assert_eq!(lock.lock(&lot, &Spins::FREE_THREADED, &mut &parked), Waited::default());
    assert!(!parked.0.into_inner());
    assert_eq!(size_of::<ByteLock>(), 1);
}

#[test]
#[should_panic(expected = "nobody holds")]
fn what_nobody_holds_is_not_unlocked() {
    ByteLock::new().unlock(&ParkingLot::new());
}
