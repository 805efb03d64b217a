//! `sample/1` from outside: a script in Python becomes a measured cell, and whoever breaks the protocol fails by name
//! without taking anybody along.

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use results::CellStatus::{Failed, Measured, NotApplicable, TimedOut};
use results::{Cell, Run};
use support::{cell, crossover, folder, json, no_process_is_left, nothing_is_left, results, run, started_by, words};

/// Where the scripts are. The runner is started there: a contender's command is split at white space, so a relative
/// path works wherever the checkout is.
fn contenders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contenders")
}

/// Cells of other models that should have been measured and were not.
fn unmeasured(run: &Run, guests: &str) -> Vec<String> {
    let failed = |cell: &&Cell| cell.model != guests && !matches!(cell.status, Measured | NotApplicable);
    run.cells.iter().filter(failed).map(|cell| format!("{}: {:?}", cell.id, cell.reason)).collect()
}

/// A `PATH` that begins with the interpreter itself: `python3` may be a slow wrapper that looks for one. `None`, loudly,
/// where there is none.
fn python() -> Option<OsString> {
    let find = "import os, sys; print(os.path.dirname(os.path.realpath(sys.executable)))";
    match Command::new("python3").args(["-c", find]).output() {
        Ok(said) if said.status.success() => {
            let mut path = OsString::from(String::from_utf8_lossy(&said.stdout).trim());
            path.push(":");
            path.push(std::env::var_os("PATH").unwrap_or_default());
            Some(path)
        }
        other => {
            println!("SKIPPED: no python3 to run the contenders of this test with: {other:?}");
            None
        }
    }
}

/// `compare` or `verify` of `primes`, small, with these contenders.
fn with_contenders(verb: &str, path: &OsString, contenders_: &[(&str, &str)]) -> Command {
    let mut arguments = words(verb);
    arguments.extend(words("--size smoke --workload primes --workers 2"));
    for (name, command) in contenders_ {
        arguments.extend([OsString::from("--contender"), format!("{name}={command}").into()]);
    }
    let mut command = crossover(&contenders(), arguments);
    command.env("PATH", path);
    command
}

#[test]
fn a_script_in_python_becomes_a_measured_cell() {
    let Some(path) = python() else { return };
    let script = [("python/script", "python3 primes.py")];
    let home = folder();
    let out = home.path().join("out");
    let mut compare = with_contenders("compare --rounds 2 --progress none", &path, &script);
    compare.arg("--out").arg(&out);
    let ended = run(compare).expect(0);
    let run_ = results(&out);
    let script_ = cell(&run_, "python/script");
    // Its answer was compared with the reference's, in a language that shares nothing with the reference.
    assert_eq!((script_.status, script_.verified), (Measured, Some(true)));
    assert_eq!(script_.id, "primes:n=1000,tasks=10/python/script/w2");
    assert_eq!((script_.model.as_str(), script_.strategy.as_str()), ("python", "script"));
    assert_eq!(script_.units.threads, 1, "what it said it used");
    for metric in ["elapsed_ns", "spawn_to_ready_ns", "tear_down_ns", "cpu_user_ns", "peak_rss_bytes"] {
        let median = script_.metrics.get(metric).and_then(results::Metric::median);
        assert!(median.is_some_and(|median| median > 0.0) || !support::has_proc(), "{metric}: {median:?}");
    }
    assert_eq!(unmeasured(&run_, "python"), [""; 0]);
    assert!(run_.contrasts.iter().any(|contrast| contrast.b == script_.id), "it is compared with the reference");
    assert!(ended.stdout.contains("python/script"), "{}", ended.stdout);
    nothing_is_left(ended.pid);

    let ended = run(with_contenders("verify --json", &path, &script)).expect(0);
    let said: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let cells = said["cells"].as_array().expect("cells");
    assert!(cells.iter().any(|cell| cell["id"] == *script_.id && cell["status"] == "ok"), "{said}");
}

/// What a contender does, and the words by which its failure is known.
const OFFENCES: &[(&str, &[&str])] = &[
    ("wrong-version", &["speaks `sample/99`", "`sample/1`"]),
    ("garbage-hello", &["said `Welcome to my program!`", "`hello` was expected"]),
    ("invalid-ready", &["`ready` line", "line 1 column"]),
    ("garbage-done", &["said `all went well, I think`", "`done` was expected"]),
    ("invalid-done", &["`done` line", "EOF"]),
    ("negative-time", &["`done` line", "`-5`"]),
    ("early-exit", &["exit status: 1", "before it said `hello`", "no licence for today"]),
    ("early-exit-0", &["exit status: 0", "before it said `hello`"]),
    ("killed", &["signal: 9", "before it said `hello`"]),
    ("says-failed", &["the moon is in the wrong house"]),
    ("flood", &["said `xxxx", "`hello` was expected"]),
    ("too-many", &["timed 2 iterations", "asked for 1"]),
    ("no-time", &["0 ns"]),
    ("wrong-digest", &["wrong answer", "000000000000"]),
    ("no-digest", &["wrong answer", "missing"]),
    ("echo", &["wrong answer", "missing"]),
    ("too-much-time", &["says that its iterations took", "from `go` to `done`"]),
    ("exit-1-after-bye", &["answered, then ended with exit status: 1", "could not write my diary"]),
];

#[test]
fn whoever_breaks_the_protocol_fails_by_name_and_the_others_are_measured() {
    let Some(path) = python() else { return };
    let commands: Vec<(String, String)> =
        OFFENCES.iter().map(|(mode, _)| (format!("bad/{mode}"), format!("python3 misbehave.py {mode}"))).collect();
    let mut all: Vec<(&str, &str)> = commands.iter().map(|(name, command)| (name.as_str(), command.as_str())).collect();
    all.extend([("bad/absent", "./no-such-program --fast"), ("good/chatty", "python3 misbehave.py chatty")]);
    let home = folder();
    let out = home.path().join("out");
    let mut compare = with_contenders("compare --rounds 2 --progress none", &path, &all);
    compare.arg("--out").arg(&out);
    let ended = run(compare).expect(3);
    let run_ = results(&out);
    let absent: (&str, &[&str]) = ("absent", &["failed to start", "./no-such-program"]);
    for (mode, needles) in OFFENCES.iter().chain([&absent]) {
        let offender = cell(&run_, &format!("bad/{mode}"));
        let reason = offender.reason.as_deref().unwrap_or_default();
        assert_eq!((offender.status, offender.verified), (Failed, Some(false)), "{mode}: {reason}");
        assert!(needles.iter().all(|needle| reason.contains(needle)), "{mode}: {reason}");
        assert!(!reason.contains('\n') && reason.len() < 1000, "{mode}: one line, not a flood: {reason}");
        // It is out after its first sample, and ranked nowhere.
        assert!(!run_.contrasts.iter().any(|contrast| contrast.b == offender.id), "{mode} is compared");
    }
    assert_eq!(unmeasured(&run_, "bad"), [""; 0]);
    assert_eq!(cell(&run_, "good/chatty").verified, Some(true));
    // The report says it too, where people look.
    for name in ["report.md", "index.html"] {
        let text = std::fs::read_to_string(out.join(name)).expect(name);
        assert!(text.contains("no licence for today"), "{name} does not name the failure");
    }
    nothing_is_left(ended.pid);

    let ended = run(with_contenders("verify --json", &path, &all)).expect(3);
    let said: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    // `verify` asks for no more than the answer, which `flood` and its like never give; all but the good ones fail.
    assert_eq!(said["failed"], OFFENCES.len() + 1, "{said}");
}

/// What a contender does until it is killed, and the words by which that is known.
const HANGS: &[(&str, &[&str])] = &[
    ("silence", &["no `hello` within 2s", "killed"]),
    ("hang-after-ready", &["no `done` within 2s", "killed"]),
    ("hang-after-bye", &["answered", "did not leave within 2s"]),
    ("grandchild-done", &["no `done` within 2s", "left a child behind"]),
    ("grandchild-bye", &["answered", "holds its output", "2s"]),
];

/// Each hang costs its limit once, however many rounds there are, and takes its children along.
#[test]
fn whoever_hangs_is_killed_with_its_children_and_timed_out() {
    let Some(path) = python() else { return };
    let commands: Vec<(String, String)> =
        HANGS.iter().map(|(mode, _)| (format!("bad/{mode}"), format!("python3 misbehave.py {mode}"))).collect();
    let all: Vec<(&str, &str)> = commands.iter().map(|(name, command)| (name.as_str(), command.as_str())).collect();
    let home = folder();
    let out = home.path().join("out");
    // Good samples take milliseconds, so two seconds are generous to them.
    let mut compare = with_contenders("compare --rounds 2 --progress none --timeout 2s", &path, &all);
    compare.arg("--out").arg(&out);
    let ended = run(compare).expect(3);
    no_process_is_left(ended.pid);
    let run_ = results(&out);
    for (mode, needles) in HANGS {
        let offender = cell(&run_, &format!("bad/{mode}"));
        let reason = offender.reason.as_deref().unwrap_or_default();
        assert_eq!(offender.status, TimedOut, "{mode}: {reason}");
        assert!(needles.iter().all(|needle| reason.contains(needle)), "{mode}: {reason}");
    }
    assert_eq!(unmeasured(&run_, "bad"), [""; 0]);
    nothing_is_left(ended.pid);
}

/// While a run goes on, what an earlier sample left must be gone as well: noise for everybody after it.
#[test]
fn a_grandchild_is_gone_before_the_next_sample() {
    let Some(path) = python() else { return };
    if !support::has_proc() {
        println!("SKIPPED: no /proc to look for processes in");
        return;
    }
    // The hanging one comes last: when it is there, the one before it must be gone with its grandchild.
    let all =
        [("bad/grandchild", "python3 misbehave.py grandchild-bye"), ("bad/silence", "python3 misbehave.py silence")];
    let home = folder();
    let mut compare = with_contenders("compare --rounds 1 --progress none --timeout 3s --model bad", &path, &all);
    compare.arg("--out").arg(home.path().join("out"));
    let running = support::start(compare);
    let of_run = || started_by(running.pid());
    let is_there = |name: &str| of_run().iter().any(|(_, line)| line.contains(name));
    let limit = std::time::Duration::from_secs(60);
    assert!(support::within(limit, || is_there("misbehave.py silence")), "{:?}", of_run());
    let all: Vec<_> = of_run().into_iter().filter(|(_, line)| !line.contains("misbehave.py silence")).collect();
    assert!(all.is_empty(), "{all:?}");
    let ended = running.wait().expect(3);
    nothing_is_left(ended.pid);
    assert_eq!(json(&home.path().join("out/results.json"))["run"]["status"], "complete");
}
