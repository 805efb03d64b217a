//! A region that all workers look at: only the range of a task travels. The bytes are there before the clock starts, or
//! are copied there task by task inside it.

use std::ops::Range;

use patterns::map_reduce::Share;
use patterns::{Error, Job, MapReduce};

use super::{Load, Unload, append, place};
use crate::link::{INHERITED, Link};
use crate::parent::Parent;
use crate::region::Region;
use crate::wire::{Broken, End};

/// A region that all workers look at; only the range of a task travels.
pub(in super::super) struct Mapped {
    region: Region,
    resident: bool,
}

impl Mapped {
    /// With the input in it once and for all: what data that lives in shared memory costs.
    pub(in super::super) fn resident<W: MapReduce>(job: &Job<W>) -> Self {
        let bytes = (W::BULK.given().bytes)(&job.input);
        let region = Region::new(bytes.len());
        // SAFETY: no worker has it yet.
        #[expect(unsafe_code, reason = "shared memory")]
        unsafe {
            region.write(0, bytes);
        }
        Self { region, resident: true }
    }

    /// To be filled in every round, task by task: what sharing private data costs.
    pub(in super::super) fn copied<W: MapReduce>(job: &Job<W>) -> Self {
        Self { region: Region::new((W::BULK.given().bytes)(&job.input).len()), resident: false }
    }
}

impl<W: MapReduce> Load<W> for Mapped {
    fn introduce(&self, link: &Link) -> Result<(), Broken> {
        let _no_child = INHERITED.lock();
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
        share.map(workload, &(W::BULK.given().task)(workload, range, bytes));
        Ok(rest)
    }
}
