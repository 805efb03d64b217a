//! Which tasks of the step before a task needs.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Grid, place};
use crate::seeded::mix;

/// Which points of the step before a task needs: the patterns of Task Bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dependence {
    /// None at all.
    Trivial,
    /// Its own.
    NoComm,
    /// Its own and both neighbours, as far as there are any.
    Stencil,
    /// Its own and the two at distance 2^k to either side, as far as there are any; k goes round with the steps.
    Fft,
    /// The one at half its index: what point 0 has reaches twice as many points a step.
    Tree,
    /// All.
    AllToAll,
    /// So many around it (`radius`), as far as there are any.
    Nearest,
    /// Its own, and each other of those with so much probability (`fraction`), drawn anew for each step.
    Random,
}

impl Dependence {
    /// The words a knob of this takes.
    pub const WORDS: &'static [&'static str] =
        &["trivial", "no-comm", "stencil", "fft", "tree", "all-to-all", "nearest", "random"];
}

impl Grid {
    /// Calls for each point of `step - 1` that a task needs, ascending. It is asked for every task that is timed, so it
    /// keeps nothing and allocates nothing.
    #[inline]
    pub(super) fn each_need(&self, step: usize, point: usize, mut each: impl FnMut(usize)) {
        if step == 0 {
            return;
        }
        let width = self.width as usize;
        match self.dependence {
            Dependence::Trivial => {}
            Dependence::NoComm => each(point),
            Dependence::Stencil => (point.saturating_sub(1)..width.min(point + 2)).for_each(each),
            Dependence::Fft => {
                let distance = 1 << (step % width.next_power_of_two().trailing_zeros().max(1) as usize);
                let all = [point.checked_sub(distance), Some(point), Some(point + distance)];
                all.into_iter().flatten().filter(|need| *need < width).for_each(each);
            }
            Dependence::Tree => each(point / 2),
            Dependence::AllToAll => (0..width).for_each(each),
            Dependence::Nearest => self.around(point).for_each(each),
            Dependence::Random => {
                self.around(point).filter(|need| *need == point || self.draws(step, point, *need)).for_each(each);
            }
        }
    }

    /// `radius` points with this one in their middle, cut at the edges.
    fn around(&self, point: usize) -> Range<usize> {
        let radius = self.radius as usize;
        point.saturating_sub(radius / 2)..(self.width as usize).min(point + radius.div_ceil(2))
    }

    fn draws(&self, step: usize, point: usize, need: usize) -> bool {
        let random = mix(mix(place(step, point)).wrapping_add(need as u64)) >> 11;
        (random as f64) < self.fraction * (1_u64 << 53) as f64
    }
}
