//! A soak: workers of every strategy are killed at random moments, by SIGKILL, by SIGSTOP then SIGKILL.
//!
//! Pools replace whom they lose: every round ends and its answer is right. Some of their workers leave by themselves in the
//! middle of an answer; tasks and answers are of several pieces, so that a death is also one in the middle of either.
//! Elsewhere what the dead had changed or held is part of the answer, so a death ends the session: with an error that names
//! the worker that was killed and nobody else, or, where it came before the worker had connected, with another in its
//! place, or, where it came too late to matter, with the right answer. Nobody hangs, no answer is wrong, and nothing is
//! left behind: no process, no descriptor, no region of memory, no file.
//!
//! `KILLS=10000 cargo test --release -p model-processes --test kills` is the long form. Prints when kills came and how
//! soon pools noticed them; those are figures, not conditions.

#[allow(dead_code)] // what the other tests use
mod toys;

use std::fs;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use patterns::Error;
use patterns::cell::Cell;
use patterns::clock::Tick;
use serde_json::{Value, json};
use toys::{Left, children, count, left, random};

const IN_PRIVATE: &str = "KILLS_IN_PRIVATE_FOLDER";
/// How long a session, or a round of a pool, may take at the very most.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sessions and rounds that have ended.
static ENDED: AtomicU64 = AtomicU64::new(0);
/// From so many kills of a strategy on, it says how far it is.
const LONG: usize = 500;

fn main() -> ExitCode {
    if let Some(code) = toys::worker() {
        return code;
    }
    if std::env::var_os(IN_PRIVATE).is_none() {
        return in_private_folder();
    }
    thread::spawn(watch);
    let cells = toys::cells();
    let all = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(120_usize);
    for cell in &cells {
        let soak = if ["naps", "tree"].contains(&cell.workload) { survive } else { fall };
        let said = soak(cell, all.div_ceil(cells.len()));
        let name = format!("kills_{}_{}", cell.workload, cell.strategy).replace('-', "_");
        println!("test {name} ... ok ({said})");
    }
    println!("test result: ok. {} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", cells.len());
    ExitCode::SUCCESS
}

/// Nobody waits for ever, this test neither.
fn watch() {
    loop {
        let before = ENDED.load(Ordering::Relaxed);
        thread::sleep(PATIENCE);
        if ENDED.load(Ordering::Relaxed) == before {
            eprintln!("it hangs: nothing has ended for {PATIENCE:?}");
            std::process::exit(1);
        }
    }
}

/// Something has ended; in the long form, every tenth of all kills is told.
fn ended(cell: &Cell, kills: usize, enough: usize, told: &mut usize) {
    ENDED.fetch_add(1, Ordering::Relaxed);
    if enough >= LONG && 10 * kills / enough > *told {
        *told = 10 * kills / enough;
        println!("  {}/{}: {kills} of {enough} kills", cell.workload, cell.strategy);
    }
}

/// Nothing may be left behind. A thread that was joined, or a descriptor that it had, may be seen for a moment longer.
fn assert_clean(before: &Left) {
    for _ in 0..1000 {
        if left() == *before {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(left(), *before, "something was left behind");
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

impl Killed {
    fn all(&self) -> usize {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Kills workers, round after round, until so many were lost; what it took to notice.
fn survive(cell: &Cell, enough: usize) -> String {
    let before = left();
    // Every hundredth task a worker leaves.
    let naps = |task_bytes: usize, answer_bytes: usize| json!({ "tasks": 100, "nap_us": 500, "task_bytes": task_bytes, "answer_bytes": answer_bytes, "leaves": 100 });
    let knobs = match (cell.workload, cell.strategy) {
        // One by one: where a task takes as long as kills are apart, its few attempts are soon used up.
        ("naps", "pool-vec") => naps(40_000, 60_000),
        ("naps", _) => naps(200_000, 300_000),
        _ => json!({ "leaves": 200, "nap_us": 300 }),
    };
    let (ready, over, killed) = (AtomicBool::new(false), AtomicBool::new(false), Killed::default());
    let (mut deaths, mut rounds, mut told) = (Vec::new(), 0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ready.load(Ordering::Relaxed) && !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
            killer(&over, &killed);
        });
        let run = toys::run(cell, knobs, 3, toys::respawn(cell), &mut |round| {
            ready.store(true, Ordering::Relaxed);
            while killed.all() < enough {
                deaths.extend(round()?.observed.deaths);
                killed.in_this_round.store(0, Ordering::Relaxed);
                rounds += 1;
                ended(cell, killed.all(), enough, &mut told);
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
    assert_clean(&before);
    let (all, left_themselves, last) = (deaths.len(), deaths.len() - noticed.len(), noticed[noticed.len() - 1]);
    let median = noticed[noticed.len() / 2];
    format!(
        "{} kills; {all} lost in {rounds} rounds, {left_themselves} of them left; kills noticed after {median:?} (median), {last:?} (latest)",
        log.len()
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

/// Rounds of a session that a death ends.
const ROUNDS: usize = 3;
/// What a session is at, beside its rounds, which count from 1: its workers start.
const START: usize = 0;
/// All rounds are over; the workers are told to leave.
const LEAVE: usize = ROUNDS + 1;
/// Nobody is there any more.
const OVER: usize = ROUNDS + 2;

/// When kills came, and what came of them.
#[derive(Default)]
struct Fallen {
    at_start: usize,
    replaced: usize,
    in_a_round: usize,
    too_late: usize,
    after: usize,
}

/// One worker a session is killed, until there were enough; when that was.
fn fall(cell: &Cell, enough: usize) -> String {
    let before = left();
    let mut fallen = Fallen::default();
    let (mut span, mut kills, mut told) = (None, 0, 0);
    while kills < enough {
        let knobs = knobs(cell);
        // Anywhere in a session as long as the last one in which nobody was killed, and a little after it.
        let moment = span.map(|span: Duration| span.mul_f64(random() as f64 / u64::MAX as f64 * 1.1));
        let started = Tick::now();
        let (kill, result) = one_is_killed(cell, &knobs, moment);
        assert_clean(&before);
        match kill {
            Some(kill) => fallen
                .count(&kill, result)
                .unwrap_or_else(|wrong| panic!("{}/{}, {knobs}, {kill:?}: {wrong}", cell.workload, cell.strategy)),
            None => {
                result.expect("nobody was killed");
                span = Some(Tick::now().since(started));
            }
        }
        kills = fallen.at_start + fallen.in_a_round + fallen.after;
        ended(cell, kills, enough, &mut told);
    }
    let Fallen { at_start, replaced, in_a_round, too_late, after } = fallen;
    format!(
        "{kills} kills: {at_start} while workers started ({replaced} replaced), {in_a_round} in a round ({too_late} too \
        late to matter), {after} after them"
    )
}

impl Fallen {
    /// Counts a kill; what is wrong with the result, if something is.
    fn count(&mut self, kill: &Kill, result: Result<(), Error>) -> Result<(), String> {
        // In the last round a worker may have done its part already, and at the start another may take its place.
        let may_end_well = kill.from == START || kill.by >= ROUNDS;
        let ended_well = result.is_ok();
        match result {
            Ok(()) if may_end_well => {}
            Ok(()) => return Err("nobody noticed".into()),
            Err(error) => {
                let named = format!("worker process {} was killed by signal 9", kill.worker);
                if !error.to_string().starts_with(&named) || kill.from > ROUNDS {
                    return Err(format!("it says `{error}`"));
                }
            }
        }
        match kill.from {
            START => (self.at_start, self.replaced) = (self.at_start + 1, self.replaced + usize::from(ended_well)),
            LEAVE.. => self.after += 1,
            _ => (self.in_a_round, self.too_late) = (self.in_a_round + 1, self.too_late + usize::from(ended_well)),
        }
        Ok(())
    }
}

/// A session of a few milliseconds, of any shape the toy has.
fn knobs(cell: &Cell) -> Value {
    let shapes = match cell.workload {
        "tickets" | "told-tickets" => vec![json!({ "tickets": 60, "nap_us": 50 }), json!({ "tickets": 2_000 })],
        "grid" => vec![
            json!({ "width": 6, "steps": 40, "nap_us": 50, "edge_words": 1_000 }),
            json!({ "width": 10, "steps": 100 }),
        ],
        _ => vec![
            json!({ "items": 60, "stages": 3, "laps": 1, "nap_us": 50, "item_bytes": 10_000, "capacity": 2 }),
            json!({ "items": 20, "stages": 3, "laps": 1, "nap_us": 50, "item_bytes": 200_000, "capacity": 4 }),
            json!({ "items": 2, "stages": 3, "laps": 30, "nap_us": 50, "capacity": 1 }),
        ],
    };
    shapes[random() as usize % shapes.len()].clone()
}

/// Who was killed, and what the session was at before and after.
#[derive(Debug)]
struct Kill {
    worker: usize,
    from: usize,
    by: usize,
}

/// A session of which a worker is killed at this moment, if it is still there.
fn one_is_killed(cell: &Cell, knobs: &Value, moment: Option<Duration>) -> (Option<Kill>, Result<(), Error>) {
    let at = AtomicUsize::new(START);
    thread::scope(|scope| {
        let killer = moment.map(|moment| {
            let at = &at;
            scope.spawn(move || {
                thread::sleep(moment);
                strike(at)
            })
        });
        let result = toys::run(cell, knobs.clone(), 3, toys::respawn(cell), &mut |round| {
            for number in 1..=ROUNDS {
                at.store(number, Ordering::Relaxed);
                round()?;
            }
            at.store(LEAVE, Ordering::Relaxed);
            Ok(())
        });
        at.store(OVER, Ordering::Relaxed);
        (killer.and_then(|killer| killer.join().expect("a killer")), result)
    })
}

/// Kills one of those that are there, as soon as somebody is; some are stopped for a moment first.
fn strike(at: &AtomicUsize) -> Option<Kill> {
    while at.load(Ordering::Relaxed) != OVER {
        let workers = children();
        if workers.is_empty() {
            continue;
        }
        // They are started in order.
        let worker = random() as usize % workers.len();
        let pid = Pid::from_raw(workers[worker]);
        if random().is_multiple_of(3) {
            let _ = kill(pid, Signal::SIGSTOP);
            thread::sleep(Duration::from_millis(2));
        }
        let from = at.load(Ordering::Relaxed);
        return kill(pid, Signal::SIGKILL).ok().map(|()| Kill { worker, from, by: at.load(Ordering::Relaxed) });
    }
    None
}
