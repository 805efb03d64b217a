//! Promises about shares, held against counts.

use harness::statistics::binomial_at_least;

/// A count refutes a promise where, were the promise just kept, so extreme a count came less often than this.
const REFUTED: f64 = 0.001;

/// The share of so many trials is no more than promised, unless the count refutes that at 99.9 %.
#[track_caller]
pub(crate) fn at_most(found: usize, trials: usize, promised: f64, what: &str) {
    let chance = binomial_at_least(found, trials, promised);
    assert!(chance >= REFUTED, "{what}: {found} of {trials}, promised at most {promised}");
}

/// The share of so many trials is no less than promised, unless the count refutes that at 99.9 %.
#[track_caller]
pub(crate) fn at_least(found: usize, trials: usize, promised: f64, what: &str) {
    let chance = binomial_at_least(trials - found, trials, 1.0 - promised);
    assert!(chance >= REFUTED, "{what}: {found} of {trials}, promised at least {promised}");
}
