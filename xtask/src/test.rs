//! `test`: every test of the project, with the release program at hand, and one line that adds them up.

use crate::ci::Stopwatch;
use crate::exec;
use anyhow::Context;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{ExitCode, Stdio};

/// Runs `cargo test` over the workspace. Tests of the program find its release build in `CROSSOVER_BIN`: a second build
/// of the whole matrix, unoptimized, would cost minutes and be a program that nobody uses.
pub(crate) fn run(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let watch = Stopwatch::start();
    let program = exec::build_program()?;
    let mut command = exec::cargo("test");
    if !names_packages(args) {
        command.arg("--workspace");
    }
    // One failure does not hide another.
    command.arg("--no-fail-fast").args(args).env("CROSSOVER_BIN", program).stdout(Stdio::piped());
    let mut child = command.spawn().context("failed to start `cargo test`; is cargo on the PATH?")?;
    let tally = copy(child.stdout.take().expect("piped"), &mut std::io::stdout());
    let status = child.wait().context("failed to wait for `cargo test`")?;
    let outcome = if status.success() { "ok" } else { "FAILED" };
    println!("test: {outcome}: {tally}, {watch}");
    for what in &tally.skipped {
        println!("test: SKIPPED: {what}");
    }
    // No code means a signal: that is a failure of ours to finish.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// `--workspace` would overrule `--package` without a word.
fn names_packages(args: &[OsString]) -> bool {
    let ours = args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--");
    ours.into_iter().any(|arg| arg.starts_with("--package") || (arg.starts_with("-p") && !arg.starts_with("--")))
}

/// The sum over all `test result:` lines, and what tests wrote that they skipped: they pass, and libtest counts them so.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    suites: u64,
    skipped: Vec<String>,
}

impl Tally {
    fn add(&mut self, line: &str) {
        // With one thread the name of the test stands before it.
        if let Some((_, what)) = line.split_once("SKIPPED: ") {
            self.skipped.push(what.trim_end().to_owned());
        }
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        let count = |what: &str| -> u64 {
            let mut words =
                result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect::<Vec<_>>().into_iter();
            let mut last = "";
            words
                .find_map(|word| {
                    if word == what {
                        last.parse().ok()
                    } else {
                        last = word;
                        None
                    }
                })
                .unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
        self.ignored += count("ignored");
        self.suites += 1;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { passed, failed, ignored, suites, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} ignored in {suites} suites")?;
        if skipped.is_empty() { Ok(()) } else { write!(f, ", {} SKIPPED", skipped.len()) }
    }
}

/// Passes on bytes as they come, so that `test name ... ` stands there while the test runs, and reads the lines.
fn copy(mut from: impl Read, to: &mut impl Write) -> Tally {
    let (mut tally, mut line, mut buffer) = (Tally::default(), Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        // Whoever closed our stdout (`| head`) still wants the exit code.
        to.write_all(&buffer[..count]).and_then(|()| to.flush()).ok();
        for &byte in &buffer[..count] {
            if byte == b'\n' {
                tally.add(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(byte);
            }
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_add_up_and_pass_through() {
        let text = "running 3 tests\n\
            test browser ... SKIPPED: no browser\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
            test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        let mut shown = Vec::new();
        let tally = copy(text.as_bytes(), &mut shown);
        assert_eq!(shown, text.as_bytes());
        let skipped = vec!["no browser".to_owned()];
        assert_eq!(tally, Tally { passed: 7, failed: 1, ignored: 1, suites: 2, skipped });
        assert_eq!(tally.to_string(), "7 passed, 1 failed, 1 ignored in 2 suites, 1 SKIPPED");
    }

    #[test]
    fn packages_named_for_cargo_replace_the_workspace() {
        let args = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(names_packages(&args("-p harness")));
        assert!(names_packages(&args("--package=harness -- plan")));
        assert!(!names_packages(&args("primes -- -p")));
        assert!(!names_packages(&args("--profile release")));
    }
}
