//! Real interpreters beside this program's models: their answers are the reference's, what is no interpreter is refused,
//! and no worker outlives its parent. Those on PATH are tried; where there is none, that is said.

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use results::{CellStatus, Units};
use support::{cell, crossover, folder, nothing_is_left, results, run, within, words};

/// The script as the program sends it.
const SCRIPT: &str = concat!(
    include_str!("../src/python/seeded.py"),
    include_str!("../src/python/map_reduce.py"),
    include_str!("../src/python/shared_state.py"),
    include_str!("../src/python/sample.py")
);

/// Model ID to path: one of each version and kind on PATH that can run the script.
fn pythons() -> BTreeMap<String, PathBuf> {
    const ASKED: &str = "import sys, sysconfig; assert sys.version_info >= (3, 9); \
        print('python3.%d%s' % (sys.version_info[1], 't' * bool(sysconfig.get_config_var('Py_GIL_DISABLED'))))";
    let mut found = BTreeMap::new();
    for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with("python3") || name.contains('-') || name.ends_with(".py") {
                continue;
            }
            let said = Command::new(entry.path()).args(["-I", "-S", "-c", ASKED]).stderr(Stdio::null()).output();
            if let Some(said) = said.ok().filter(|said| said.status.success()) {
                let id = String::from_utf8_lossy(&said.stdout).trim().to_owned();
                found.entry(id).or_insert(entry.path());
            }
        }
    }
    if found.is_empty() {
        eprintln!("SKIPPED: no Python of 3.9 or later on PATH");
    }
    found
}

fn with(verb: &str, home: &Path, pythons: &[&PathBuf]) -> Command {
    let mut arguments = words(verb);
    for python in pythons {
        arguments.extend([OsString::from("--python"), python.as_os_str().to_owned()]);
    }
    crossover(home, arguments)
}

/// The IDs of all models of these interpreters.
fn models(pythons: &BTreeMap<String, PathBuf>) -> Vec<String> {
    let gil = |id: &String| id.ends_with('t').then(|| format!("{id}-gil"));
    pythons.keys().flat_map(|id| std::iter::once(id.clone()).chain(gil(id))).collect()
}

/// Runs `verify` with these filters; the cells that were verified, all of which must be right.
fn verified(filters: &str, pythons: &BTreeMap<String, PathBuf>) -> Vec<String> {
    let home = folder();
    let verb = format!("verify --json --size smoke {filters} --model {}", models(pythons).join(","));
    let ended = run(with(&verb, home.path(), &pythons.values().collect::<Vec<_>>())).expect(0);
    let said: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    nothing_is_left(ended.pid);
    let cells = said["cells"].as_array().expect("cells");
    cells.iter().map(|cell| cell["id"].as_str().expect("an ID").to_owned()).collect()
}

#[test]
fn every_cell_agrees_with_the_reference() {
    let pythons = pythons();
    if pythons.is_empty() {
        return;
    }
    let cells = verified("--workers 1,2,5", &pythons);
    for model in models(&pythons) {
        // Four ways to run three workloads of tasks and the counter, three of the cache; from 3.14 on subinterpreters too.
        let minor: u32 =
            model["python3.".len()..].split('t').next().and_then(|minor| minor.parse().ok()).expect("a minor");
        let due = 3 * if minor < 14 { 19 } else { 22 };
        let part = format!("/{model}/");
        assert_eq!(cells.iter().filter(|id| id.contains(&part)).count(), due, "{model}: {cells:?}");
    }
    assert!(!cells.iter().any(|id| id.contains("kv-mix")), "a group without an interpreter: {cells:?}");
}

#[test]
fn knobs_are_honoured() {
    let Some((id, path)) = pythons().pop_first() else { return };
    let filters = "counter:keys=7,zipf=1.5,touch=own/ counter:keys=2,touch=own/ counter:keys=90,zipf=0.7,work-inside=3/ \
        counter:work-outside=2/ check-then-act:keys=3,deletes=40,work=3/ check-then-act:deletes=0/ primes:n=50,tasks=100/ \
        sum-of-squares:n=4000000,tasks=1/ sum-of-squares:tasks=0/ bulk-map:bytes=1000B,chunk=128B,work=3/ bulk-map:bytes=0B/";
    let cells = verified(&format!("--workers 3 --seed 7 {filters}"), &[(id.clone(), path)].into());
    let count = |workload: &str| cells.iter().filter(|cell| cell.starts_with(workload) && cell.contains(&id)).count();
    let counts = ["counter", "check-then-act", "primes", "sum-of-squares", "bulk-map"].map(count);
    assert!(counts.iter().zip([16, 6, 4, 8, 8]).all(|(count, least)| *count >= least), "{counts:?}");
}

#[test]
fn an_interpreter_is_measured_in_the_groups_of_the_models_and_a_run_of_it_goes_on() {
    let Some((id, path)) = pythons().pop_last() else { return };
    let home = folder();
    let out = home.path().join("out");
    let verb = "compare --size smoke --workers 2 --rounds 3 --progress none --out out counter/";
    run(with(verb, home.path(), &[&path])).expect(0);
    let run_ = results(&out);
    let of = |strategy: &str| cell(&run_, &format!("{id}/{strategy}")).clone();
    for strategy in ["sequential", "threads", "processes", "asyncio"] {
        let cell = of(strategy);
        assert_eq!((cell.status, cell.verified), (CellStatus::Measured, Some(true)), "{:?}", cell.reason);
        assert!(run_.cells.iter().any(|other| other.group == cell.group && other.model == "threads"));
    }
    let Units { threads, processes, tasks, messages, bytes_shipped, restarts } = of("processes").units;
    assert!(bytes_shipped > 0, "a dictionary travels");
    assert_eq!((threads, processes, restarts, messages), (0, 2, 0, 2 * tasks));
    let lacks =
        run_.cells.iter().find(|cell| cell.contender == format!("{id}/subinterpreters") && cell.workload == "counter");
    let lacks = lacks.expect("what does not run is listed");
    assert_eq!(lacks.status, CellStatus::NotApplicable);
    assert!(lacks.reason.as_ref().is_some_and(|why| why.contains("share no objects")), "{:?}", lacks.reason);
    // Its end and what was measured last are lost.
    let journal = out.join("samples.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&journal, lines[..lines.len() - 4].join("\n") + "\n").expect("it can be written");
    let ended = run(crossover(home.path(), words("compare --resume out --progress none"))).expect(0);
    assert!(results(&out).cells.iter().any(|cell| cell.model == id), "{}", ended.stdout);
    assert_eq!(results(&out).run.status, results::RunStatus::Complete);
    nothing_is_left(ended.pid);
}

/// A program that answers so.
fn program(home: &Path, name: &str, body: &str) -> PathBuf {
    let path = home.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("it can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    path
}

#[test]
fn what_is_no_interpreter_is_refused() {
    let home = folder();
    let here = home.path();
    let answers = |version: &str| format!("echo '{version} 0 0.005 /nowhere/python'");
    let nonsense = program(here, "nonsense", "echo I am a teapot");
    let broken = program(here, "broken", "echo 'no such version' >&2; exit 127");
    let old = program(here, "old", &answers("3.8.18"));
    let (one, other) = (program(here, "one", &answers("3.12.1")), program(here, "other", &answers("3.12.9")));
    let missing = here.join("missing");
    let cases: [(&[&PathBuf], &[&str]); 5] = [
        (&[&nonsense], &["nonsense`", "it said `I am a teapot`", "name a Python interpreter"]),
        (&[&broken], &["broken`", "exit status: 127", "no such version"]),
        (&[&old], &["old` is Python 3.8.18", "3.9 and later"]),
        (&[&missing], &["missing`", "failed to start it", "name a Python interpreter"]),
        (&[&one, &other], &["one`", "other`", "both python3.12", "name one of them"]),
    ];
    for verb in ["compare --plan", "verify"] {
        for (named, parts) in cases {
            let ended = run(with(verb, here, named)).expect(2);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
            for part in parts {
                assert!(ended.stderr.contains(part), "`{part}` is not in: {}", ended.stderr);
            }
        }
    }
}

#[test]
fn no_worker_outlives_its_parent() {
    let Some((_, path)) = pythons().pop_last() else { return };
    if !support::has_proc() {
        eprintln!("SKIPPED: this system does not show its processes");
        return;
    }
    let config = r#"config {"workload":"primes","knobs":{"n":1000,"tasks":10},"strategy":"processes","workers":3,
        "seed":1,"warmup":1,"iterations":1}"#;
    let mut command = Command::new(path);
    let mut child =
        command.args(["-I", "-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    writeln!(stdin, "{}", config.replace('\n', "")).expect("it listens");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("ready")), "it was never ready");
    let workers = children(child.id());
    assert_eq!(workers.len(), 3, "{workers:?}");
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    let alive = || workers.iter().filter(|worker| is_alive(worker)).collect::<Vec<_>>();
    assert!(within(Duration::from_secs(5), || alive().is_empty()), "left: {:?}", alive());
}

/// Processes whose parent this is.
fn children(parent: u32) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("a list of processes").flatten();
    let pids = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    pids.filter(|pid| status(pid).is_some_and(|(_, of)| of == parent.to_string())).collect()
}

/// One that ended and that nobody has waited for is not alive.
fn is_alive(pid: &str) -> bool {
    status(pid).is_some_and(|(state, _)| state != "Z")
}

/// State and parent.
fn status(pid: &str) -> Option<(String, String)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned);
    Some((fields.next()?, fields.next()?))
}
