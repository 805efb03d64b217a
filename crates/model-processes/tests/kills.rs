//! A soak: pools whose workers are killed at random moments, by SIGKILL, by SIGSTOP then SIGKILL, and some leave by
//! themselves in the middle of an answer. Tasks and answers are of several pieces, so that a death is also one in the middle
//! of either. Every round ends and its answer is right, and nothing is left behind: no process, no descriptor, no region of
//! memory, no file.
//!
//! `KILLS=2000 cargo test --release -p model-processes --test kills` is the long form. Prints how soon deaths were
//! noticed; that is a figure, not a condition.

#[allow(dead_code)] // what the other tests use
mod toys;

use std::fs;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use patterns::cell::Cell;
use patterns::clock::Tick;
use serde_json::json;
use toys::{children, count, left, random};

const IN_PRIVATE: &str = "KILLS_IN_PRIVATE_FOLDER";

fn main() -> ExitCode {
    if let Some(code) = toys::worker() {
        return code;
    }
    if std::env::var_os(IN_PRIVATE).is_none() {
        return in_private_folder();
    }
    // Nobody waits for ever, this test neither.
    thread::spawn(|| {
        thread::sleep(Duration::from_secs(300));
        eprintln!("it hangs");
        std::process::exit(1);
    });
    let pools: Vec<Cell> = toys::cells().into_iter().filter(|cell| ["naps", "tree"].contains(&cell.workload)).collect();
    let all = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(120_usize);
    for cell in &pools {
        let survived = survive(cell, all.div_ceil(pools.len()));
        println!("test kills_{} ... ok ({survived})", cell.strategy.replace('-', "_"));
    }
    println!("test result: ok. {} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", pools.len());
    ExitCode::SUCCESS
}

/// Runs this test again with a TMPDIR of its own, which must be empty afterwards.
fn in_private_folder() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("kills-{}", std::process::id()));
    fs::create_dir(&folder).expect("a private folder");
    let shared = count("/dev/shm");
    let mut again = Command::new(std::env::current_exe().expect("a path"));
    let status = again.env(IN_PRIVATE, "1").env("TMPDIR", &folder).status().expect("itself");
    let left = count(folder.to_str().expect("a path"));
    fs::remove_dir_all(&folder).expect("the private folder");
    assert_eq!(left, 0, "files were left in TMPDIR");
    assert!(count("/dev/shm") <= shared, "shared memory was left");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Who was killed, and when.
#[derive(Default)]
struct Killed {
    log: Mutex<Vec<(u32, Tick)>>,
    in_this_round: AtomicUsize,
}

/// Kills workers, round after round, until so many were lost; what it took to notice.
fn survive(cell: &Cell, enough: usize) -> String {
    let before = left();
    let knobs = match cell.workload {
        // Every hundredth task a worker leaves.
        "naps" => json!({ "tasks": 100, "nap_us": 500, "task_bytes": 200_000, "answer_bytes": 300_000, "leaves": 100 }),
        _ => json!({ "leaves": 200, "nap_us": 300 }),
    };
    let (ready, over, killed) = (AtomicBool::new(false), AtomicBool::new(false), Killed::default());
    let (mut deaths, mut rounds) = (Vec::new(), 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ready.load(Ordering::Relaxed) && !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
            killer(&over, &killed);
        });
        let run = toys::run(cell, knobs, 3, toys::respawn(cell), &mut |round| {
            ready.store(true, Ordering::Relaxed);
            while deaths.len() < enough {
                deaths.extend(round()?.observed.deaths);
                killed.in_this_round.store(0, Ordering::Relaxed);
                rounds += 1;
            }
            // Before tear-down: a worker that is killed then is not missed.
            over.store(true, Ordering::Relaxed);
            Ok(())
        });
        over.store(true, Ordering::Relaxed);
        run.expect("every round's answer is right");
    });
    let log = killed.log.into_inner().unwrap_or_else(PoisonError::into_inner);
    let when = |pid: &u32| log.iter().find(|(victim, _)| victim == pid).map(|(_, at)| *at);
    let mut noticed: Vec<Duration> = deaths.iter().filter_map(|(pid, at)| Some(at.since(when(pid)?))).collect();
    noticed.sort_unstable();
    assert!(!noticed.is_empty(), "nobody was killed in a round");
    assert_eq!(left(), before, "something was left behind");
    let (all, left_themselves, last) = (deaths.len(), deaths.len() - noticed.len(), noticed[noticed.len() - 1]);
    let median = noticed[noticed.len() / 2];
    format!(
        "{all} lost in {rounds} rounds, {left_themselves} of them left; kills noticed after {median:?} (median), {last:?} (latest)"
    )
}

/// Kills a worker every few milliseconds; some are stopped for a moment first.
fn killer(over: &AtomicBool, killed: &Killed) {
    while !over.load(Ordering::Relaxed) {
        // Slower and slower within a round: on any machine it ends some time.
        let patience = 1 + killed.in_this_round.load(Ordering::Relaxed) as u64 / 10;
        thread::sleep(Duration::from_millis(patience * (5 + random() % 25)));
        let workers = children();
        let Some(&victim) = workers.get(random() as usize % workers.len().max(1)) else { continue };
        // Mostly such as are at work, and when all are: a pool of which nobody is left does nothing but start.
        let at_work = |worker: &i32| count(&format!("/proc/{worker}/fd")) >= 6;
        if !workers.iter().all(at_work) && !random().is_multiple_of(8) {
            continue;
        }
        let pid = Pid::from_raw(victim);
        if random().is_multiple_of(3) {
            let _ = kill(pid, Signal::SIGSTOP);
            thread::sleep(Duration::from_millis(2));
        }
        killed.log.lock().unwrap_or_else(PoisonError::into_inner).push((victim as u32, Tick::now()));
        let _ = kill(pid, Signal::SIGKILL);
        killed.in_this_round.fetch_add(1, Ordering::Relaxed);
    }
}
