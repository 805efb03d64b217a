//! A workload for tests: additions to one number, with something that happens in the middle of one.

use std::cell::RefCell;

use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, Uses};
use patterns::{Form, SharedState, Workload, Wrong};
use serde::{Deserialize, Serialize};

/// One number that clients add 1 to, as a counter or as an entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sum<const COUNTS: bool>;

thread_local! {
    /// What happens in the middle of this thread's next addition.
    pub(crate) static MEANWHILE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// To be called there.
pub(crate) fn in_the_middle() {
    if let Some(happens) = MEANWHILE.take() {
        happens();
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
