//! Edges in shared memory: a ring in two regions, one for its words and one for its futexes.

use std::sync::Arc;
use std::thread::Scope;

use patterns::Error;

use super::edge::{Edges, Put, Take};
use super::ring::{Closed, Ring};
use crate::link::{Link, on_end};
use crate::parent::Parent;
use crate::region::Region;
use crate::wire::{Broken, End};

/// Bytes of a ring.
const BYTES: usize = 256 << 10;
/// Futexes of a cache line. What one side writes lies in the first, what the other writes in the second, and what nobody
/// writes while all is well in the third.
const LINE: usize = 16;

/// Rings in regions.
pub(super) struct Rings;

/// The memory of a ring.
struct Memory {
    words: Region,
    futexes: Region,
}

impl Memory {
    fn ring(&self) -> Ring<'_> {
        let futexes = self.futexes.futexes();
        Ring {
            tail: &futexes[0],
            put: &futexes[1],
            putter_sleeps: &futexes[2],
            head: &futexes[LINE],
            taken: &futexes[LINE + 1],
            taker_sleeps: &futexes[LINE + 2],
            closed: &futexes[2 * LINE],
            data: self.words.words(),
        }
    }

    fn hand(&self, to: &Link) -> Result<(), Broken> {
        to.hand(End::Region(self.words.share())).and_then(|()| to.hand(End::Region(self.futexes.share())))
    }

    fn handed(parent: &Parent) -> Result<Arc<Self>, Error> {
        let (End::Region(words), End::Region(futexes)) = (parent.end()?, parent.end()?) else {
            return Err(Error::other("expected two regions"));
        };
        Ok(Arc::new(Self { words: Region::of(words), futexes: Region::of(futexes) }))
    }
}

/// The end where messages go in: of each ring there is one in use.
pub(super) struct Putter {
    memory: Arc<Memory>,
    capacity: u32,
}

/// The end where they come out: of each ring there is one in use.
pub(super) struct Taker(Arc<Memory>);

impl From<Closed> for Broken {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

/// Messages of a ring, at most.
fn limit(capacity: usize) -> u32 {
    u32::try_from(capacity).unwrap_or(u32::MAX)
}

impl Edges for Rings {
    type Put = Putter;
    type Take = Taker;

    fn edge(capacity: usize) -> Result<(Putter, Taker), Error> {
        let futexes = Region::new(3 * LINE * size_of::<u32>());
        let memory = Arc::new(Memory { words: Region::new(BYTES), futexes });
        Ok((Putter { memory: memory.clone(), capacity: limit(capacity) }, Taker(memory)))
    }

    fn guard<'s>(links: &[Link], scope: &'s Scope<'s, '_>, put: &Putter, take: &Taker) -> Result<(), Error> {
        let (first, last) = (put.memory.clone(), take.0.clone());
        on_end(links, scope, move || {
            first.ring().close();
            last.ring().close();
        })
    }
}

impl Put for Putter {
    fn put(&mut self, message: &[u8]) -> Result<(), Broken> {
        Ok(self.memory.ring().put(message, self.capacity)?)
    }

    fn hand(self, to: &Link) -> Result<(), Broken> {
        self.memory.hand(to)
    }

    fn handed(parent: &Parent, capacity: usize) -> Result<Self, Error> {
        Ok(Self { memory: Memory::handed(parent)?, capacity: limit(capacity) })
    }
}

impl Take for Taker {
    fn take(&mut self, message: &mut Vec<u8>) -> Result<(), Broken> {
        Ok(self.0.ring().take(message)?)
    }

    fn hand(self, to: &Link) -> Result<(), Broken> {
        self.0.hand(to)
    }

    fn handed(parent: &Parent) -> Result<Self, Error> {
        Memory::handed(parent).map(Self)
    }
}
