//! Critical sections: two threads that want the same two objects in opposite order.

use std::ops::Deref;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};

use crate::byte_lock::{ByteLock, Spins, Wait};
use crate::critical_section::Sections;
use crate::parking_lot::{Around, ParkingLot};
use crate::{Guarded, outcomes};

struct Shared {
    lot: ParkingLot,
    spins: Spins,
    objects: Arc<[Object; 2]>,
}

#[derive(Default)]
struct Object {
    lock: ByteLock,
    guarded: Guarded,
    /// How often it was written. Atomic only so that it can be read outside.
    version: AtomicU32,
}

impl Object {
    fn write(&self) {
        self.guarded.touch();
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    fn version(&self) -> u32 {
        self.version.load(Ordering::Relaxed)
    }
}

/// One of the two.
#[derive(Clone)]
struct Of(Arc<[Object; 2]>, usize);

impl Deref for Of {
    type Target = ByteLock;

    fn deref(&self) -> &ByteLock {
        &self.0[self.1].lock
    }
}

fn shared(hand_off: bool) -> impl Fn() -> Shared {
    let fair_after = std::time::Duration::from_nanos(u64::from(!hand_off));
    let spins = Spins { limit: 0, wait: Wait::Yield, reload: false, fair_after };
    move || Shared { lot: ParkingLot::with_buckets(1), spins, objects: Arc::default() }
}

/// How often a thread has slept.
#[derive(Default)]
struct Slept(u32);

impl Around for Slept {
    fn detach(&mut self) {
        self.0 += 1;
    }

    fn attach(&mut self) {}
}

/// Holds its own object, and inside it the other's. Whether it slept inside, and whether its own was written meanwhile.
fn nested(number: usize, shared: &Shared) -> (bool, bool) {
    let (mine, others) = (&shared.objects[number], &shared.objects[1 - number]);
    let of = |index| Of(shared.objects.clone(), index);
    let mut sections = Sections::new(&shared.lot, shared.spins);
    sections.begin(of(number), &mut ());
    mine.write();
    let (before, mut slept) = (mine.version(), Slept::default());
    sections.begin(of(1 - number), &mut slept);
    others.write();
    sections.end(&mut slept);
    mine.guarded.touch();
    let torn = mine.version() != before;
    sections.end(&mut ());
    assert_eq!(sections.depth(), 0);
    (slept.0 > 0, torn)
}

#[test]
fn nesting_in_opposite_order_never_deadlocks_and_lets_others_in() {
    for hand_off in [false, true] {
        let found = outcomes(2, 3, shared(hand_off), nested);
        let found: Vec<_> = found.into_iter().flatten().collect();
        // The price: others come in where the inner section slept, and only there.
        assert!(found.contains(&(true, true)));
        assert!(found.contains(&(false, false)));
        assert!(!found.contains(&(false, true)));
    }
}

#[test]
fn pairs_in_opposite_order_never_deadlock() {
    for hand_off in [false, true] {
        let found = outcomes(2, 3, shared(hand_off), |number, shared| {
            let of = |index| Of(shared.objects.clone(), index);
            let mut sections = Sections::new(&shared.lot, shared.spins);
            let waited = sections.begin_two(of(number), of(1 - number), &mut ());
            shared.objects.iter().for_each(Object::write);
            sections.end(&mut ());
            waited.parks > 0
        });
        assert_eq!(found, [[false, false], [false, true], [true, false]].map(Vec::from).into());
    }
}

#[test]
fn a_pair_inside_a_section_never_deadlocks() {
    for hand_off in [false, true] {
        outcomes(2, 3, shared(hand_off), |number, shared| {
            let of = |index| Of(shared.objects.clone(), index);
            let mut sections = Sections::new(&shared.lot, shared.spins);
            if number == 0 {
                sections.begin_two(of(1), of(0), &mut ());
            } else {
                // The higher first, and inside it the lower.
                sections.begin(of(1), &mut ());
                shared.objects[1].write();
                sections.begin(of(0), &mut ());
                shared.objects[0].write();
                sections.end(&mut ());
                shared.objects[1].write();
            }
            sections.end(&mut ());
        });
    }
}

#[test]
fn a_wait_for_something_else_suspends_all() {
    outcomes(2, 3, shared(false), |number, shared| {
        let of = |index| Of(shared.objects.clone(), index);
        let mut sections = Sections::new(&shared.lot, shared.spins);
        sections.begin(of(number), &mut ());
        sections.begin(of(1 - number), &mut ());
        sections.suspend();
        // Here it would wait.
        sections.resume(&mut ());
        shared.objects[1 - number].write();
        sections.end(&mut ());
        shared.objects[number].write();
        sections.end(&mut ());
    });
}
