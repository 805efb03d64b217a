//! The ways in which processes and ipc-channel (0.23.1) hang, leak or panic, each tried on the real thing. What a test
//! cannot show is excluded by design; `link.rs` and `wire.rs` say how.
//!
//! | hazard | excluded by, or shown in |
//! |---|---|
//! | a child dies before it connects: `accept` waits for ever | `dies_before_connecting` |
//! | a child is killed after it connected, before its first word | replaced, as one killed before; `kills` |
//! | a lock that was given up stays locked after a `trylock` (glibc 2.36) | a word of its own says so; `lock.rs` |
//! | a worker is stopped in the middle of a message | one driver a worker, so nobody else waits; `kills` stops and kills |
//! | a worker dies while a long message is sent to it: `send` waits for ever | messages in pieces of our own; `kills` |
//! | both directions are full | `both_directions_are_full` |
//! | more than 64 descriptors in a message: a panic | one a message; `many_clients` |
//! | the limit of descriptors: a panic | asked before; `descriptor_limit` |
//! | a long TMPDIR: a socket elsewhere | refused; `long_folder` |
//! | EINTR in the middle of a message | a piece is sent or is not; `signals` |
//! | a sender of one's own keeps a channel open | the worker makes the channels; every `kills` would hang |
//! | siblings inherit channels | `siblings_inherit_nothing` |
//! | zombies | `left()`, in every test here |
//! | sockets left behind | `left()`, and the folder that `kills` looks into |
//!
//! And: workers die with their parent (`parent_is_killed`), a client that is killed fails its cell and is named
//! (`client_is_killed`), also when it held the lock that the others wait for (`killed_inside_the_lock`). What happens to
//! trees, graphs and pipelines is in `shapes.rs`.

#[allow(dead_code)] // what the other tests use
mod toys;

use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::{Pid, getpid};
use patterns::cell::Cell;
use patterns::{Error, Respawn};
use serde_json::{Value, json};
use toys::{cell, cells, children, count, left, random, rounds, short};

type Test = fn() -> Result<(), Failed>;

const TESTS: &[(&str, Test)] = &[
    ("both_directions_are_full", both_directions_are_full),
    ("client_is_killed", client_is_killed),
    ("descriptor_limit", descriptor_limit),
    ("dies_before_connecting", dies_before_connecting),
    ("driver_panics", driver_panics),
    ("killed_inside_the_lock", killed_inside_the_lock),
    ("long_folder", long_folder),
    ("many_clients", many_clients),
    ("parent_is_killed", parent_is_killed),
    ("siblings_inherit_nothing", siblings_inherit_nothing),
    ("signals", signals),
];

/// Runs one test in a process of its own: some change limits and handlers, and all look at what is left behind.
const ALONE: &str = "HAZARD_ALONE";

fn main() -> ExitCode {
    if let Some(code) = toys::worker() {
        return code;
    }
    if let Ok(name) = std::env::var(ALONE) {
        return alone(&name);
    }
    let trial = |(name, _): &(&'static str, Test)| Trial::test(*name, || in_own_process(name));
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, TESTS.iter().map(trial).collect()).exit_code()
}

fn in_own_process(name: &str) -> Result<(), Failed> {
    let output = Command::new(std::env::current_exe()?).env(ALONE, name).output()?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}

fn alone(name: &str) -> ExitCode {
    if name == "parent" {
        return parent();
    }
    // A test that hangs is a test that fails.
    thread::spawn(|| {
        thread::sleep(Duration::from_secs(60));
        eprintln!("it hangs");
        std::process::exit(1);
    });
    let (_, test) = TESTS.iter().find(|(known, _)| *known == name).expect("a test");
    let before = left();
    let result = test();
    let after = left();
    match result {
        Ok(()) if before == after => ExitCode::SUCCESS,
        Ok(()) => {
            eprintln!("something was left behind: {before:?}, then {after:?}");
            ExitCode::FAILURE
        }
        Err(failed) => {
            eprintln!("{}", failed.message().unwrap_or("failed"));
            ExitCode::FAILURE
        }
    }
}

/// What a run must say.
fn says(result: Result<(), Error>, what: &str) -> Result<(), Failed> {
    match result {
        Err(error) if error.to_string().contains(what) => Ok(()),
        Err(error) => Err(format!("it says `{error}`, not `{what}`").into()),
        Ok(()) => Err(format!("it went well, where it should say `{what}`").into()),
    }
}

fn dies_before_connecting() -> Result<(), Failed> {
    for cell in cells() {
        let folder = std::env::temp_dir();
        let sockets = || fs::read_dir(&folder).map_or(0, |all| all.flatten().filter(is_socket).count());
        let before = sockets();
        for (program, what) in [("/bin/false", "before it connected"), ("/nonexistent", "failed to start worker")] {
            let respawn = Respawn { program: program.into(), arguments: Vec::new() };
            says(toys::run(&cell, short(&cell), 3, respawn, &mut |_| Ok(())), what)?;
        }
        if sockets() > before {
            return Err("a socket was left in TMPDIR".into());
        }
    }
    Ok(())
}

fn is_socket(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with(".tmp") && entry.path().join("socket").exists()
}

/// Tasks and answers beyond every socket's buffer, more of them than a window holds.
fn both_directions_are_full() -> Result<(), Failed> {
    for cell in cells().iter().filter(|cell| cell.workload == "naps") {
        rounds(cell, json!({ "tasks": 200, "task_bytes": 60_000, "answer_bytes": 400_000 }), 2, 1)?;
        rounds(cell, json!({ "tasks": 100, "task_bytes": 500_000, "answer_bytes": 10 }), 2, 1)?;
    }
    Ok(())
}

fn many_clients() -> Result<(), Failed> {
    cells().iter().try_for_each(|cell| Ok(rounds(cell, crowd(cell, 70), 70, 1)?))
}

/// Knobs for so many processes: those of a pipeline are its stages.
fn crowd(cell: &Cell, processes: usize) -> Value {
    let mut knobs = short(cell);
    if cell.workload == "belt" {
        knobs["stages"] = processes.into();
    }
    knobs
}

fn descriptor_limit() -> Result<(), Failed> {
    setrlimit(Resource::RLIMIT_NOFILE, 64, 64)?;
    for cell in cells() {
        says(rounds(&cell, crowd(&cell, 50), 50, 1), "raise it with `ulimit -n`")?;
        rounds(&cell, short(&cell), 2, 2)?;
    }
    Ok(())
}

/// In a process of its own, like all tests here; its folder is its own affair, too.
fn long_folder() -> Result<(), Failed> {
    let long = std::env::temp_dir().join("x".repeat(90)).join(format!("hazards-{}", std::process::id()));
    fs::create_dir_all(&long)?;
    let again = Command::new(std::env::current_exe()?).env(ALONE, "descriptor_limit").env("TMPDIR", &long).output()?;
    let inside = fs::read_dir(&long)?.count();
    fs::remove_dir(&long)?;
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    match said.contains("TMPDIR is too long") && inside == 0 {
        true => Ok(()),
        false => Err(format!("{inside} files were made; it said: {said}").into()),
    }
}

/// Every worker has as many descriptors as any other, however many came before it. (Of two that are started again at the
/// same moment one may inherit the socket on which the other's first word is awaited, which ipc-channel makes without the
/// mark that closes it. It is the receiving end: it keeps nobody waiting.)
fn siblings_inherit_nothing() -> Result<(), Failed> {
    for strategy in ["pool", "shared-memory"] {
        let pool = cell("naps", strategy);
        toys::run(&pool, short(&pool), 8, toys::respawn(&pool), &mut |round| {
            round()?;
            let of = |worker: &i32| count(&format!("/proc/{worker}/fd"));
            // One that has only just connected still has the far ends that it sends; what it inherited it has for good.
            for _ in 0..1000 {
                let counts: Vec<usize> = children().iter().map(of).collect();
                let first = counts.first().copied().unwrap_or(0);
                if counts.len() == 8 && counts.iter().all(|count| *count == first) && first <= 10 {
                    return Ok(());
                }
                thread::sleep(Duration::from_millis(5));
            }
            let counts: Vec<usize> = children().iter().map(of).collect();
            Err(Error::other(format!("the workers have {counts:?} descriptors")))
        })?;
    }
    Ok(())
}

/// A panic in a driver, with tasks in its hands, is the round's error; the other drivers do not wait for those tasks.
fn driver_panics() -> Result<(), Failed> {
    for cell in cells().iter().filter(|cell| cell.workload == "naps") {
        says(rounds(cell, json!({ "tasks": 50, "nap_us": 100, "panics": true }), 3, 1), "as it is told to")?;
    }
    Ok(())
}

static HEARD: AtomicBool = AtomicBool::new(false);

extern "C" fn hear(_: i32) {
    HEARD.store(true, Ordering::Relaxed);
}

/// A handler that does not restart calls, and a signal every fifth of a millisecond, while long messages travel.
fn signals() -> Result<(), Failed> {
    let action = SigAction::new(SigHandler::Handler(hear), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler stores to an atomic, which is all that a handler may do.
    #[expect(unsafe_code, reason = "a handler without SA_RESTART is what no library installs")]
    unsafe {
        sigaction(Signal::SIGUSR1, &action)?;
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let _ = kill(getpid(), Signal::SIGUSR1);
                thread::sleep(Duration::from_micros(200));
            }
        });
        let all = cells();
        let one = |cell: &Cell| match cell.workload {
            "naps" => rounds(cell, json!({ "tasks": 50, "task_bytes": 300_000, "answer_bytes": 300_000 }), 2, 2),
            "tickets" | "told-tickets" => rounds(cell, json!({ "tickets": 2_000 }), 3, 2),
            "tree" => rounds(cell, json!({ "leaves": 5_000, "nap_us": 5 }), 3, 2),
            "grid" => rounds(cell, json!({ "width": 10, "steps": 100, "edge_words": 2_000 }), 3, 2),
            _ => {
                rounds(cell, json!({ "items": 50, "stages": 3, "laps": 1, "capacity": 4, "item_bytes": 300_000 }), 1, 2)
            }
        };
        let result = all
            .iter()
            .try_for_each(|cell| one(cell).map_err(|error| Failed::from(format!("{}: {error}", cell.strategy))));
        over.store(true, Ordering::Relaxed);
        result
    })?;
    if HEARD.load(Ordering::Relaxed) { Ok(()) } else { Err("no signal was heard".into()) }
}

/// Rounds of three clients and whoever serves them, of which one is killed somewhere in the second round.
fn one_is_killed(cell: &Cell, workers: usize) -> Result<(), Error> {
    let knobs = json!({ "tickets": 100, "nap_us": 500 });
    thread::scope(|scope| {
        let mut round = 0;
        toys::run(cell, knobs, workers, toys::respawn(cell), &mut |run| {
            loop {
                round += 1;
                if round == 2 {
                    let all = children();
                    let victim = Pid::from_raw(all[random() as usize % all.len()]);
                    let soon = Duration::from_micros(random() % 20_000);
                    scope.spawn(move || {
                        thread::sleep(soon);
                        let _ = kill(victim, Signal::SIGKILL);
                    });
                }
                run()?;
            }
        })
    })
}

fn client_is_killed() -> Result<(), Failed> {
    for cell in cells().iter().filter(|cell| cell.workload.ends_with("tickets")) {
        for _ in 0..5 {
            says(one_is_killed(cell, 3), "was killed by signal 9")
                .map_err(|failed| Failed::from(format!("{}: {failed:?}", cell.strategy)))?;
        }
    }
    Ok(())
}

/// Somebody always holds the lock: where there is one client, whoever is killed holds it; where there are more, it may
/// be one that waits, which does no harm to the entries.
fn killed_inside_the_lock() -> Result<(), Failed> {
    let shared = cell("tickets", "shared-memory");
    (0..5).try_for_each(|_| says(one_is_killed(&shared, 1), "signal 9 inside the lock"))?;
    let mut inside = 0;
    for _ in 0..20 {
        let said = one_is_killed(&shared, 3).map_or_else(|error| error.to_string(), |()| String::new());
        inside += usize::from(said.contains("inside the lock"));
        says(Err(Error::other(said)), "was killed by signal 9")?;
    }
    if inside > 0 { Ok(()) } else { Err("of 20 killed clients none was inside the lock".into()) }
}

fn parent_is_killed() -> Result<(), Failed> {
    let mut parent = Command::new(std::env::current_exe()?);
    let mut parent = parent.env(ALONE, "parent").stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let of_parent = || -> Vec<i32> {
        let all = fs::read_dir("/proc").map(|all| all.flatten().collect::<Vec<_>>()).unwrap_or_default();
        let pids = all.iter().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let ours = format!(" {} ", parent.id());
        pids.filter(|pid| stat(*pid).is_some_and(|stat| stat.contains(&ours))).collect()
    };
    let mut workers = of_parent();
    while workers.len() < 3 {
        thread::sleep(Duration::from_millis(5));
        workers = of_parent();
    }
    thread::sleep(Duration::from_millis(100));
    parent.kill()?;
    parent.wait()?;
    // Killed by the kernel, with their parent: whether they are gone is asked until they are; the watchdog is the limit.
    while workers.iter().any(|worker| stat(*worker).is_some_and(|stat| !stat.starts_with('Z'))) {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// State and parent of a process, as `/proc` has them after its name.
fn stat(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned())
}

/// A parent at work, for ever.
fn parent() -> ExitCode {
    let pool = cell("naps", "pool");
    let _ = rounds(&pool, json!({ "tasks": 200, "nap_us": 5_000 }), 3, usize::MAX);
    ExitCode::FAILURE
}
