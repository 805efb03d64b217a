//! Launchers: every alternative is an argv with a configuration. Contenders of this suite, bare-library references,
//! scripts in another language and another revision are all just that.
//!
//! A sample runs in a process group of its own, so that whatever it started can be killed with it; the runner sleeps
//! until it speaks.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::de::DeserializeOwned;

use crate::protocol::{Config, Done, Failed, Ready, VERSION, line};
use crate::timing::Moment;

/// How a contender is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Added to the environment.
    pub env: Vec<(OsString, OsString)>,
}

/// Why there is no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It failed, and said or showed why.
    Failed(String),
    /// It outlived its limit.
    TimedOut(String),
}

/// All a contender may say in one sample: a flood is garbage, and must not fill memory.
const LONGEST: u64 = 16 << 20;
/// How much of stderr is kept: its end.
const TAIL: usize = 2048;

/// Process groups of samples that are running, for whoever must end them at once.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Kills every running sample with everything it started.
pub fn kill_all() {
    for group in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = killpg(group, Signal::SIGKILL);
    }
}

/// One sample's process.
pub(crate) struct Conversation {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    complaint: Arc<Mutex<Vec<u8>>>,
    complaining: Option<thread::JoinHandle<()>>,
    asked: Moment,
    went: Option<Moment>,
    limit: Duration,
}

impl Conversation {
    /// Starts the process. It must have said `done` within `limit`.
    pub(crate) fn start(launcher: &Launcher, limit: Duration) -> Result<Self, Trouble> {
        let [program, arguments @ ..] = &launcher.argv[..] else {
            return Err(Trouble::Failed(String::from("the launcher has no program")));
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(launcher.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let asked = Moment::now();
        let failed = |error: std::io::Error| Trouble::Failed(format!("failed to start {program:?}: {error}"));
        let mut child = command.spawn().map_err(failed)?;
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(group(&child));
        let stdin = child.stdin.take();
        let (say, lines) = channel();
        let complaint = Arc::new(Mutex::new(Vec::new()));
        let kept = complaint.clone();
        let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Trouble::Failed(String::from("the sample has no pipes")));
        };
        // Two threads that sleep in a read until the process speaks or ends. They end with the last holder of the pipe.
        thread::spawn(move || {
            let mut reader = BufReader::new(stdout.take(LONGEST));
            let mut raw = Vec::new();
            while reader.read_until(b'\n', &mut raw).is_ok_and(|read| read > 0) {
                let line = String::from_utf8_lossy(&raw).trim_end().to_owned();
                raw.clear();
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let complaining = thread::spawn(move || {
            let mut part = [0; 512];
            while let Ok(read @ 1..) = stderr.read(&mut part) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&part[..read]);
                let excess = kept.len().saturating_sub(TAIL);
                kept.drain(..excess);
            }
        });
        Ok(Self { child, stdin, lines, complaint, complaining: Some(complaining), asked, went: None, limit })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn since_start(&self) -> Duration {
        self.asked.elapsed()
    }

    /// hello, config, ready.
    pub(crate) fn ready(&mut self, config: &Config) -> Result<Ready, Trouble> {
        let hello = self.hear("hello")?;
        if hello.trim() != VERSION {
            return Err(Trouble::Failed(format!("speaks `{}`, not `{VERSION}`", shorten(&hello))));
        }
        self.say(&line("config", config));
        self.value("ready")
    }

    /// go, done.
    pub(crate) fn go(&mut self) {
        self.went = Some(Moment::now());
        self.say("go\n");
    }

    /// What it says, and the time that passed since `go`.
    pub(crate) fn done(&mut self) -> Result<(Done, Duration), Trouble> {
        let done = self.value("done")?;
        Ok((done, self.went.map(Moment::elapsed).unwrap_or_default()))
    }

    /// bye; the process must leave by itself, with 0.
    pub(crate) fn bye(mut self) -> Result<(), Trouble> {
        self.say("bye\n");
        self.stdin = None;
        // Whatever it still says is of no interest; the end of its output is the sign that it left.
        let said = Moment::now();
        let silent = loop {
            match self.lines.recv_timeout(self.limit.saturating_sub(said.elapsed())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => break false,
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        match self.leave(self.limit.saturating_sub(said.elapsed())) {
            Some(status) if status.success() && !silent => Err(Trouble::TimedOut(format!(
                "answered and left, but something it started still holds its output after {:?}; killed",
                self.limit
            ))),
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Trouble::Failed(format!("answered, then ended with {status}{}", self.complained()))),
            None => Err(Trouble::TimedOut(format!("answered, but did not leave within {:?} of `bye`", self.limit))),
        }
    }

    fn say(&mut self, text: &str) {
        // A contender that closed its stdin has said or will say what is wrong; the next `hear` finds out.
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
        }
    }

    /// The value of its next line, which must begin with this word.
    pub(crate) fn value<T: DeserializeOwned>(&mut self, word: &str) -> Result<T, Trouble> {
        let json = self.hear(word)?;
        serde_json::from_str(&json)
            .map_err(|error| Trouble::Failed(format!("its `{word}` line is not what {VERSION} says: {error}")))
    }

    /// What follows `word` in the next line.
    fn hear(&mut self, word: &str) -> Result<String, Trouble> {
        match self.lines.recv_timeout(self.limit.saturating_sub(self.asked.elapsed())) {
            Ok(line) => {
                if let Some(rest) = line.strip_prefix(word).filter(|rest| rest.starts_with(' ')) {
                    return Ok(rest.trim().to_owned());
                }
                let failed = line.strip_prefix("failed ").and_then(|json| serde_json::from_str::<Failed>(json).ok());
                let what = failed.map_or_else(
                    || format!("said `{}` where `{word}` was expected", shorten(&line)),
                    |failed| failed.error,
                );
                Err(Trouble::Failed(format!("{what}{}", self.complained())))
            }
            Err(RecvTimeoutError::Timeout) => {
                let complaint = self.complained();
                Err(Trouble::TimedOut(format!("no `{word}` within {:?}; killed{complaint}", self.limit)))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let how = self
                    .leave(Duration::from_secs(1))
                    .map_or_else(|| String::from("closed its output"), |status| format!("ended ({status})"));
                Err(Trouble::Failed(format!("{how} before it said `{word}`{}", self.complained())))
            }
        }
    }

    fn leave(&mut self, limit: Duration) -> Option<ExitStatus> {
        let asked = Moment::now();
        let mut nap = Duration::from_micros(50);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if asked.elapsed() < limit => thread::sleep(nap),
                _ => return None,
            }
            nap = (nap * 2).min(Duration::from_millis(20));
        }
    }

    /// The end of stderr, if it said anything.
    fn complained(&mut self) -> String {
        // The pipe ends with the process; what it wrote before is wanted, a grandchild that holds it open is not waited
        // for.
        let asked = Moment::now();
        while self.complaining.as_ref().is_some_and(|thread| !thread.is_finished())
            && asked.elapsed() < Duration::from_millis(200)
        {
            thread::sleep(Duration::from_millis(1));
        }
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&complaint);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let end = lines[lines.len().saturating_sub(3)..].join(" | ");
        if end.is_empty() { end } else { format!("; it complained: {}", shorten(&end)) }
    }
}

impl Drop for Conversation {
    /// Nothing of a sample outlives it: the whole group is killed, the process reaped.
    fn drop(&mut self) {
        let group = group(&self.child);
        let _ = killpg(group, Signal::SIGKILL);
        // By itself, too: one that moved to another group would otherwise be waited for without end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|running| *running != group);
    }
}

fn group(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
