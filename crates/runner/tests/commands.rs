//! The verbs round about a comparison: `noise` always ends, `clean` removes runs and nothing else, `doctor` says what it
//! promises. No outcome depends on how long anything takes.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal::{SIGINT, SIGTERM};
use serde_json::Value;
use support::{Ended, Started, crossover, files, folder, run, start, words};

const HOUR: u64 = 3600;

/// Noise that nobody waits for.
fn endless(arguments: &str) -> Started {
    let home = folder();
    let started = start(crossover(home.path(), words(&format!("noise --for 1d {arguments}"))));
    started.hear("Ctrl-C ends it");
    started
}

#[test]
fn noise_ends_by_itself() {
    let home = folder();
    for pattern in ["bursts", "steady"] {
        let line = format!("noise --for 200ms --cpus 2 --pattern {pattern}");
        let ended = run(crossover(home.path(), words(&line))).expect(0);
        assert!(ended.stderr.contains("2 threads") && ended.stderr.contains("200ms"), "{}", ended.stderr);
        assert!(ended.stderr.contains("over after"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(files(home.path()), [""; 0]);
}

#[test]
fn noise_ends_when_it_is_told_to() {
    for (signal, arguments) in [(SIGINT, "--cpus 1"), (SIGTERM, "--cpus 3 --pattern steady")] {
        let noise = endless(arguments);
        noise.signal(signal);
        let ended = noise.wait().expect(130);
        assert!(ended.stderr.contains("interrupted"), "{}", ended.stderr);
    }
}

/// Whoever starts it with a pipe takes it along, however they end.
#[test]
fn noise_ends_with_whoever_started_it() {
    let home = folder();
    let mut command = crossover(home.path(), words("noise --for 3m --cpus 1 --until-eof"));
    let mut noise = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let stdin = noise.stdin.take().expect("a pipe");
    let mut said = String::new();
    // It goes on while the pipe is open: this is its first line, not its end.
    let mut stderr = std::io::BufReader::new(noise.stderr.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut stderr, &mut said).expect("a line");
    assert!(said.contains("1 thread spins"), "{said}");
    assert!(noise.try_wait().expect("our child").is_none(), "{said}");
    drop(stdin);
    stderr.read_to_string(&mut said).expect("text");
    assert_eq!(noise.wait().expect("our child").code(), Some(0), "{said}");
    assert!(said.contains("stdin ended"), "{said}");
}

#[test]
fn noise_refuses_what_has_no_end() {
    let home = folder();
    for (line, needles) in [
        ("noise --for 2d", ["--for", "1d"]),
        ("noise --for 0s", ["--for", "0s"]),
        ("noise --for 5", ["unit", "5m"]),
        ("noise --cpus 0", ["--cpus", "1..=4096"]),
        ("noise --pattern loud", ["bursts", "steady"]),
    ] {
        let ended = run(crossover(home.path(), words(line))).expect(2);
        assert!(needles.iter().all(|needle| ended.stderr.contains(needle)), "{line}: {}", ended.stderr);
    }
}

/// A journal that ended.
const END: &str = "{\"event\":\"end\",\"status\":\"complete\",\"ended\":\"\",\"wall_ns\":1}\n";
/// One that did not.
const MIDDLE: &str = "{\"event\":\"capacity\",\"round\":1,\"group\":\"g\",\"capacity\":null}\n";

/// A run of so many hours ago.
fn stored(home: &Path, name: &str, journal: &str, hours: u64) {
    written(home, name, journal, SystemTime::now() - Duration::from_secs(hours * HOUR));
}

fn written(home: &Path, name: &str, journal: &str, when: SystemTime) {
    let folder = home.join("reports/runs").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("report.md"), "a report").expect("a file");
    let path = folder.join("samples.jsonl");
    fs::write(&path, journal).expect("a file");
    let file = fs::File::options().append(true).open(&path).expect("a file");
    file.set_modified(when).expect("a time");
}

/// Five runs, `five` the oldest; `reports/latest` points at `three`; and what is no run.
fn home() -> tempfile::TempDir {
    let home = folder();
    for (hours, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "four"), (5, "five")] {
        stored(home.path(), name, END, hours);
    }
    let reports = home.path().join("reports");
    std::os::unix::fs::symlink("runs/three", reports.join("latest")).expect("a link");
    fs::create_dir(reports.join("runs/yours")).expect("a folder");
    fs::write(reports.join("runs/yours/thesis.txt"), "yours").expect("a file");
    fs::write(reports.join("runs/notes.txt"), "yours").expect("a file");
    // What is elsewhere is not here, even where a link shows a run.
    stored(&home.path().join("elsewhere"), "linked", END, 900);
    let linked = home.path().join("elsewhere/reports/runs/linked");
    std::os::unix::fs::symlink(linked, reports.join("runs/link")).expect("a link");
    home
}

fn left(home: &Path) -> Vec<String> {
    files(&home.join("reports/runs"))
}

fn clean(home: &Path, arguments: &str) -> Ended {
    run(crossover(home, words(&format!("clean {arguments}"))))
}

const FOREIGN: [&str; 3] = ["link", "notes.txt", "yours"];

fn with_foreign(runs: &[&'static str]) -> Vec<&'static str> {
    let all: BTreeSet<&str> = FOREIGN.iter().chain(runs).copied().collect();
    all.into_iter().collect()
}

#[test]
fn clean_only_says_what_it_would_do() {
    let home = home();
    let before = left(home.path());
    let ended = clean(home.path(), "--keep 1").expect(0);
    assert_eq!(left(home.path()), before);
    let said = |needle: &str| assert!(ended.stdout.contains(needle), "{needle}: {}", ended.stdout);
    for name in ["two", "four", "five"] {
        said(&format!("remove  reports/runs/{name}  "));
    }
    for name in ["one", "three"] {
        said(&format!("keep    reports/runs/{name}  "));
    }
    FOREIGN.iter().for_each(|name| said(&format!("keep    reports/runs/{name} (not a run")));
    said("the same with --yes");
    // The newest stand last.
    let place = |name: &str| ended.stdout.find(&format!("runs/{name} ")).expect("it is listed");
    assert!(place("five") < place("four") && place("two") < place("one"), "{}", ended.stdout);
}

#[test]
fn clean_keeps_the_latest_the_newest_and_what_is_not_a_run() {
    let home = home();
    let ended = clean(home.path(), "--keep 1 --yes").expect(0);
    assert!(ended.stdout.contains("removed 3"), "{}", ended.stdout);
    assert_eq!(left(home.path()), with_foreign(&["one", "three"]));
    assert!(home.path().join("reports/latest/samples.jsonl").exists(), "the latest is still there");
    assert!(home.path().join("reports/runs/yours/thesis.txt").exists());
    clean(home.path(), "--keep 0 --yes").expect(0);
    assert_eq!(left(home.path()), with_foreign(&["three"]));
    assert!(home.path().join("elsewhere/reports/runs/linked/samples.jsonl").exists(), "nothing behind a link goes");
    let ended = clean(home.path(), "--keep 0 --yes").expect(0);
    assert!(ended.stdout.contains("nothing to remove"), "{}", ended.stdout);
}

#[test]
fn clean_keeps_a_few_by_default() {
    let home = home();
    clean(home.path(), "--yes").expect(0);
    assert_eq!(left(home.path()), with_foreign(&["one", "two", "three"]));
}

/// A run without an end goes on, unless it stopped long ago: then it was killed.
#[test]
fn clean_keeps_a_run_that_goes_on() {
    let home = folder();
    // However long this test takes, the journal is not old.
    written(home.path(), "going-on", MIDDLE, SystemTime::now() + Duration::from_secs(HOUR));
    stored(home.path(), "killed", MIDDLE, 2);
    stored(home.path(), "over", END, 0);
    let ended = clean(home.path(), "--keep 0 --yes").expect(0);
    assert_eq!(left(home.path()), ["going-on"]);
    assert!(ended.stdout.contains("no end yet"), "{}", ended.stdout);
}

#[test]
fn clean_says_what_goes_along_with_a_run() {
    let home = folder();
    stored(home.path(), "old", END, 5);
    fs::write(home.path().join("reports/runs/old/notes.txt"), "yours").expect("a file");
    let ended = clean(home.path(), "--keep 0").expect(0);
    assert!(ended.stdout.contains("notes.txt"), "{}", ended.stdout);
}

#[test]
fn clean_removes_builds_of_other_revisions() {
    let home = folder();
    let revisions = home.path().join("target/crossover-revisions");
    fs::create_dir_all(revisions.join("abc123/target/release")).expect("a folder");
    fs::write(revisions.join("abc123/target/release/crossover"), vec![0; 4096]).expect("a file");
    fs::write(home.path().join("target/yours"), "yours").expect("a file");
    let ended = clean(home.path(), "").expect(0);
    assert!(ended.stdout.contains("remove  target/crossover-revisions/abc123  4.0 KiB"), "{}", ended.stdout);
    clean(home.path(), "--yes").expect(0);
    assert_eq!(files(&revisions), [""; 0]);
    assert!(home.path().join("target/yours").exists());
}

#[test]
fn clean_with_nothing_to_do_says_so() {
    let home = folder();
    let ended = clean(home.path(), "--yes").expect(0);
    assert_eq!(ended.stdout, "nothing to remove\n");
    assert_eq!(files(home.path()), [""; 0]);
}

#[test]
fn clean_names_what_it_cannot_read() {
    let home = folder();
    fs::create_dir(home.path().join("reports")).expect("a folder");
    fs::write(home.path().join("reports/runs"), "a file").expect("a file");
    let ended = clean(home.path(), "--yes").expect(2);
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("reports/runs"), "{}", ended.stderr);
}

/// What `doctor` promises to say something of.
const FACTS: [&str; 18] = [
    "build",
    "capacity",
    "clock",
    "container",
    "counters",
    "cpus",
    "disk",
    "frequency",
    "interpreters",
    "memory",
    "neighbours",
    "open-files",
    "power",
    "processes",
    "scatter",
    "shared-memory",
    "smt",
    "virtualization",
];

#[test]
fn doctor_says_all_of_it_as_json() {
    let home = folder();
    let ended = run(crossover(home.path(), ["doctor", "--json"])).expect(0);
    assert_eq!(ended.stderr, "");
    let said: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    let facts = said["facts"].as_array().expect("facts");
    let mut ids: Vec<&str> = facts.iter().filter_map(|fact| fact["id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, FACTS);
    for fact in facts {
        assert!(fact["value"].as_str().is_some_and(|value| !value.is_empty()), "{fact}");
        match fact["status"].as_str() {
            Some("ok") => assert!(fact["advice"].is_null(), "{fact}"),
            Some("warn" | "cannot") => assert!(fact["advice"].is_string(), "{fact}"),
            _ => panic!("{fact}"),
        }
    }
    assert!(said["effective_cpus"].as_f64().is_some_and(|cpus| cpus > 0.0), "{said}");
    assert!(said["separates"].as_f64().is_some_and(|share| share >= 0.02), "{said}");
    assert!(said["conclusion"].as_str().is_some_and(|said| said.contains("separate")), "{said}");
    assert_eq!(files(home.path()), [""; 0], "it writes nothing");
}

#[test]
fn doctor_fits_on_the_screen() {
    let home = folder();
    let ended = run(crossover(home.path(), ["doctor"])).expect(0);
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}'), "no colours in a pipe");
    assert!(FACTS.iter().all(|id| ended.stdout.contains(id)), "{}", ended.stdout);
}
