//! The command line of `python-check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Progress, Style, duration};

#[derive(Debug, Args)]
#[command(after_help = "\
Programs of the interpreter (`crossover explore --list`) run in its build with a global lock and in its
free-threaded build, each in a fresh process, in random order, round after round; so do cells of the
models `gil`, `processes` and `async`. Each figure stands beside its band, beside what CPython 3.13.15
did when the bands were made, and beside the same program in real interpreters: the newest `python3`
on PATH with a global lock and the newest without, or those of --python. None found is said.

JSON: { schema, cpus, rounds, noisy, interpreters: [{ id, version, gil }], bands: [{ id, about, unit,
  low, high, deterministic, published, model: { median, lo, hi, n }, real: [{ id, figure }], verdict }] }

Examples:
  crossover python-check                              about two minutes
  crossover python-check --rounds 3                   a first look
  crossover python-check echo                         only what a waiting thread waits for
  crossover python-check --python python3.13t --python python3.13
  crossover python-check --out check && xdg-open check/index.html
  crossover python-check --json | jq '.bands[] | select(.verdict != \"inside\")'

Exit codes: 0 it ran, and what follows from the algorithm holds; 2 usage; 3 it does not, or the model
failed to run; 130 interrupted")]
pub(crate) struct PythonCheck {
    /// Only bands whose ID or topic contains one of these
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// A real interpreter to measure beside the model; repeatable [default: the newest of each kind on PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Vec<PathBuf>,
    /// Measure the model alone
    #[arg(long, conflicts_with = "python")]
    pub(crate) no_python: bool,
    /// Rounds in which everything runs once
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Seed of the order
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// How long a sample may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Also write check.json, report.md and index.html into this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) style: Style,
    /// Progress on stderr
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
}
