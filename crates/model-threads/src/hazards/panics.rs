//! A panic inside a critical section: a lock that is poisoned by it, and one that is not.

use std::sync::{Barrier, PoisonError};
use std::thread;

use patterns::Error;
use patterns::clock::Tick;
use patterns::hazard::{Ending, Outcome, Scene};

use super::updates::{Course, EACH, Halves, THREADS};

pub(super) fn poisoned_lock(_: &Scene) -> Result<Outcome, Error> {
    let (lost, after) = poisoned(|_| false);
    let (remedy_lost, _) = poisoned(|halves| {
        // The left half is done first, so it may be one ahead.
        halves.left = halves.right;
        true
    });
    let ending = if after.is_some() { Ending::Told } else { Ending::NotSeen };
    Ok(Outcome { ending, after, lost, of: THREADS * EACH, remedy_lost })
}

/// `repair` is what a thread does that is told; where it says so, the poison is cleared and the update that panicked is
/// done again. What was lost, and how soon the first was told.
fn poisoned(repair: fn(&mut Halves) -> bool) -> (u64, Option<std::time::Duration>) {
    let shared = std::sync::Mutex::<Halves>::default();
    let course = Course::new();
    let happened = std::sync::OnceLock::<Tick>::new();
    let told = std::sync::Mutex::<Option<Tick>>::default();
    let update = || match shared.lock() {
        Ok(mut halves) => {
            halves.update();
            true
        }
        Err(poisoned) => {
            let now = Tick::now();
            let mut halves = poisoned.into_inner();
            // Nested: the halves before the time, everywhere.
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            *told = Some(told.map_or(now, |before| before.min(now)));
            let repaired = repair(&mut halves);
            if repaired {
                shared.clear_poison();
                halves.update();
            }
            repaired
        }
    };
    let fail = |inside: &Barrier| {
        let mut halves = shared.lock().unwrap_or_else(PoisonError::into_inner);
        halves.left += 1;
        inside.wait();
        happened.get_or_init(Tick::now);
        panic!("half way through an update");
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (course, update, fail) = (&course, &update, &fail);
            scope.spawn(move || {
                course.run(thread == 0, update, fail);
                if thread == 0 {
                    update(); // what panicked, once more
                }
            });
        }
    });
    let halves = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    let after = told.zip(happened.get().copied()).map(|(told, happened)| told.since(happened));
    (halves.lost(), after)
}

pub(super) fn panic_inside(_: &Scene) -> Result<Outcome, Error> {
    let shared = parking_lot::Mutex::<Halves>::default();
    let fail = |inside: &Barrier| {
        let mut halves = shared.lock();
        halves.left += 1;
        inside.wait();
        panic!("half way through an update");
    };
    unpoisoned(&shared, fail, || {});
    let halves = shared.into_inner();
    let ending = if halves.left == halves.right { Ending::NotSeen } else { Ending::Silent };
    let lost = halves.lost();

    let shared = parking_lot::Mutex::<Halves>::default();
    let fail = |inside: &Barrier| {
        inside.wait();
        panic!("before the lock is taken");
    };
    // Nothing was touched, so it can be done again.
    unpoisoned(&shared, fail, || shared.lock().update());
    let halves = shared.into_inner();
    let torn = halves.left.abs_diff(halves.right);
    Ok(Outcome { ending, after: None, lost, of: THREADS * EACH, remedy_lost: halves.lost().max(torn) })
}

/// `again` is what the thread whose update panicked does about it.
fn unpoisoned(shared: &parking_lot::Mutex<Halves>, fail: impl Fn(&Barrier) + Sync, again: impl Fn() + Sync) {
    let course = Course::new();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (course, fail, again) = (&course, &fail, &again);
            scope.spawn(move || {
                let update = || {
                    shared.lock().update();
                    true
                };
                course.run(thread == 0, update, fail);
                if thread == 0 {
                    again();
                }
            });
        }
    });
}
