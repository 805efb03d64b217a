//! The contract: a workload says *what* is computed, a model says *how* the work is spread, and the harness is the only
//! one that looks at a clock.
//!
//! A workload implements the trait of its pattern ([`MapReduce`], [`SharedState`], ..) and knows no model. A model
//! answers for every pattern with a list of strategies, each generic over the workload, and knows no workload. That
//! turns models x workloads pieces of code into models + workloads.
//!
//! A strategy is one generic function: it makes its workers, calls `measure` with a round, and ends them. A round is
//! *prepare (untimed), [`Watch::time`], collect (untimed)*.
//!
//! # A model from scratch
//!
//! ```
//! use std::sync::Arc;
//!
//! use patterns::map_reduce::Share;
//! use patterns::shared_state::{Answer, Evidence, State, client};
//! use patterns::*;
//!
//! /// One thread that takes the tasks from the last to the first.
//! struct Backwards;
//!
//! impl Model for Backwards {
//!     const ID: &'static str = "backwards";
//!     const ABOUT: &'static str = "one thread, last task first";
//! }
//!
//! impl RunsMapReduce for Backwards {
//!     fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
//!         Strategies::of(Strategy::idiomatic("loop", Demand::NONE, backwards::<W, P>))
//!             .and(Strategy::not_applicable("parallel", "there is one thread"))
//!     }
//! }
//!
//! fn backwards<W: MapReduce, P: Probe>(
//!     _: &Start,
//!     job: &Arc<Job<W>>,
//!     measure: &mut Measure<'_, W::Partial>,
//! ) -> Result<(), Error> {
//!     measure(&mut |watch| {
//!         let share = watch.time(|| {
//!             let mut share = Share::empty(&job.workload);
//!             for index in (0..job.workload.tasks(&job.input)).rev() {
//!                 share.take(job, index);
//!             }
//!             share
//!         });
//!         let observed = P::default().observed(share.tasks());
//!         Ok(share.done(Units { threads: 1, ..Units::default() }, observed))
//!     })
//! }
//!
//! impl RunsSharedState for Backwards {
//!     fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
//!         Strategies::of(Strategy::idiomatic("loop", Demand::NONE, last_client_first::<W, P>))
//!     }
//! }
//!
//! fn last_client_first<W: SharedState, P: Probe>(
//!     start: &Start,
//!     job: &Arc<Job<W>>,
//!     measure: &mut Measure<'_, Answer<W>>,
//! ) -> Result<(), Error> {
//!     let workload = &job.workload;
//!     measure(&mut |watch| {
//!         let mut state = State::new(workload.initial(&job.input));
//!         let clients: Vec<_> = watch.time(|| {
//!             let run = |who| client::<W, P>(job, who, |op, _| state.apply(workload, op));
//!             (0..start.workers.get()).rev().map(run).collect()
//!         });
//!         Ok(Evidence::done(workload, clients, state.into_entries(), Units { threads: 1, ..Units::default() }))
//!     })
//! }
//!
//! // What it cannot express it says, with the reason.
//! impl RunsForkJoin for Backwards {
//!     fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
//!         Strategies::of(Strategy::not_applicable("loop", "an example"))
//!     }
//! }
//! # impl RunsTaskGraph for Backwards {
//! #     fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
//! #         Strategies::of(Strategy::not_applicable("loop", "an example"))
//! #     }
//! # }
//! # impl RunsPipeline for Backwards {
//! #     fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
//! #         Strategies::of(Strategy::not_applicable("loop", "an example"))
//! #     }
//! # }
//!
//! // What can go wrong in it, or why nothing can.
//! impl RunsHazards for Backwards {
//!     fn hazards() -> Form<&'static [hazard::Hazard]> {
//!         Form::Lacks("one thread waits for nobody")
//!     }
//! }
//!
//! // A workload from elsewhere: the sum of 0..n, in ten tasks.
//! # use serde::{Deserialize, Serialize};
//! #[derive(Clone, Default, Serialize, Deserialize)]
//! struct Sum {
//!     n: u64,
//! }
//!
//! impl Workload for Sum {
//!     const ID: &'static str = "sum";
//!     type Input = ();
//!     fn input(&self, _seed: u64, _clients: usize) {}
//! }
//!
//! impl MapReduce for Sum {
//!     type Task<'i> = std::ops::Range<u64>;
//!     type Partial = u64;
//!     fn tasks(&self, _: &()) -> usize {
//!         10
//!     }
//!     fn empty(&self) -> u64 {
//!         0
//!     }
//!     fn task<'i>(&self, _: &'i (), index: usize) -> std::ops::Range<u64> {
//!         let edge = |i: usize| self.n * i as u64 / 10;
//!         edge(index)..edge(index + 1)
//!     }
//!     fn items(&self, task: &std::ops::Range<u64>) -> usize {
//!         (task.end - task.start) as usize
//!     }
//!     fn map(&self, task: &std::ops::Range<u64>, items: std::ops::Range<usize>, into: &mut u64) {
//!         *into += items.map(|i| task.start + i as u64).sum::<u64>();
//!     }
//!     fn merge(&self, into: &mut u64, other: u64) {
//!         *into += other;
//!     }
//!     fn verify(&self, _: &(), answer: &u64) -> Result<(), Wrong> {
//!         let right = self.n * (self.n - 1) / 2;
//!         if *answer == right { Ok(()) } else { Err(format!("{answer}, not {right}").into()) }
//!     }
//! }
//!
//! // Both together, as the runner would.
//! let cells = cell::map_reduce(Backwards::ID, Backwards::map_reduce::<Sum, Silent>());
//! assert_eq!(cells[1].support.why(), Some("there is one thread"));
//! # struct NoClock;
//! # impl Clock for NoClock { fn start(&mut self) {} fn stop(&mut self) {} }
//! let session = cells[0].support.run().unwrap();
//! let one = std::num::NonZeroUsize::MIN;
//! let start = Start { workers: one, cpus: one, respawn: Respawn::default(), load: None };
//! let knobs = serde_json::json!({ "n": 100 }).as_object().unwrap().clone();
//! let prepared = session(&cell::Config { knobs, seed: 42, start }).unwrap();
//! prepared(&mut |round| {
//!     let checked = round(&mut Watch::new(&mut NoClock), cell::Digest::Make)?;
//!     assert_eq!(checked.fingerprint.as_deref(), Some("4950"));
//!     Ok(())
//! })
//! .unwrap();
//! ```

pub mod cell;
pub mod clock;
mod error;
pub mod fork_join;
pub mod hazard;
pub mod knob;
pub mod map_reduce;
mod model;
pub mod pipeline;
mod placement;
pub mod probe;
mod run;
pub mod serve;
pub mod shared_state;
mod strategy;
pub mod task_graph;
mod team;
mod workload;

/// What additions to words are made of here; their test puts loom's in its place.
mod sync {
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
}

pub use error::Error;
pub use fork_join::{ForkJoin, RunsForkJoin};
pub use hazard::RunsHazards;
pub use knob::{Domain, Knob, Preset};
pub use map_reduce::{MapReduce, RunsMapReduce};
pub use model::{Model, Pattern};
pub use pipeline::{Pipeline, RunsPipeline};
pub use placement::Placement;
pub use probe::{Probe, Silent};
pub use run::{Clock, Done, Measure, Respawn, Round, Run, Start, Units, Watch, WorkerMain, job};
pub use serve::{RunsServe, Serve};
pub use shared_state::{RunsSharedState, SharedState};
pub use strategy::{Demand, Form, Strategies, Strategy, Support};
pub use task_graph::{RunsTaskGraph, TaskGraph};
pub use team::{Team, team, team_of};
pub use workload::{Job, Size, Updates, Workload, Wrong};
