//! Freight: how the data of a task reaches a worker. The pool is the same for all; only this differs.

use std::marker::PhantomData;
use std::ops::Range;

use patterns::map_reduce::{Bulk, Share};
use patterns::{Error, Form, Job, MapReduce};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::link::Link;
use crate::parent::Parent;
use crate::region::Region;
use crate::wire::{Broken, End};

/// The parent's side.
pub(super) trait Load<W: MapReduce>: Sync {
    /// What a worker is handed when it starts, beside the knobs.
    fn introduce(&self, link: &Link) -> Result<(), Broken> {
        let _ = link;
        Ok(())
    }
    /// Adds a task to a message.
    fn load(&self, job: &Job<W>, index: usize, message: &mut Vec<u8>) -> Result<(), Error>;
}

/// The worker's side.
pub(super) trait Unload<W: MapReduce>: Sized {
    /// Takes what [`Load::introduce`] hands out.
    fn new(parent: &Parent) -> Result<Self, Error>;
    /// Does the first task of a message; the rest of it.
    fn unload<'m>(&self, workload: &W, message: &'m [u8], share: &mut Share<W>) -> Result<&'m [u8], Error>;
}

/// Tasks as the workload declares them, serialized into a message and read where they lie: a `&str` borrows from it.
pub(super) struct Tasks;

impl<W: MapReduce> Load<W> for Tasks {
    fn load(&self, job: &Job<W>, index: usize, message: &mut Vec<u8>) -> Result<(), Error> {
        append(&job.workload.task(&job.input, index), message)
    }
}

impl<W: MapReduce> Unload<W> for Tasks {
    fn new(_: &Parent) -> Result<Self, Error> {
        Ok(Self)
    }

    fn unload<'m>(&self, workload: &W, message: &'m [u8], share: &mut Share<W>) -> Result<&'m [u8], Error> {
        let (task, rest) = postcard::take_from_bytes(message).map_err(Error::other)?;
        share.map(workload, &task);
        Ok(rest)
    }
}

/// Bytes in a buffer `B` that owns them, as a typed channel (`IpcSender<B>`) has it: serialized by value, and
/// deserialized into another such buffer.
pub(super) struct Owned<B>(PhantomData<B>);

impl<B> Owned<B> {
    pub(super) const NEW: Self = Self(PhantomData);
}

/// What owns bytes and can travel.
pub(super) trait Buffer: From<Vec<u8>> + AsRef<[u8]> + Serialize + DeserializeOwned + Sync {}
impl<B: From<Vec<u8>> + AsRef<[u8]> + Serialize + DeserializeOwned + Sync> Buffer for B {}

impl<W: MapReduce, B: Buffer> Load<W> for Owned<B> {
    fn load(&self, job: &Job<W>, index: usize, message: &mut Vec<u8>) -> Result<(), Error> {
        let (bulk, range) = place(job, index);
        let bytes = B::from((bulk.bytes)(&job.input)[range.clone()].to_vec());
        append(&(range, bytes), message)
    }
}

impl<W: MapReduce, B: Buffer> Unload<W> for Owned<B> {
    fn new(_: &Parent) -> Result<Self, Error> {
        Ok(Self::NEW)
    }

    fn unload<'m>(&self, workload: &W, message: &'m [u8], share: &mut Share<W>) -> Result<&'m [u8], Error> {
        let ((range, bytes), rest): ((_, B), _) = postcard::take_from_bytes(message).map_err(Error::other)?;
        share.map(workload, &(bulk::<W>().task)(workload, range, bytes.as_ref()));
        Ok(rest)
    }
}

/// A region that all workers look at; only the range of a task travels.
pub(super) struct Mapped {
    region: Region,
    resident: bool,
}

impl Mapped {
    /// With the input in it once and for all: what data that lives in shared memory costs.
    pub(super) fn resident<W: MapReduce>(job: &Job<W>) -> Self {
        let bytes = (bulk::<W>().bytes)(&job.input);
        let region = Region::new(bytes.len());
        // SAFETY: no worker has it yet.
        #[expect(unsafe_code, reason = "shared memory")]
        unsafe {
            region.write(0, bytes);
        }
        Self { region, resident: true }
    }

    /// To be filled in every round, task by task: what sharing private data costs.
    pub(super) fn copied<W: MapReduce>(job: &Job<W>) -> Self {
        Self { region: Region::new((bulk::<W>().bytes)(&job.input).len()), resident: false }
    }
}

impl<W: MapReduce> Load<W> for Mapped {
    fn introduce(&self, link: &Link) -> Result<(), Broken> {
        link.hand(End::Region(self.region.share()))
    }

    fn load(&self, job: &Job<W>, index: usize, message: &mut Vec<u8>) -> Result<(), Error> {
        let (bulk, range) = place(job, index);
        if !self.resident {
            let bytes = &(bulk.bytes)(&job.input)[range.clone()];
            // SAFETY: ranges do not overlap, so only this task's readers matter, and it has none: the board gives a task
            // to one driver at a time; who had it before is a worker of an earlier round, which has answered, or one
            // whose channel is closed: a process that is gone, or on its way out and past its last message.
            #[expect(unsafe_code, reason = "shared memory")]
            unsafe {
                self.region.write(range.start, bytes);
            }
        }
        append(&range, message)
    }
}

impl<W: MapReduce> Unload<W> for Mapped {
    fn new(parent: &Parent) -> Result<Self, Error> {
        match parent.end()? {
            End::Region(memory) => Ok(Self { region: Region::of(memory), resident: true }),
            End::Inbox(_) | End::Outbox(_) => Err(Error::other("expected a region")),
        }
    }

    fn unload<'m>(&self, workload: &W, message: &'m [u8], share: &mut Share<W>) -> Result<&'m [u8], Error> {
        let (range, rest): (Range<usize>, _) = postcard::take_from_bytes(message).map_err(Error::other)?;
        // SAFETY: the parent wrote it before it sent the message (which is what orders the two), and does not write it
        // again before it has this worker's answer.
        #[expect(unsafe_code, reason = "shared memory")]
        let bytes = unsafe { self.region.read(range.clone()) };
        share.map(workload, &(bulk::<W>().task)(workload, range, bytes));
        Ok(rest)
    }
}

/// The bulk of a workload whose strategies said that they need one.
fn bulk<W: MapReduce>() -> Bulk<W> {
    match W::BULK {
        Form::Has(bulk) => bulk,
        Form::Lacks(why) => unreachable!("{}: {why}", W::ID),
    }
}

fn place<W: MapReduce>(job: &Job<W>, index: usize) -> (Bulk<W>, Range<usize>) {
    let bulk = bulk::<W>();
    let range = (bulk.range)(&job.input, index);
    (bulk, range)
}

/// Adds a value to a message.
pub(super) fn append(value: &impl Serialize, message: &mut Vec<u8>) -> Result<(), Error> {
    *message = postcard::to_extend(value, std::mem::take(message)).map_err(Error::other)?;
    Ok(())
}
