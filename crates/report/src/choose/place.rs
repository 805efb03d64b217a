//! Which group of a run answers a question, and where its answer turns.

use results::{Bound, Crossover, Found};

use super::Turn;
use super::questions::Workloads;
use crate::figures::finite;
use crate::granularity::{self, Grains};
use crate::turns::{self, Turns};
use crate::view::{GroupView, View, beyond_cpus};

/// The workload that a group is of.
pub(crate) fn workload<'a>(group: &GroupView<'a>) -> &'a str {
    let cells = group.rows.iter().map(|row| row.cell).chain(group.wrong.iter().chain(&group.absent).copied());
    cells.map(|cell| cell.workload.as_str()).next().unwrap_or_else(|| group.label.split(':').next().unwrap_or_default())
}

/// The group that answers: of the first workload that was decided, else of the first that was measured.
pub(super) fn answering(view: &View<'_>, asked: &Workloads) -> Option<usize> {
    let all: Vec<usize> = asked.ids.iter().flat_map(|id| of(view, asked, id)).collect();
    let decided = |index: &&usize| view.groups[**index].leader().is_some();
    all.iter().find(decided).or(all.first()).copied()
}

/// The groups of a workload that may answer, the workload's own ID before variants of it, each at the number of workers
/// that is asked for. Within a sweep only where there is no other: at its own value, else in the middle.
fn of(view: &View<'_>, asked: &Workloads, id: &str) -> Vec<usize> {
    let fits = |index: &usize| {
        let group = &view.groups[*index];
        let metric = |group: &GroupView<'_>| {
            asked.metric.is_none_or(|metric| group.rows.iter().any(|row| row.cell.primary == metric))
        };
        let set = |group: &GroupView<'_>| {
            group.rows.iter().any(|row| asked.fixed.iter().any(|knob| row.cell.knobs.contains_key(*knob)))
        };
        !group.rows.is_empty() && workload(group) == id && metric(group) && !set(group)
    };
    let all: Vec<usize> = (0..view.groups.len()).filter(fits).collect();
    let swept = |index: &usize| turns::place(&view.groups[*index]).is_some();
    let own = |index: &usize| view.groups[*index].label == id;
    let mut found: Vec<usize> = all.iter().copied().filter(|index| !swept(index)).collect();
    if found.is_empty() {
        let inside: Vec<usize> = all.iter().copied().filter(own).collect();
        found = if inside.is_empty() { middle(view, &all) } else { inside };
    }
    // Stable: variants stay in the order of the run.
    found.sort_by_key(|index| !own(index));
    let mut labels: Vec<&str> = found.iter().map(|index| view.groups[*index].label).collect();
    labels.dedup();
    let cpus = view.run.environment.cpus_effective;
    let at = |label: &str| {
        let mine = found.iter().copied().filter(|index| view.groups[*index].label == label);
        mine.min_by(|a, b| {
            let key = |index: &usize| distance(view.groups[*index].workers, asked.clients, cpus);
            key(a).cmp(&key(b))
        })
    };
    labels.into_iter().filter_map(at).collect()
}

/// How far a number of workers is from what is asked for: the nearest to the number of clients, or the highest that is
/// not above the CPUs, else the lowest.
fn distance(workers: u32, clients: Option<u32>, cpus: f64) -> (bool, u32) {
    match clients {
        Some(clients) => (false, workers.abs_diff(clients)),
        None => beyond_cpus(workers, cpus),
    }
}

/// All groups at the middle value of the first sweep among these.
fn middle(view: &View<'_>, all: &[usize]) -> Vec<usize> {
    let value = |index: usize| turns::place(&view.groups[index]).map_or(f64::NAN, |sweep| sweep.value);
    let mut values: Vec<f64> = all.iter().map(|index| value(*index)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let Some(middle) = values.get(values.len() / 2).copied() else { return Vec::new() };
    all.iter().copied().filter(|index| value(*index) == middle).collect()
}

/// Where the answer of a group turns: between the leaders of both ends of a sweep of its workload, else the crossing
/// with one thread that is nearest; else from which length of tasks on it pays.
pub(super) fn turn(view: &View<'_>, sweeps: &[Turns<'_>], grains: &[Grains<'_>], index: usize) -> Option<Turn> {
    let id = workload(&view.groups[index]);
    let mine = |sweep: &Turns<'_>| sweep.groups.iter().any(|index| workload(&view.groups[*index]) == id);
    let sweep = sweeps.iter().position(mine).filter(|at| !sweeps[*at].against.is_empty());
    if let Some(at) = sweep {
        return Some(Turn { said: crossing(view, &sweeps[at], index), href: format!("#x{at}") });
    }
    let at = grains.iter().position(|grains| grains.rows.iter().any(|one| one.workload == id))?;
    let first = grains[at].rows.iter().find(|one| one.metg50_ns.bound == Some(Bound::Is))?;
    let said = format!("half efficient from tasks of {} on, {}", granularity::both(&first.metg50_ns), first.contender);
    Some(Turn { said, href: format!("#m{at}") })
}

fn crossing(view: &View<'_>, sweep: &Turns<'_>, index: usize) -> String {
    if let Some(lead) = sweep.leaders.filter(|one| one.found == Found::Crosses).and_then(|_| sweep.lead()) {
        return lead.to_string().trim_end_matches('.').to_owned();
    }
    // Where the group itself stands, if it is one of the sweep; else the first crossing is told.
    let own = sweep.groups.contains(&index).then(|| turns::place(&view.groups[index])).flatten().map(|one| one.value);
    let far = |one: &Crossover| match (finite(one.at.value), own) {
        (Some(at), Some(own)) if sweep.sweep.linear => (at - own).abs(),
        (Some(at), Some(own)) if at > 0.0 && own > 0.0 => (at / own).ln().abs(),
        (at, _) => at.unwrap_or(f64::INFINITY),
    };
    let crosses = sweep.against.iter().filter(|one| one.found == Found::Crosses && finite(one.at.value).is_some());
    match crosses.min_by(|a, b| far(a).total_cmp(&far(b))) {
        Some(one) => {
            let knob = &sweep.sweep.knob;
            let (who, whom, from) = (sweep.contender(one), sweep.reference(one), sweep.said(one));
            format!("{who} is faster than {whom} {from}, along {knob}")
        }
        None => format!("no crossover found along {}", sweep.axis(view)),
    }
}
