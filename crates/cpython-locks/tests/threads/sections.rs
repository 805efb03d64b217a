//! Critical sections.

use std::thread;

use cpython_locks::{ByteLock, ParkingLot, Sections, Spins, Waited};

use crate::Flag;

#[test]
fn an_outer_section_is_suspended_while_an_inner_one_sleeps() {
    let (lot, outer, inner, parked) = (ParkingLot::new(), ByteLock::new(), ByteLock::new(), Flag::default());
    assert!(inner.try_lock());
    thread::scope(|scope| {
        let nested = scope.spawn(|| {
            let mut sections = Sections::new(&lot, Spins::GIL);
            sections.begin(&outer, &mut ());
            assert!(outer.is_locked());
            assert_eq!(sections.begin(&inner, &mut &parked).parks, 1);
            // Others may have it until this one ends.
            assert!(!outer.is_locked() && inner.is_locked());
            sections.end(&mut ());
            assert!(outer.is_locked() && !inner.is_locked());
            sections.end(&mut ());
        });
        parked.wait();
        assert!(outer.try_lock());
        outer.unlock(&lot);
        inner.unlock(&lot);
        nested.join().expect("no panic");
    });
    assert!(!outer.is_locked());
}

#[test]
fn sections_nest_and_end_from_the_inside() {
    let (lot, locks) = (ParkingLot::new(), [(); 3].map(|()| ByteLock::new()));
    let held = || locks.each_ref().map(ByteLock::is_locked);
    let mut sections = Sections::new(&lot, Spins::FREE_THREADED);
    sections.begin(&locks[0], &mut ());
    assert_eq!(sections.begin_two(&locks[2], &locks[1], &mut ()), Waited::default());
    assert_eq!((held(), sections.depth()), ([true, true, true], 2));
    sections.suspend();
    assert_eq!((held(), sections.depth()), ([false, false, false], 2));
    sections.suspend();
    sections.resume(&mut ());
    assert_eq!(held(), [false, true, true]);
    sections.resume(&mut ());
    sections.end(&mut ());
    assert_eq!((held(), sections.depth()), ([true, false, false], 1));
    sections.begin_two(&locks[1], &locks[1], &mut ());
    assert_eq!(held(), [true, true, false]);
    drop(sections);
    assert_eq!(held(), [false, false, false]);
}

#[test]
fn a_section_inside_one_of_the_same_object_takes_its_lock() {
    let (lot, lock) = (ParkingLot::new(), ByteLock::new());
    let mut sections = Sections::new(&lot, Spins::GIL);
    sections.begin(&lock, &mut ());
    // It parks, and for that unlocks what it waits for.
    assert_eq!(sections.begin(&lock, &mut ()), Waited { parks: 1, yields: 0, handed_off: false });
    sections.end(&mut ());
    assert!(lock.is_locked());
    sections.end(&mut ());
    assert!(!lock.is_locked());
}

#[test]
#[should_panic(expected = "begin it first")]
fn what_was_not_begun_does_not_end() {
    let lot = ParkingLot::new();
    Sections::<&ByteLock>::new(&lot, Spins::GIL).end(&mut ());
}
