//! The command line of `explore`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Style, duration};

#[derive(Debug, Args)]
#[command(after_help = "\
Every interleaving of a bytecode program, at three granularities: one thread after the other in every
order (what they end with is allowed), switched at check points as under CPython's global lock
(function entry, the back edge of a loop, after a built-in call), and between any two bytecodes, as
without it. Programs are explored with the small values of their parameters: one or two increments,
two squares, two or three threads.

JSON: { schema, program, parameters, searches: [{ granularity, states, transitions, complete }],
  endings: [{ ending, kind: allowed|forbidden|interesting, reached: [{ states, schedules } | null],
  trace: { granularity, turns: [{ thread, bytecodes: [{ line, text, saw, check_point }] }] } }] }

Examples:
  crossover explore                                   the programs there are
  crossover explore plus-equals                       d[k] += 1: whole under the lock, torn without it
  crossover explore unsafe                            get, work, set: torn under both
  crossover explore locked                            the same with a lock: no such way
  crossover explore plus-equals --set threads=3 --set increments=2
  crossover explore mine.pyasm --json                 your own program; `--source unsafe` prints one

Exit codes: 0 all was explored, whatever was found; 2 usage, or a program that does not assemble;
3 a limit was hit: what stands is not all")]
pub(crate) struct Explore {
    /// A program that comes with it, or a file in its text form
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// List the programs that come with it
    #[arg(long)]
    pub(crate) list: bool,
    /// Print the text of the program, and explore nothing
    #[arg(long)]
    pub(crate) source: bool,
    /// Set a parameter: `threads=3`; repeatable
    #[arg(long, value_name = "NAME=INT")]
    pub(crate) set: Vec<String>,
    /// Where threads may be switched
    #[arg(long, value_enum, default_value_t = Granularities::Both)]
    pub(crate) granularity: Granularities,
    /// Give up after so many moments, at each granularity
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    pub(crate) states: u64,
    /// Give up after this time, at each granularity
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) time: Duration,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Granularities {
    /// At check points
    Gil,
    /// Between any two bytecodes
    FreeThreaded,
    /// Each by itself
    Both,
}
