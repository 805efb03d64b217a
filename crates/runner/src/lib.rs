//! The program, as a library: a user's own `main` is one line, and their workload runs in every model.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     runner::main_with(suite::standard()) // .map_reduce::<YourWorkload>()
//! }
//! ```
//!
//! Whoever runs cells in a test or a bench calls [`hook`] first: worker processes and samples are this same program,
//! executed again.

mod clean;
mod cli;
mod compare;
mod diff;
mod doctor;
mod exit;
mod explore;
mod hazards;
mod hidden;
mod id;
mod interpret;
mod interrupt;
mod json;
mod known;
mod list;
mod measure;
mod noise;
mod output;
mod progress;
mod python;
mod python_check;
mod race;
mod render;
mod repro;
mod resume;
mod revision;
mod selection;
mod selfcheck;
mod sources;
mod sweep;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use suite::{Models, Suite};

pub use hidden::{hook, respawn};

/// The whole program over a suite: hidden verbs first, then the command line.
#[must_use]
pub fn main_with<M: Models>(suite: Suite<M>) -> ExitCode {
    if let Some(code) = hook(&suite) {
        return code;
    }
    let cli = cli::Cli::parse();
    let result = match cli.command {
        cli::Command::Compare(arguments) => compare::run(&suite, &arguments),
        cli::Command::Verify(arguments) => verify::run(&suite, &arguments),
        cli::Command::List(arguments) => list::run(&suite, &arguments),
        cli::Command::Render(arguments) => render::run(&arguments),
        cli::Command::Selfcheck(arguments) => selfcheck::run(&suite, &arguments),
        cli::Command::Diff(arguments) => diff::run(&suite, &arguments),
        cli::Command::Race(arguments) => race::run(&suite, &arguments),
        cli::Command::Explore(arguments) => explore::run(&arguments),
        cli::Command::Interpret(arguments) => interpret::run(&arguments),
        cli::Command::PythonCheck(arguments) => python_check::run(&suite, &arguments),
        cli::Command::Repro(arguments) => repro::run(&suite, &arguments),
        cli::Command::Doctor(arguments) => doctor::run(&arguments),
        cli::Command::Noise(arguments) => noise::run(&arguments),
        cli::Command::Clean(arguments) => clean::run(&arguments),
        cli::Command::Completions { shell } => {
            let mut command = <cli::Cli as clap::CommandFactory>::command();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "crossover", &mut script);
            output::out(&String::from_utf8_lossy(&script)).map(|()| exit::OK)
        }
    };
    exit::code(result)
}
