//! What is not in the evidence, or is there with a reservation: who shares status, reason and places is said once.

use results::{Cell, CellStatus, Support};

use crate::scaling;
use crate::turns::{Turns, place};
use crate::view::View;
use crate::words;

/// Cells of which the same is said.
pub(crate) struct Omission<'a> {
    pub(crate) what: &'static str,
    /// A failure or a time-out: these come first, and each contender stands for itself.
    pub(crate) bad: bool,
    pub(crate) contenders: Vec<&'a str>,
    pub(crate) reason: &'a str,
    /// Groups by their IDs, those of a sweep together.
    pub(crate) places: Vec<String>,
    /// The IDs alone.
    groups: Vec<&'a str>,
}

/// Every omission of a run, the worst first; then the section that is not there.
pub(crate) fn all<'a>(view: &View<'a>, sweeps: &[Turns<'_>]) -> Vec<Omission<'a>> {
    let mut found = by_contender(view);
    found.iter_mut().for_each(|one| one.places = places(view, sweeps, &one.groups));
    let mut all: Vec<Omission<'a>> = Vec::new();
    for one in found {
        let same = |other: &&mut Omission<'_>| {
            !one.bad && other.what == one.what && other.reason == one.reason && other.groups == one.groups
        };
        match all.iter_mut().find(same) {
            Some(other) => other.contenders.extend(one.contenders),
            None => all.push(one),
        }
    }
    all.extend(scaling::missing(view).map(|reason| Omission {
        what: "scaling",
        bad: false,
        contenders: Vec::new(),
        reason,
        places: Vec::new(),
        groups: Vec::new(),
    }));
    all
}

fn by_contender<'a>(view: &View<'a>) -> Vec<Omission<'a>> {
    let mut found: Vec<Omission<'a>> = Vec::new();
    for status in
        [CellStatus::Failed, CellStatus::TimedOut, CellStatus::Skipped, CellStatus::NotApplicable, CellStatus::Measured]
    {
        for cell in view.run.cells.iter().filter(|cell| cell.status == status) {
            let Some(what) = what(cell) else { continue };
            let reason = match cell.reason.as_deref() {
                None | Some("") if what == WRONG => "a counterexample, excluded from every ranking",
                _ => words::reason(cell),
            };
            let same = |one: &&mut Omission<'_>| {
                one.what == what && one.reason == reason && one.contenders == [cell.contender.as_str()]
            };
            match found.iter_mut().find(same) {
                Some(one) => one.groups.push(&cell.group),
                None => found.push(Omission {
                    what,
                    bad: matches!(status, CellStatus::Failed | CellStatus::TimedOut),
                    contenders: vec![&cell.contender],
                    reason,
                    places: Vec::new(),
                    groups: vec![&cell.group],
                }),
            }
        }
    }
    found
}

const WRONG: &str = "deliberately wrong";

/// What is to be said of a cell, if anything.
fn what(cell: &Cell) -> Option<&'static str> {
    match cell.status {
        CellStatus::Measured if cell.deliberately_wrong => Some(WRONG),
        CellStatus::Measured if cell.support == Support::AgainstTheGrain => Some("against the grain"),
        // As the field would write it, and yet there is something to know about it.
        CellStatus::Measured => cell.reason.as_deref().filter(|reason| !reason.is_empty()).map(|_| "mind"),
        other => Some(words::status(other)),
    }
}

/// Where, in the order of the groups: `bulk-map, 2 workers, along work, all 11 values` instead of eleven IDs.
fn places(view: &View<'_>, sweeps: &[Turns<'_>], groups: &[&str]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut folded: Vec<&str> = Vec::new();
    for sweep in sweeps {
        let mine: Vec<usize> =
            sweep.groups.iter().copied().filter(|index| groups.contains(&view.groups[*index].id)).collect();
        if mine.len() < 2 {
            continue;
        }
        said.push(if mine.len() == sweep.groups.len() {
            format!("{}, all {} values", sweep.title(), mine.len())
        } else {
            let values = mine.iter().filter_map(|index| place(&view.groups[*index]));
            let values: Vec<String> = values.map(|place| sweep.exact(place.value)).collect();
            format!("{} = {}", sweep.title(), values.join(", "))
        });
        folded.extend(sweep.groups.iter().map(|index| view.groups[*index].id));
    }
    let alone = groups.iter().filter(|id| !folded.contains(*id)).map(|id| (*id).to_owned());
    alone.chain(said).collect()
}
