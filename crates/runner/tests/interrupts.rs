//! Signals: one finishes the sample and writes everything, two end the run at once, and after SIGKILL nothing of the
//! run goes on. Every run here has cells of the process model, so that there are worker processes to leave behind.

mod support;

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGKILL, SIGTERM};
use results::RunStatus;
use results::journal::Event;
use support::{
    COMPLETE, Started, crossover, files, folder, no_process_is_left, nothing_is_left, run, started_by, words,
};

/// As long as it takes for a sample or a worker to show up: a matter of the machine, not of the test.
const PATIENCE: Duration = Duration::from_secs(60);
/// Samples of some ten milliseconds, in more rounds than anybody waits for.
const SHORT: &str = "--workload primes --model processes,threads --strategy pool,static --knob n=30000 --rounds 10000";
/// A sample that takes minutes, even on a fast machine: 2^32 numbers, tried one by one.
const ENDLESS: &str = "--workload primes --model processes --strategy pool --knob n=4294967296 --rounds 2";

/// Starts a run into `out`, below `home`.
fn compare(home: &Path, what: &str) -> Started {
    let mut arguments = words("compare --workers 2 --progress plain --out out");
    arguments.extend(words(what));
    support::start(crossover(home, arguments))
}

/// Whether a process of the run is there that was started with this verb.
fn runs(run: &Started, verb: &str) -> bool {
    started_by(run.pid()).iter().any(|(_, line)| line.contains(verb))
}

/// One signal: the sample is finished, everything is written, the way on is said.
fn interrupted_once(signal: Signal) {
    let home = folder();
    let running = compare(home.path(), SHORT);
    running.hear("round 2/");
    running.signal(signal);
    let ended = running.wait().expect(130);
    assert!(ended.stderr.contains("interrupted"), "{}", ended.stderr);
    nothing_is_left(ended.pid);

    let out = home.path().join("out");
    assert_eq!(files(&out), COMPLETE, "the files are complete, and no half-written one is beside them");
    let run_ = support::results(&out);
    assert_eq!(run_.run.status, RunStatus::Interrupted);
    assert!(run_.run.rounds >= 2 && !run_.run.ended.is_empty(), "{:?}", run_.run);
    // The sample in which the signal came is finished or was never begun: nobody is failed for it.
    assert!(run_.cells.iter().all(|cell| !matches!(cell.status, results::CellStatus::Failed)), "{:?}", run_.cells);
    assert!(run_.cells.iter().any(|cell| cell.model == "processes" && cell.verified == Some(true)));
    let events = support::events(&out);
    assert!(matches!(events.last(), Some(Event::End { status: RunStatus::Interrupted, .. })), "{:?}", events.last());
    // What stands can be made again, and is the same.
    let before = std::fs::read(out.join("results.json")).expect("results.json");
    run(crossover(home.path(), ["render", "out"])).expect(0);
    assert_eq!(std::fs::read(out.join("results.json")).expect("results.json"), before);
}

#[test]
fn ctrl_c_finishes_the_sample_and_writes_everything() {
    interrupted_once(SIGINT);
}

#[test]
fn sigterm_is_like_ctrl_c() {
    interrupted_once(SIGTERM);
}

#[test]
fn sighup_is_like_ctrl_c() {
    interrupted_once(SIGHUP);
}

/// In the middle of the very first sample nothing is measured yet; the report says so instead of failing.
#[test]
fn ctrl_c_before_anything_is_measured_writes_an_empty_report() {
    let home = folder();
    let running = compare(home.path(), SHORT);
    // The journal begins once signals are listened to.
    let journal = home.path().join("out/samples.jsonl");
    assert!(support::within(PATIENCE, || std::fs::metadata(&journal).is_ok_and(|data| data.len() > 0)));
    running.signal(SIGINT);
    let ended = running.wait().expect(130);
    assert_eq!(files(&home.path().join("out")), COMPLETE);
    assert_eq!(support::results(&home.path().join("out")).run.status, RunStatus::Interrupted);
    nothing_is_left(ended.pid);
}

/// Two signals end a run in the middle of a sample that takes minutes.
#[test]
fn ctrl_c_twice_ends_at_once() {
    let home = folder();
    let mut running = compare(home.path(), ENDLESS);
    // The known effect comes first, and its samples are short.
    running.hear("calibrating 1/");
    assert!(!support::has_proc() || support::within(PATIENCE, || runs(&running, "__sample")));
    running.signal(SIGINT);
    running.hear("again to stop at once");
    assert!(!running.is_over(), "the first signal waits for the sample");
    running.signal(SIGINT);
    let ended = running.wait().expect(130);
    nothing_is_left(ended.pid);
    renders(home.path());
}

/// The same while worker processes are at work: they go with their sample.
#[test]
fn ctrl_c_twice_takes_the_workers_along() {
    let home = folder();
    let running = compare(home.path(), SHORT);
    running.hear("round 1/");
    assert!(!support::has_proc() || support::within(PATIENCE, || runs(&running, "__worker")));
    running.signal(SIGINT);
    running.hear("again to stop at once");
    running.signal(SIGINT);
    // The sample may have ended just before the second signal: then the report is there, which is as good.
    let ended = running.wait().expect(130);
    nothing_is_left(ended.pid);
    renders(home.path());
}

/// A killed runner cannot clean up. Its sample is in the middle of a long iteration and reads nothing from it.
#[test]
fn sigkill_leaves_no_sample() {
    if !cfg!(target_os = "linux") {
        println!("SKIPPED: only Linux tells a process that its parent died");
        return;
    }
    let home = folder();
    let running = compare(home.path(), ENDLESS);
    running.hear("calibrating 1/");
    assert!(support::within(PATIENCE, || runs(&running, "__sample")));
    // Past its hello, so that it is at work and not starting up.
    std::thread::sleep(Duration::from_millis(300));
    killed(home.path(), running);
}

#[test]
fn sigkill_leaves_no_worker() {
    if !support::has_proc() {
        println!("SKIPPED: no /proc to look for processes in");
        return;
    }
    let home = folder();
    let running = compare(home.path(), SHORT);
    running.hear("round 1/");
    assert!(support::within(PATIENCE, || runs(&running, "__worker")));
    killed(home.path(), running);
    assert!(support::results(&home.path().join("out")).cells.iter().any(|cell| cell.verified == Some(true)));
}

fn killed(home: &Path, running: Started) {
    running.signal(SIGKILL);
    let ended = running.wait();
    assert_eq!(ended.code(), None, "{ended:?}");
    no_process_is_left(ended.pid);
    renders(home);
    // Its private folder is swept by the next run.
    run(crossover(home, words("verify --size smoke --workload primes --model threads"))).expect(0);
    nothing_is_left(ended.pid);
}

/// What stands in the journal of an interrupted run is valid, and a report of it can be made.
fn renders(home: &Path) {
    let ended = run(crossover(home, ["render", "out"])).expect(0);
    // The last line may have been cut by the kill; that is said, and is the only thing that may be.
    let said: Vec<&str> = ended.stderr.lines().collect();
    assert!(said.len() <= 1 && said.iter().all(|line| line.starts_with("warning: ")), "{}", ended.stderr);
    let run_ = support::results(&home.join("out"));
    assert_eq!(run_.run.status, RunStatus::Interrupted);
    // A signal that came while a file was written may have left a part of it under a name of its own.
    let there = files(&home.join("out"));
    assert!(COMPLETE.iter().all(|name| there.iter().any(|file| file == name)), "{there:?}");
}

#[test]
fn ctrl_c_ends_verify() {
    let home = folder();
    let running = support::start(crossover(home.path(), words(&format!("verify --workers 2 {}", VERIFIED))));
    assert!(!support::has_proc() || support::within(PATIENCE, || runs(&running, "__sample")));
    running.signal(SIGINT);
    let ended = running.wait().expect(130);
    nothing_is_left(ended.pid);
}

/// A second or so of cells in a debug build.
const VERIFIED: &str = "--workload primes --knob n=1000000";
