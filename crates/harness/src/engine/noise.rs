//! Neighbours: what counts as loud, and how long to wait for it to pass.

use std::time::Duration;

use crate::statistics::quantile;

/// A round is loud where others used more of the machine than this, and than the quieter rounds of its group by
/// [`MARGIN`].
const LOUD: f64 = 0.15;
const MARGIN: f64 = 0.10;

/// The foreign load above which a round of this group is loud: `max(15 %, lower quartile + 10 points)`.
#[must_use]
pub(crate) fn limit(foreign: &[f64]) -> f64 {
    if foreign.is_empty() { LOUD } else { LOUD.max(quantile(foreign, 0.25) + MARGIN) }
}

/// Shortest and longest wait, doubled as long as it stays loud.
const WAIT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(800));
/// Part of the budget that may be spent waiting; without a budget, of the time that has passed.
const SHARE: u32 = 4;

/// Waiting for the neighbours.
pub(super) struct Waiting {
    budget: Option<Duration>,
    next: Duration,
    waited: Duration,
}

impl Waiting {
    pub(super) fn new(budget: Option<Duration>) -> Self {
        Self { budget, next: WAIT.0, waited: Duration::ZERO }
    }

    /// How long to wait after a round, so long after the start.
    pub(super) fn after(&mut self, loud: bool, now: Duration) -> Duration {
        if !loud {
            self.next = WAIT.0;
            return Duration::ZERO;
        }
        let allowed = (self.budget.unwrap_or(now) / SHARE).saturating_sub(self.waited);
        let wait = self.next.min(allowed);
        self.next = (self.next * 2).min(WAIT.1);
        self.waited += wait;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_is_relative_to_the_quieter_rounds() {
        assert_eq!(limit(&[]), 0.15);
        assert_eq!(limit(&[0.0, 0.0, 0.5, 0.5]), 0.15);
        assert!((limit(&[0.2, 0.2, 0.2, 0.6]) - 0.3).abs() < 1e-12, "a machine that is never quiet is not always loud");
    }

    #[test]
    fn waits_double_and_never_take_more_than_a_quarter() {
        let mut waiting = Waiting::new(Some(Duration::from_secs(8)));
        let waits: Vec<u128> = (0..7).map(|_| waiting.after(true, Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 450, 0]);
        let mut waiting = Waiting::new(None);
        assert_eq!(waiting.after(true, Duration::ZERO), Duration::ZERO);
        assert_eq!(waiting.after(false, Duration::from_secs(60)), Duration::ZERO);
        assert_eq!(waiting.after(true, Duration::from_secs(60)), WAIT.0);
    }
}
