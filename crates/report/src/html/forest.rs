//! The forest of a group: a table with a small plot in each row, all on one log axis of speed relative to sequential.

use maud::{Markup, html};

use results::{Cell, Contrast, Support};

use super::brackets::Brackets;
use super::chart::{percent, tenth};
use super::share::Share;
use super::{class, near, said, ticked};
use crate::faults;
use crate::figures::{self, NONE, finite};
use crate::view::{GroupView, Row, Standing, View, median};
use crate::words;

/// The table of a group: best set first, counterexamples in a body of their own. Rows that have no room are counted.
pub(super) fn table(view: &View<'_>, group: &GroupView<'_>, index: usize, metrics: bool, share: &mut Share) -> Markup {
    let axis = Axis::new(view, group);
    let details = format!("#{}{index}", if metrics { "k" } else { "g" });
    let plot = Plot { axis: axis.as_ref(), grid: format!("f{index}"), details };
    let decided = group.leader().is_some();
    let brackets = Brackets::new(group);
    let last_best = group.rows.iter().rposition(|row| row.standing.best());
    let grid = html! { @if let (Some(axis), true) = (&axis, decided) { (axis.grid(&plot.grid)) } };
    let head = html! {
        caption.sr { (words::title(group)) ": " (if decided { "every contender against sequential and against the leader" } else { "medians so far" }) }
        thead { tr { (head(axis.as_ref(), &brackets, decided)) } }
    };
    let rows = group.rows.iter().enumerate().map(|(at, row)| {
        let class = row_class(row, last_best == Some(at));
        html! { tr class=(class) { @if decided { td.set { (brackets.at(group, at)) } } (plot.row(view, row, decided)) } }
    });
    let wrong = group.wrong.iter().map(|cell| plot.wrong(group, cell, decided));
    let room = share.holds(grid.0.len() + head.0.len());
    let rows = if room { share.fill(rows) } else { Vec::new() };
    let wrong = share.fill(wrong);
    let left_out = group.rows.len() + group.wrong.len() - rows.len() - wrong.len();
    html! {
        @if room {
            (grid)
            table.forest.open[!decided] id=(format!("t-g{index}")) {
                (head)
                tbody { @for row in &rows { (row) } }
                @if !wrong.is_empty() {
                    tbody.wrong {
                        tr.hd { th scope="rowgroup" colspan=(if decided { 7 } else { 2 }) {
                            span.tag { "deliberately wrong" } " never ranked, see " a href="#lost" { "lost updates" }
                        } }
                        @for row in &wrong { (row) }
                    }
                }
            }
        }
        @if left_out > 0 { p.q { (figures::plural(left_out, "contender")) " more: too many figures for one page. " (ticked(ELSEWHERE)) } }
    }
}

/// Where everything is that a page has no room for.
pub(super) const ELSEWHERE: &str = "All of them are in `results.json` and `cells.csv`.";

fn head(axis: Option<&Axis>, brackets: &Brackets, decided: bool) -> Markup {
    html! {
        @if decided {
            th.set scope="col" style=(format!("width:{}px", brackets.width())) { span.sr { "set of contenders not separated" } }
        }
        th.who scope="col" data-s { "contender" }
        @if decided {
            th.plot scope="col" { @match axis { Some(axis) => { (axis.head()) } None => { "no sequential reference" } } }
            th.n.sp scope="col" data-s { "× sequential " span.nw { "[interval]" } }
            th.zm scope="col" { (near::head()) }
        } @else {
            th.n.sp scope="col" data-s { "median" }
        }
        @if decided {
            th.vd scope="col" data-s { "against the leader" }
            th.n.won scope="col" data-s title="rounds in which it was ahead of the leader" { "won" }
        }
    }
}

/// What the rows of a group share.
struct Plot<'a> {
    axis: Option<&'a Axis>,
    grid: String,
    /// Where a name leads without the script.
    details: String,
}

impl Plot<'_> {
    fn name(&self, cell: &Cell) -> Markup {
        html! { a href=(self.details) data-cell=(cell.id) { i.g {} (cell.contender) } }
    }

    fn row(&self, view: &View<'_>, row: &Row<'_>, decided: bool) -> Markup {
        html! {
            th scope="row" { (self.name(row.cell)) (note(row)) }
            @if decided {
                td.plot { @if let Some(axis) = self.axis { (axis.mark(row, &self.grid)) } }
                td.n.sp { (against_sequential(row)) }
                td.zm { (near::mark(row)) }
            } @else {
                td.n.sp { (shown(row.cell, &row.cell.primary)) }
            }
            @if decided {
                td.vd { (said(&words::placed(row, view.run))) }
                td.n.won { (won(row.behind)) }
            }
        }
    }

    /// A counterexample: a cross where its median lies, and what it got wrong.
    fn wrong(&self, group: &GroupView<'_>, cell: &Cell, decided: bool) -> Markup {
        let reference = group.rows.iter().find(|row| row.reference).and_then(Row::median);
        let speed = reference.zip(median(cell, &cell.primary)).map(|(all, own)| all / own).filter(|x| x.is_finite());
        html! {
            tr class=(class(&cell.model)) {
                @if decided { td.set {} }
                th scope="row" { (self.name(cell)) }
                @if decided {
                    td.plot { @if let Some(axis) = self.axis { (axis.cross(speed, &self.grid)) } }
                    td.n.sp { @match speed { Some(speed) => { (figures::ratio(speed)) } None => { (NONE) } } }
                    td.zm {}
                } @else {
                    td.n.sp { span.x { "✕ " } (lost(cell)) ", " (shown(cell, &cell.primary)) }
                }
                @if decided {
                    td.vd { span.x { "✕" } " " (lost(cell)) }
                    td.n.won { (NONE) }
                }
            }
        }
    }
}

/// `69 % of updates lost`.
fn lost(cell: &Cell) -> String {
    let kinds = faults::of(cell);
    let (what, gone) = match faults::units(kinds.iter().map(|(kind, _)| *kind)) {
        units if kinds.is_empty() => (units, "lost"),
        units => (units, "wrong"),
    };
    match (median(cell, "lost_updates"), median(cell, "expected_updates")) {
        (Some(0.0), _) => format!("no {what} {gone} here"),
        (Some(lost), Some(all)) if all > 0.0 => format!("{} of {what} {gone}", figures::percent(lost / all)),
        (Some(lost), _) => format!("{} {what} {gone}", figures::count(lost)),
        (None, _) => "wrong on purpose".to_owned(),
    }
}

/// Classes in one string: maud runs a switched class and a computed one together.
fn row_class(row: &Row<'_>, last: bool) -> String {
    let best = if row.standing.best() { " best" } else { "" };
    format!("{}{best}{}", class(&row.cell.model), if last { " last" } else { "" })
}

/// That there is something to know before one takes it; what that is stands among the omissions.
fn note(row: &Row<'_>) -> Markup {
    let reason = words::reason(row.cell);
    html! {
        @if row.cell.support == Support::AgainstTheGrain {
            " " a.note href="#omissions" title=(format!("against the grain: {reason}")) { "mind" }
        } @else if row.cell.reason.as_deref().is_some_and(|reason| !reason.is_empty()) {
            " " a.note href="#omissions" title=(reason) { "mind" }
        }
    }
}

/// A median in its unit, or the reason why there is none.
pub(super) fn shown(cell: &Cell, metric: &str) -> Markup {
    let reason = match cell.metrics.get(metric) {
        Some(results::Metric::Missing { reason, .. }) => reason.as_str(),
        _ => "not recorded",
    };
    html! {
        @match median(cell, metric) {
            Some(x) => { (figures::value(metric, x)) }
            None => { span.q title=(reason) { (NONE) } }
        }
    }
}

/// `1.88 [1.79, 2.0]`: speed relative to sequential.
fn against_sequential(row: &Row<'_>) -> Markup {
    html! {
        @match speed(row) {
            None => { (NONE) }
            Some((speed, ends)) => {
                (figures::ratio(speed))
                @if let Some(interval) = ends.and_then(|(lo, hi)| figures::interval(Some(lo), Some(hi))) { " " span.q { (interval) } }
            }
        }
    }
}

fn won(behind: Option<&Contrast>) -> String {
    behind.map_or_else(|| NONE.to_owned(), |b| format!("{}/{}", b.won, b.rounds))
}

/// A log axis of speed: sequential at 1, the right end is fastest.
struct Axis {
    from: f64,
    to: f64,
    ideal: Option<f64>,
    /// Speed of the leader, for its tie band.
    leader: Option<f64>,
    delta: f64,
}

/// Speed relative to sequential with its interval: contrasts are time ratios, so everything turns round.
fn speed(row: &Row<'_>) -> Option<(f64, Option<(f64, f64)>)> {
    if row.reference {
        return Some((1.0, None));
    }
    let against = row.against?;
    let invert = |x: f64| (x.is_finite() && x > 0.0).then(|| 1.0 / x);
    let ends = finite(against.lo).and_then(invert).zip(finite(against.hi).and_then(invert));
    // `far` was not tested: an interval would claim too much.
    let ends = ends.filter(|_| row.standing != Standing::Far);
    Some((invert(against.ratio)?, ends.map(|(hi, lo)| (lo, hi))))
}

impl Axis {
    fn new(view: &View<'_>, group: &GroupView<'_>) -> Option<Self> {
        // Who is far may be 1,000 times behind, and would leave no room for the others.
        let near = |row: &&Row<'_>| row.standing != Standing::Far;
        let speeds: Vec<(f64, Option<(f64, f64)>)> = group.rows.iter().filter(near).filter_map(speed).collect();
        if speeds.is_empty() && !group.rows.iter().any(|row| speed(row).is_some()) {
            return None;
        }
        let cpus = view.run.environment.cpus_effective;
        // W workers on C CPUs cannot be more than min(W, C) times faster.
        let ideal = finite(Some(cpus.min(f64::from(group.workers.max(1))))).filter(|ideal| *ideal > 1.0);
        let ends = speeds.iter().flat_map(|(at, ends)| [*at, ends.map_or(*at, |e| e.0), ends.map_or(*at, |e| e.1)]);
        let all = || ends.clone().chain([0.8, 1.25]).chain(ideal).map(|x| x.clamp(1e-5, 1e5));
        let (low, high) = (all().fold(f64::MAX, f64::min).ln(), all().fold(f64::MIN, f64::max).ln());
        let air = (high - low) * 0.06;
        let leader = group.leader().and_then(speed).map(|(at, _)| at);
        let delta = finite(Some(view.run.run.delta)).unwrap_or(0.0).clamp(0.0, 0.5);
        Some(Self { from: low - air, to: high + air, ideal, leader, delta })
    }

    /// Position in percent; beyond the axis its end.
    fn at(&self, speed: f64) -> f64 {
        tenth(((speed.clamp(1e-5, 1e5).ln() - self.from) / (self.to - self.from) * 100.0).clamp(0.0, 100.0))
    }

    /// Round speeds, so that their labels do not touch; 1 always stands.
    fn ticks(&self) -> Vec<f64> {
        let mut placed = vec![1.0];
        for steps in [[1.0, 1.0, 1.0], [2.0, 5.0, 5.0], [3.0, 4.0, 6.0], [8.0, 1.5, 1.2]] {
            for decade in -5..=5 {
                for step in steps {
                    let tick = step * 10f64.powi(decade);
                    let x = self.at(tick);
                    let free = placed.iter().all(|other| (self.at(*other) - x).abs() > 14.0);
                    if tick.ln() >= self.from && tick.ln() <= self.to && free {
                        placed.push(tick);
                    }
                }
            }
        }
        placed
    }

    /// What lies behind every row of the table, drawn once.
    fn grid(&self, id: &str) -> Markup {
        let band = |middle: f64| {
            let (from, to) = (self.at(middle * (1.0 - self.delta)), self.at(middle * (1.0 + self.delta)));
            html! { rect.band x=(percent(from)) width=(percent(tenth(to - from))) height="100%" {} }
        };
        html! {
            svg width="0" height="0" style="position:absolute" aria-hidden="true" {
                symbol id=(id) overflow="visible" {
                    (band(1.0))
                    @if let Some(leader) = self.leader { (band(leader)) }
                    @for tick in self.ticks() {
                        line class=(if tick == 1.0 { "one" } else { "gl" })
                            x1=(percent(self.at(tick))) x2=(percent(self.at(tick))) y2="100%" {}
                    }
                    @if let Some(ideal) = self.ideal {
                        line.ideal x1=(percent(self.at(ideal))) x2=(percent(self.at(ideal))) y2="100%" {}
                    }
                }
            }
        }
    }

    /// Labels of the axis.
    fn head(&self) -> Markup {
        let one = self.at(1.0);
        let room = |at: f64| (22.0..=78.0).contains(&at);
        let anchor = |at: f64| {
            if room(at) {
                "mid"
            } else if at > 50.0 {
                "e"
            } else {
                ""
            }
        };
        let ideal = self.ideal.map(|ideal| (ideal, self.at(ideal))).filter(|(_, at)| (at - one).abs() > 45.0);
        html! {
            svg height="46" aria-hidden="true" {
                text x="0" y="10" { "← slower" }
                text.e x="100%" y="10" { "faster →" }
                text class=(anchor(one)) x=(percent(if room(one) { one } else { one.round().clamp(0.0, 100.0) })) y="26" { "sequential" }
                @if let Some((ideal, at)) = ideal {
                    text class=(anchor(at)) x=(percent(if room(at) { at } else { 100.0 })) y="26" { "ideal " (tick_label(ideal)) "×" }
                }
                @for tick in self.ticks() {
                    text class=(if tick == 1.0 { "mid b" } else { "mid" }) x=(percent(self.at(tick))) y="41" { (tick_label(tick)) }
                }
            }
            span.sr { "speed relative to sequential, log axis" }
        }
    }

    /// The mark of a row and its interval; the figures stand beside it.
    fn mark(&self, row: &Row<'_>, grid: &str) -> Markup {
        let hollow = row.reference || row.standing == Standing::Far;
        html! {
            svg {
                use href=(format!("#{grid}")) {}
                @if let Some((speed, ends)) = speed(row) {
                    @if let Some((lo, hi)) = ends { line.ci x1=(percent(self.at(lo))) x2=(percent(self.at(hi))) {} }
                    use class=[hollow.then_some("ho")] href=(format!("#{}", class(&row.cell.model))) x=(percent(self.at(speed).max(2.0))) {}
                }
            }
        }
    }

    /// The mark of what is wrong.
    fn cross(&self, speed: Option<f64>, grid: &str) -> Markup {
        html! {
            svg {
                use href=(format!("#{grid}")) {}
                @if let Some(speed) = speed { use href="#mx" x=(percent(self.at(speed).max(2.0))) {} }
            }
        }
    }
}

/// Plain digits: 0.01, 1.5, 200.
fn tick_label(x: f64) -> String {
    if x >= 1000.0 { figures::count(x) } else { format!("{}", (x * 1e6).round() / 1e6) }
}
