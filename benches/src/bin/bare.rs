//! `bare STRATEGY`: a library without the contract, as a contender in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    benches::bare::main()
}
