//! Where objects lie: slots that never move, given to threads in blocks of their own, so that two threads seldom write lines
//! side by side.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::object::{Ref, Slot};

/// Slots that a thread is given at once.
pub(super) const BLOCK: usize = 64;
/// Blocks that are made at once.
const BLOCKS: usize = 64;

/// All slots of a machine.
#[derive(Debug)]
pub(super) struct Heap<'h> {
    chunks: Vec<OnceLock<Box<[Slot<'h>]>>>,
    given: AtomicUsize,
    blocks: usize,
}

impl<'h> Heap<'h> {
    /// For at least so many objects.
    pub(super) fn new(objects: usize) -> Self {
        let blocks = objects.div_ceil(BLOCK).max(1);
        let chunks = (0..blocks.div_ceil(BLOCKS)).map(|_| OnceLock::new()).collect();
        Self { chunks, given: AtomicUsize::new(0), blocks }
    }

    /// Slots that nobody has used; `None` where there are no more.
    pub(super) fn block(&'h self) -> Option<&'h [Slot<'h>]> {
        let block = self.given.fetch_add(1, Ordering::Relaxed);
        if block >= self.blocks {
            self.given.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let first = block / BLOCKS * BLOCKS * BLOCK;
        let make = || (first..first + BLOCKS * BLOCK).map(|number| Slot::new(number as u32)).collect();
        let chunk = self.chunks[block / BLOCKS].get_or_init(make);
        let first = block % BLOCKS * BLOCK;
        Some(&chunk[first..first + BLOCK])
    }

    /// The slot of a number that somebody was given.
    #[inline(always)]
    pub(super) fn slot(&'h self, number: u32) -> Option<Ref<'h>> {
        let number = number as usize;
        self.chunks.get(number / (BLOCKS * BLOCK))?.get().map(|chunk| &chunk[number % (BLOCKS * BLOCK)])
    }

    /// Every slot there is.
    pub(super) fn slots(&'h self) -> impl Iterator<Item = Ref<'h>> {
        self.chunks.iter().filter_map(OnceLock::get).flatten()
    }
}
