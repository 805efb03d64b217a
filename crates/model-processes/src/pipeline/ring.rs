//! A ring of words between one process that puts messages in and one that takes them out. Whoever finds it full, or empty,
//! sleeps on a futex; whoever changes that wakes them, and makes no system call where nobody sleeps. Nobody spins.
//!
//! A message is a word with its length in bytes and its bytes, in words; one that does not fit goes in as many pieces as it
//! takes. `put` and `taken` count messages, so that there are never more in it than its capacity.
//!
//! No wake-up is lost. Whoever is about to sleep first says so, then looks at the other's position once more; whoever moves
//! a position first publishes it, then looks whether somebody sleeps. Between the two of each lies a fence (SeqCst), and all
//! such fences have one order: if the sleeper's comes first, the other sees that it sleeps; if it comes second, the sleeper
//! sees the new position. From that look to sleep the kernel takes it: it compares again before it puts anybody to sleep,
//! and whoever moved the position wakes after that. `tests/ring.rs` tries every interleaving with loom.
//!
//! What no order covers is a process that is killed between its two steps, and the closing of a ring just when somebody has
//! looked: who sleeps looks again after a while.

use crate::sync::{AtomicU64, Ordering, Word, fence};

/// Bytes of a word of data.
const WORD: usize = size_of::<u64>();

/// Words between the two processes. Positions count words, and wrap.
pub(super) struct Ring<'r> {
    /// Where the next word goes in; who puts moves it.
    pub(super) tail: &'r Word,
    /// Messages that have gone in; who puts counts them.
    pub(super) put: &'r Word,
    /// Whether who puts sleeps, on `head`.
    pub(super) putter_sleeps: &'r Word,
    /// Where the next word comes out; who takes moves it.
    pub(super) head: &'r Word,
    /// Messages that have come out; who takes counts them.
    pub(super) taken: &'r Word,
    /// Whether who takes sleeps, on `tail`.
    pub(super) taker_sleeps: &'r Word,
    /// Whether one of the two is gone.
    pub(super) closed: &'r Word,
    /// The words, a power of two of them.
    pub(super) data: &'r [AtomicU64],
}

/// One of the two is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl Ring<'_> {
    /// Puts a message in, waiting while there are already `capacity`. For one process only.
    pub(super) fn put(&self, message: &[u8], capacity: u32) -> Result<(), Closed> {
        // Relaxed: nobody else writes these two.
        let (mut tail, put) = (self.tail.load(Ordering::Relaxed), self.put.load(Ordering::Relaxed));
        // Relaxed: published with `head`, which was loaded before. A stale one is too small, and then this waits.
        let mut room =
            self.room(tail, |room| room > 0 && put.wrapping_sub(self.taken.load(Ordering::Relaxed)) < capacity)?;
        self.word(tail).store(message.len() as u64, Ordering::Relaxed);
        (tail, room) = (tail.wrapping_add(1), room - 1);
        let mut rest = message;
        while !rest.is_empty() {
            if room == 0 {
                self.publish(self.tail, tail, self.taker_sleeps);
                room = self.room(tail, |room| room > 0)?;
            }
            let (piece, after) = rest.split_at(rest.len().min(room as usize * WORD));
            let (words, last) = piece.as_chunks::<WORD>();
            let mut padded = [0; WORD];
            padded[..last.len()].copy_from_slice(last);
            for word in words.iter().chain((!last.is_empty()).then_some(&padded)) {
                // Relaxed, as the one above: `tail` publishes it.
                self.word(tail).store(u64::from_le_bytes(*word), Ordering::Relaxed);
                (tail, room) = (tail.wrapping_add(1), room - 1);
            }
            rest = after;
        }
        // Relaxed: only who puts reads it.
        self.put.store(put.wrapping_add(1), Ordering::Relaxed);
        self.publish(self.tail, tail, self.taker_sleeps);
        Ok(())
    }

    /// Takes a message out, waiting for one. For one process only.
    pub(super) fn take(&self, message: &mut Vec<u8>) -> Result<(), Closed> {
        // Relaxed: nobody else writes it.
        let mut head = self.head.load(Ordering::Relaxed);
        let mut there = self.there(head)?;
        // Relaxed, as the one below: `tail` published it, and was loaded before.
        let length = self.word(head).load(Ordering::Relaxed) as usize;
        (head, there) = (head.wrapping_add(1), there - 1);
        message.clear();
        message.reserve(length.next_multiple_of(WORD));
        while message.len() < length {
            if there == 0 {
                self.publish(self.head, head, self.putter_sleeps);
                there = self.there(head)?;
            }
            let piece = (length - message.len()).div_ceil(WORD).min(there as usize) as u32;
            for _ in 0..piece {
                message.extend_from_slice(&self.word(head).load(Ordering::Relaxed).to_le_bytes());
                head = head.wrapping_add(1);
            }
            there -= piece;
        }
        message.truncate(length);
        // Relaxed: `head` publishes it. Nobody else writes it.
        self.taken.store(self.taken.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.publish(self.head, head, self.putter_sleeps);
        Ok(())
    }

    /// One of the two is gone, and the other need not wait any longer.
    pub(super) fn close(&self) {
        // Release, as a matter of form: nothing is published by it but itself.
        self.closed.store(1, Ordering::Release);
        self.tail.wake();
        self.head.wake();
    }

    fn word(&self, position: u32) -> &AtomicU64 {
        &self.data[position as usize & (self.data.len() - 1)]
    }

    /// Waits until `enough` is true of the room there is.
    fn room(&self, tail: u32, enough: impl Fn(u32) -> bool) -> Result<u32, Closed> {
        loop {
            // Acquire: what was read of the words before `head` was read before they are written again.
            let head = self.head.load(Ordering::Acquire);
            let room = self.data.len() as u32 - tail.wrapping_sub(head);
            if enough(room) {
                return Ok(room);
            }
            self.sleep(self.head, head, self.putter_sleeps)?;
        }
    }

    /// Waits until there are words; how many there are.
    fn there(&self, head: u32) -> Result<u32, Closed> {
        loop {
            // Acquire: the words before `tail` are there.
            let tail = self.tail.load(Ordering::Acquire);
            if tail != head {
                return Ok(tail.wrapping_sub(head));
            }
            self.sleep(self.tail, tail, self.taker_sleeps)?;
        }
    }

    /// Moves a position, and wakes who sleeps on it.
    fn publish(&self, position: &Word, to: u32, sleeps: &Word) {
        // Release: what was done with the words up to there is done.
        position.store(to, Ordering::Release);
        // SeqCst: against the one in `sleep`, see above.
        fence(Ordering::SeqCst);
        if sleeps.load(Ordering::Relaxed) != 0 {
            position.wake();
        }
    }

    /// Sleeps while the other's position is as `seen`; may return at any time.
    fn sleep(&self, position: &Word, seen: u32, sleeps: &Word) -> Result<(), Closed> {
        // Relaxed, as the one at the end: the fence orders what has to be ordered.
        sleeps.store(1, Ordering::Relaxed);
        // SeqCst: against the one in `publish`, see above.
        fence(Ordering::SeqCst);
        if position.load(Ordering::Relaxed) == seen {
            if self.closed.load(Ordering::Acquire) != 0 {
                return Err(Closed);
            }
            position.wait(seen);
        }
        sleeps.store(0, Ordering::Relaxed);
        Ok(())
    }
}
