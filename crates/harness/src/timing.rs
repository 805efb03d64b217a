//! The one timing path: harness and Criterion call [`timed`], which runs once, times once and verifies outside the
//! clock.

use std::time::{Duration, Instant};

use patterns::cell::{Checked, CheckedRound, Digest};
use patterns::{Clock, Error, Watch};

use crate::cpu::Meter;

/// The clock of elapsed time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(Instant);

impl Moment {
    #[allow(clippy::disallowed_methods)] // the harness is where elapsed time is read
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[derive(Default)]
struct Stopwatch<'m> {
    began: Option<Moment>,
    elapsed: Duration,
    starts: u32,
    meter: Option<&'m mut Meter>,
}

impl Clock for Stopwatch<'_> {
    /// The meter is read first and last: what that costs is not in the elapsed time.
    fn start(&mut self) {
        self.starts += 1;
        if let Some(meter) = &mut self.meter {
            meter.start();
        }
        self.began = Some(Moment::now());
    }

    fn stop(&mut self) {
        self.elapsed = self.began.take().map_or(self.elapsed, Moment::elapsed);
        if let Some(meter) = &mut self.meter {
            meter.stop();
        }
    }
}

/// Runs a round once; its timed region and its verified answer.
///
/// # Errors
/// What the round failed of, a wrong answer, or a round that started its clock not exactly once.
pub fn timed(round: &mut CheckedRound<'_>, digest: Digest) -> Result<(Duration, Checked), Error> {
    clocked(round, digest, Stopwatch::default())
}

/// As [`timed`], with the CPU time of the timed region added to a meter.
pub(crate) fn metered(
    round: &mut CheckedRound<'_>,
    digest: Digest,
    meter: &mut Meter,
) -> Result<(Duration, Checked), Error> {
    clocked(round, digest, Stopwatch { meter: Some(meter), ..Stopwatch::default() })
}

/// Calls it, and says how long that took.
pub fn called<R>(call: impl FnOnce() -> R) -> (R, Duration) {
    let began = Moment::now();
    let result = call();
    (result, began.elapsed())
}

fn clocked(
    round: &mut CheckedRound<'_>,
    digest: Digest,
    mut stopwatch: Stopwatch<'_>,
) -> Result<(Duration, Checked), Error> {
    let checked = round(&mut Watch::new(&mut stopwatch), digest)?;
    match stopwatch.starts {
        1 => Ok((stopwatch.elapsed, checked)),
        starts => Err(Error::Clock(starts)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked() -> Checked {
        let history = Err(String::new());
        let (units, observed) = Default::default();
        Checked { wrong: None, steps: 0, units, observed, history, fingerprint: None }
    }

    #[test]
    fn a_round_starts_its_clock_exactly_once() {
        assert!(timed(&mut |watch, _| Ok(watch.time(checked)), Digest::Skip).is_ok());
        let never = timed(&mut |_, _| Ok(checked()), Digest::Skip).unwrap_err();
        assert_eq!(never.to_string(), "the round started its clock 0 times, not once");
        let twice = |watch: &mut Watch<'_>, _: Digest| {
            watch.time(|| ());
            Ok(watch.time(checked))
        };
        assert!(matches!(timed(&mut { twice }, Digest::Skip), Err(Error::Clock(2))));
    }
}
