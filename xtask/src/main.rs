//! `cargo xtask VERB`: builds the program and becomes it; `test`, `ci` and `tidy` are its own.

mod ci;
mod exec;
mod test;
mod tidy;

use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask VERB [ARGS]

  test [ARGS]   every test of the project; ARGS go to `cargo test`
  ci [JOB..]    what CI checks beside the tests: fmt, clippy, docs, tidy, example, benches
  tidy          the rules of the architecture that no compiler checks

Every other verb (compare, verify, list, render, ...) goes to the program itself, built in release:
`cargo xtask --help` lists them, `cargo xtask VERB --help` explains one.
";

/// Not one of the program's codes (0 to 4): cargo's own for "could not even start".
const FAILED_TO_START: u8 = 101;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    run(&args).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(FAILED_TO_START)
    })
}

fn run(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let Some((verb, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let own = matches!(verb.to_str(), Some("test" | "ci" | "tidy"));
    if own && rest.first().is_some_and(|arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    match verb.to_str() {
        Some("test") => test::run(rest),
        Some("ci") => ci::run(rest),
        Some("tidy") if rest.is_empty() => Ok(exit_if(tidy::run()?)),
        Some("tidy") => {
            eprintln!("error: `tidy` takes no arguments, was given {}", shown(rest));
            Ok(ExitCode::from(USAGE))
        }
        _ => exec::become_program(args),
    }
}

/// Success if `passed`, else the exit code of a check that did not hold.
fn exit_if(passed: bool) -> ExitCode {
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn shown(args: &[OsString]) -> String {
    args.iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
