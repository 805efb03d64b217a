//! The one timing path: harness and Criterion call [`timed`], which runs once, times once and verifies outside the
//! clock.

use std::time::{Duration, Instant};

use patterns::cell::{Checked, CheckedRound, Digest};
use patterns::{Clock, Error, Watch};

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
struct Stopwatch {
    began: Option<Moment>,
    elapsed: Duration,
    starts: u32,
}

impl Clock for Stopwatch {
    fn start(&mut self) {
        self.starts += 1;
        self.began = Some(Moment::now());
    }

    fn stop(&mut self) {
        self.elapsed = self.began.take().map_or(self.elapsed, Moment::elapsed);
    }
}

/// Runs a round once; its timed region and its verified answer.
///
/// # Errors
/// What the round failed of, a wrong answer, or a round that started its clock not exactly once.
pub fn timed(round: &mut CheckedRound<'_>, digest: Digest) -> Result<(Duration, Checked), Error> {
    let mut stopwatch = Stopwatch::default();
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
        Checked { wrong: None, units: Default::default(), observed: Default::default(), fingerprint: None }
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
