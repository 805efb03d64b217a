//! The forest of a group: a table with a small plot in each row, all on one log axis of speed relative to sequential.

use maud::{Markup, html};

use super::{class, contender};
use crate::figures::{self, NONE, finite};
use crate::view::{GroupView, Row, Standing, View, median};
use crate::words;
use results::{Contrast, Support};

/// The table of a group: best set first, counterexamples in a body of their own.
pub(super) fn table(view: &View<'_>, group: &GroupView<'_>, index: usize) -> Markup {
    let axis = Axis::new(view, group);
    let grid = format!("f{index}");
    let last_best = group.rows.iter().rposition(|row| row.standing.best());
    html! {
        @if let Some(axis) = &axis { (axis.grid(&grid)) }
        table.forest {
            caption.sr { (words::title(group)) ": every contender against sequential and against the leader" }
            thead {
                tr {
                    th.who scope="col" { "contender" }
                    th.plot scope="col" {
                        @match &axis { Some(axis) => { (axis.head()) } None => { "no sequential reference" } }
                    }
                    th.n.t scope="col" { "median" }
                    th.n.r scope="col" { "against the leader" }
                    th.vd scope="col" { "verdict" }
                    th.n.s scope="col" title="user and system time of a whole sample: start-up, warm-up and all its iterations" { "CPU a sample" }
                    th.n.s scope="col" title="peak of all processes together" { "memory" }
                    th.n.won scope="col" title="rounds in which it was ahead of the leader" { "won" }
                }
            }
            tbody {
                @for (i, row) in group.rows.iter().enumerate() {
                    tr class=(row_class(row, last_best == Some(i))) {
                        th scope="row" { (contender(&row.cell.contender)) (note(row)) }
                        td.plot { @if let Some(axis) = &axis { (axis.mark(row, &grid)) } }
                        td.n.t data-l="median" { (shown(row.cell, &row.cell.primary)) }
                        td.n.r data-l="× leader" { (against_leader(row)) }
                        td.vd { (words::standing(row, view.run)) }
                        td.n.s data-l="CPU a sample" { (cpu(row.cell)) }
                        td.n.s data-l="memory" { (shown(row.cell, "peak_rss_bytes")) }
                        td.n.won data-l="won" { (won(row.behind)) }
                    }
                }
            }
            @if !group.wrong.is_empty() {
                tbody.wrong {
                    @for cell in &group.wrong {
                        tr class=(class(&cell.model)) {
                            th scope="row" { (contender(&cell.contender)) }
                            td.plot {}
                            td.n.t data-l="median" { (shown(cell, &cell.primary)) }
                            td.n.r { (NONE) }
                            td.vd { span.x { "✕" } " deliberately wrong" }
                            td.n.s data-l="CPU a sample" { (cpu(cell)) }
                            td.n.s data-l="memory" { (shown(cell, "peak_rss_bytes")) }
                            td.n.won { (NONE) }
                        }
                    }
                }
            }
        }
    }
}

/// Classes in one string: maud runs a switched class and a computed one together.
fn row_class(row: &Row<'_>, last: bool) -> String {
    let best = if row.standing.best() { " best" } else { "" };
    format!("{}{best}{}", class(&row.cell.model), if last { " last" } else { "" })
}

fn note(row: &Row<'_>) -> Markup {
    html! {
        @if row.cell.support == Support::AgainstTheGrain {
            a.note href="#omissions" title=(words::reason(row.cell)) { "against the grain" }
        } @else if row.cell.reason.as_deref().is_some_and(|reason| !reason.is_empty()) {
            a.note href="#omissions" title=(words::reason(row.cell)) { "mind" }
        }
        @if row.slower_than_reference() {
            span.note { "▼ slower than sequential" }
        }
    }
}

/// A median in its unit, or the reason why there is none.
pub(super) fn shown(cell: &results::Cell, metric: &str) -> Markup {
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

/// User and system time together; one alone would mislead.
fn cpu(cell: &results::Cell) -> Markup {
    html! {
        @match (median(cell, "cpu_user_ns"), median(cell, "cpu_sys_ns")) {
            (Some(user), Some(sys)) => {
                span title=(format!("user {}, system {}", figures::duration(user), figures::duration(sys))) {
                    (figures::duration(user + sys))
                }
            }
            (Some(_), None) => { (shown(cell, "cpu_sys_ns")) }
            (None, _) => { (shown(cell, "cpu_user_ns")) }
        }
    }
}

fn against_leader(row: &Row<'_>) -> Markup {
    let interval = row.behind.and_then(|b| figures::interval(b.lo, b.hi));
    html! {
        @match (row.standing, row.ratio) {
            (Standing::Leads, _) => "1.00×",
            (_, Some(ratio)) => {
                (figures::ratio(ratio)) "×" @if let Some(interval) = interval { " " span.q { (interval) } }
            }
            (_, None) => { (NONE) }
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
        let x = (speed.clamp(1e-5, 1e5).ln() - self.from) / (self.to - self.from) * 100.0;
        (x.clamp(0.0, 100.0) * 10.0).round() / 10.0
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
            html! { rect.band x=(percent(from)) width=(percent(to - from)) height="100%" {} }
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

    /// The mark of a row and its interval; the figures are text for those who cannot see it.
    fn mark(&self, row: &Row<'_>, grid: &str) -> Markup {
        let Some((speed, ends)) = speed(row) else {
            return html! { svg aria-hidden="true" { use href=(format!("#{grid}")) {} } };
        };
        let hollow = row.reference || row.standing == Standing::Far;
        html! {
            svg role="img" aria-label=(label(row)) {
                use href=(format!("#{grid}")) {}
                @if let Some((lo, hi)) = ends {
                    line.ci x1=(percent(self.at(lo))) x2=(percent(self.at(hi))) y1="50%" y2="50%" {}
                }
                use.ho[hollow] href=(format!("#{}", class(&row.cell.model))) x=(percent(self.at(speed).max(2.0))) y="50%" {}
            }
        }
    }
}

/// `0.53x the time of sequential [0.50, 0.56]`.
fn label(row: &Row<'_>) -> String {
    match row.against {
        Some(against) => {
            let interval = figures::interval(against.lo, against.hi);
            let interval = interval.map(|interval| format!(" {interval}")).unwrap_or_default();
            format!("{} times the time of sequential{interval}", figures::ratio(against.ratio))
        }
        None => "the reference".to_owned(),
    }
}

fn percent(x: f64) -> String {
    format!("{x}%")
}

/// Plain digits: 0.01, 1.5, 200.
fn tick_label(x: f64) -> String {
    if x >= 1000.0 { figures::count(x) } else { format!("{}", (x * 1e6).round() / 1e6) }
}
