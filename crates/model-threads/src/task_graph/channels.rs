//! `channels`: a crossbeam channel from every thread to every other. After a step a thread sends each of the others one
//! message with the edges that it needs, then waits for those it needs itself.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use patterns::map_reduce::block;
use patterns::probe::Observed;
use patterns::task_graph::{Traffic, done};
use patterns::{Error, Job, Measure, Probe, Start, TaskGraph, Units, team};

/// Edges and their points.
type Message<E> = Vec<(usize, E)>;

/// A thread's ends of its channels, by the other thread.
struct Ends<E> {
    to: Vec<Sender<Message<E>>>,
    from: Vec<Receiver<Message<E>>>,
}

pub(super) fn run<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let traffic = Traffic::of(workload, workers);
    let messages: usize = traffic.iter().flat_map(|one| &one.sends).map(Vec::len).sum();
    let work = |worker: usize, ends: Ends<W::Edge>| {
        let points = block(workload.width(), worker, workers);
        let row = steps(workload, &traffic[worker], points.clone(), &ends);
        // Nothing comes any more: another failed, and says so itself.
        let executed = if row.is_some() { (points.len() * workload.steps()) as u64 } else { 0 };
        Ok((row.unwrap_or_default(), executed, P::default().observed(executed)))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let mut all = ends(workers).into_iter();
            let none = || Ends { to: Vec::new(), from: Vec::new() };
            let parts = watch.time(|| team.run(|_| all.next().unwrap_or_else(none)))?;
            let (mut last, mut executed, mut observed) = (Vec::new(), 0, Observed::default());
            for (row, count, seen) in parts {
                last.extend(row);
                executed += count;
                observed.absorb(seen);
            }
            let units = Units { threads: workers as u64, messages: messages as u64, ..Units::default() };
            Ok(done(last, executed, units, observed))
        })
    })
}

/// A channel from every thread to every other, and to itself, which nobody uses.
fn ends<E>(workers: usize) -> Vec<Ends<E>> {
    let mut all: Vec<Ends<E>> = (0..workers).map(|_| Ends { to: Vec::new(), from: Vec::new() }).collect();
    for from in 0..workers {
        for to in 0..workers {
            let (sender, receiver) = unbounded();
            all[from].to.push(sender);
            all[to].from.push(receiver);
        }
    }
    all
}

/// All steps of one worker; its part of the last row.
fn steps<W: TaskGraph>(
    workload: &W,
    traffic: &Traffic,
    points: std::ops::Range<usize>,
    ends: &Ends<W::Edge>,
) -> Option<Vec<W::Edge>> {
    // The row before, as far as this worker knows it.
    let mut before: Vec<Option<W::Edge>> = (0..workload.width()).map(|_| None).collect();
    let mut needs = Vec::new();
    for step in 0..workload.steps() {
        let mut row = Vec::with_capacity(points.len());
        let mut inputs = Vec::new();
        for point in points.clone() {
            needs.clear();
            workload.needs(step, point, &mut needs);
            inputs.clear();
            inputs.extend(needs.iter().filter_map(|need| before[*need].as_ref()));
            row.push(workload.execute(step, point, &inputs));
        }
        for (point, edge) in points.clone().zip(row) {
            before[point] = Some(edge);
        }
        for (to, points) in &traffic.sends[step] {
            let edges = points.iter().filter_map(|point| Some((*point, before[*point].clone()?))).collect();
            ends.to[*to].send(edges).ok()?;
        }
        for from in &traffic.receives[step] {
            for (point, edge) in ends.from[*from].recv().ok()? {
                before[point] = Some(edge);
            }
        }
    }
    Some(before.drain(points).flatten().collect())
}
