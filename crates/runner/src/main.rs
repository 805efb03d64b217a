//! `crossover`: the matrix of this project, measured on your machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main_with(suite::standard())
}
