//! The parking lot.

use std::thread;

use cpython_locks::{Parked, ParkingLot};

use crate::Flag;

/// Two addresses of one bucket.
const HERE: usize = 1;
const THERE: usize = HERE + 257;

#[test]
fn the_first_at_an_address_is_woken_with_a_word() {
    let lot = ParkingLot::new();
    let flags: [Flag; 3] = Default::default();
    thread::scope(|scope| {
        let park = |flag, address, token| {
            let mut flag: &Flag = flag;
            let (lot, parked) = (&lot, flag);
            let waiter = scope.spawn(move || lot.park(address, token, || true, &mut flag));
            parked.wait();
            waiter
        };
        let there = park(&flags[0], THERE, 10);
        let first = park(&flags[1], HERE, 11);
        let second = park(&flags[2], HERE, 12);
        let unpark = |address, word| {
            let mut parked = None;
            let woke = lot.unpark_one(address, |found| {
                parked = found;
                word
            });
            assert_eq!(woke, parked.is_some());
            parked
        };
        assert_eq!(unpark(HERE, 21), Some(Parked { token: 11, more: true }));
        assert_eq!(first.join().expect("no panic"), Some(21));
        // Of the other address, but of the same bucket.
        assert_eq!(unpark(HERE, 22), Some(Parked { token: 12, more: true }));
        assert_eq!(second.join().expect("no panic"), Some(22));
        assert_eq!(unpark(HERE, 23), None);
        assert_eq!(unpark(THERE, 20), Some(Parked { token: 10, more: false }));
        assert_eq!(there.join().expect("no panic"), Some(20));
    });
}

#[test]
fn all_at_an_address_are_woken() {
    let lot = ParkingLot::new();
    let flags: [Flag; 4] = Default::default();
    thread::scope(|scope| {
        let waiters: Vec<_> = flags
            .iter()
            .zip([HERE, THERE, HERE, HERE])
            .map(|(flag, address)| {
                let lot = &lot;
                let waiter = scope.spawn(move || lot.park(address, 0, || true, &mut { flag }));
                flag.wait();
                waiter
            })
            .collect();
        assert_eq!(lot.unpark_all(HERE, 1), 3);
        assert_eq!(lot.unpark_all(HERE, 1), 0);
        assert_eq!(lot.unpark_all(THERE, 2), 1);
        let words: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().expect("no panic")).collect();
        assert_eq!(words, [Some(1), Some(2), Some(1), Some(1)]);
    });
}

#[test]
fn whoever_has_nothing_to_wait_for_does_not_sleep() {
    let (lot, slept) = (ParkingLot::new(), Flag::default());
    assert_eq!(lot.park(HERE, 0, || false, &mut &slept), None);
    assert!(!slept.0.into_inner());
    assert_eq!(lot.unpark_all(HERE, 0), 0);
}
