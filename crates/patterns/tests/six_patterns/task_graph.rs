//! Task graph: a three-point stencil whose tasks check where their inputs come from, and the ways that can run it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, PoisonError, RwLock};

use patterns::map_reduce::block;
use patterns::task_graph::{done, sequential};
use patterns::{
    Error, Job, Measure, Probe, RunsTaskGraph, Silent, Start, Strategies, Strategy, TaskGraph, Units, Workload, Wrong,
    job, team,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{WORKERS, every_strategy, gone, joined, pack, pause, spawn, start, unpack};

impl RunsTaskGraph for Toy {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("borrowed", borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", spawned::<W, P>))
            .and(Strategy::idiomatic("messages", messages::<W, P>))
            .and(Strategy::not_applicable("shipped", "`execute` takes the whole input, and inputs do not travel"))
    }
}

/// The points that `(step, point)` needs.
fn needs<W: TaskGraph>(workload: &W, step: usize, point: usize) -> Vec<usize> {
    let mut points = Vec::new();
    workload.needs(step, point, &mut points);
    points
}

/// This step's edges and the last one's, by parity.
type Rows<E> = [Vec<RwLock<Option<E>>>; 2];

fn borrowed<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let barrier = Barrier::new(workers);
    let work = |worker, rows: Arc<Rows<W::Edge>>| {
        let mut executed = 0;
        for step in 0..workload.steps() {
            for point in block(workload.width(), worker, workers) {
                let points = needs(workload, step, point);
                let last = &rows[(step + 1) % 2];
                let guards: Vec<_> =
                    points.iter().map(|&point| last[point].read().unwrap_or_else(PoisonError::into_inner)).collect();
                let inputs: Vec<&W::Edge> =
                    guards.iter().map(|edge| edge.as_ref().expect("the step before is done")).collect();
                let edge = workload.execute(&job.input, step, point, &inputs);
                *rows[step % 2][point].write().unwrap_or_else(PoisonError::into_inner) = Some(edge);
                executed += 1;
            }
            barrier.wait();
        }
        Ok(executed)
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let row = || (0..workload.width()).map(|_| RwLock::new(None)).collect::<Vec<_>>();
            let rows = Arc::new([row(), row()]);
            let executed: u64 = watch.time(|| team.run(|_| rows.clone()))?.into_iter().sum();
            let rows = Arc::into_inner(rows).ok_or_else(|| Error::other("a worker kept the rows"))?;
            let last = rows.into_iter().nth((workload.steps() + 1) % 2).expect("one of two");
            let edge = |cell: RwLock<Option<_>>| cell.into_inner().unwrap_or_else(PoisonError::into_inner);
            let last = last.into_iter().filter_map(edge).collect();
            Ok(done(last, executed, units(workers), P::default().observed(executed)))
        })
    })
}

fn spawned<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (width, workers) = (job.workload.width(), start.workers.get());
    measure(&mut |watch| {
        let (last, executed) = watch.time(|| {
            let (mut last, mut executed) = (Arc::new(Vec::new()), 0);
            for step in 0..job.workload.steps() {
                let part = |worker| spawn(some_points(job.clone(), last.clone(), step, block(width, worker, workers)));
                let parts: Vec<_> = (0..workers).map(part).collect();
                let mut row = Vec::with_capacity(width);
                for (worker, part) in parts.into_iter().enumerate() {
                    row.extend(joined(worker, part)?);
                }
                executed += row.len() as u64;
                last = Arc::new(row);
            }
            Ok::<_, Error>((last, executed))
        })?;
        let last = Arc::into_inner(last).ok_or_else(|| Error::other("a task kept the row"))?;
        Ok(done(last, executed, units(workers), P::default().observed(executed)))
    })
}

async fn some_points<W: TaskGraph>(
    job: Arc<Job<W>>,
    last: Arc<Vec<W::Edge>>,
    step: usize,
    points: std::ops::Range<usize>,
) -> Vec<W::Edge> {
    let mut row = Vec::with_capacity(points.len());
    for point in points {
        let points = needs(&job.workload, step, point);
        let inputs: Vec<&W::Edge> = points.iter().map(|&point| &last[point]).collect();
        pause().await; // with borrowed inputs in hand
        row.push(job.workload.execute(&job.input, step, point, &inputs));
    }
    row
}

/// Edges as bytes, each worker to each other one; the input is borrowed, which is what a process could not do.
fn messages<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let work = |worker, mail: Mail| {
        let mut last: Vec<W::Edge> = Vec::new();
        let (mut executed, mut bytes) = (0, 0);
        for step in 0..workload.steps() {
            let mut mine = Vec::new();
            for point in block(workload.width(), worker, workers) {
                let points = needs(workload, step, point);
                let inputs: Vec<&W::Edge> = points.iter().map(|&point| &last[point]).collect();
                mine.push(workload.execute(&job.input, step, point, &inputs));
                executed += 1;
            }
            let message = pack(&mine);
            for to in &mail.to {
                bytes += message.len() as u64;
                to.send(message.clone()).map_err(gone)?;
            }
            let part = |from: &Receiver<Vec<u8>>| from.recv().map(|part| unpack::<Vec<W::Edge>>(&part)).map_err(gone);
            last = mail.from.iter().map(part).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        }
        Ok((last, executed, bytes))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let mut mail = post_office(workers).into_iter();
            let parts = watch.time(|| team.run(|_| mail.next().expect("one a worker")))?;
            let executed = parts.iter().map(|(_, executed, _)| executed).sum();
            let bytes_shipped = parts.iter().map(|(_, _, bytes)| bytes).sum();
            let last = parts.into_iter().next().map(|(last, ..)| last).expect("at least one worker");
            Ok(done(last, executed, Units { bytes_shipped, ..units(workers) }, P::default().observed(executed)))
        })
    })
}

struct Mail {
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

/// A channel for each pair of workers, so that each one's messages arrive in the order of steps.
fn post_office(workers: usize) -> Vec<Mail> {
    let mut mail: Vec<_> = (0..workers).map(|_| Mail { to: Vec::new(), from: Vec::new() }).collect();
    for from in 0..workers {
        for to in 0..workers {
            let (sender, receiver) = channel();
            mail[from].to.push(sender);
            mail[to].from.push(receiver);
        }
    }
    mail
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}

/// Each point adds itself and its two neighbours, on a circle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stencil {
    width: usize,
    steps: usize,
}

impl Default for Stencil {
    fn default() -> Self {
        Self { width: 10, steps: 7 }
    }
}

/// Where a value was made, and the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    step: usize,
    point: usize,
    value: u64,
}

impl Stencil {
    fn neighbours(&self, point: usize) -> [usize; 3] {
        let mut points = [(point + self.width - 1) % self.width, point, (point + 1) % self.width];
        points.sort_unstable();
        points
    }
}

impl Workload for Stencil {
    const ID: &'static str = "stencil";
    type Input = Vec<u64>;
    fn input(&self, seed: u64, _clients: usize) -> Vec<u64> {
        (0..self.width as u64).map(|point| seed + point * point).collect()
    }
}

impl TaskGraph for Stencil {
    type Edge = Made;
    fn width(&self) -> usize {
        self.width
    }
    fn steps(&self) -> usize {
        self.steps
    }
    fn needs(&self, step: usize, point: usize, out: &mut Vec<usize>) {
        if step > 0 {
            out.extend(self.neighbours(point));
        }
    }
    fn execute(&self, input: &Vec<u64>, step: usize, point: usize, inputs: &[&Made]) -> Made {
        let value = if step == 0 {
            input[point]
        } else {
            let from: Vec<_> = inputs.iter().map(|edge| (edge.step, edge.point)).collect();
            assert_eq!(from, self.neighbours(point).map(|point| (step - 1, point)), "inputs of ({step}, {point})");
            inputs.iter().map(|edge| edge.value).sum()
        };
        Made { step, point, value }
    }
    fn verify(&self, input: &Vec<u64>, last: &[Made]) -> Result<(), Wrong> {
        let places = last.iter().map(|edge| (edge.step, edge.point));
        if !places.eq((0..self.width).map(|point| (self.steps - 1, point))) {
            return Err("not the last row".into());
        }
        // Each step makes three of everything.
        let right = input.iter().sum::<u64>() * 3_u64.pow(self.steps as u32 - 1);
        let sum: u64 = last.iter().map(|edge| edge.value).sum();
        if sum == right { Ok(()) } else { Err(format!("{sum}, not {right}").into()) }
    }
}

#[test]
fn a_stencil_gets_the_right_neighbours_from_any_number_of_workers() {
    // The second is narrower than the workers are many: some of them have nothing to do and must not be in the way.
    for workload in [Stencil::default(), Stencil { width: 4, steps: 4 }] {
        let job = job(workload, 42, 1);
        let (reference, executed) = sequential(&job);
        assert_eq!(job.workload.verify(&job.input, &reference), Ok(()));
        assert_eq!(executed, (job.workload.width * job.workload.steps) as u64);
        for workers in WORKERS {
            let (ways, start) = (["borrowed", "spawned", "messages"], start(workers, None));
            every_strategy(Toy::task_graph::<Stencil, Silent>(), &ways, &job, &start, |id, done| {
                assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, {workers} workers");
                assert_eq!(done.answer, reference, "{id}, {workers} workers");
                assert_eq!(done.steps, executed, "{id}, {workers} workers");
            });
        }
    }
}

/// Models that push along edges invert the needs before the clock starts.
#[test]
fn needs_can_be_inverted() {
    let stencil = Stencil::default();
    let mut feeds = vec![Vec::new(); stencil.width];
    for point in 0..stencil.width {
        needs(&stencil, 1, point).into_iter().for_each(|need| feeds[need].push(point));
    }
    assert!((0..stencil.width).all(|point| feeds[point] == stencil.neighbours(point)));
    assert!(needs(&stencil, 0, 3).is_empty());
}
