//! Freight: how the data of a task reaches a worker. The pool is the same for all; only this differs.

mod mapped;
mod owned;

use std::ops::Range;

use patterns::map_reduce::{Bulk, Share};
use patterns::{Error, Job, MapReduce};
use serde::Serialize;

use crate::link::Link;
use crate::parent::Parent;
use crate::wire::Broken;

pub(super) use mapped::Mapped;
pub(super) use owned::{Buffer, Owned};

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

fn place<W: MapReduce>(job: &Job<W>, index: usize) -> (Bulk<W>, Range<usize>) {
    let bulk = W::BULK.given();
    let range = (bulk.range)(&job.input, index);
    (bulk, range)
}

/// Adds a value to a message.
pub(crate) fn append(value: &impl Serialize, message: &mut Vec<u8>) -> Result<(), Error> {
    *message = postcard::to_extend(value, std::mem::take(message)).map_err(Error::other)?;
    Ok(())
}
