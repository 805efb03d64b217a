//! The GIL: threads that are asked to drop it, and threads that drop it by themselves.

use std::sync::Arc;
use std::time::Duration;

use crate::breaker::Breaker;
use crate::gil::{Gil, Taken};
use crate::{Guarded, outcomes, sync};

struct Shared {
    gil: Gil,
    guarded: Guarded,
}

/// A lock under which so many of the first waits time out.
fn shared(timeouts: usize) -> impl Fn() -> Shared {
    move || {
        sync::time_out(timeouts);
        Shared { gil: Gil::new(Duration::ZERO), guarded: Guarded::default() }
    }
}

/// Takes the lock for some check points; how often it asked another to drop it, and was asked.
fn computes(rounds: usize, shared: &Shared) -> (u64, usize) {
    let me = Arc::new(Breaker::new());
    let asks = shared.gil.take(&me).asks;
    let mut asked = 0;
    for _ in 0..rounds {
        shared.guarded.touch();
        if me.asked(Breaker::DROP) {
            asked += 1;
            let before = shared.gil.switches();
            shared.gil.check_point(&me);
            // Another has had it, and then this one again.
            assert!(shared.gil.switches() >= before + 2);
        } else {
            shared.gil.check_point(&me);
        }
    }
    shared.guarded.touch();
    if shared.gil.release(&me) {
        // It was done, so it is not asked for any more.
        assert!(!me.asked(Breaker::DROP));
    }
    (asks, asked)
}

#[test]
fn two_that_are_asked_to_drop_it_go_on() {
    for timeouts in [0, 1, 2, 3] {
        let found = outcomes(2, 3, shared(timeouts), |_, shared| computes(2, shared));
        let some = |wanted: fn(&(u64, usize)) -> bool| found.iter().flatten().any(wanted);
        assert_eq!(some(|(asks, _)| *asks > 0), timeouts > 0, "{timeouts}");
        assert_eq!(some(|(_, asked)| *asked > 0), timeouts > 0, "{timeouts}");
    }
}

#[test]
fn three_that_are_asked_to_drop_it_go_on() {
    for timeouts in [1, 2] {
        outcomes(3, 2, shared(timeouts), |_, shared| computes(1, shared));
    }
}

#[test]
fn a_new_holder_is_not_asked_at_once() {
    let found = outcomes(3, 4, shared(1), |number, shared| {
        let me = Arc::new(Breaker::new());
        let mut taken = Taken::default();
        if number == 0 {
            taken = shared.gil.take(&me);
        } else if !shared.gil.try_take(&me) {
            return (0, 0);
        }
        shared.guarded.touch();
        shared.gil.release(&me);
        (taken.waits, taken.asks)
    });
    // Nobody else waits, and the time of the first wait is up. Who then waits again either asks, or has seen a switch.
    assert!(found.iter().any(|found| found[0].0 > 1 && found[0].1 == 1));
    assert!(found.iter().any(|found| found[0].0 > 1 && found[0].1 == 0));
}

#[test]
fn whoever_drops_it_by_themselves_may_win_it_again() {
    for timeouts in [0, 1] {
        let found = outcomes(2, 3, shared(timeouts), |_, shared| {
            let me = Arc::new(Breaker::new());
            let waits = shared.gil.take(&me).waits;
            for _ in 0..2 {
                shared.guarded.touch();
                shared.gil.blocking(&me, || ());
            }
            shared.guarded.touch();
            shared.gil.release(&me);
            waits
        });
        // Who is woken, and did not ask, may find it taken again.
        assert!(timeouts > 0 || found.iter().flatten().any(|waits| *waits > 1));
    }
}

#[test]
fn a_probe_has_it_alone() {
    let found = outcomes(2, 3, shared(0), |number, shared| {
        let me = Arc::new(Breaker::new());
        let has = if number == 0 { shared.gil.try_take(&me) } else { shared.gil.take(&me).waits == 0 };
        if has || number > 0 {
            shared.guarded.touch();
            shared.gil.release(&me);
        }
        has
    });
    // The probe comes too late, or first and the other waits, or they do not meet.
    assert_eq!(found, [[false, true], [true, false], [true, true]].map(Vec::from).into());
}
