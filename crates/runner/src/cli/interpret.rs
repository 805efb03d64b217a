//! The command line of `interpret`.

use std::time::Duration;

use clap::Args;

use super::{Style, duration};

#[derive(Debug, Args)]
#[command(after_help = "\
Builds: gil (one lock round everything, plain counts), free-threaded (biased counts, a lock in each
object), and that with one mechanism switched off: plain-counts, atomic-counts, no-object-locks,
nothing-immortal. Without what keeps threads apart a build has one thread.

Examples:
  crossover interpret unsafe                          the first article's unsafe cache, in both builds
  crossover interpret unsafe --interval 100us         a waiting thread asks for the lock after 0.1 ms
  crossover interpret locked-bare --build free-threaded --set threads=20
  crossover interpret mine.pyasm --steps 1000000      your own program, at most a million bytecodes a thread
  crossover explore --list                            the programs there are

Exit codes: 0 it returned; 2 usage, or a program that does not assemble; 3 it failed: the error, with its line")]
pub(crate) struct Interpret {
    /// A program that comes with it, or a file in its text form
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: String,
    /// Builds to run it in
    #[arg(long, value_name = "BUILD,..", value_delimiter = ',', default_value = "gil,free-threaded")]
    pub(crate) build: Vec<String>,
    /// Set a parameter: `threads=3`; repeatable
    #[arg(long, value_name = "NAME=INT")]
    pub(crate) set: Vec<String>,
    /// After so long a waiting thread asks for the global lock
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = duration)]
    pub(crate) interval: Duration,
    /// Bytecodes that a thread may run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// How long it may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) time: Duration,
    /// One JSON object a build
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}
