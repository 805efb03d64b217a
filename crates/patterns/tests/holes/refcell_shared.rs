//! A cell that counts its borrows without atomics, shared between threads: both could find it free.

use std::cell::RefCell;
use std::thread;

fn main() {
    let total = RefCell::new(0_u64);
    thread::scope(|scope| {
        scope.spawn(|| *total.borrow_mut() += 1);
        scope.spawn(|| *total.borrow_mut() += 1);
    });
}
