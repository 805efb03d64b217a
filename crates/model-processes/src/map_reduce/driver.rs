//! A driver: one round of one worker process. It keeps a bounded window of messages on their way, and when the worker
//! dies gives back what it had, at once, and starts another.
//!
//! A message is a count and that many tasks; its answer is one share. Nobody can block for ever: what is on its way to
//! a worker fits a socket's buffer (or is a single message to a worker that owes nothing), so a driver's send returns,
//! and the driver then reads whatever the worker is blocked on sending.

use std::collections::VecDeque;

use patterns::probe::Observed;
use patterns::{Error, Probe, Units};

use super::board::{Batch, Board};
use super::crew::{Packing, Pool};
use super::errand::Errand;
use super::freight::append;
use crate::link::{Link, lost};
use crate::wire::Broken;

/// Bytes on their way to one worker, beyond the first message: a third of a default socket buffer.
const BYTES: usize = 64 << 10;

/// How often in a row a worker may die before it is ready.
const RESTARTS: u32 = 5;

/// What a driver brings home.
pub(super) struct Driven<S> {
    pub(super) share: S,
    pub(super) units: Units,
    pub(super) observed: Observed,
}

/// One round of one worker.
pub(super) struct Driver<'r, E: Errand, P> {
    pool: &'r Pool<'r>,
    board: &'r Board,
    errand: &'r E,
    worker: usize,
    probe: P,
    share: E::Share,
    units: Units,
    /// What is on its way, oldest first, and its size.
    window: VecDeque<(Batch, usize)>,
    /// What is packed in `message` and waits for room.
    packed: Option<Batch>,
    message: Vec<u8>,
}

impl<'r, E: Errand, P: Probe> Driver<'r, E, P> {
    pub(super) fn new(pool: &'r Pool<'r>, board: &'r Board, errand: &'r E, worker: usize) -> Self {
        let share = errand.empty();
        let (probe, units) = (P::default(), Units::default());
        let (window, packed, message) = (VecDeque::new(), None, Vec::new());
        Self { pool, board, errand, worker, probe, share, units, window, packed, message }
    }

    pub(super) fn drive(mut self, link: &mut Link) -> Result<Driven<E::Share>, Error> {
        loop {
            match self.step(link) {
                Ok(true) => {}
                Ok(false) => break,
                Err(Broken::Closed) => self.replace(link)?,
                Err(Broken::Failed(error)) => return Err(error),
            }
        }
        let observed = self.probe.observed(E::tasks(&self.share));
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
        self.take(&answer)?;
        Ok(true)
    }

    /// The answer to the oldest message on its way.
    fn take(&mut self, answer: &[u8]) -> Result<(), Error> {
        self.count(answer.len());
        let share = self.errand.open(self.worker, answer)?;
        let Some((batch, _)) = self.window.pop_front() else { return Err(Error::other("an answer to nothing")) };
        let (executed, planned) = (E::tasks(&share), batch.indices.len() as u64);
        if executed != planned {
            return Err(Error::Steps { executed, planned });
        }
        self.errand.absorb(&mut self.share, share);
        self.board.done(&batch);
        Ok(())
    }

    /// Packs the next tasks, if there are any for this worker now. Waits only where nothing is on its way.
    fn pack(&mut self) -> Result<bool, Error> {
        if self.packed.is_some() {
            return Ok(true);
        }
        let Packing { batch: most, window } = self.pool.packing;
        let next = match self.window.len() {
            0 => self.board.wait(most),
            waiting => self.board.take(most, waiting, window),
        };
        let Some(batch) = next else { return Ok(false) };
        self.message.clear();
        append(&batch.indices.len(), &mut self.message)?;
        for index in batch.indices.clone() {
            self.errand.load(index, &mut self.message)?;
        }
        self.packed = Some(batch);
        Ok(true)
    }

    fn count(&mut self, bytes: usize) {
        self.units.messages += 1;
        self.units.bytes_shipped += bytes as u64;
    }

    /// The worker is gone: others take what it had, at once; then a new process takes its place. One that said that it
    /// failed is an error (it panicked, or its program gave up), one that was killed or just left is not.
    fn replace(&mut self, link: &mut Link) -> Result<(), Error> {
        let pid = link.pid();
        // A socket whose peer is gone says so before it gives out what the peer had sent: answers are not lost.
        while !self.window.is_empty()
            && let Ok(answer) = link.receive()
        {
            self.take(&answer)?;
        }
        let had = self.window.drain(..).map(|(batch, _)| batch).chain(self.packed.take());
        let given_back = self.board.give_back(had);
        self.probe.died(pid);
        let status = link.end();
        if !lost(status) {
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
        link.restart(self.pool.start)?;
        self.pool.introduce(link)
    }
}
