//! The narrow plot of a forest: the neighbourhood of the leader on a linear axis, where intervals are wide enough to be
//! seen.

use maud::{Markup, html};

use super::chart::{percent, tenth};
use super::class;
use crate::figures::finite;
use crate::view::{Row, Standing, View};

/// Per cent behind the leader at both ends.
const ENDS: (f64, f64) = (-6.5, 22.5);

fn at(behind: f64) -> f64 {
    let (from, to) = ENDS;
    tenth(((behind - from) / (to - from) * 100.0).clamp(0.0, 100.0))
}

/// Labels of the axis.
pub(super) fn head() -> Markup {
    html! {
        svg height="46" aria-hidden="true" {
            text.e x="100%" y="10" { "behind the leader" }
            @for (tick, label) in [(0.0, "0"), (5.0, "5"), (10.0, "10"), (20.0, "20 %")] {
                text.mid x=(percent(at(tick))) y="40" { (label) }
            }
        }
        span.sr { "per cent behind the leader, linear axis" }
    }
}

/// The mark of a row; an angle where it lies beyond.
pub(super) fn mark(row: &Row<'_>) -> Markup {
    let behind = |ratio: f64| (ratio - 1.0) * 100.0;
    let at_row = if row.standing == Standing::Leads { Some(0.0) } else { row.ratio.map(behind) };
    let ends = row.behind.and_then(|b| finite(b.lo).zip(finite(b.hi))).filter(|_| row.standing != Standing::Far);
    html! {
        svg {
            use href="#fz" {}
            @match at_row {
                Some(place) if place > ENDS.1 => use href="#far" x="100%" {},
                Some(place) => {
                    @if let Some((lo, hi)) = ends {
                        line.ci x1=(percent(at(behind(lo)))) x2=(percent(at(behind(hi)))) {}
                    }
                    use href=(format!("#{}", class(&row.cell.model))) x=(percent(at(place))) {}
                }
                None => {}
            }
        }
    }
}

/// What lies behind every narrow plot of the page.
pub(super) fn grid(view: &View<'_>) -> Markup {
    let delta = finite(Some(view.run.run.delta)).unwrap_or(0.0).clamp(0.0, 0.5) * 100.0;
    let (from, to) = (at(-delta), at(delta));
    html! {
        svg width="0" height="0" style="position:absolute" aria-hidden="true" {
            symbol id="fz" overflow="visible" {
                rect.band x=(percent(from)) width=(percent(tenth(to - from))) height="100%" {}
                line.ax x1=(percent(at(0.0))) x2=(percent(at(0.0))) y2="100%" {}
                @for tick in [5.0, 10.0, 15.0, 20.0] {
                    line.gl x1=(percent(at(tick))) x2=(percent(at(tick))) y2="100%" {}
                }
            }
            path #far d="M-7-3.5l5 3.5-5 3.5" {}
        }
    }
}
