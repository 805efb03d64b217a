//! What the end-to-end tests share: running the program under a limit, reading what it wrote, and finding what it left
//! behind. The program is the one named by `CROSSOVER_BIN`, else the one that Cargo just built.

#![allow(dead_code)] // each test binary uses its own part of this

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use results::journal::Event;
use serde_json::Value;

/// Far above what anything here takes: only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(240);
/// How often anything is looked at.
const NAP: Duration = Duration::from_millis(10);

/// The program under test.
pub(crate) fn program() -> PathBuf {
    let named = std::env::var_os("CROSSOVER_BIN").map(PathBuf::from);
    let path = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_crossover")));
    path.canonicalize().unwrap_or_else(|error| panic!("the program under test, {}: {error}", path.display()))
}

/// The program with arguments, in a folder of the test's: what it writes by default is written there.
pub(crate) fn crossover<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// `a b c` as arguments; an argument with a space in it is added by the caller.
pub(crate) fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

/// A folder that goes with the test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("e2e-").tempdir().expect("a temporary folder")
}

/// How a process ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The exit code; a process that a signal ended has none.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts the exit code, with everything that was said where it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}\nstdout:\n{}\nstderr:\n{}", self.status, self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

/// A process that runs while the test goes on. Dropped, it is killed and reaped.
pub(crate) struct Started {
    child: Child,
    stderr: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    stdout: Arc<Mutex<Vec<u8>>>,
}

/// Starts a process and drains what it says.
pub(crate) fn start(mut command: Command) -> Started {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (Arc::default(), Arc::default());
    let readers = vec![
        drain(child.stdout.take().expect("stdout is piped"), &stdout),
        drain(child.stderr.take().expect("stderr is piped"), &stderr),
    ];
    Started { child, stderr, readers, stdout }
}

fn drain(mut from: impl Read + Send + 'static, into: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let into = into.clone();
    thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut part) {
            into.lock().expect("a reader does not panic").extend_from_slice(&part[..read]);
        }
    })
}

impl Started {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.pid()).expect("a PID"));
        nix::sys::signal::kill(pid, signal).expect("the process is ours");
    }

    /// Waits until stderr contains this.
    #[track_caller]
    pub(crate) fn hear(&self, text: &str) {
        let said = || String::from_utf8_lossy(&self.stderr.lock().expect("a reader does not panic")).into_owned();
        assert!(within(LIMIT, || said().contains(text)), "`{text}` was never said, but:\n{}", said());
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_some()
    }

    /// Waits for the end, no longer than the limit.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        let over = within(LIMIT, || self.is_over());
        if !over {
            let _ = self.child.kill();
        }
        let status = self.child.wait().expect("the child is ours");
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader does not panic");
        }
        let text = |bytes: &Mutex<Vec<u8>>| {
            String::from_utf8_lossy(&bytes.lock().expect("a reader does not panic")).into_owned()
        };
        let ended = Ended { pid: self.pid(), status, stdout: text(&self.stdout), stderr: text(&self.stderr) };
        assert!(over, "did not end within {LIMIT:?}: {ended:?}");
        ended
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a process to its end.
#[track_caller]
pub(crate) fn run(command: Command) -> Ended {
    start(command).wait()
}

/// Whether something becomes true within a time. Sleeps are counted, no clock is read: a slow machine gets more time.
pub(crate) fn within(limit: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    let looks = limit.as_millis() / NAP.as_millis();
    (0..looks).any(|_| {
        let now = is_true();
        if !now {
            thread::sleep(NAP);
        }
        now
    }) || is_true()
}

/// A file as JSON.
#[track_caller]
pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", path.display()))
}

/// `results.json` of a run's folder.
#[track_caller]
pub(crate) fn results(folder: &Path) -> results::Run {
    serde_json::from_value(json(&folder.join("results.json"))).expect("results.json holds a run")
}

/// The events of a run, every line of which must be one.
#[track_caller]
pub(crate) fn events(folder: &Path) -> Vec<Event> {
    let read = harness::journal::read(&folder.join("samples.jsonl")).expect("a journal");
    assert_eq!(read.corrupt, None);
    read.events
}

/// The cell with this contender, whatever its knobs and workers.
#[track_caller]
pub(crate) fn cell<'r>(run: &'r results::Run, contender: &str) -> &'r results::Cell {
    let found = run.cells.iter().find(|cell| cell.contender == contender);
    found.unwrap_or_else(|| {
        panic!("no cell of {contender} among {:?}", run.cells.iter().map(|c| &c.id).collect::<Vec<_>>())
    })
}

/// The files of a run, in the order of their names.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What a whole run's folder holds.
pub(crate) const COMPLETE: [&str; 5] = ["cells.csv", "index.html", "report.md", "results.json", "samples.jsonl"];

/// Processes that the runner with this PID started, directly or not: each inherits the private folder's name, which
/// holds that PID, in `TMPDIR`. So they are found wherever they were reparented to. Empty where there is no `/proc`.
pub(crate) fn started_by(runner: u32) -> Vec<(u32, String)> {
    let mark = format!("-{runner}-");
    let is_marked = |environment: &[u8]| {
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable.starts_with(b"TMPDIR=") && is_private(&String::from_utf8_lossy(variable), &mark))
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        is_marked(&environment).then_some((pid, line))
    })
    .collect()
}

/// Whether this names the private folder of a run, whose name ends in its PID and something random.
fn is_private(name: &str, mark: &str) -> bool {
    name.contains("crossover-sockets-") && name.contains(mark)
}

/// Asserts that nothing of a run is left: no process, within five seconds, and no private folder.
#[track_caller]
pub(crate) fn nothing_is_left(runner: u32) {
    no_process_is_left(runner);
    let mark = format!("-{runner}-");
    let folders = [PathBuf::from("/tmp"), std::env::temp_dir()];
    let left = folders.iter().flat_map(|folder| files(folder)).find(|file| is_private(file, &mark));
    assert_eq!(left, None, "a private folder is left");
}

/// Asserts that no process of a run is left. A killed one may take a moment to go.
#[track_caller]
pub(crate) fn no_process_is_left(runner: u32) {
    assert!(within(Duration::from_secs(5), || started_by(runner).is_empty()), "left: {:?}", started_by(runner));
}

/// Whether this system shows its processes; where it does not, what looks for them is skipped.
pub(crate) fn has_proc() -> bool {
    Path::new("/proc/self/environ").exists()
}
