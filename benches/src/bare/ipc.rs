//! ipc-channel: warm worker processes, typed messages, one driver thread a worker with a bounded window.
//!
//! Windows and batches are guided: towards the end they shrink to half of a fair share of what is left, or one worker
//! would sit on the last tasks. What the contract adds (a worker that dies is replaced, one that never connects is
//! noticed) is left out: the runner's time limit ends such a sample.

use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, Result, bail};
use ipc_channel::IpcError;
use ipc_channel::ipc::{self, IpcOneShotServer, IpcReceiver, IpcSender};
use patterns::MapReduce as _;
use results::Units;
use serde::Serialize;
use serde::de::DeserializeOwned;
use workloads::Grain;

use super::{Rounds, Sum, Task, map, tasks};

/// The hidden first argument of a worker process.
pub(super) const WORKER: &str = "__worker";
pub(super) const SINGLE: &str = "ipc";
pub(super) const BATCHED: &str = "ipc-batched";

/// The parent's ends of a worker's channels: tasks out, sums back.
type Ends<M> = (IpcSender<M>, IpcReceiver<Sum>);

/// One task a message, 16 on their way to a worker.
pub(super) fn single(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    let board = Board { next: AtomicUsize::new(0), tasks: tasks(grain), workers, batch: 1, window: 16 };
    pool(SINGLE, grain, &board, rounds, |indices| grain.task(&(), indices.start))
}

/// Up to 64 tasks a message, two on their way.
pub(super) fn batched(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    let board = Board { next: AtomicUsize::new(0), tasks: tasks(grain), workers, batch: 64, window: 2 };
    pool(BATCHED, grain, &board, rounds, |indices| indices.map(|index| grain.task(&(), index)).collect::<Vec<_>>())
}

/// A worker process: serves until its parent hangs up.
pub(super) fn work(strategy: &str, knobs: &str, address: &str) -> Result<()> {
    let grain: Grain = serde_json::from_str(knobs)?;
    match strategy {
        SINGLE => serve(address, |task: Task, sum| map(&grain, &task, sum)),
        BATCHED => serve(address, |tasks: Vec<Task>, sum| tasks.iter().for_each(|task| map(&grain, task, sum))),
        _ => bail!("`{strategy}` has no worker processes"),
    }
}

fn serve<M: Serialize + DeserializeOwned>(address: &str, work: impl Fn(M, &mut Sum)) -> Result<()> {
    let (to_worker, inbox) = ipc::channel::<M>()?;
    let (outbox, from_worker) = ipc::channel::<Sum>()?;
    IpcSender::<Ends<M>>::connect(address.to_owned())?.send((to_worker, from_worker))?;
    loop {
        let message = match inbox.recv() {
            Ok(message) => message,
            Err(IpcError::Disconnected) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut sum = Sum::default();
        work(message, &mut sum);
        outbox.send(sum)?;
    }
}

fn pool<M: Serialize + DeserializeOwned + Send>(
    strategy: &str,
    grain: &Grain,
    board: &Board,
    rounds: Rounds<'_, Sum>,
    pack: impl Fn(Range<usize>) -> M + Sync,
) -> Result<()> {
    // All are started before the first is waited for.
    let started: Vec<_> = (0..board.workers).map(|_| start::<M>(strategy, grain)).collect::<Result<_>>()?;
    let mut children = Vec::new();
    let result = thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let mut gates = Vec::new();
        for (child, server) in started {
            children.push(child);
            let (_, ends) = server.accept().context("a worker did not connect")?;
            let (gate, opened) = mpsc::channel::<()>();
            let (report, pack) = (report.clone(), &pack);
            scope.spawn(move || opened.iter().try_for_each(|()| report.send(drive(grain, board, &ends, pack))));
            gates.push(gate);
        }
        rounds.run(|timer| {
            board.next.store(0, Relaxed);
            let mut units = Units { processes: board.workers as u64, ..Units::default() };
            let sum = timer.time(|| {
                gates.iter().try_for_each(|gate| gate.send(()))?;
                let mut all = Sum::default();
                for _ in &gates {
                    let (sum, messages) = reports.recv()??;
                    grain.merge(&mut all, sum);
                    units.messages += messages;
                }
                anyhow::Ok(all)
            })?;
            Ok((sum, units))
        })
    });
    // The drivers are gone and their channels with them: workers leave by themselves.
    children.iter_mut().try_for_each(|child| child.wait().map(drop))?;
    result
}

fn start<M: Serialize + DeserializeOwned>(strategy: &str, grain: &Grain) -> Result<(Child, IpcOneShotServer<Ends<M>>)> {
    let (server, address) = IpcOneShotServer::new()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args([WORKER, strategy, &serde_json::to_string(grain)?, &address]);
    // The conversation with the runner is the parent's.
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("start a worker process")?;
    Ok((child, server))
}

/// One round of one worker: its sum, and the messages to and from it.
fn drive<M: Serialize + DeserializeOwned>(
    grain: &Grain,
    board: &Board,
    (to_worker, from_worker): &Ends<M>,
    pack: impl Fn(Range<usize>) -> M,
) -> Result<(Sum, u64)> {
    let mut all = Sum::default();
    let mut messages = 0;
    let mut waiting = 0;
    loop {
        while let Some(indices) = board.take(waiting) {
            to_worker.send(pack(indices))?;
            messages += 1;
            waiting += 1;
        }
        if waiting == 0 {
            return Ok((all, messages));
        }
        grain.merge(&mut all, from_worker.recv()?);
        messages += 1;
        waiting -= 1;
    }
}

/// What nobody has taken yet, shared by the drivers.
struct Board {
    next: AtomicUsize,
    tasks: usize,
    workers: usize,
    batch: usize,
    window: usize,
}

impl Board {
    /// The next tasks, for a worker that has `waiting` messages on their way.
    fn take(&self, waiting: usize) -> Option<Range<usize>> {
        let guided = |most: usize, next: usize| most.min((self.tasks - next) / (2 * self.workers)).max(1);
        let room = |next: usize| next < self.tasks && waiting < guided(self.window, next);
        let after = |next: usize| room(next).then(|| next + guided(self.batch, next));
        // Relaxed: the counter hands out numbers, and the messages carry everything else.
        let next = self.next.fetch_update(Relaxed, Relaxed, after).ok()?;
        Some(next..next + guided(self.batch, next))
    }
}
