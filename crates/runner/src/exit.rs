//! Exit codes, and the one line that goes with an error.

use std::process::ExitCode;

/// All is well.
pub(crate) const OK: u8 = 0;
/// A gate (`--fail-on`) failed.
pub(crate) const GATE: u8 = 1;
/// Bad input, or a file that cannot be read or written.
pub(crate) const USAGE: u8 = 2;
/// A cell failed or gave a wrong answer.
pub(crate) const FAILED: u8 = 3;
/// The run is not to be trusted.
pub(crate) const UNTRUSTED: u8 = 4;
/// Ctrl-C; the partial report was written.
pub(crate) const INTERRUPTED: u8 = 130;

/// The code of a command that ran, or 2 with its error in one line.
pub(crate) fn code(result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // What was given may hold a line's end.
            crate::output::note(&format!("error: {error:#}").replace(['\n', '\r'], " "));
            ExitCode::from(USAGE)
        }
    }
}
