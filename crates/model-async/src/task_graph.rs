//! Task graph on a runtime of as many threads as there are workers.
//!
//! - `channels`: a task for each worker, which owns a block of points; a channel between every two. After a step each sends
//!   the others the edges that they need, and awaits its own. A message a step and neighbour.
//! - `join-set`: a task for each point of a step, joined before the next step. A microsecond a task, and all wait for the
//!   slowest.

use std::sync::Arc;

use patterns::map_reduce::block;
use patterns::probe::Observed;
use patterns::task_graph::{Traffic, done};
use patterns::{Demand, Error, Job, Measure, Probe, RunsTaskGraph, Start, Strategies, Strategy, TaskGraph, Units};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::{Async, joined, runtime};

impl RunsTaskGraph for Async {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("channels", COPIED, channels::<W, P>)).and(Strategy::idiomatic(
            "join-set",
            Demand::SPAWNED,
            join_set::<W, P>,
        ))
    }
}

/// An edge stays in its block when it is sent.
const COPIED: &[Demand] = &[Demand::Send, Demand::Sync, Demand::Static, Demand::Clone, Demand::Async];

/// Edges and their points.
type Message<E> = Vec<(usize, E)>;

/// A task's ends of its channels, by the other task.
struct Ends<E> {
    to: Vec<UnboundedSender<Message<E>>>,
    from: Vec<UnboundedReceiver<Message<E>>>,
}

fn channels<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (runtime, workers) = (runtime(start.workers)?, start.workers.get());
    let traffic: Vec<_> = Traffic::of(&job.workload, workers).into_iter().map(Arc::new).collect();
    let messages: usize = traffic.iter().flat_map(|one| &one.sends).map(Vec::len).sum();
    measure(&mut |watch| {
        let whole = blocks(job.clone(), ends(workers).into_iter().zip(traffic.iter().cloned()).collect());
        let (last, counts) = watch.time(|| joined(0, runtime.block_on(runtime.spawn(whole))))??;
        let (mut executed, mut observed) = (0, Observed::default());
        for count in counts {
            executed += count;
            observed.absorb(P::default().observed(count));
        }
        let (threads, messages) = (workers as u64, messages as u64);
        Ok(done(last, executed, Units { threads, tasks: threads, messages, ..Units::default() }, observed))
    })
}

/// A channel from every task to every other, and to itself, which nobody uses.
fn ends<E>(workers: usize) -> Vec<Ends<E>> {
    let mut all: Vec<Ends<E>> = (0..workers).map(|_| Ends { to: Vec::new(), from: Vec::new() }).collect();
    for from in 0..workers {
        for to in 0..workers {
            let (sender, receiver) = unbounded_channel();
            all[from].to.push(sender);
            all[to].from.push(receiver);
        }
    }
    all
}

/// A task for each block; the last row, and what each executed.
async fn blocks<W: TaskGraph>(
    job: Arc<Job<W>>,
    blocks: Vec<(Ends<W::Edge>, Arc<Traffic>)>,
) -> Result<(Vec<W::Edge>, Vec<u64>), Error> {
    let workers = blocks.len();
    let spawn = |(worker, (ends, traffic))| {
        let points = block(job.workload.width(), worker, workers);
        tokio::spawn(steps(job.clone(), traffic, points, ends))
    };
    let tasks: Vec<_> = blocks.into_iter().enumerate().map(spawn).collect();
    let (mut last, mut counts) = (Vec::new(), Vec::with_capacity(workers));
    for (worker, task) in tasks.into_iter().enumerate() {
        // Whoever finds another gone returns less; the other one's panic is what is told.
        let (row, executed) = joined(worker, task.await)?;
        last.extend(row.into_iter().flatten());
        counts.push(executed);
    }
    Ok((last, counts))
}

/// All steps of one block; its part of the last row, and tasks executed.
async fn steps<W: TaskGraph>(
    job: Arc<Job<W>>,
    traffic: Arc<Traffic>,
    points: std::ops::Range<usize>,
    mut ends: Ends<W::Edge>,
) -> (Option<Vec<W::Edge>>, u64) {
    let workload = &job.workload;
    // The row before, as far as this block knows it.
    let mut before: Vec<Option<W::Edge>> = (0..workload.width()).map(|_| None).collect();
    let mut needs = Vec::new();
    let mut executed = 0;
    for step in 0..workload.steps() {
        let row = row(workload, step, points.clone(), &before, &mut needs);
        executed += row.len() as u64;
        for (point, edge) in points.clone().zip(row) {
            before[point] = Some(edge);
        }
        for (to, points) in &traffic.sends[step] {
            let edges = points.iter().filter_map(|point| Some((*point, before[*point].clone()?))).collect();
            if ends.to[*to].send(edges).is_err() {
                return (None, executed);
            }
        }
        for from in &traffic.receives[step] {
            let Some(edges) = ends.from[*from].recv().await else { return (None, executed) };
            for (point, edge) in edges {
                before[point] = Some(edge);
            }
        }
    }
    (Some(before.drain(points).flatten().collect()), executed)
}

/// The part of a row that some points are.
fn row<W: TaskGraph>(
    workload: &W,
    step: usize,
    points: std::ops::Range<usize>,
    before: &[Option<W::Edge>],
    needs: &mut Vec<usize>,
) -> Vec<W::Edge> {
    let mut inputs = Vec::new();
    let execute = |point| {
        needs.clear();
        workload.needs(step, point, needs);
        inputs.clear();
        inputs.extend(needs.iter().filter_map(|need| before[*need].as_ref()));
        workload.execute(step, point, &inputs)
    };
    points.map(execute).collect()
}

fn join_set<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let runtime = runtime(start.workers)?;
    measure(&mut |watch| {
        let (last, executed) = watch.time(|| joined(0, runtime.block_on(runtime.spawn(every_step(job.clone())))))??;
        let units = Units { threads: start.workers.get() as u64, tasks: executed, ..Units::default() };
        Ok(done(last, executed, units, P::default().observed(executed)))
    })
}

/// Step after step, a task a point; the last row, and tasks executed.
async fn every_step<W: TaskGraph>(job: Arc<Job<W>>) -> Result<(Vec<W::Edge>, u64), Error> {
    let width = job.workload.width();
    let mut last: Arc<Vec<Option<W::Edge>>> = Arc::new(Vec::new());
    let mut executed = 0;
    for step in 0..job.workload.steps() {
        let mut tasks = JoinSet::new();
        for point in 0..width {
            let (job, before) = (job.clone(), last.clone());
            tasks.spawn(async move {
                let mut edges = row(&job.workload, step, point..point + 1, &before, &mut Vec::new());
                (point, edges.pop())
            });
        }
        let mut row: Vec<Option<W::Edge>> = (0..width).map(|_| None).collect();
        while let Some(task) = tasks.join_next().await {
            let (point, edge) = joined(0, task)?;
            row[point] = edge;
            executed += 1;
        }
        last = Arc::new(row);
    }
    let last = Arc::into_inner(last).ok_or_else(|| Error::other("a task kept the row"))?;
    Ok((last.into_iter().flatten().collect(), executed))
}
