//! The bounds of models that cannot be had here, spelled out: these functions only have to compile, and they do so for
//! *every* workload, not for the toys.

use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns::fork_join::Counted;
use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::serve::{Client, ClientOf, Event, LoadGenerator, LoadReport, Next};
use patterns::shared_state::{Answer, Evidence, State};
use patterns::{Error, ForkJoin, Job, MapReduce, Pipeline, Probe, Serve, SharedState, Start, TaskGraph, Workload};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a task may own and a join handle may return (tokio), what a channel may carry to a thread that outlives a borrow.
fn moves<T: Send + 'static>() {}
/// What a runtime takes.
fn spawned<F: Future<Output: Send + 'static> + Send + 'static>(_: F) {}
/// What workers may look at together: scoped threads, rayon's closures, `Arc`s in tasks.
fn shared<T: Send + Sync + ?Sized>() {}
/// What a message may carry to another process.
fn travels<T: Serialize + DeserializeOwned>() {}
/// What a message may carry, borrowing from it.
fn travels_borrowing<'i, T: Serialize + Deserialize<'i>>() {}

fn workload<W: Workload>() {
    moves::<W>();
    travels::<W>();
    shared::<Job<W>>();
    moves::<Arc<Job<W>>>();
}

fn map_reduce<W: MapReduce>() {
    workload::<W>();
    fn borrows<'i, W: MapReduce>(_: &'i ()) {
        travels_borrowing::<'i, W::Task<'i>>();
    }
    borrows::<W>(&());
    moves::<W::Partial>();
    travels::<W::Partial>();
    moves::<Share<W>>();
    travels::<Share<W>>();
    // A cooperative yield between two parts of a task: the task and the partial live across it.
    async fn cut<W: MapReduce>(job: Arc<Job<W>>) -> Share<W> {
        let task = job.workload.task(&job.input, 0);
        let mut share = Share::empty(&job.workload);
        let mut rest = 0..job.workload.items(&task);
        while share.map_next(&job.workload, &task, &mut rest, NonZeroUsize::MIN) {
            std::future::ready(()).await;
        }
        share
    }
    let _ = |job: Arc<Job<W>>| spawned(cut(job));
}

fn fork_join<W: ForkJoin>() {
    workload::<W>();
    moves::<W::Node>();
    shared::<W::Node>();
    fn borrows<'i, W: ForkJoin>(_: &'i ()) {
        travels_borrowing::<'i, W::Parcel<'i>>();
    }
    borrows::<W>(&());
    moves::<W::Value>();
    moves::<Counted<W>>();
    travels::<Counted<W>>();
}

fn task_graph<W: TaskGraph>() {
    workload::<W>();
    moves::<W::Edge>();
    shared::<W::Edge>(); // neighbours read one edge at once: a row of them behind an `Arc`, a `RwLock`
    travels::<W::Edge>();
    moves::<Arc<Vec<W::Edge>>>();
}

fn shared_state<W: SharedState>() {
    fn copies<T: Clone>() {}
    workload::<W>();
    travels::<(W::Key, W::Value)>();
    travels::<W::Op>();
    travels::<W::Reply>();
    travels::<Evidence<W>>();
    moves::<(W::Op, W::Reply)>(); // to an owner, and back
    moves::<Answer<W>>();
    moves::<(Evidence<W>, Observed)>();
    shared::<State<W>>(); // readers under a read lock
    moves::<State<W>>();
    copies::<State<W>>(); // writers of snapshots
}

fn pipeline<W: Pipeline>() {
    workload::<W>();
    moves::<W::Item>();
    travels::<W::Item>();
    moves::<W::Sink>();
    travels::<W::Sink>();
}

fn serve<W: Serve>() {
    workload::<W>();
    moves::<W::Conversation>();
    moves::<LoadReport>();
    moves::<Arc<dyn LoadGenerator>>(); // driven from a blocking task
    shared::<dyn LoadGenerator>();
    shared::<dyn Client>(); // a generator may have threads
    shared::<ClientOf<'_, W>>();
    moves::<Next>();
    // A conversation that waits in a task: its state, what it says and what it waits for live across the wait.
    async fn waits<W: Serve>(job: Arc<Job<W>>) -> Vec<u8> {
        let mut out = Vec::new();
        let (mut conversation, mut next) = job.workload.open(&mut out);
        while next != Next::Close {
            std::future::ready(()).await;
            let bytes = std::future::ready(vec![0]).await;
            next = job.workload.on(&mut conversation, Event::Loaded(Ok(&bytes)), &mut out);
        }
        out
    }
    let _ = |job: Arc<Job<W>>| spawned(waits(job));
    // The load is driven from a blocking task, which owns its job.
    let _ =
        |job: Arc<Job<W>>, load: Arc<dyn LoadGenerator>, at| spawned(async move { load.drive(at, &ClientOf(&*job)) });
}

/// A probe goes with its worker, and its future with its task.
fn probe<P: Probe>() {
    async fn awaited<P: Probe>(mut probe: P) -> Observed {
        probe.acquire_later(|| None::<u64>, std::future::ready(1)).await;
        probe.observed(1)
    }
    moves::<P>();
    let _ = |probe: P| spawned(awaited(probe));
}

#[test]
fn every_bound_holds_for_every_workload() {
    shared::<Start>();
    moves::<Error>();
    map_reduce::<crate::map_reduce::Letters>();
    fork_join::<crate::fork_join::TreeSum>();
    task_graph::<crate::task_graph::Stencil>();
    shared_state::<crate::shared_state::Tickets>();
    pipeline::<crate::pipeline::Text>();
    serve::<crate::serve::Echo>();
    probe::<patterns::Silent>();
    probe::<patterns::probe::Recorder>();
}
