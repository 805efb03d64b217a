//! Criterion over the primitives that decide between models: locks, maps, hops, starts, formats, and ways to another
//! process. `cargo bench -p benches --bench primitives -- map/` runs one group.
//!
//! Threads, pools and processes are made outside what is timed. Where two threads work at once, an iteration is one
//! operation of each. One bench after the other says how large a cost is; which of two is smaller, and by how much, says
//! `compare`, or the program `ship`.

mod hop;
mod lock;
mod map;
mod serialize;
mod ship;
mod spawn;
mod threads;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use criterion::Criterion;

fn main() -> ExitCode {
    if let Some(code) = benches::ship::worker() {
        return code;
    }
    let criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    let mut criterion = criterion.configure_from_args();
    lock::bench(&mut criterion);
    map::bench(&mut criterion);
    hop::bench(&mut criterion);
    spawn::bench(&mut criterion);
    serialize::bench(&mut criterion);
    ship::bench(&mut criterion);
    criterion.final_summary();
    ExitCode::SUCCESS
}

/// This program, whose `main` turns into a worker process first of all.
fn program() -> PathBuf {
    std::env::current_exe().expect("the path of this program")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime of two threads")
}
