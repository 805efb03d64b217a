//! Does it matter? From which length of tasks on the models are within 10 % of each other.

use results::Run;

use crate::choose;
use crate::figures;
use crate::turns::{self, Turns};
use crate::view::{GroupView, View};
use crate::words;

/// Whether the choice matters, as far as a run says.
pub(crate) struct Matter {
    /// Whether a sweep of task lengths says it.
    pub(crate) measured: bool,
    /// What stands between back ticks is typed.
    pub(crate) said: String,
}

/// From the sweep of task lengths of a run: the first that has a verdict, else the first.
pub(crate) fn matter(view: &View<'_>, sweeps: &[Turns<'_>]) -> Matter {
    let all = || sweeps.iter().filter(|sweep| sweep.sweep.granularity);
    let said = all().find_map(|sweep| answer(view, sweep));
    let measured = said.is_some();
    let said = said.or_else(|| all().next().map(|sweep| open(view, sweep))).unwrap_or_else(|| {
        String::from(
            "Not measured here: `crossover compare grain --sweep iterations=2^0..2^20` finds from which task length on \
             the choice stops mattering.",
        )
    });
    let distrust = if measured && view.run.trust.trusted == Some(false) { words::DISTRUST } else { "" };
    Matter { measured, said: format!("{distrust}Does it matter? {said}") }
}

/// A sweep without a verdict.
fn open(view: &View<'_>, sweep: &Turns<'_>) -> String {
    let most = sweep.groups.iter().map(|index| &view.groups[*index]).max_by_key(|group| group.rounds());
    let waiting = most.map(|group| words::waiting(view.run, group)).unwrap_or_default();
    format!("Not decided: no length of tasks has a verdict {waiting} ({}).", title(sweep))
}

/// What a sweep says up to the longest tasks that have a verdict; nothing where none have.
fn answer(view: &View<'_>, sweep: &Turns<'_>) -> Option<String> {
    let mut groups: Vec<&GroupView<'_>> = sweep.groups.iter().map(|index| &view.groups[*index]).collect();
    groups.truncate(groups.iter().rposition(|group| group.leader().is_some())? + 1);
    let last = *groups.last()?;
    let leader = last.leader()?;
    let mut near: Vec<(&str, usize)> = Vec::new();
    let mut never: Vec<&str> = Vec::new();
    for model in models(&groups) {
        match groups.iter().rposition(|group| !within(group, model)) {
            Some(at) if at + 1 == groups.len() => never.push(model),
            at => near.push((model, at.map_or(0, |at| at + 1))),
        }
    }
    let longest = length(view.run, sweep, last);
    let names: Vec<&str> = near.iter().map(|(model, _)| *model).collect();
    let said = match near.iter().map(|(_, at)| *at).max() {
        Some(from) if names.len() > 1 => {
            let from = length(view.run, sweep, groups[from]);
            let rest = format!("{}, up to {longest}", rest(last, &never));
            format!("From {from} on, {} are within 10 % of each other{rest}", and(&names))
        }
        Some(_) if never.is_empty() => format!("Only {} was measured along {}", and(&names), sweep.sweep.knob),
        Some(_) => format!(
            "Only {} is shown to be within 10 % of the best at {longest}, the longest measured{}",
            and(&names),
            rest(last, &never)
        ),
        None => format!(
            "Nothing is shown to be within 10 % of {} at {longest}, the longest measured{}",
            leader.cell.contender,
            rest(last, &never)
        ),
    };
    Some(format!("{said} ({}).", title(sweep)))
}

/// The models that were measured in these groups; one thread is no choice.
fn models<'a>(groups: &[&GroupView<'a>]) -> Vec<&'a str> {
    let mut models: Vec<&'a str> = Vec::new();
    for row in groups.iter().flat_map(|group| &group.rows).filter(|row| !row.reference) {
        if !models.contains(&row.cell.model.as_str()) {
            models.push(&row.cell.model);
        }
    }
    models
}

/// Whether a strategy of a model was shown to be within 10 % of the best.
fn within(group: &GroupView<'_>, model: &str) -> bool {
    group.rows.iter().any(|row| row.cell.model == model && !row.reference && choose::near(row))
}

/// `; async and processes may be, gil is not`: of models that were not shown to be near.
fn rest(group: &GroupView<'_>, models: &[&str]) -> String {
    let may = |model: &&str| {
        let mine = group.rows.iter().filter(|row| row.cell.model == *model && !row.reference);
        mine.filter_map(|row| row.behind?.lo).any(|lo| lo <= choose::NEAR)
    };
    let (open, not): (Vec<&str>, Vec<&str>) = models.iter().partition(|model| may(model));
    let be = if not.len() == 1 { "is" } else { "are" };
    match (open.is_empty(), not.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("; {} {be} not", and(&not)),
        (false, true) => format!("; {} may be", and(&open)),
        (false, false) => format!("; {} may be, {} {be} not", and(&open), and(&not)),
    }
}

/// `tasks of 330 µs`, as one thread needs for them; the value of the knob where nobody measured that.
fn length(run: &Run, sweep: &Turns<'_>, group: &GroupView<'_>) -> String {
    let value = turns::place(group).map_or(f64::NAN, |place| place.value);
    let mine = |one: &&results::Metg| one.series == sweep.sweep.series && one.knob == sweep.sweep.knob;
    let points = run.metg.iter().filter(mine).flat_map(|one| &one.points);
    let mut lengths = points.filter(|point| point.value == value && point.granularity_ns > 0.0);
    match lengths.next().filter(|point| point.granularity_ns.is_finite()) {
        Some(point) => format!("tasks of {}", figures::time(point.granularity_ns)),
        None => format!("{} = {}", sweep.sweep.knob, sweep.exact(value)),
    }
}

/// `grain, 2 workers`.
fn title(sweep: &Turns<'_>) -> String {
    match sweep.workers {
        0 => sweep.label.to_owned(),
        n => format!("{}, {}", sweep.label, figures::plural(n as usize, "worker")),
    }
}

/// `A`, `A and B`, `A, B and C`.
fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
