//! An errand: what a round of a pool is about. The board, the drivers and the restarts know no more of it than this.

use patterns::map_reduce::Share;
use patterns::{Error, Job, MapReduce};
use serde::de::DeserializeOwned;

use super::freight::Load;
use crate::wire::decode;

/// Tasks that have numbers, and shares that come back.
pub(crate) trait Errand: Clone + Send {
    /// What a worker answers, and what its driver brings home: the answers in one.
    type Share: DeserializeOwned + Send;

    /// Adds task `index` to a message.
    fn load(&self, index: usize, message: &mut Vec<u8>) -> Result<(), Error>;
    /// Reads the answer of a worker.
    fn open(&self, worker: usize, answer: &[u8]) -> Result<Self::Share, Error> {
        let _ = worker;
        decode(answer)
    }
    /// The share of no task.
    fn empty(&self) -> Self::Share;
    /// Takes over another share.
    fn absorb(&self, into: &mut Self::Share, other: Self::Share);
    /// Tasks in a share.
    fn tasks(share: &Self::Share) -> u64;
}

/// The tasks of a map-reduce job: the same in every round.
pub(super) struct Tasks<'j, W: MapReduce, F> {
    pub(super) job: &'j Job<W>,
    pub(super) freight: &'j F,
}

impl<W: MapReduce, F> Clone for Tasks<'_, W, F> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<W: MapReduce, F: Load<W>> Errand for Tasks<'_, W, F> {
    type Share = Share<W>;

    fn load(&self, index: usize, message: &mut Vec<u8>) -> Result<(), Error> {
        self.freight.load(self.job, index, message)
    }

    fn empty(&self) -> Share<W> {
        Share::empty(&self.job.workload)
    }

    fn absorb(&self, into: &mut Share<W>, other: Share<W>) {
        into.absorb(&self.job.workload, other);
    }

    fn tasks(share: &Share<W>) -> u64 {
        share.tasks()
    }
}
