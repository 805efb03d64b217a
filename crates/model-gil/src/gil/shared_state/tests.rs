//! Two clients, made to meet: in the middle of the first one's addition somebody asks for the lock, so that the next check
//! point hands it over. What is then lost, by strategy.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use cpython_locks::Breaker;
use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, KeyValue, Uses};
use patterns::{Form, Silent, Workload, Wrong};
use serde::{Deserialize, Serialize};

use super::{Lock, SharedState, Store, Thread, held, lock, racy};

/// One number that clients add 1 to, as a counter or as an entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Sum<const COUNTS: bool>;

thread_local! {
    /// Whose addition is not to go on before the lock is asked for.
    static WAITS: RefCell<Option<Arc<Breaker>>> = const { RefCell::new(None) };
}

fn in_the_middle() {
    if let Some(me) = WAITS.take() {
        while !me.asked(Breaker::DROP) {
            std::thread::yield_now();
        }
    }
}

impl<const COUNTS: bool> Workload for Sum<COUNTS> {
    const ID: &'static str = "sum";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl<const COUNTS: bool> SharedState for Sum<COUNTS> {
    type Key = u64;
    type Value = u64;
    type Op = ();
    type Reply = ();
    type Tally = ();

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = if COUNTS { Form::Has(Self::COUNTER) } else { Form::Lacks("as an entry") };
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("not asked");
    const APART: Form<Apart<Self>> = Form::Has(Apart {
        make: |_, (), seen| {
            in_the_middle();
            seen.map(|value| value + 1)
        },
        act: |_, (), _, made, entry| {
            entry.put(made.expect("the number is there"));
        },
    });

    fn initial(&self, (): &()) -> Vec<(u64, u64)> {
        vec![(0, 0)]
    }
    fn script<'i>(&self, (): &'i (), _: usize) -> &'i [()] {
        &[()]
    }
    fn access(&self, (): &()) -> Access<u64> {
        Access::Write(0)
    }
    fn read(&self, (): &(), _: Option<&u64>) {}
    fn write(&self, (): &(), mut entry: impl Entry<u64>) {
        let before = *entry.get().expect("the number is there");
        in_the_middle();
        entry.put(before + 1);
    }
    fn verify(&self, (): &(), _: &Answer<Self>) -> Result<(), Wrong> {
        Ok(())
    }
}

impl<const COUNTS: bool> Sum<COUNTS> {
    const COUNTER: Counters<Self> = Counters {
        slots: |_| 1,
        add: |_, ()| (0, 1),
        work: |_, ()| in_the_middle(),
        reply: |_, (), _| (),
        entry: |_, _, value| (0, value),
        initial: |_, value| *value,
        stride: |_| 1,
    };
}

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
            WAITS.set(Some(first.breaker()));
            begins.send(()).expect("the other waits for it");
            add(&mut first);
        });
        begun.recv().expect("a first client");
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
