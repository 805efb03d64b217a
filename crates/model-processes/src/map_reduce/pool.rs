//! `pool` and `pool-batched`: one driver thread a worker process keeps a bounded window of messages on their way.
//!
//! A message is a count and that many tasks; its answer is one share. Nobody can block for ever: what is on its way to
//! a worker fits a socket's buffer (or is a single message to a worker that owes nothing), so a driver's send returns,
//! and the driver then reads whatever the worker is blocked on sending.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::{Error, Job, MapReduce, Measure, Probe, Start, Units, team};

use super::board::{Batch, Board};
use crate::link::{self, Link, killed};
use crate::parent::Parent;
use crate::wire::{Broken, decode, encode};

/// Bytes on their way to one worker, beyond the first message: a third of a default socket buffer.
const BYTES: usize = 64 << 10;

/// How often in a row a worker may die before it is ready.
const RESTARTS: u32 = 5;

/// How tasks are packed.
#[derive(Debug, Clone, Copy)]
struct Packing {
    /// Tasks in a message, at most.
    batch: usize,
    /// Messages on their way to a worker, at most.
    window: usize,
}

pub(super) fn single<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P>(start, job, measure, Packing { batch: 1, window: 16 })
}

pub(super) fn batched<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P>(start, job, measure, Packing { batch: 64, window: 2 })
}

fn rounds<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
    packing: Packing,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let knobs = encode(workload)?;
    let mut links = link::start_all(start, workers)?;
    for link in &mut links {
        link.send(&knobs).map_err(|broken| link.explain(broken))?;
    }
    let links: Vec<_> = links.into_iter().map(Mutex::new).collect();
    let work = |worker: usize, board: Arc<Board>| {
        // Each driver locks its own link: the lock is never waited for.
        let mut link = links[worker].lock().unwrap_or_else(PoisonError::into_inner);
        let driver = Driver::<W, P>::new(start, job, &knobs, packing, &board);
        let driven = driver.drive(&mut link);
        driven.inspect_err(|_| board.fail())
    };
    let result = team(start.workers, work, |team| {
        measure(&mut |watch| {
            let board = Arc::new(Board::new(tasks, workers));
            let mut observed = Observed::default();
            let mut units = Units { processes: workers as u64, ..Units::default() };
            let share = watch.time(|| {
                let driven = team.run(|_| board.clone())?;
                let shares = driven.into_iter().map(|Driven { share, units: used, observed: seen }| {
                    units.messages += used.messages;
                    units.bytes_shipped += used.bytes_shipped;
                    units.restarts += used.restarts;
                    observed.absorb(seen);
                    share
                });
                Ok::<_, Error>(Share::combine(workload, shares))
            })?;
            Ok(share.done(units, std::mem::take(&mut observed)))
        })
    });
    // All workers leave at the same time, then each is reaped.
    links.iter().for_each(|link| link.lock().unwrap_or_else(PoisonError::into_inner).hang_up());
    result
}

/// What a driver brings home.
struct Driven<W: MapReduce> {
    share: Share<W>,
    units: Units,
    observed: Observed,
}

/// One round of one worker.
struct Driver<'r, W: MapReduce, P> {
    start: &'r Start,
    job: &'r Job<W>,
    knobs: &'r [u8],
    packing: Packing,
    board: &'r Board,
    probe: P,
    share: Share<W>,
    units: Units,
    /// What is on its way, oldest first, and its size.
    window: VecDeque<(Batch, usize)>,
    /// What is packed in `message` and waits for room.
    packed: Option<Batch>,
    message: Vec<u8>,
}

impl<'r, W: MapReduce, P: Probe> Driver<'r, W, P> {
    fn new(start: &'r Start, job: &'r Job<W>, knobs: &'r [u8], packing: Packing, board: &'r Board) -> Self {
        let share = Share::empty(&job.workload);
        let (probe, units) = (P::default(), Units::default());
        let (window, packed, message) = (VecDeque::new(), None, Vec::new());
        Self { start, job, knobs, packing, board, probe, share, units, window, packed, message }
    }

    fn drive(mut self, link: &mut Link) -> Result<Driven<W>, Error> {
        loop {
            match self.step(link) {
                Ok(true) => {}
                Ok(false) => break,
                Err(Broken::Closed) => self.replace(link)?,
                Err(Broken::Failed(error)) => return Err(error),
            }
        }
        let observed = self.probe.observed(self.share.tasks());
        Ok(Driven { share: self.share, units: self.units, observed })
    }

    /// Fills the window, then waits for the oldest answer. `false` once there is nothing left to do.
    fn step(&mut self, link: &Link) -> Result<bool, Broken> {
        while self.pack()? {
            let size = self.message.len();
            let on_their_way: usize = self.window.iter().map(|(_, size)| size).sum();
            if !self.window.is_empty() && on_their_way + size > BYTES {
                break;
            }
            // On its way before it is sent: if the worker is gone, it comes back with the others.
            self.window.extend(self.packed.take().map(|batch| (batch, size)));
            link.send(&self.message)?;
            self.count(size);
        }
        if self.window.is_empty() {
            return Ok(false);
        }
        let answer = link.receive()?;
        self.count(answer.len());
        let share: Share<W> = decode(&answer)?;
        let Some((batch, _)) = self.window.pop_front() else { return Ok(false) };
        let (executed, planned) = (share.tasks(), batch.indices.len() as u64);
        if executed != planned {
            return Err(Error::Steps { executed, planned }.into());
        }
        self.share.absorb(&self.job.workload, share);
        self.board.done(&batch);
        Ok(true)
    }

    /// Packs the next tasks, if there are any for this worker now. Waits only where nothing is on its way.
    fn pack(&mut self) -> Result<bool, Error> {
        if self.packed.is_some() {
            return Ok(true);
        }
        let Packing { batch: most, window } = self.packing;
        let next = match self.window.len() {
            0 => self.board.wait(most),
            waiting => self.board.take(most, waiting, window),
        };
        let Some(batch) = next else { return Ok(false) };
        self.message.clear();
        append(&batch.indices.len(), &mut self.message)?;
        for index in batch.indices.clone() {
            append(&self.job.workload.task(&self.job.input, index), &mut self.message)?;
        }
        self.packed = Some(batch);
        Ok(true)
    }

    fn count(&mut self, bytes: usize) {
        self.units.messages += 1;
        self.units.bytes_shipped += bytes as u64;
    }

    /// The worker is gone: others take what it had, at once; then a new process takes its place. One that left by
    /// itself is an error (it panicked, or its program ended it), one that was killed is not.
    fn replace(&mut self, link: &mut Link) -> Result<(), Error> {
        let pid = link.pid();
        let had = self.window.drain(..).map(|(batch, _)| batch).chain(self.packed.take());
        let given_back = self.board.give_back(had);
        self.probe.died(pid);
        let status = link.end();
        if !killed(status) {
            return Err(link.died(status));
        }
        if let Err(tasks) = given_back {
            let Error::Died { worker, how } = link.died(status) else { return Err(link.died(status)) };
            let how = format!("{how}, as did its successors: tasks {tasks:?} were tried on each");
            return Err(Error::Died { worker, how });
        }
        for _ in 1..RESTARTS {
            self.units.restarts += 1;
            match self.restart(link) {
                // Killed again before it could take a task: nothing to give back.
                Err(Error::Died { .. }) => {}
                restarted => return restarted,
            }
        }
        self.restart(link)
    }

    fn restart(&self, link: &mut Link) -> Result<(), Error> {
        link.restart(self.start)?;
        link.send(self.knobs).map_err(|broken| link.explain(broken))
    }
}

/// The worker's side: folds each message's tasks into a share, until the parent hangs up.
pub(super) fn work<W: MapReduce>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let mut answer = Vec::new();
    while let Some(message) = parent.receive()? {
        let share = share(&workload, &message)?;
        answer.clear();
        append(&share, &mut answer)?;
        parent.send(&answer)?;
    }
    Ok(())
}

/// Tasks are read where they lie: a `&str` borrows from the message.
fn share<W: MapReduce>(workload: &W, message: &[u8]) -> Result<Share<W>, Error> {
    let mut share = Share::empty(workload);
    let (count, mut rest): (usize, &[u8]) = postcard::take_from_bytes(message).map_err(Error::other)?;
    for _ in 0..count {
        let (task, after) = postcard::take_from_bytes(rest).map_err(Error::other)?;
        share.map(workload, &task);
        rest = after;
    }
    Ok(share)
}

fn append(value: &impl serde::Serialize, message: &mut Vec<u8>) -> Result<(), Error> {
    *message = postcard::to_extend(value, std::mem::take(message)).map_err(Error::other)?;
    Ok(())
}
