//! A lock that is held while a task waits: the task may go on in another thread, where the guard must not go, and whoever
//! wants the lock meanwhile blocks a thread that should run tasks.

use std::future::{Future, ready};
use std::sync::{Arc, Mutex};

/// What runtimes with several threads ask of a task.
fn spawn<F: Future + Send + 'static>(_: F) {}

fn main() {
    let entries = Arc::new(Mutex::new(vec![0_u64]));
    spawn(async move {
        let mut held = entries.lock().unwrap();
        ready(()).await;
        held[0] += 1;
    });
}
