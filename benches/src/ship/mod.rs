//! Ways to ship bytes to another process: the same payload, the same window, the same acknowledgements, and a receiver
//! that reads every cache line. `primitives` puts them under Criterion, the program `ship` compares them in rounds.
//!
//! | way | a message is |
//! |---|---|
//! | `vec` | a `Vec<u8>` through serde, byte by byte; the channel takes it by value, so it is copied first |
//! | `byte-buf` | the same as a `ByteBuf`, in one piece |
//! | `bytes-channel` | the bytes as they are |
//! | `region-each` | an `IpcSharedMemory` of its own |
//! | `region-once` | a slot of one `IpcSharedMemory`, and 16 bytes that say which |
//! | `seqpacket` | a raw socket of the kind ipc-channel is made of, received into one buffer |
//!
//! Worker processes are this program again: call [`worker`] first in `main`.

mod line;
mod outlet;
mod process;
mod region;
mod socket;
mod tasks;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcSender, IpcSharedMemory};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

pub use self::line::Line;
pub use self::process::start_and_end;
pub use self::tasks::{Echo, Tasks};

/// The hidden first argument of a worker process.
const WORKER: &str = "__ship";
const CACHE_LINE: usize = 64;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `IpcSender<Vec<u8>>`.
    Vec,
    /// `IpcSender<ByteBuf>`.
    ByteBuf,
    /// `ipc::bytes_channel`.
    BytesChannel,
    /// An `IpcSharedMemory` a message.
    RegionEach,
    /// Slots of one `IpcSharedMemory`.
    RegionOnce,
    /// A raw socket.
    Seqpacket,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Vec, Self::ByteBuf, Self::BytesChannel, Self::RegionEach, Self::RegionOnce, Self::Seqpacket];

    /// As it stands in tables and arguments.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Vec => "vec",
            Self::ByteBuf => "byte-buf",
            Self::BytesChannel => "bytes-channel",
            Self::RegionEach => "region-each",
            Self::RegionOnce => "region-once",
            Self::Seqpacket => "seqpacket",
        }
    }
}

/// The parent's ends of what a worker made, sent by the worker when it connects.
#[derive(Serialize, Deserialize)]
enum Ends {
    Vec(IpcSender<Vec<u8>>),
    ByteBuf(IpcSender<ByteBuf>),
    Bytes(IpcBytesSender),
    Regions(IpcSender<IpcSharedMemory>),
    Region { region: IpcSender<IpcSharedMemory>, descriptors: IpcBytesSender },
    BothWays(IpcBytesSender, IpcBytesReceiver),
}

/// If this process was started as a worker, it works until its parent hangs up, and this is its exit code.
#[must_use]
pub fn worker() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let [WORKER, arguments @ ..] = &arguments[..] else { return None };
    let code = work(arguments).inspect_err(|error| eprintln!("a worker process failed: {error:#}"));
    Some(if code.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn work(arguments: &[&str]) -> Result<()> {
    match arguments {
        [process::EXIT] => Ok(()),
        [tasks::ECHO, address] => tasks::echo(address),
        [tasks::TASKS, address] => tasks::work(address),
        [way, size, address] => {
            let way = Way::ALL.into_iter().find(|known| known.id() == *way);
            line::receive(way.context("no such way to ship")?, size.parse()?, address)
        }
        _ => bail!("`{}` is nothing a worker process does", arguments.join(" ")),
    }
}

/// Reads every cache line of a message; the sum depends on what is in it, on the order and on the length. A first word
/// of n adds n.
fn read_lines(message: &[u8]) -> u64 {
    let word = |line: &[u8]| line.first_chunk().map_or(line[0].into(), |word| u64::from_le_bytes(*word));
    let lines = message.chunks(CACHE_LINE).zip(1u64..);
    lines.fold(message.len() as u64, |sum, (line, nth)| sum.wrapping_add(word(line).wrapping_mul(nth)))
}
