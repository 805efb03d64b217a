//! A hazard, tried in a fresh process: both sides of it. What hangs in there ends with it, killed with its whole group.

use std::time::Duration;

use patterns::Error;
use patterns::hazard::{Ending, Outcome};
use results::HazardVerdict;
use results::journal::Tried;

use crate::launcher::{Conversation, Launcher, Trouble};
use crate::protocol::{Failed, line};
use crate::sample::say;

/// The word that a try is said with.
const WORD: &str = "hazard";

/// Tries a hazard: starts the process, hears what came of it within the limit, and leaves nothing of it behind.
#[must_use]
pub fn attempt(launcher: &Launcher, limit: Duration) -> Tried {
    match Conversation::start(launcher, limit).and_then(|mut conversation| conversation.value(WORD)) {
        Ok(tried) => tried,
        Err(Trouble::Failed(reason) | Trouble::TimedOut(reason)) => Tried::Failed { reason },
    }
}

/// The process's side: runs the scenario and says what came of it. The caller ends the process; threads that hang would
/// otherwise keep it.
///
/// # Errors
/// What the scenario failed of; it has been said, too.
pub fn serve(scenario: impl FnOnce() -> Result<Outcome, Error>) -> Result<(), String> {
    let result = run(scenario);
    match &result {
        Ok(outcome) => say(&line(WORD, &tried(outcome))),
        Err(error) => say(&line("failed", &Failed { error: error.clone() })),
    }
    result.map(drop)
}

fn run(scenario: impl FnOnce() -> Result<Outcome, Error>) -> Result<Outcome, String> {
    // A killed runner cannot kill it. One that died before this line leaves a process that ends by itself: a scenario
    // waits for nothing without a limit.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).map_err(|error| error.to_string())?;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(scenario));
    caught.unwrap_or_else(|payload| Err(Error::panicked(0, &*payload))).map_err(|error| error.to_string())
}

fn tried(outcome: &Outcome) -> Tried {
    let Outcome { ending, after, lost, of, remedy_lost } = *outcome;
    let verdict = match ending {
        Ending::NotSeen => HazardVerdict::NotSeen,
        Ending::Told => HazardVerdict::Detected,
        Ending::Silent => HazardVerdict::Silent,
        Ending::Hung => HazardVerdict::Hung,
    };
    // A moment that the clock cannot tell from none is still one.
    let after_ns = after.map(|after| (after.as_nanos() as u64).max(1));
    Tried::Ended { verdict, after_ns, lost, of, remedy_lost }
}
