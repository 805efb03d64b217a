//! The command line of `race`.

use std::time::Duration;

use clap::Args;

use super::{Progress, Size, Style, duration};

#[derive(Debug, Args)]
#[command(after_help = "\
Each deliberately wrong version runs, in fresh processes, until its race shows: up to 20 times or 10 s.
Then all versions run side by side in random order, each answer verified. `price` is the time of a fix
over that of the broken version of its model (or of threads, where its model has none), in the same
round. This is a demonstration; `compare` gives intervals and verdicts.

JSON: { schema, cpus, seed, interrupted, workloads: [{ id, workload, about, knobs, workers, operations,
  rounds, broken: [{ contender, tries, reproduced, shown: { expected_updates, lost_updates, .. }, .. }],
  fixed: [{ contender, lost_updates, elapsed_ns, price: { against, ratio, .. }, .. }] }] }

Examples:
  crossover race                                      every workload that has a broken version
  crossover race counter                              8 clients add to one number, 10,000 times each
  crossover race counter --workers 20                 20 clients
  crossover race counter:hot                          50 squares between reading and writing
  crossover race counter:keys=64 --rounds 10          64 numbers; more rounds
  crossover race --json | jq '.workloads[].broken[].shown.lost_share'

Exit codes: 0 ok, also where no race shows; 2 usage; 3 a fix answered wrongly, or a version failed to run;
130 interrupted")]
pub(crate) struct Race {
    /// A workload, with a preset or knobs if you like: `counter`, `counter:hot`, `counter:keys=4`
    #[arg(value_name = "WORKLOAD")]
    pub(crate) workload: Option<String>,
    /// Clients that work at once [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) workers: Option<u32>,
    /// Set a knob, of every workload that has it or of one: `keys=64`, `counter.keys=64`
    #[arg(long, value_name = "[WORKLOAD.]NAME=VALUE")]
    pub(crate) knob: Vec<String>,
    /// How much work a cell is
    #[arg(long, value_enum, default_value_t = Size::Default)]
    pub(crate) size: Size,
    /// Rounds in which all versions run side by side, as far as the time allows
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Cap on the time that a workload takes
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub(crate) budget: Duration,
    /// Seed of inputs and order
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// How long a sample may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) style: Style,
    /// Progress on stderr
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
}
