//! The GIL.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cpython_locks::{Breaker, Gil};

use crate::add;

const NEVER: Duration = Duration::from_secs(3600);

#[test]
fn spinners_take_turns() {
    let gil = Gil::new(Duration::from_millis(1));
    let turns = [const { AtomicU64::new(0) }; 2];
    let done = || turns.iter().all(|turns| turns.load(Ordering::Relaxed) >= 5);
    thread::scope(|scope| {
        for mine in &turns {
            let (gil, done) = (&gil, &done);
            scope.spawn(move || {
                let me = Arc::new(Breaker::new());
                gil.take(&me);
                while !done() {
                    if me.pending() {
                        mine.fetch_add(1, Ordering::Relaxed);
                    }
                    gil.check_point(&me);
                }
                gil.release(&me);
            });
        }
    });
    // Who drops it on request does not win it again: each turn is a switch.
    let turns: u64 = turns.into_iter().map(AtomicU64::into_inner).sum();
    assert!(gil.switches() >= turns, "{} switches in {turns} turns", gil.switches());
}

#[test]
fn many_threads_lose_nothing() {
    const THREADS: u64 = 50;
    const ROUNDS: u64 = 200;
    let (gil, counter) = (Gil::new(Duration::from_micros(50)), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let me = Arc::new(Breaker::new());
                gil.take(&me);
                for round in 0..ROUNDS {
                    add(&counter);
                    gil.check_point(&me);
                    if round % 50 == 0 {
                        gil.blocking(&me, thread::yield_now);
                    }
                }
                gil.release(&me);
            });
        }
    });
    assert_eq!(counter.into_inner(), THREADS * ROUNDS);
    assert!(gil.switches() >= THREADS);
}

#[test]
fn whoever_drops_it_by_themselves_wins_it_again_without_a_switch() {
    let (gil, me, other) = (Gil::new(NEVER), Arc::new(Breaker::new()), Arc::new(Breaker::new()));
    assert_eq!(gil.take(&me).waits, 0);
    assert!(!gil.try_take(&other));
    assert!(!gil.release(&me));
    assert!(gil.try_take(&me));
    assert_eq!(gil.switches(), 1);
    gil.release(&me);
    assert!(gil.try_take(&other));
    assert_eq!(gil.switches(), 2);
}

#[test]
fn a_request_without_anybody_who_waits_is_no_reason_to_wait() {
    let (gil, me) = (Gil::new(NEVER), Arc::new(Breaker::new()));
    gil.take(&me);
    me.ask(Breaker::DROP | Breaker::MERGE);
    assert!(!gil.release(&me));
    gil.take(&me);
    // A new turn: the request was of the last. Others are not the lock's.
    assert!(!me.asked(Breaker::DROP));
    assert!(me.asked(Breaker::MERGE));
    me.clear(Breaker::MERGE);
    assert!(!me.pending());
}

#[test]
fn a_call_that_panics_gives_the_lock_back() {
    let (gil, me, other) = (Gil::new(NEVER), Arc::new(Breaker::new()), Arc::new(Breaker::new()));
    gil.take(&me);
    let call = || {
        assert!(gil.try_take(&other), "it is free during the call");
        gil.release(&other);
        panic!("on purpose");
    };
    assert!(catch_unwind(AssertUnwindSafe(|| gil.blocking(&me, call))).is_err());
    assert!(!gil.try_take(&other));
}

#[test]
#[should_panic(expected = "nobody holds it")]
fn what_nobody_holds_is_not_released() {
    Gil::new(NEVER).release(&Arc::new(Breaker::new()));
}
