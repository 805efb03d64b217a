//! Pipeline on warm threads: one a stage, one for the source and one for the sink.
//!
//! - `bounded`: crossbeam channels with the workload's capacity between them. A channel operation an item and stage, and a
//!   wake-up where somebody waits; whoever is ahead waits for room, so that memory is bounded.
//! - `rendezvous`: channels without room: an item is handed from thread to thread, and both have to be there. A wake-up an
//!   item and stage.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, bounded};
use patterns::pipeline::done;
use patterns::probe::Observed;
use patterns::{Demand, Error, Job, Measure, Pipeline, Probe, RunsPipeline, Start, Strategies, Strategy, Units, team};

use crate::Threads;

impl RunsPipeline for Threads {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        let without_room = |workload: &W| (workload.capacity() == 0).then_some("without room it is rendezvous");
        Strategies::of(Strategy::idiomatic("bounded", Demand::BORROWED, with_room::<W, P>).unless(without_room))
            .and(Strategy::idiomatic("rendezvous", Demand::BORROWED, rendezvous::<W, P>))
    }
}

fn with_room<W: Pipeline, P: Probe>(
    _start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    rounds::<W, P>(job.workload.capacity(), job, measure)
}

fn rendezvous<W: Pipeline, P: Probe>(
    _start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    rounds::<W, P>(0, job, measure)
}

/// An item and the laps it has behind it.
type Lapped<I> = (usize, I);

/// The ends of a unit: where items come from and where they go. The source has no inbox, the sink no outbox.
struct Ends<I> {
    inbox: Option<Receiver<Lapped<I>>>,
    outbox: Option<Sender<Lapped<I>>>,
    /// The last stage's way back to the first, in a ring.
    back: Option<Sender<Lapped<I>>>,
}

fn rounds<W: Pipeline, P: Probe>(
    capacity: usize,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    let stages = job.workload.stages();
    let members = NonZeroUsize::MIN.saturating_add(stages + 1);
    let settled: Vec<OnceLock<()>> = (0..members.get()).map(|_| OnceLock::new()).collect();
    let work = |member: usize, ends: Ends<W::Item>| {
        // Once a thread, in the first round: the source beside the first stage, the sink beside the last.
        let stage = member.saturating_sub(1).min(stages.saturating_sub(1));
        if settled[member].set(()).is_ok() {
            job.workload.placement().settle(stage)?;
        }
        let (sink, executed) = unit(job, stage, ends);
        Ok((sink, executed, P::default().observed(executed)))
    };
    team(members, work, |team| {
        measure(&mut |watch| {
            let mut ends = row(&job.workload, capacity).into_iter();
            let none = || Ends { inbox: None, outbox: None, back: None };
            let parts = watch.time(|| team.run(|_| ends.next().unwrap_or_else(none)))?;
            let (mut whole, mut steps, mut observed) = (None, 0, Observed::default());
            for (sink, executed, seen) in parts {
                whole = whole.or(sink);
                steps += executed;
                observed.absorb(seen);
            }
            let sink = whole.ok_or_else(|| Error::other("no sink reported"))?;
            let hops = job.workload.items(&job.input) * (stages * job.workload.laps() + 1);
            let units = Units { threads: members.get() as u64, messages: hops as u64, ..Units::default() };
            Ok(done(sink, steps, units, observed))
        })
    })
}

/// Source, stages and sink in a row, with channels between them; a ring where there are laps.
fn row<W: Pipeline>(workload: &W, capacity: usize) -> Vec<Ends<W::Item>> {
    let stages = workload.stages();
    let (mut inbox, mut first) = (None, None);
    let mut row = Vec::with_capacity(stages + 2);
    for _ in 0..=stages {
        let (sender, receiver) = bounded(capacity);
        first.get_or_insert_with(|| sender.clone());
        row.push(Ends { inbox: inbox.replace(receiver), outbox: Some(sender), back: None });
    }
    row.push(Ends { inbox, outbox: None, back: None });
    row[stages].back = first.filter(|_| workload.laps() > 1);
    row
}

/// A unit's part of a round: the sink of the last one, and stage executions. Who finds a neighbour gone leaves in silence:
/// the neighbour says why.
fn unit<W: Pipeline>(job: &Job<W>, stage: usize, ends: Ends<W::Item>) -> (Option<W::Sink>, u64) {
    let workload = &job.workload;
    let (items, laps) = (workload.items(&job.input), workload.laps());
    match (ends.inbox, ends.outbox) {
        (None, Some(outbox)) => {
            let mut items = (0..items).map(|index| (0, workload.source(&job.input, index)));
            let _ = items.try_for_each(|item| outbox.send(item));
            (None, 0)
        }
        (Some(inbox), Some(outbox)) => {
            let mut executed = 0;
            // Counted, since a ring holds its own channels open.
            for (behind, item) in inbox.iter().take(items * laps) {
                let item = workload.stage(stage, item);
                executed += 1;
                let sent = match &ends.back {
                    Some(back) if behind + 1 < laps => back.send((behind + 1, item)),
                    _ => outbox.send((behind, item)),
                };
                if sent.is_err() {
                    break;
                }
            }
            (None, executed)
        }
        (Some(inbox), None) => {
            let mut sink = workload.empty();
            let mut absorbed = 0;
            for (_, item) in inbox {
                workload.absorb(&mut sink, item);
                absorbed += 1;
            }
            ((absorbed == items).then_some(sink), 0)
        }
        (None, None) => (None, 0),
    }
}
