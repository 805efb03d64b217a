//! Pipeline on a runtime of at most a thread a CPU: a task a stage, one for the source and one for the sink.
//!
//! - `mpsc`: tokio's bounded channels with the workload's capacity between them. A hop is a hundred nanoseconds where the next
//!   task runs on the same thread, and a wake-up where it does not; memory is bounded by what waits for room.

use std::sync::Arc;

use patterns::pipeline::done;
use patterns::probe::Observed;
use patterns::{
    Demand, Error, Job, Measure, Pipeline, Placement, Probe, RunsPipeline, Start, Strategies, Strategy, Units,
};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{Async, START, joined};

impl RunsPipeline for Async {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        let refuses = |workload: &W| match (workload.capacity(), workload.placement()) {
            (0, _) => Some("tokio has no channel without room"),
            (_, Placement::CrossCpu) => Some("a task has no CPU of its own: it runs on whichever thread takes it"),
            _ => None,
        };
        Strategies::of(Strategy::idiomatic("mpsc", Demand::AWAITED, mpsc::<W, P>).unless(refuses))
    }
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

fn mpsc<W: Pipeline, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    let (stages, placement) = (job.workload.stages(), job.workload.placement());
    let threads = start.cpus.get().min(stages.max(1));
    let mut builder = Builder::new_multi_thread();
    // Where it fails, threads are where the system puts them; that it would fail, the probing call says before.
    std::thread::scope(|scope| scope.spawn(|| placement.settle(0)).join()).unwrap_or(Ok(()))?;
    builder.on_thread_start(move || drop(placement.settle(0)));
    let runtime = builder.worker_threads(threads).build().map_err(Error::io(START))?;
    measure(&mut |watch| {
        let whole = units(job.clone(), row(&job.workload));
        let (sink, counts) = watch.time(|| joined(0, runtime.block_on(runtime.spawn(whole))))??;
        let (mut executed, mut observed) = (0, Observed::default());
        for count in counts {
            executed += count;
            observed.absorb(P::default().observed(count));
        }
        let hops = job.workload.items(&job.input) * (stages * job.workload.laps() + 1);
        let (threads, tasks, messages) = (threads as u64, stages as u64 + 2, hops as u64);
        Ok(done(sink, executed, Units { threads, tasks, messages, ..Units::default() }, observed))
    })
}

/// Source, stages and sink in a row, with channels between them; a ring where there are laps.
fn row<W: Pipeline>(workload: &W) -> Vec<Ends<W::Item>> {
    let stages = workload.stages();
    let (mut inbox, mut first) = (None, None);
    let mut row = Vec::with_capacity(stages + 2);
    for _ in 0..=stages {
        let (sender, receiver) = channel(workload.capacity().max(1));
        first.get_or_insert_with(|| sender.clone());
        row.push(Ends { inbox: inbox.replace(receiver), outbox: Some(sender), back: None });
    }
    row.push(Ends { inbox, outbox: None, back: None });
    row[stages].back = first.filter(|_| workload.laps() > 1);
    row
}

/// A task a unit; what the sink holds, and what each executed.
async fn units<W: Pipeline>(job: Arc<Job<W>>, row: Vec<Ends<W::Item>>) -> Result<(W::Sink, Vec<u64>), Error> {
    let spawn = |(member, ends): (usize, _)| tokio::spawn(unit(job.clone(), member.saturating_sub(1), ends));
    let tasks: Vec<_> = row.into_iter().enumerate().map(spawn).collect();
    let (mut whole, mut counts) = (None, Vec::with_capacity(tasks.len()));
    for (member, task) in tasks.into_iter().enumerate() {
        let (sink, executed) = joined(member, task.await)?;
        whole = whole.or(sink);
        counts.push(executed);
    }
    Ok((whole.ok_or_else(|| Error::other("no sink reported"))?, counts))
}

/// A unit's part of a round: the sink of the last one, and stage executions. Who finds a neighbour gone leaves in silence:
/// the neighbour says why.
async fn unit<W: Pipeline>(job: Arc<Job<W>>, stage: usize, ends: Ends<W::Item>) -> (Option<W::Sink>, u64) {
    let workload = &job.workload;
    let (items, laps) = (workload.items(&job.input), workload.laps());
    match (ends.inbox, ends.outbox) {
        (None, Some(outbox)) => {
            for index in 0..items {
                if outbox.send((0, workload.source(&job.input, index))).await.is_err() {
                    break;
                }
            }
            (None, 0)
        }
        (Some(mut inbox), Some(outbox)) => {
            let mut executed = 0;
            // Counted, since a ring holds its own channels open.
            for _ in 0..items * laps {
                let Some((behind, item)) = inbox.recv().await else { break };
                let item = workload.stage(stage, item);
                executed += 1;
                let sent = match &ends.back {
                    Some(back) if behind + 1 < laps => back.send((behind + 1, item)).await,
                    _ => outbox.send((behind, item)).await,
                };
                if sent.is_err() {
                    break;
                }
            }
            (None, executed)
        }
        (Some(mut inbox), None) => {
            let mut sink = workload.empty();
            let mut absorbed = 0;
            while let Some((_, item)) = inbox.recv().await {
                workload.absorb(&mut sink, item);
                absorbed += 1;
            }
            ((absorbed == items).then_some(sink), 0)
        }
        (None, None) => (None, 0),
    }
}
