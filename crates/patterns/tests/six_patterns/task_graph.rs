//! Task graph: a three-point stencil whose tasks check where their inputs come from, and the ways that can run it.

use std::sync::{Arc, Barrier, PoisonError, RwLock};

use patterns::map_reduce::block;
use patterns::task_graph::{done, sequential};
use patterns::{
    Demand, Error, Job, Measure, Probe, RunsTaskGraph, Silent, Start, Strategies, Strategy, TaskGraph, Units, Workload,
    Wrong, job, team,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{Far, Process, WORKERS, every_strategy, gone, joined, pack, pause, process, spawn, start, unpack};

impl RunsTaskGraph for Toy {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("borrowed", Demand::BORROWED, borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", Demand::SPAWNED, spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", Demand::SHIPPED, shipped::<W, P>))
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
                let edge = workload.execute(step, point, &inputs);
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
        row.push(job.workload.execute(step, point, &inputs));
    }
    row
}

/// What a worker makes of a step: its edges, and how many tasks they took.
type Part<E> = (Vec<E>, u64);

/// A process a block of points; the parent is the wire: it puts the parts of a row together and hands the row to all.
fn shipped<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let processes: Vec<Process> = (0..workers).map(|_| process(workload, serve_steps::<W>)).collect();
    for (worker, process) in processes.iter().enumerate() {
        process.to.send(pack(&(worker, workers))).map_err(gone)?;
    }
    measure(&mut |watch| {
        let mut bytes_shipped = 0;
        let (last, executed) = watch.time(|| {
            let (mut last, mut executed): Part<W::Edge> = (Vec::new(), 0);
            for step in 0..workload.steps() {
                let message = pack(&(step, &last));
                for process in &processes {
                    bytes_shipped += message.len() as u64;
                    process.to.send(message.clone()).map_err(gone)?;
                }
                last.clear();
                for process in &processes {
                    let (edges, tasks): Part<W::Edge> = unpack(&process.from.recv().map_err(gone)?);
                    last.extend(edges);
                    executed += tasks;
                }
            }
            Ok::<_, Error>((last, executed))
        })?;
        let units = Units { processes: workers as u64, bytes_shipped, ..Units::default() };
        Ok(done(last, executed, units, P::default().observed(executed)))
    })
}

/// One block of points, step by step. All it has is the workload, its place, and the rows that come.
fn serve_steps<W: TaskGraph>(workload: &W, far: Far) {
    let (worker, workers) = unpack(&far.inbox.recv().expect("the place comes second"));
    while let Ok(message) = far.inbox.recv() {
        let (step, last): (usize, Vec<W::Edge>) = unpack(&message);
        let (mut edges, mut executed) = (Vec::new(), 0);
        for point in block(workload.width(), worker, workers) {
            let points = needs(workload, step, point);
            let inputs: Vec<&W::Edge> = points.iter().map(|&point| &last[point]).collect();
            edges.push(workload.execute(step, point, &inputs));
            executed += 1;
        }
        far.outbox.send(pack(&(edges, executed as u64))).expect("the parent waits for it");
    }
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}

/// Each point adds itself and its two neighbours, on a circle. The input is only what the sum must come to.
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
    /// What a point starts from.
    fn first(point: usize) -> u64 {
        42 + (point * point) as u64
    }
    fn neighbours(&self, point: usize) -> [usize; 3] {
        let mut points = [(point + self.width - 1) % self.width, point, (point + 1) % self.width];
        points.sort_unstable();
        points
    }
}

impl Workload for Stencil {
    const ID: &'static str = "stencil";
    type Input = u64;
    fn input(&self, _seed: u64, _clients: usize) -> u64 {
        let first: u64 = (0..self.width).map(Self::first).sum();
        first * 3_u64.pow(self.steps as u32 - 1) // each step makes three of everything
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
    fn execute(&self, step: usize, point: usize, inputs: &[&Made]) -> Made {
        let value = if step == 0 {
            assert!(inputs.is_empty(), "step 0 needs nothing");
            Self::first(point)
        } else {
            let from: Vec<_> = inputs.iter().map(|edge| (edge.step, edge.point)).collect();
            assert_eq!(from, self.neighbours(point).map(|point| (step - 1, point)), "inputs of ({step}, {point})");
            inputs.iter().map(|edge| edge.value).sum()
        };
        Made { step, point, value }
    }
    fn verify(&self, right: &u64, last: &[Made]) -> Result<(), Wrong> {
        let places = last.iter().map(|edge| (edge.step, edge.point));
        if !places.eq((0..self.width).map(|point| (self.steps - 1, point))) {
            return Err("not the last row".into());
        }
        let sum: u64 = last.iter().map(|edge| edge.value).sum();
        if sum == *right { Ok(()) } else { Err(format!("{sum}, not {right}").into()) }
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
            let (ways, start) = (["borrowed", "spawned", "shipped"], start(workers, None));
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
