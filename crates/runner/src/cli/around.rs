//! The command line of what surrounds a measurement: proofs of the engine, comparisons of runs, the machine, old runs.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Effort, Selection, Style, Talk, duration, share};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crossover selfcheck                                 A/A tests over the matrix, about four minutes
  crossover selfcheck primes counter --power          fewer groups, and how small a difference is found here
  crossover selfcheck --workers 1,2,3,4,6,8,12        as many groups as one has patience for

Exit codes: 0 honest, or too little to tell; 3 a cell failed; 4 not to be trusted here; 130 interrupted")]
pub(crate) struct Selfcheck {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Rounds of each part
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(6..=10_000))]
    pub(crate) rounds: u32,
    /// Twins in each group: copies of a contender that are tested against it
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) twins: u32,
    /// Also draw the power curve: known effects of 0, 2, 5, 10 and 25 %, each so many times with 32 rounds
    #[arg(long, value_name = "TIMES", num_args = 0..=1, default_missing_value = "10", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) power: Option<u32>,
    /// Repeat everything beside a hostile neighbour
    #[arg(long)]
    pub(crate) hostile: bool,
    /// Bind each sample to as many CPUs as it has workers, as `compare --pin` does
    #[arg(long)]
    pub(crate) pin: bool,
    /// Where the parts go: a new or empty folder [default: folders in reports/runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) talk: Talk,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "crossover diff RUN RUN\n       crossover diff --git REV [OPTIONS] [FILTER]...",
    after_help = "\
Examples:
  crossover diff reports/runs/A reports/runs/B        what two stored runs say; they are unpaired
  crossover diff --git HEAD~1 primes                  builds that revision and measures both in the same rounds
  crossover diff --git main --fail-on slower:5%       exit 1 if something is more than 5 % slower

Exit codes: 0 ok; 1 the gate failed; 2 usage; 3 a cell failed; 4 not to be trusted; 130 interrupted"
)]
pub(crate) struct Diff {
    /// Another revision of this repository, measured interleaved with this program
    #[arg(long, value_name = "REV")]
    pub(crate) git: Option<String>,
    /// Two runs to compare: a folder, or its samples.jsonl. With --git: filters, as for `compare`
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) effort: Effort,
    /// Exit with 1 if anything is slower, or slower by more than this: `slower:5%` (only with --git)
    #[arg(long, value_name = "slower[:SHARE]", requires = "git", value_parser = slower)]
    pub(crate) fail_on: Option<f64>,
    /// Where the report goes: a new or empty folder [default: reports/runs/TIME]
    #[arg(long, value_name = "DIR", requires = "git")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) talk: Talk,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Each fact is `ok`, `warn` (it will show in what is measured) or `cannot` (not to be had or known here).

JSON: { facts: [{ id, status, value, advice }], effective_cpus, separates, conclusion }
  advice     what to do; null where a fact is ok
  separates  by which share two contenders must differ to be told apart in nine runs of ten; or null

Examples:
  crossover doctor                                    before measuring anything
  crossover doctor --json | jq -r .conclusion         one sentence")]
pub(crate) struct Doctor {
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crossover noise                                     every CPU, in bursts, for a minute
  crossover noise --for 5m --cpus 1 --pattern steady  one CPU taken away")]
pub(crate) struct Noise {
    /// How long: at most 1d
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = bounded)]
    pub(crate) time: Duration,
    /// Threads [default: the CPUs this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) cpus: Option<u32>,
    /// When the threads spin
    #[arg(long, value_enum, default_value_t = Rhythm::Bursts)]
    pub(crate) pattern: Rhythm,
    /// Seed of the bursts
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// End when stdin does: for a program that starts this one with a pipe, and may die
    #[arg(long)]
    pub(crate) until_eof: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rhythm {
    /// On and off for 50 to 500 ms at a time, each thread on its own
    Bursts,
    /// All the time
    Steady,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Kept are the newest runs, the one reports/latest points at, one that may be going on, and whatever
in reports/runs is not a run. Builds of other revisions (target/crossover-revisions) go, too.
Without a terminal and without --yes nothing is removed.

Examples:
  crossover clean                                     says what it would remove, and asks
  crossover clean --keep 0 --yes                      everything but the latest")]
pub(crate) struct Clean {
    /// How many of the newest runs to keep
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) keep: u32,
    /// Remove without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

/// A duration that ends within a day.
fn bounded(text: &str) -> Result<Duration, String> {
    let day = Duration::from_secs(24 * 60 * 60);
    duration(text).and_then(|time| if time > day { Err(String::from("at most 1d")) } else { Ok(time) })
}

/// `slower`, or `slower:5%`.
fn slower(text: &str) -> Result<f64, String> {
    match text.strip_prefix("slower") {
        Some("") => Ok(0.0),
        Some(rest) if rest.starts_with(':') => share(&rest[1..]),
        _ => Err(String::from("write `slower`, or `slower:5%`")),
    }
}
