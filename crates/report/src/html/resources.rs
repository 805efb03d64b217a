//! Where the time went: what part of the CPUs' time a contender used, and what became of the rest.

use maud::{Markup, html};
use results::{Cell, Metric};

use super::chart::percent;
use super::class;
use super::share::Share;
use crate::figures::{self, finite};
use crate::turns::place;
use crate::view::{GroupView, Row, View, median};

/// Rows of a table at most.
const ROWS: usize = 7;

/// The table of a group; nothing where fewer than two contenders have a CPU time, and in a sweep, which has many groups.
pub(super) fn resources(view: &View<'_>, group: &GroupView<'_>, share: &mut Share) -> Markup {
    let possible = possible(view, group);
    let spent = |row: &Row<'_>| Spent::of(row.cell, possible);
    let rows: Vec<(&Row<'_>, Spent)> = chosen(group).into_iter().filter_map(|row| Some((row, spent(row)?))).collect();
    if rows.len() < 2 || place(group).is_some() {
        return html! {};
    }
    let table = html! {
        figure.rs {
            table.res {
                caption {
                    b { (finding(&rows)) }
                    span.q { "Share of " (figures::cpus(possible)) " × time, medians" }
                }
                thead { tr {
                    th.who scope="col" { "contender" }
                    th.plot scope="col" { svg height="14" aria-hidden="true" { text x="0" y="11" { "0" } text.mid x="50%" y="11" { "50 %" } text.e x="100%" y="11" { "100 %" } } span.sr { "share of the CPUs' time" } }
                    th.by scope="col" { "busy [p10, p90]" }
                    @for (tint, name) in ["user", "system", "queue", "blocked"].iter().enumerate() {
                        th.pt scope="col" { i class=(format!("sw r{tint}")) {} (name) }
                    }
                } }
                tbody { @for (row, spent) in &rows { (line(row, spent)) } }
            }
        }
    };
    share
        .take(table)
        .unwrap_or_else(|| html! { p.q { "Where the time went: left out, too many figures for one page." } })
}

/// CPUs that the workers can use at once.
fn possible(view: &View<'_>, group: &GroupView<'_>) -> f64 {
    let workers = f64::from(group.workers.max(1));
    finite(Some(view.run.environment.cpus_effective))
        .filter(|cpus| *cpus > 0.0)
        .map_or(workers, |cpus| cpus.min(workers))
}

/// What became of the time of the CPUs, as shares of it.
struct Spent {
    busy: f64,
    /// 10th and 90th percentile over samples; nothing of one sample.
    ends: Option<(f64, f64)>,
    /// Of `busy`, where both parts are known.
    system: Option<f64>,
    /// More than everything where more threads wait than there are CPUs.
    queue: Option<f64>,
}

impl Spent {
    fn of(cell: &Cell, possible: f64) -> Option<Self> {
        let share = |x: f64| finite(Some(x / possible)).filter(|share| (0.0..1e6).contains(share));
        let (busy, ends) = match cell.metrics.get("parallelism")? {
            Metric::Measured { median, p10, p90, n } => {
                (share(*median)?, share(*p10).zip(share(*p90)).filter(|_| *n > 1))
            }
            Metric::Missing { .. } => return None,
        };
        let (user, sys) = (median(cell, "cpu_user_ns"), median(cell, "cpu_sys_ns"));
        let system = user.zip(sys).filter(|(user, sys)| user + sys > 0.0).map(|(user, sys)| busy * sys / (user + sys));
        let wall = median(cell, "elapsed_ns").filter(|wall| *wall > 0.0);
        let queue = median(cell, "run_delay_ns").zip(wall).and_then(|(delay, wall)| share(delay / wall));
        Some(Self { busy, ends, system, queue })
    }

    /// Widths of user, system and queue: together at most everything.
    fn bars(&self) -> [f64; 3] {
        let busy = self.busy.min(1.0);
        let system = self.system.unwrap_or(0.0) / self.busy.max(f64::MIN_POSITIVE) * busy;
        [busy - system, system, self.queue.unwrap_or(0.0).min(1.0 - busy)]
    }

    fn blocked(&self) -> f64 {
        let [user, system, queue] = self.bars();
        (1.0 - user - system - queue).max(0.0)
    }

    /// What is [`said`](Self::said), in one.
    fn text(&self) -> String {
        let (figure, ends) = self.said();
        figure + &ends
    }

    /// `96 % [94, 97]`.
    fn said(&self) -> (String, String) {
        let ends = self.ends.map(|(lo, hi)| format!(" [{}, {}]", whole(lo), whole(hi)));
        (whole(self.busy) + "\u{a0}%", ends.unwrap_or_default())
    }
}

fn whole(share: f64) -> String {
    figures::count(share * 100.0)
}

/// The best of each model, then whoever is furthest behind the best of its own, as many as there is room for.
fn chosen<'r, 'a>(group: &'r GroupView<'a>) -> Vec<&'r Row<'a>> {
    let known = |row: &&Row<'_>| median(row.cell, "parallelism").is_some();
    let mut best: Vec<&Row<'a>> = Vec::new();
    let mut widest: Vec<(f64, &Row<'a>)> = Vec::new();
    for row in group.rows.iter().filter(known) {
        let same = |other: &&&Row<'a>| other.cell.model == row.cell.model;
        let Some(first) = best.iter().find(same) else {
            best.push(row);
            continue;
        };
        let spread = row.median().zip(first.median()).map_or(0.0, |(own, best)| own / best);
        widest.retain(|(_, other)| other.cell.model != row.cell.model || other.median() > row.median());
        if widest.iter().all(|(_, other)| other.cell.model != row.cell.model) {
            widest.push((spread, row));
        }
    }
    widest.sort_by(|a, b| b.0.total_cmp(&a.0));
    best.into_iter().chain(widest.into_iter().map(|(_, row)| row)).take(ROWS).collect()
}

/// `Busiest: threads/atomic, 96 % [94, 97]; most time blocked or idle: gil/implicit, 87 %`.
fn finding(rows: &[(&Row<'_>, Spent)]) -> String {
    // One thread leaves the other CPUs idle by definition.
    let rows: Vec<&(&Row<'_>, Spent)> = rows.iter().filter(|(row, _)| !row.reference).collect();
    // Who comes out alike is counted with the first; nobody is first where all do.
    let most = |share: fn(&Spent) -> f64| {
        let most = rows.iter().map(|(_, spent)| whole(share(spent))).max_by_key(|share| share.parse().unwrap_or(0))?;
        let all: Vec<_> = rows.iter().filter(|(_, spent)| whole(share(spent)) == most).collect();
        let (first, spent) = all.first()?;
        let more = if all.len() > 1 { format!(" and {} more", all.len() - 1) } else { String::new() };
        (all.len() < rows.len() || rows.len() == 1).then(|| (format!("{}{more}", first.cell.contender), spent))
    };
    let busiest = match (most(|spent| spent.busy), rows.first()) {
        (Some((who, spent)), _) => format!("Busiest: {who}, {}", spent.text()),
        (None, Some((_, spent))) => format!("All alike busy: {}", spent.text()),
        (None, None) => return "Where the time went".to_owned(),
    };
    match most(Spent::blocked) {
        Some((who, spent)) => {
            format!("{busiest}; most time blocked or idle: {who}, {}\u{a0}%", whole(spent.blocked()))
        }
        None => busiest,
    }
}

fn line(row: &Row<'_>, spent: &Spent) -> Markup {
    let (figure, ends) = spent.said();
    let mut from = 0.0;
    let bars = spent.bars().map(|width| {
        let at = from;
        from += width;
        (tenth(at), tenth(width))
    });
    let share = |share: Option<f64>| html! { td { @if let Some(share) = share { (whole(share)) } @else { "–" } } };
    html! {
        tr class=(class(&row.cell.model)) {
            th scope="row" { i.g {} (row.cell.contender) }
            td.plot { svg aria-hidden="true" {
                @for (tint, (at, width)) in bars.iter().enumerate() {
                    @if *width > 0.0 { rect class=(format!("r{tint}")) x=[(*at > 0.0).then(|| percent(*at))] width=(percent(*width)) {} }
                }
            } }
            td { (figure) span.q { (ends) } }
            (share(spent.system.map(|system| spent.busy - system))) (share(spent.system)) (share(spent.queue)) (share(Some(spent.blocked())))
        }
    }
}

/// A share in percent, rounded to tenths.
fn tenth(share: f64) -> f64 {
    super::chart::tenth(share * 100.0)
}
