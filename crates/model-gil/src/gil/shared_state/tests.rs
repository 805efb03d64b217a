//! Two clients, made to meet: in the middle of the first one's addition somebody asks for the lock, so that the next check
//! point hands it over. What is then lost, by strategy.

use std::sync::mpsc::sync_channel;

use cpython_locks::Breaker;
use patterns::Silent;
use patterns::shared_state::KeyValue;

use super::{Lock, SharedState, Store, Thread, held, lock, racy};
use crate::sum::{MEANWHILE, Sum};

/// What the number comes to, and how often the lock changed hands.
fn two_clients<S: Store<Sum<COUNTS>>, const COUNTS: bool>() -> (Vec<KeyValue<Sum<COUNTS>>>, u64) {
    let (gil, sum) = (Lock::new(std::time::Duration::from_millis(1)), Sum::<COUNTS>);
    let store = S::new(&sum, sum.initial(&()));
    let add = |thread: &mut Thread<'_>| {
        store.apply(&sum, &(), thread, &mut Silent);
        thread.check_point(&mut Silent);
    };
    std::thread::scope(|scope| {
        let (begins, begun) = sync_channel::<()>(0);
        let (gil, add) = (&gil, &add);
        scope.spawn(move || {
            let mut first = Thread::of(gil);
            first.attach(&mut Silent);
            let me = first.breaker();
            let asked = move || {
                begins.send(()).expect("the other waits for it");
                while !me.asked(Breaker::DROP) {
                    std::thread::yield_now();
                }
            };
            MEANWHILE.set(Some(Box::new(asked)));
            add(&mut first);
        });
        begun.recv().expect("a first client, in the middle");
        let mut second = Thread::of(gil);
        second.attach(&mut Silent);
        add(&mut second);
    });
    (store.into_entries(&sum), gil.switches())
}

#[test]
fn only_what_has_a_check_point_in_its_middle_loses_an_update() {
    // The first client's addition is half done, whatever the threads do, when the lock is asked for.
    let (entries, switches) = two_clients::<held::Store<Sum<false>>, false>();
    assert_eq!(entries, [(0, 2)]);
    assert!(switches >= 3, "to each, and back to the first: {switches}");
    assert_eq!(two_clients::<racy::Words, true>().0, [(0, 1)]);
    assert_eq!(two_clients::<racy::Steps<Sum<false>>, false>().0, [(0, 1)]);
    // Handed over inside the lock; then the second finds that held, sleeps, and hands the other one back.
    let (entries, switches) = two_clients::<lock::Store<Sum<false>>, false>();
    assert_eq!(entries, [(0, 2)]);
    assert!(switches >= 4, "to each, to the first again, and to the second again: {switches}");
}
