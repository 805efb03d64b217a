//! The locks under threads of the system. Whatever is asserted is counted, not timed.

mod threads {
    mod byte_locks;
    mod gils;
    mod parking;
    mod sections;
}

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cpython_locks::Around;

/// Adds one in two steps: whatever comes in between is lost.
fn add(counter: &AtomicU64) {
    let found = counter.load(Ordering::Relaxed);
    counter.store(found + 1, Ordering::Relaxed);
}

/// Tells others that its thread has parked.
#[derive(Default)]
struct Flag(AtomicBool);

impl Flag {
    fn wait(&self) {
        while !self.0.load(Ordering::Acquire) {
            thread::yield_now();
        }
    }
}

impl Around for &Flag {
    fn detach(&mut self) {
        self.0.store(true, Ordering::Release);
    }

    fn attach(&mut self) {}
}
