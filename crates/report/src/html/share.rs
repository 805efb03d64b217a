//! How much of the page each kind of figures may take: 1.5 MB in all are too many for a phone. What has no room is left
//! out from the end, and the page says so.

use maud::{Markup, html};

use super::forest::ELSEWHERE;
use super::ticked;
use crate::figures;

/// Bytes that are left.
pub(super) struct Share(usize);

impl Share {
    /// Rows of the matrix.
    pub(super) const MATRIX: Self = Self(130_000);
    /// The forests, with what is said of their groups.
    pub(super) const FORESTS: Self = Self(520_000);
    /// All metrics of all cells.
    pub(super) const METRICS: Self = Self(240_000);
    /// Samples and facts of single cells, for the script.
    pub(super) const CELLS: Self = Self(240_000);
    /// Verdicts.
    pub(super) const VERDICTS: Self = Self(60_000);
    /// Where the time of each group went.
    pub(super) const TIMES: Self = Self(90_000);
    /// What contenders cost.
    pub(super) const COSTS: Self = Self(85_000);
    /// Speeds against workers.
    pub(super) const SCALING: Self = Self(50_000);
    /// What was lost.
    pub(super) const LOST: Self = Self(60_000);
    /// Failures and omissions.
    pub(super) const OMISSIONS: Self = Self(90_000);

    /// The part, if there is room for it. Nothing comes after one that was left out.
    pub(super) fn take(&mut self, part: Markup) -> Option<Markup> {
        let fits = self.holds(part.0.len());
        fits.then_some(part)
    }

    /// Whether there is room for so many bytes: these are taken then.
    pub(super) fn holds(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    /// Those of several parts, from the first on, for which there is room.
    pub(super) fn fill(&mut self, parts: impl Iterator<Item = Markup>) -> Vec<Markup> {
        parts.map_while(|part| self.take(part)).collect()
    }
}

/// Said below charts of which so many had no room.
pub(super) fn rest(n: usize) -> Markup {
    html! { @if n > 0 { p.q { (figures::plural(n, "workload")) " more: too many figures for one page. " (ticked(ELSEWHERE)) } } }
}
