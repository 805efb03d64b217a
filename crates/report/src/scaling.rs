//! Speed against workers: the workloads that were measured with several numbers of them, and what is said of each.

use std::collections::HashMap;

use results::{Contrast, Verdict};

use crate::figures::{self, finite};
use crate::turns::place;
use crate::view::{GroupView, Row, Standing, View, beyond_cpus};

/// A workload that was measured with several numbers of workers.
pub(crate) struct Scaling<'v, 'a> {
    pub(crate) label: &'a str,
    /// By number of workers.
    groups: Vec<&'v GroupView<'a>>,
    /// The one by which strategies are chosen: the most workers that have a CPU each.
    chosen: &'v GroupView<'a>,
    /// The best strategy of each model there, whoever is nearest to the best first.
    pub(crate) series: Vec<Series<'a>>,
}

/// A contender along numbers of workers.
pub(crate) struct Series<'a> {
    pub(crate) contender: &'a str,
    pub(crate) points: Vec<Point>,
}

/// Speed relative to sequential at a number of workers.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub(crate) workers: u32,
    pub(crate) speed: f64,
    pub(crate) ends: Option<(f64, f64)>,
}

/// Speed relative to sequential with its interval: contrasts are ratios of time, so everything turns round.
fn speed(row: &Row<'_>) -> Option<(f64, Option<(f64, f64)>)> {
    let against: &Contrast = row.against?;
    let invert = |x: f64| (x.is_finite() && x > 0.0).then(|| x.recip());
    let ends = finite(against.lo).and_then(invert).zip(finite(against.hi).and_then(invert));
    // `far` was not tested: an interval would claim too much.
    let ends = ends.filter(|_| against.verdict != Verdict::Far);
    Some((invert(against.ratio)?, ends.map(|(hi, lo)| (lo, hi))))
}

/// Every workload with at least two numbers of workers, in the order of the run. What is swept has charts of its own.
pub(crate) fn all<'v, 'a>(view: &'v View<'a>) -> Vec<Scaling<'v, 'a>> {
    let mut all: Vec<(&'a str, Vec<&'v GroupView<'a>>)> = Vec::new();
    for group in view.groups.iter().filter(|group| place(group).is_none() && group.workers > 0) {
        if !group.rows.iter().any(|row| !row.reference && speed(row).is_some()) {
            continue;
        }
        match all.iter_mut().find(|(label, _)| *label == group.label) {
            Some((_, groups)) => groups.push(group),
            None => all.push((group.label, vec![group])),
        }
    }
    let cpus = view.run.environment.cpus_effective;
    all.into_iter().filter_map(|(label, groups)| Scaling::new(label, groups, cpus)).collect()
}

/// Why there is nothing to be seen along workers; nothing where there is, or where nothing was measured.
pub(crate) fn missing(view: &View<'_>) -> Option<&'static str> {
    let measured = || view.groups.iter().filter(|group| !group.rows.is_empty());
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let several = measured().any(|group| *seen.entry(group.label).or_insert(group.workers) != group.workers);
    match (measured().next(), several) {
        (None, _) => None,
        (_, false) => Some("one worker count; `--workers 1,2,4` measures it"),
        (_, true) => all(view).is_empty().then_some("no workload has two worker counts outside a sweep"),
    }
}

impl<'v, 'a> Scaling<'v, 'a> {
    fn new(label: &'a str, mut groups: Vec<&'v GroupView<'a>>, cpus: f64) -> Option<Self> {
        groups.sort_by_key(|group| group.workers);
        groups.dedup_by_key(|group| group.workers);
        let chosen = groups.iter().copied().min_by_key(|group| beyond_cpus(group.workers, cpus))?;
        let mut series: Vec<Series<'a>> = Vec::new();
        for row in chosen.rows.iter().filter(|row| !row.reference && speed(row).is_some()) {
            if series.iter().all(|one| model(one.contender) != row.cell.model) {
                series.push(Series::new(&row.cell.contender, &groups));
            }
        }
        (groups.len() > 1).then_some(Self { label, groups, chosen, series })
    }

    /// Numbers of workers, ascending.
    pub(crate) fn counts(&self) -> impl Iterator<Item = u32> {
        self.groups.iter().map(|group| group.workers)
    }

    /// Whether its reference does the work of as many clients as there are workers.
    pub(crate) fn shared(&self) -> bool {
        self.groups.iter().any(|group| group.group.is_some_and(|group| group.pattern == "shared-state"))
    }

    /// The best of all at the chosen number of workers.
    fn best(&self) -> Option<(&Series<'a>, Point)> {
        let first = self.series.first()?;
        Some((first, *first.points.iter().find(|point| point.workers == self.chosen.workers)?))
    }

    /// `data-parallel 1.93× [1.90, 1.97] at 2; threads ties`.
    pub(crate) fn finding(&self) -> String {
        let Some((first, point)) = self.best() else { return String::new() };
        let workers = self.chosen.workers;
        let said = format!("{} {}", model(first.contender), point.said());
        // Other models, each once.
        let others = |standing: Standing| {
            let rows = self.chosen.rows.iter().filter(|row| row.standing == standing && !row.reference);
            let mut models: Vec<&str> = Vec::new();
            for one in rows.map(|row| row.cell.model.as_str()) {
                if !models.contains(&one) && one != model(first.contender) {
                    models.push(one);
                }
            }
            models
        };
        let Some(leader) = self.chosen.leader() else { return format!("{said} at {workers}, not decided") };
        if leader.reference {
            return format!("sequential leads at {workers}; nearest {said}");
        }
        let mut said = format!("{said} at {workers}");
        let (ties, open) = (others(Standing::Ties), others(Standing::NotSeparated));
        if !ties.is_empty() {
            said += &format!("; {} {}", ties.join(", "), if ties.len() == 1 { "ties" } else { "tie" });
        }
        if !open.is_empty() {
            said += &format!("; {} not separated", open.join(", "));
        }
        said
    }
}

/// On which workload the best gains most over sequential, and on which least; nothing where fewer than two are decided.
pub(crate) fn range(all: &[Scaling<'_, '_>]) -> Option<String> {
    let decided = all.iter().filter(|one| one.chosen.leader().is_some());
    let mut found: Vec<(&Scaling<'_, '_>, Point)> = decided.filter_map(|one| Some((one, one.best()?.1))).collect();
    found.sort_by(|a, b| a.1.speed.total_cmp(&b.1.speed));
    let [least, .., most] = found.as_slice() else { return None };
    let place = |(one, point): &(&Scaling<'_, '_>, Point)| {
        format!("on {} with {}", one.label, figures::plural(point.workers as usize, "worker"))
    };
    let (high, low) = (most.1.said(), least.1.said());
    Some(format!("The best contender has {high} the speed of sequential {}, {low} {}.", place(most), place(least)))
}

impl<'a> Series<'a> {
    fn new(contender: &'a str, groups: &[&GroupView<'a>]) -> Self {
        let at = |group: &&GroupView<'a>| {
            let row = group.rows.iter().find(|row| row.cell.contender == contender)?;
            let (speed, ends) = speed(row)?;
            Some(Point { workers: group.workers, speed, ends })
        };
        Self { contender, points: groups.iter().filter_map(at).collect() }
    }
}

impl Point {
    /// `1.93× [1.90, 1.97]`.
    pub(crate) fn said(self) -> String {
        let interval = self.ends.and_then(|(lo, hi)| figures::interval(Some(lo), Some(hi)));
        let interval = interval.map(|interval| format!(" {interval}")).unwrap_or_default();
        format!("{}×{interval}", figures::ratio(self.speed))
    }
}

/// Model of a contender.
pub(crate) fn model(contender: &str) -> &str {
    contender.split('/').next().unwrap_or_default()
}
