//! `ci`: what CI checks beside the tests, job by job, on a laptop as well.

use crate::{USAGE, exec, exit_if, tidy};
use anyhow::Context;
use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// One check of CI.
struct Job {
    name: &'static str,
    /// The command to repeat it by hand, or to repair what it found.
    hint: &'static str,
    passes: fn() -> anyhow::Result<bool>,
}

/// Cheap ones first. A later check is a line here.
const JOBS: &[Job] = &[
    Job { name: "fmt", hint: "cargo fmt --all", passes: fmt },
    Job { name: "clippy", hint: "cargo xtask ci clippy", passes: clippy },
    Job { name: "docs", hint: "cargo xtask ci docs", passes: docs },
    Job { name: "tidy", hint: "cargo xtask tidy", passes: tidy::run },
    Job { name: "example", hint: "cargo xtask ci example", passes: example },
    Job { name: "benches", hint: "cargo bench -p benches -- --test", passes: benches },
];

fn fmt() -> anyhow::Result<bool> {
    succeeds(exec::cargo("fmt").args(["--all", "--check"]))
}

fn clippy() -> anyhow::Result<bool> {
    succeeds(exec::cargo("clippy").args(["--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn docs() -> anyhow::Result<bool> {
    succeeds(exec::cargo("doc").args(["--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Every bench once, at the smallest size. The bench profile is release, so what a release build made is used again: as long
/// as both ask for the same features of what they share, which tests of other crates would change.
fn benches() -> anyhow::Result<bool> {
    succeeds(exec::cargo("bench").args(["--package", "benches", "--", "--test"]))
}

/// The workload of somebody else, in every model: built and compared as its user would.
fn example() -> anyhow::Result<bool> {
    let out = std::env::temp_dir().join(format!("crossover-example-{}", std::process::id()));
    let mut run = exec::cargo("run");
    run.args([
        "--release",
        "--package",
        "own-workload",
        "--",
        "compare",
        "--rounds",
        "2",
        "--workload",
        "asian-option",
    ]);
    let passed = succeeds(run.args(["--quiet", "--out"]).arg(&out));
    let _ = std::fs::remove_dir_all(&out);
    passed
}

fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    Ok(command.status().with_context(|| format!("failed to start {command:?}; is cargo on the PATH?"))?.success())
}

/// Runs the named jobs, or all. One that fails does not keep the others from running: a red CI names all that is wrong.
pub(crate) fn run(names: &[OsString]) -> anyhow::Result<ExitCode> {
    let jobs = match choose(names) {
        Ok(jobs) => jobs,
        Err(problem) => {
            eprintln!("error: {problem}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let whole = Stopwatch::start();
    let mut failed = Vec::new();
    for job in &jobs {
        println!("ci: {} ...", job.name);
        let watch = Stopwatch::start();
        let passed = (job.passes)().unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            false
        });
        if passed {
            println!("ci: {} ok, {watch}", job.name);
        } else {
            println!("ci: {} FAILED, {watch}; try `{}`", job.name, job.hint);
            failed.push(job.name);
        }
    }
    if failed.is_empty() {
        println!("ci: all {} jobs passed, {whole}", jobs.len());
    } else {
        println!("ci: {} of {} jobs failed ({}), {whole}", failed.len(), jobs.len(), failed.join(", "));
    }
    Ok(exit_if(failed.is_empty()))
}

fn choose(names: &[OsString]) -> Result<Vec<&'static Job>, String> {
    if names.is_empty() {
        return Ok(JOBS.iter().collect());
    }
    let find = |name: &OsString| {
        let known = || JOBS.iter().map(|job| job.name).collect::<Vec<_>>().join(", ");
        JOBS.iter()
            .find(|job| name == job.name)
            .ok_or_else(|| format!("no job of CI is called `{}`; there are {}", name.to_string_lossy(), known()))
    };
    names.iter().map(find).collect()
}

/// How long a job took. Measurements of the program are the harness's alone; this is for people who wait.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "says how long a build or a check took; no cell is timed here")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl std::fmt::Display for Stopwatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} s", self.0.elapsed().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_chosen_by_name() {
        let names = |jobs: Vec<&Job>| jobs.iter().map(|job| job.name).collect::<Vec<_>>();
        assert_eq!(choose(&[]).map(names), Ok(vec!["fmt", "clippy", "docs", "tidy", "example", "benches"]));
        assert_eq!(choose(&["docs".into()]).map(names), Ok(vec!["docs"]));
        let problem = choose(&["doc".into()]).map(names).unwrap_err();
        assert_eq!(problem, "no job of CI is called `doc`; there are fmt, clippy, docs, tidy, example, benches");
    }
}
