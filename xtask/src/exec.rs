//! Cargo and the program: how xtask has the one build the other, and then becomes it.

use anyhow::{Context, anyhow, bail};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A build that takes longer than this is shown; a shorter one had nothing to do and says nothing.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The workspace this xtask belongs to. `cargo run` says it afresh at every call, so a moved checkout stays right.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().expect("xtask lies in a folder of the workspace").to_owned()
}

/// `cargo VERB --manifest-path ..`, in the caller's directory: a relative CARGO_TARGET_DIR then means the same folder
/// to this cargo as to the one that runs xtask.
pub(crate) fn cargo(verb: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(verb).arg("--manifest-path").arg(root().join("Cargo.toml"));
    command
}

/// Builds the release program if it is out of date and replaces this process by it: the same directory, terminal,
/// signals and exit code as if the user had called it. Returns only if that failed.
pub(crate) fn become_program(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let program = build_program()?;
    let error = Command::new(&program).args(args).exec();
    Err(error).with_context(|| format!("failed to run {}; remove it and try again", program.display()))
}

/// Builds the release program if it is out of date, showing cargo's progress only where it takes long. Returns its path,
/// as cargo itself names it: no rule of ours about target folders and triples can be wrong then.
pub(crate) fn build_program() -> anyhow::Result<PathBuf> {
    let mut command = cargo("build");
    command.args(["--release", "--package", "runner", "--bin", "crossover"]);
    command.arg("--message-format=json-render-diagnostics");
    if std::io::stderr().is_terminal() {
        // Cargo writes into our pipe and cannot see the terminal behind it.
        command.args(["--color", "always"]);
        for (name, value) in [("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", "80")] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {:?}; is cargo on the PATH?", command.get_program()))?;
    let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let artifacts = std::thread::spawn(|| executable(stdout));
    let held = relay(stderr);
    let status = child.wait().context("failed to wait for cargo")?;
    if !status.success() {
        std::io::stderr().write_all(&held).ok();
        bail!("failed to build the release program ({status}); cargo's messages stand above");
    }
    artifacts.join().ok().flatten().ok_or_else(|| {
        anyhow!("failed to find the program `crossover` in what cargo built; is it a [[bin]] of crates/runner?")
    })
}

/// The path of the program among cargo's messages, read to their end so that cargo never waits for us.
fn executable(stdout: ChildStdout) -> Option<PathBuf> {
    BufReader::new(stdout).lines().map_while(Result::ok).filter_map(|line| program_in(&line)).last()
}

fn program_in(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_program = message["reason"] == "compiler-artifact" && message["target"]["name"] == "crossover";
    message["executable"].as_str().filter(|_| is_program).map(PathBuf::from)
}

enum Event {
    Bytes(Vec<u8>),
    PatienceOver,
    End,
}

/// Holds cargo's messages back until patience is over, then lets them through. Returns what was never shown.
fn relay(stderr: ChildStderr) -> Vec<u8> {
    let (events, received) = channel();
    let reader = events.clone();
    std::thread::spawn(move || read_all(stderr, &reader));
    std::thread::spawn(move || {
        std::thread::sleep(PATIENCE);
        events.send(Event::PatienceOver).ok()
    });
    hold_back(&received, &mut std::io::stderr())
}

fn read_all(mut from: impl Read, to: &Sender<Event>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        to.send(Event::Bytes(buffer[..count].to_vec())).ok();
    }
    to.send(Event::End).ok();
}

fn hold_back(events: &Receiver<Event>, out: &mut impl Write) -> Vec<u8> {
    let mut held = Vec::new();
    let mut open = false;
    for event in events {
        match event {
            Event::Bytes(bytes) => held.extend(bytes),
            Event::PatienceOver => open = true,
            Event::End => break,
        }
        if open {
            // A closed stderr is no reason to stop building.
            out.write_all(&held).and_then(|()| out.flush()).ok();
            held.clear();
        }
    }
    held
}

/// What `program ARGS` writes to stdout; an error carries the end of what it wrote to stderr.
pub(crate) fn output(program: &Path, args: &[&str]) -> anyhow::Result<String> {
    let shown = format!("crossover {}", args.join(" "));
    let out = Command::new(program)
        .args(args.iter().map(OsStr::new))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to run {}", program.display()))?;
    if !out.status.success() {
        let stderr = String::from_utf8_lossy(&out.stderr);
        bail!(
            "failed to run `{shown}` ({}): {}",
            out.status,
            stderr.trim().lines().last().unwrap_or("it said nothing")
        );
    }
    String::from_utf8(out.stdout).with_context(|| format!("failed to read `{shown}` as UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_artifacts() {
        let program =
            r#"{"reason":"compiler-artifact","target":{"name":"crossover"},"executable":"/t/release/crossover"}"#;
        let library = r#"{"reason":"compiler-artifact","target":{"name":"suite"},"executable":null}"#;
        assert_eq!(program_in(program), Some("/t/release/crossover".into()));
        assert_eq!(program_in(library), None);
        assert_eq!(program_in("not JSON"), None);
    }

    #[test]
    fn a_short_build_is_silent_and_a_long_one_shown_whole() {
        let build = |long: bool| {
            let (to, events) = channel();
            to.send(Event::Bytes(b"one ".into())).unwrap();
            if long {
                to.send(Event::PatienceOver).unwrap();
            }
            to.send(Event::Bytes(b"two".into())).unwrap();
            to.send(Event::End).unwrap();
            let mut shown = Vec::new();
            let held = hold_back(&events, &mut shown);
            (String::from_utf8(shown).unwrap(), String::from_utf8(held).unwrap())
        };
        assert_eq!(build(false), (String::new(), "one two".into()));
        assert_eq!(build(true), ("one two".into(), String::new()));
    }
}
