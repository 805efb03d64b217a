//! The command line.

mod around;
mod explore;
mod interpret;
mod python_check;
mod race;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::around::{Clean, Diff, Doctor, Noise, Rhythm, Selfcheck};
pub(crate) use self::explore::{Explore, Granularities};
pub(crate) use self::interpret::Interpret;
pub(crate) use self::python_check::PythonCheck;
pub(crate) use self::race::Race;

/// Which concurrency model wins on which shape of work, measured on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "crossover",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  crossover compare                             measure everything, write reports/latest
  crossover compare --quick counter             one workload, at most two minutes
  crossover compare primes:coarse --workers 1,2 a preset, at two worker counts
  crossover race counter                        lost updates, and what each fix costs: a stress test
  crossover explore plus-equals                 why d[k] += 1 is whole under a global lock, bytecode by bytecode
  crossover list                                what there is to measure
  crossover doctor                              what this machine can measure, and what to do about it

Exit codes: 0 ok; 1 a gate failed; 2 usage; 3 a cell failed or answered wrongly; 4 not to be trusted; 130 interrupted"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure and write a report
    Compare(Compare),
    /// Run each cell once and check its answer
    Verify(Verify),
    /// Show models, strategies, workloads, knobs and every cell
    List(List),
    /// Write the report of a stored run again, without measuring
    Render(Render),
    /// Prove that the engine is honest on this machine
    Selfcheck(Selfcheck),
    /// Compare two stored runs, or this program with another revision of itself
    Diff(Diff),
    /// Show what forgetting the lock does: deliberately wrong versions beside their fixes
    Race(Race),
    /// Take every interleaving of a bytecode program: what can be lost with a global lock, and what without
    Explore(Explore),
    /// Run a bytecode program with a global lock and without one: what it returns, and what its threads did
    Interpret(Interpret),
    /// Hold the models of a global lock and of its removal against their bands, and against real interpreters
    PythonCheck(PythonCheck),
    /// Run one cell in this process, to put it under perf or strace
    Repro(Repro),
    /// Look at this machine for ten seconds: what it can and cannot measure, and what to do about it
    Doctor(Doctor),
    /// Make noise on the CPUs for a while: a hostile neighbour for trials
    Noise(Noise),
    /// Remove old runs, after saying which
    Clean(Clean),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Which cells.
#[derive(Debug, Clone, Args)]
pub(crate) struct Selection {
    /// Part of a cell ID or a glob; `!PATTERN` excludes; `primes:coarse` and `counter:keys=64` configure a workload
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Only these workloads (exact names)
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) workload: Vec<String>,
    /// Only these models (exact names); the sequential reference always runs
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) model: Vec<String>,
    /// Only these strategies (exact names)
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) strategy: Vec<String>,
    /// Worker counts [default: the CPUs; 8 clients for shared state]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) workers: Vec<u32>,
    /// Set a knob, of every workload that has it or of one: `keys=64`, `word-count.bytes=4MiB`
    #[arg(long, value_name = "[WORKLOAD.]NAME=VALUE")]
    pub(crate) knob: Vec<String>,
    /// Measure at several values of a knob, and find where the answer turns; repeatable, one knob a workload.
    ///
    /// `work=2^0..2^10`: factors of two, either direction; sizes too, as in `bytes=4KiB..256MiB`.
    /// `imbalance=0..1/4`: 4 linear steps, both ends included.
    /// `keys=1,8,64`: these.
    /// Without a workload it is swept in every selected one that has the knob.
    #[arg(long, value_name = "[WORKLOAD.]NAME=VALUES", verbatim_doc_comment)]
    pub(crate) sweep: Vec<String>,
    /// How much work a cell is
    #[arg(long, value_enum, default_value_t = Size::Default)]
    pub(crate) size: Size,
    /// Input of the workloads that read text (UTF-8)
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,
    /// Seed of inputs and order
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Another program that speaks `sample/1`, as a contender of every selected group: `python/script=python3 my.py`
    #[arg(long, value_name = "MODEL/STRATEGY=COMMAND")]
    pub(crate) contender: Vec<String>,
    /// A Python interpreter, 3.9 or later, as a model of its own: `python3.13`; repeatable. It runs sum-of-squares, primes,
    /// bulk-map, counter and check-then-act; a free-threaded build is two models, without its lock and with it
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Vec<PathBuf>,
    /// How long a sample may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Size {
    /// Milliseconds in total
    Smoke,
    /// About 10 ms an iteration, sequentially
    Default,
    /// Ten times that and more
    Large,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crossover compare                                   the default: at most three minutes
  crossover compare --quick '!word-count'             everything but one workload
  crossover compare --text book.txt word-count        your own input
  crossover compare --knob work-inside=50 counter     50 squares under the lock
  crossover compare --sweep grain.iterations=2^4..2^12 grain
                                                      from which task size on does each strategy pay?
  crossover compare --hazards hazard/                 what goes wrong, made to happen, and nothing else
  crossover compare --python python3.13 counter       a real interpreter beside this program's models
  crossover compare --plan                            what would be measured, and how long it takes
  crossover compare --resume                          go on with an interrupted run
  crossover compare --thorough --fail-on untrusted    for a decision that is expensive to reverse")]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Also make happen, on purpose, what goes wrong: deadlocks, poisoned locks, killed processes, starved runtimes.
    ///
    /// Each is tried a few times after everything else, within a second each, beside its remedy: is anybody told, how
    /// soon, what is lost? Filters that match the ID of a hazard, `hazard/MODEL/NAME`, choose among them; without one all
    /// are tried. A filter may match hazards alone: `compare --hazards hazard/` measures nothing else.
    #[arg(long, verbatim_doc_comment)]
    pub(crate) hazards: bool,
    #[command(flatten)]
    pub(crate) effort: Effort,
    /// Say what would be measured, and measure nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// Go on with a run that was interrupted, killed or out of time, with the arguments it had [default: the latest]
    #[arg(
        long,
        value_name = "RUN",
        num_args = 0..=1,
        default_missing_value = "reports/latest",
        conflicts_with_all = [
            "filters", "workload", "model", "strategy", "workers", "knob", "sweep", "size", "text", "seed", "contender",
            "python", "timeout", "hazards", "quick", "thorough", "rounds", "budget", "tie", "pin", "no_twins", "plan", "out",
        ]
    )]
    pub(crate) resume: Option<PathBuf>,
    /// Where the report goes: a new or empty folder [default: reports/runs/TIME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Which files to write beside samples.jsonl
    #[arg(long, value_name = "FORMAT,..", value_delimiter = ',', value_enum, default_value = "md,html,json,csv")]
    pub(crate) format: Vec<Format>,
    /// Show the page in a browser at the end
    #[arg(long)]
    pub(crate) open: bool,
    /// Exit with 1 if the run is not known to be trusted, a contrast is unresolved, or a cell failed
    #[arg(long, value_name = "WHAT,..", value_delimiter = ',', value_enum)]
    pub(crate) fail_on: Vec<Gate>,
    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// How long and how carefully.
#[derive(Debug, Args)]
pub(crate) struct Effort {
    /// 16 rounds, at most two minutes
    #[arg(long)]
    pub(crate) quick: bool,
    /// Up to 64 rounds, without a cap on time, and a long run of one cell of each model
    #[arg(long, conflicts_with = "quick")]
    pub(crate) thorough: bool,
    /// Exactly this many rounds, without a cap on time (8 contenders need at least 9 to decide anything)
    #[arg(
        long,
        value_name = "N",
        conflicts_with_all = ["quick", "thorough"],
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub(crate) rounds: Option<u32>,
    /// Cap on the time that measuring takes [default: 3m; 2m with --quick]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Contenders this close are as good as each other
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = share)]
    pub(crate) tie: f64,
    /// Bind each sample to as many CPUs as it has workers
    #[arg(long)]
    pub(crate) pin: bool,
    /// No A/A twins: a few per cent less to measure, and nothing known of how far the run can be trusted
    #[arg(long)]
    pub(crate) no_twins: bool,
}

/// What makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gate {
    /// Its self-checks failed, or were too few
    Untrusted,
    /// A contender is neither separated from the reference nor tied with it
    Unresolved,
    /// A cell failed or timed out (which is exit code 3 in any case)
    Failed,
}

/// How a command talks.
#[derive(Debug, Args)]
pub(crate) struct Talk {
    #[command(flatten)]
    pub(crate) style: Style,
    /// Progress on stderr
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say every sample
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// report.md
    Md,
    /// index.html
    Html,
    /// results.json
    Json,
    /// cells.csv
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// A bar on a terminal, else plain
    Auto,
    /// One line a round
    Plain,
    /// Nothing
    None,
}

#[derive(Debug, Args)]
pub(crate) struct Style {
    /// Colours on stdout
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crossover verify --size smoke                       every cell, small
  crossover verify kv-mix --check                     any client any key: is there an order of the calls?
  crossover verify kv-mix:keys=1 --check --workers 2  one key, two clients

JSON: { cells: [{ id, status, reason }], failed }; with --check also linearizable, undecided, and of each cell
  history    { calls, keys, steps, undecided }, or null with the reason

Exit codes: 0 ok; 2 usage; 3 a cell failed or answered wrongly; 4 a search was given up; 130 interrupted")]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Also record the calls of the clients, where a workload has a preset for that (kv-mix: shared-keys, which is then
    /// the default), and check that they are linearizable: that one order explains all replies
    #[arg(long)]
    pub(crate) check: bool,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// One JSON object
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// The tables of the README
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    /// A run's folder, its samples.jsonl, or the results.json of a report that was sent
    #[arg(value_name = "RUN", default_value = "reports/latest")]
    pub(crate) run: PathBuf,
    /// Put the verdicts, the table and the command, without the details, in place of what stands between
    /// `<!-- compare:begin -->` and `<!-- compare:end -->` in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) splice: Option<PathBuf>,
    /// Which files to write
    #[arg(long, value_name = "FORMAT,..", value_delimiter = ',', value_enum, default_value = "md,html,json,csv")]
    pub(crate) format: Vec<Format>,
    /// Show the page in a browser
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  perf record -g target/release/crossover repro primes/threads/static/w2 --iterations 200")]
pub(crate) struct Repro {
    /// A cell ID, as the report writes it
    pub(crate) cell: String,
    /// Timed iterations
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) iterations: u32,
    /// Seed of the input
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}

/// A duration as people write it.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = humantime::parse_duration(text).map_err(|_| String::from("a time needs its unit: 90s, 5m, 1h"))?;
    if parsed.is_zero() { Err(String::from("must be more than nothing")) } else { Ok(parsed) }
}

/// A share as people write it: `3%`.
fn share(text: &str) -> Result<f64, String> {
    let form = || String::from("a share is written as 3% (above 0, at most 50%)");
    let number = text.strip_suffix('%').ok_or_else(form)?.trim();
    let share = number.parse::<f64>().map_err(|_| form())? / 100.0;
    if share > 0.0 && share <= 0.5 { Ok(share) } else { Err(form()) }
}
