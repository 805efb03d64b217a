//! `biased`: a counter in two halves. Its owner adds to one of them without an indivisible operation, since nobody else
//! does; all others add to the second indivisibly. What it counts is their sum, which is known when all are done.
//!
//! After biased reference counting (Choi, Shull and Torrellas, PACT 2018), where most operations on an object are its
//! owner's. The halves lie side by side, as there: others who add make the owner's line travel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use patterns::shared_state::{Answer, Evidence, client};
use patterns::{Error, Form, Job, Measure, Probe, SharedState, Start, team};

use super::units;

#[derive(Default)]
struct Halves {
    owned: AtomicU64,
    others: AtomicU64,
}

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let (workload, clients) = (&job.workload, start.workers.get());
    let stride = (W::COUNTERS.given().stride)(workload);
    let work = |who, counters: Arc<Vec<Halves>>| {
        let apply = |op: &W::Op, _: &mut P| {
            let (slot, amount) = (W::COUNTERS.given().add)(workload, op);
            (W::COUNTERS.given().work)(workload, op);
            let Halves { owned, others } = &counters[slot * stride];
            // Relaxed, as in `atomic`: a half publishes nothing but itself. A load and a store suffice for the owner,
            // who is the only one that stores there.
            let before = if slot % clients == who {
                let before = owned.load(Ordering::Relaxed);
                owned.store(before.wrapping_add(amount), Ordering::Relaxed);
                before
            } else {
                others.fetch_add(amount, Ordering::Relaxed)
            };
            (W::COUNTERS.given().reply)(workload, op, before)
        };
        Ok(client::<W, P>(job, who, apply))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let initial = W::COUNTERS.given().filled(workload, workload.initial(&job.input));
            let halves = |word| Halves { owned: AtomicU64::new(word), others: AtomicU64::new(0) };
            let counters = Arc::new(initial.into_iter().map(halves).collect::<Vec<_>>());
            let clients = watch.time(|| team.run(|_| counters.clone()))?;
            let counters = Arc::into_inner(counters).ok_or_else(|| Error::other("a client kept the counters"))?;
            let sum = |Halves { owned, others }: Halves| owned.into_inner().wrapping_add(others.into_inner());
            let entries = W::COUNTERS.given().entries(workload, counters.into_iter().map(sum));
            Ok(Evidence::done(workload, clients, entries, units(start)))
        })
    })
}

/// What it needs beside counters: nobody who asks what one holds while others add to it.
pub(super) fn told<W: SharedState>() -> Form<()> {
    if W::USES.asks {
        Form::Lacks("a reply says what a counter holds, and neither half of it knows")
    } else {
        Form::Has(())
    }
}
