//! Map-reduce on warm worker processes: tasks travel, shares travel back.
//!
//! - `pool`: one task a message, up to 16 messages on their way to a worker. Balances; a message a task.
//! - `pool-batched`: up to 64 tasks a message, two messages on their way. A sixteenth of the messages and less.
//! - `pool-vec`: `pool` where the data of a task is bytes in a `Vec<u8>`, by value. Serde takes them one by one.
//! - `pool-byte-buf`: the same in a `serde_bytes::ByteBuf`, which goes as one; copied into the message and out of it.
//! - `shared-memory`: a region mapped by all; a task's bytes are copied there, inside the clock, and its range is sent.
//! - `shared-memory-resident`: the bytes are there before the clock starts, as in a program that keeps them there.
//!
//! `pool` sends bytes through a bytes channel, and the worker reads them where they lie in the message: no copy but the
//! kernel's two and the one into the message.
//!
//! Window and batch shrink towards the end (guided: what is left over twice the workers), or one worker would sit on
//! the last tasks while the others idle. A worker that is killed costs its window, which others take at once.

mod board;
mod crew;
mod driver;
mod errand;
mod freight;
mod pool;

pub(crate) use crew::{Home, Packing, Pool, crew};
pub(crate) use errand::Errand;
pub(crate) use freight::append;
use freight::{Mapped, Owned, Tasks};
use patterns::{Demand, MapReduce, Probe, RunsMapReduce, Strategies, Strategy};
use serde_bytes::ByteBuf;

use crate::Processes;

impl RunsMapReduce for Processes {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(
            Strategy::idiomatic("pool", Demand::SHIPPED, pool::single::<W, P>).with_worker(pool::work::<W, Tasks>),
        )
        .and(
            Strategy::idiomatic("pool-batched", Demand::SHIPPED, pool::batched::<W, P>)
                .with_worker(pool::work::<W, Tasks>),
        )
        .and(
            Strategy::against_the_grain("pool-vec", Demand::SHIPPED, BYTE_BY_BYTE, pool::owned::<W, P, Vec<u8>>)
                .with_worker(pool::work::<W, Owned<Vec<u8>>>)
                .needs(&W::BULK),
        )
        .and(
            Strategy::idiomatic("pool-byte-buf", Demand::SHIPPED, pool::owned::<W, P, ByteBuf>)
                .with_worker(pool::work::<W, Owned<ByteBuf>>)
                .needs(&W::BULK),
        )
        .and(
            Strategy::idiomatic("shared-memory", Demand::MAPPED, pool::copied::<W, P>)
                .with_worker(pool::work::<W, Mapped>)
                .needs(&W::BULK),
        )
        .and(
            Strategy::idiomatic("shared-memory-resident", Demand::MAPPED, pool::resident::<W, P>)
                .with_worker(pool::work::<W, Mapped>)
                .needs(&W::BULK),
        )
    }
}

const BYTE_BY_BYTE: &str = "serde takes a Vec<u8> byte by byte; serde_bytes, or a bytes channel, takes it whole";
