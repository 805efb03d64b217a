//! Kills: a pool whose workers are killed at random moments, by SIGKILL, by SIGSTOP then SIGKILL. Every round's answer
//! is right, every death is noticed, and nothing is left behind: no process, no descriptor, no file.
//!
//! Prints how soon deaths were noticed; that is a figure, not a condition.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use model_processes::Processes;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use patterns::cell::{self, Cell, Config, Digest};
use patterns::clock::Tick;
use patterns::probe::Recorder;
use patterns::{Clock, MapReduce, Model, Respawn, RunsMapReduce, Start, Watch, Workload, Wrong};
use serde::{Deserialize, Serialize};

/// 400 tasks of half a millisecond: rounds long enough to be killed in.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Naps {}

const TASKS: usize = 400;

impl Workload for Naps {
    const ID: &'static str = "naps";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl MapReduce for Naps {
    type Task<'i> = usize;
    type Partial = Vec<usize>;

    fn tasks(&self, (): &()) -> usize {
        TASKS
    }
    fn empty(&self) -> Vec<usize> {
        Vec::new()
    }
    fn task(&self, (): &(), index: usize) -> usize {
        index
    }
    fn items(&self, _: &usize) -> usize {
        1
    }
    fn map(&self, task: &usize, _: Range<usize>, into: &mut Vec<usize>) {
        thread::sleep(Duration::from_micros(500));
        into.push(*task);
    }
    fn merge(&self, into: &mut Vec<usize>, other: Vec<usize>) {
        into.extend(other);
    }
    fn verify(&self, (): &(), answer: &Vec<usize>) -> Result<(), Wrong> {
        let mut answer = answer.clone();
        answer.sort_unstable();
        if answer.iter().copied().eq(0..TASKS) { Ok(()) } else { Err("a task was lost or done twice".into()) }
    }
}

const WORKER: &str = "__worker";
const IN_PRIVATE: &str = "KILLS_IN_PRIVATE_FOLDER";

fn main() -> ExitCode {
    let cells = cell::map_reduce(Processes::ID, Processes::map_reduce::<Naps, Recorder>());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, strategy, address] = &arguments[..]
        && verb == WORKER
    {
        let cell = cells.iter().find(|cell| cell.strategy == strategy).expect("a strategy of this model");
        return match cell.worker.expect("it has workers")(address) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if std::env::var_os(IN_PRIVATE).is_none() {
        return in_private_folder();
    }
    let rounds = std::env::var("KILLS_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10);
    for cell in &cells {
        println!("test kills_{} ... ok ({})", cell.strategy.replace('-', "_"), survive(cell, rounds));
    }
    println!("test result: ok. {} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", cells.len());
    ExitCode::SUCCESS
}

/// Runs this test again with a TMPDIR of its own, which must be empty afterwards.
fn in_private_folder() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("kills-{}", std::process::id()));
    fs::create_dir(&folder).expect("a private folder");
    let mut again = Command::new(std::env::current_exe().expect("a path"));
    let status = again.env(IN_PRIVATE, "1").env("TMPDIR", &folder).status().expect("itself");
    let left = fs::read_dir(&folder).expect("the private folder").count();
    fs::remove_dir_all(&folder).expect("the private folder");
    assert_eq!(left, 0, "files were left in TMPDIR");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct NoClock;

impl Clock for NoClock {
    fn start(&mut self) {}
    fn stop(&mut self) {}
}

/// Kills workers while rounds go on; how soon that was noticed.
fn survive(cell: &Cell, rounds: usize) -> String {
    let descriptors = count("/proc/self/fd");
    let three = NonZeroUsize::new(3).expect("not zero");
    let respawn = Respawn {
        program: std::env::current_exe().expect("a path"),
        arguments: vec![WORKER.into(), cell.strategy.into()],
    };
    let start = Start { workers: three, cpus: three, respawn, load: None };
    let config = Config { knobs: serde_json::Map::new(), seed: 1, start };
    let prepared = cell.support.run().expect("runs")(&config).expect("an input");
    let (ready, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let killed = Mutex::new(Vec::new());
    let mut deaths = Vec::new();
    let mut restarts = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            // A pool that never came up is a failed cell; what is tried here is one at work.
            while !ready.load(Ordering::Relaxed) && !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
            killer(&over, &killed);
        });
        let run = prepared(&mut |round| {
            ready.store(true, Ordering::Relaxed);
            for _ in 0..rounds {
                let checked = round(&mut Watch::new(&mut NoClock), Digest::Skip)?;
                restarts += checked.units.restarts;
                deaths.extend(checked.observed.deaths);
            }
            // Before tear-down: a worker that is killed then is not missed.
            over.store(true, Ordering::Relaxed);
            Ok(())
        });
        over.store(true, Ordering::Relaxed);
        run.expect("every round's answer is right");
    });
    let killed = killed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut noticed: Vec<Duration> = deaths
        .iter()
        .filter_map(|(pid, at)| Some(at.since(killed.iter().find(|(victim, _)| victim == pid)?.1)))
        .collect();
    noticed.sort_unstable();
    assert!(restarts > 0, "nobody was killed in a round");
    assert_eq!(noticed.len(), deaths.len(), "a worker died that nobody killed");
    assert_eq!(children(), Vec::<i32>::new(), "processes were left behind");
    assert_eq!(count("/proc/self/fd"), descriptors, "descriptors were left open");
    let last = noticed.last().copied().unwrap_or_default();
    format!("{} kills, noticed after {:?} (median), {last:?} (latest)", deaths.len(), noticed[noticed.len() / 2])
}

/// Kills a worker every few milliseconds; some are stopped for a moment first.
fn killer(over: &AtomicBool, killed: &Mutex<Vec<(u32, Tick)>>) {
    let mut state = 88_172_645_463_325_252_u64; // xorshift64: any sequence will do, the same each time
    while !over.load(Ordering::Relaxed) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        thread::sleep(Duration::from_millis(5 + state % 25));
        let workers = children();
        let Some(&victim) = workers.get(state as usize % workers.len().max(1)) else { continue };
        let pid = Pid::from_raw(victim);
        // Only workers that have connected: one that dies before is a failure of its own kind.
        if count(&format!("/proc/{victim}/fd")) < 6 {
            continue;
        }
        if state.is_multiple_of(3) {
            let _ = kill(pid, Signal::SIGSTOP);
            thread::sleep(Duration::from_millis(2));
        }
        killed.lock().unwrap_or_else(PoisonError::into_inner).push((victim as u32, Tick::now()));
        let _ = kill(pid, Signal::SIGKILL);
    }
}

fn children() -> Vec<i32> {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc");
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    let mut all: Vec<i32> = tasks
        .flatten()
        .flat_map(|task| of(task).split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect();
    all.sort_unstable();
    all
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}
