//! The bare libraries, written by hand: [`bare`] is the program of that name, [`ship`] the ways to bring bytes to
//! another process, [`scatter`] reads what the program of that name measured. The Criterion benches are in `benches/`.

use std::time::Duration;

use anyhow::Result;
use patterns::Error;
use patterns::cell::{Checked, Digest};

pub mod bare;
pub mod scatter;
pub mod ship;

/// How long a run took, by the harness's stopwatch: what is not a cell is timed as a cell is.
///
/// # Errors
/// What the run failed of.
pub fn clocked(run: impl FnOnce() -> Result<()>) -> Result<Duration> {
    // A round could be asked for again; `timed` asks once.
    let mut run = Some(run);
    let mut round = |watch: &mut patterns::Watch<'_>, _: Digest| {
        let result = run.take().map_or(Ok(()), |run| watch.time(run));
        result.map_err(|error| Error::other(format!("{error:#}")))?;
        let (units, observed) = Default::default();
        let history = Err(String::from("a bare library records none"));
        Ok(Checked { wrong: None, steps: 0, units, observed, history, fingerprint: None })
    };
    let (elapsed, _) = harness::timed(&mut round, Digest::Skip)?;
    Ok(elapsed)
}
