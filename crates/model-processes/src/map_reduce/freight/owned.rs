//! Bytes in a buffer that owns them, as a typed channel (`IpcSender<B>`) has it: serialized by value, and deserialized into
//! another such buffer. What that costs is the buffer's affair.

use std::marker::PhantomData;

use patterns::map_reduce::Share;
use patterns::{Error, Job, MapReduce};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Load, Unload, append, place};
use crate::parent::Parent;

/// Bytes in a buffer `B`.
pub(in super::super) struct Owned<B>(PhantomData<B>);

impl<B> Owned<B> {
    pub(in super::super) const NEW: Self = Self(PhantomData);
}

/// What owns bytes and can travel.
pub(in super::super) trait Buffer:
    From<Vec<u8>> + AsRef<[u8]> + Serialize + DeserializeOwned + Sync
{
}
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
        share.map(workload, &(W::BULK.given().task)(workload, range, bytes.as_ref()));
        Ok(rest)
    }
}
