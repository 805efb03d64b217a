//! The parking lot: where threads sleep that wait for a lock, so that a lock itself needs a byte only.
//!
//! Waiters are found by the address of what they wait for, in one of 257 buckets. A bucket's own lock is std's here; CPython's
//! is a word with a stack of waiters, whose last comer is woken first.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use crate::sync::{Condvar, Mutex, MutexGuard};

/// A prime, so that addresses spread although they are multiples of a power of two.
const BUCKETS: usize = 257;

/// What a thread does round a sleep: it drops what others need meanwhile, and takes it back.
pub trait Around {
    /// Others can already wake this thread; it has not slept yet.
    fn detach(&mut self);
    /// This thread has been woken.
    fn attach(&mut self);
}

/// Nothing.
impl Around for () {
    fn detach(&mut self) {}
    fn attach(&mut self) {}
}

/// Who has parked where.
#[derive(Debug)]
pub struct ParkingLot {
    buckets: Box<[Mutex<VecDeque<Arc<Waiter>>>]>,
}

/// The first waiter at an address, as whoever unparks it sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parked {
    /// What it gave to `park`.
    pub token: u64,
    /// Whether others may wait: there are some in the bucket, if perhaps at another address.
    pub more: bool,
}

#[derive(Debug)]
struct Waiter {
    address: usize,
    token: u64,
    /// A semaphore that is posted once, with a word for the waiter.
    word: Mutex<Option<u64>>,
    posted: Condvar,
}

impl Waiter {
    fn wait(&self) -> u64 {
        let mut word = self.word.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *word {
                Some(word) => return word,
                None => word = self.posted.wait(word).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn post(&self, word: u64) {
        *self.word.lock().unwrap_or_else(PoisonError::into_inner) = Some(word);
        self.posted.notify_one();
    }
}

impl Default for ParkingLot {
    fn default() -> Self {
        Self::new()
    }
}

impl ParkingLot {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::with_buckets(BUCKETS)
    }

    pub(crate) fn with_buckets(buckets: usize) -> Self {
        Self { buckets: (0..buckets).map(|_| Mutex::new(VecDeque::new())).collect() }
    }

    /// Sleeps at `address` until unparked, if `still`, which is asked under the bucket's lock, says that there is something to
    /// wait for; the word of whoever unparked it. `None`: there was not.
    pub fn park(
        &self,
        address: usize,
        token: u64,
        still: impl FnOnce() -> bool,
        around: &mut impl Around,
    ) -> Option<u64> {
        let mut bucket = self.bucket(address);
        if !still() {
            return None;
        }
        let waiter = Arc::new(Waiter { address, token, word: Mutex::new(None), posted: Condvar::new() });
        bucket.push_back(waiter.clone());
        drop(bucket);
        around.detach();
        let word = waiter.wait();
        around.attach();
        Some(word)
    }

    /// Wakes who has slept at `address` for the longest, with the word that `decide` has for it. `decide` is called under the
    /// bucket's lock, also where nobody sleeps there. Whether somebody did.
    pub fn unpark_one(&self, address: usize, decide: impl FnOnce(Option<Parked>) -> u64) -> bool {
        let mut bucket = self.bucket(address);
        let first = bucket.iter().position(|waiter| waiter.address == address);
        let waiter = first.and_then(|first| bucket.remove(first));
        let more = !bucket.is_empty();
        let word = decide(waiter.as_ref().map(|waiter| Parked { token: waiter.token, more }));
        drop(bucket);
        // Outside, so that who is woken does not run into the bucket's lock.
        if let Some(waiter) = &waiter {
            waiter.post(word);
        }
        waiter.is_some()
    }

    /// Wakes all who sleep at `address`, with one word; how many.
    pub fn unpark_all(&self, address: usize, word: u64) -> usize {
        let mut bucket = self.bucket(address);
        let (woken, rest): (VecDeque<_>, _) = bucket.drain(..).partition(|waiter| waiter.address == address);
        *bucket = rest;
        drop(bucket);
        woken.iter().for_each(|waiter| waiter.post(word));
        woken.len()
    }

    fn bucket(&self, address: usize) -> MutexGuard<'_, VecDeque<Arc<Waiter>>> {
        self.buckets[address % self.buckets.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
