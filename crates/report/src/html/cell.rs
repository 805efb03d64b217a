//! One cell: its samples in the order of the run, its spread, its counters beside the leader's, its source, its command.
//! One is drawn here; what the others have that stands nowhere else on the page goes to the script, as text.

use std::collections::HashMap;

use maud::{Markup, PreEscaped, html};
use results::{Cell, Units};

use super::share::Share;
use super::spread::{self, Deviations};
use super::{contender, section};
use crate::differs::{listed, most};
use crate::facts;
use crate::figures::{self, plural};
use crate::metrics;
use crate::view::{GroupView, Row, Standing, View, median};
use crate::words;

/// What is said of a cell.
struct Facts {
    /// `13.3 ms`.
    figure: String,
    /// `Against data-parallel/fold-reduce: 10× slower [9.9, 11].`
    verdict: String,
    verified: &'static str,
    units: String,
    needs: String,
    code: String,
    source: String,
    /// `switches, voluntary (9,443 against 451) and in system time (8.10 ms against 20 µs)`.
    why: String,
}

impl Facts {
    fn new(view: &View<'_>, group: &GroupView<'_>, cell: &Cell, row: Option<&Row<'_>>) -> Self {
        Self {
            figure: figure(cell),
            verdict: verdict(group, row),
            verified: match cell.verified {
                Some(true) => "Every answer was checked and right.",
                Some(false) => "An answer was wrong.",
                None => "",
            },
            units: units(cell.units),
            needs: needs(cell),
            code: code(cell),
            source: source(view, cell),
            why: beside(group, cell).and_then(|other| listed(&most(cell, other, 2))).unwrap_or_default(),
        }
    }
}

/// Whom a cell stands beside: the leader, and the leader beside the next.
fn beside<'a>(group: &GroupView<'a>, cell: &Cell) -> Option<&'a Cell> {
    let first = group.rows.first()?.cell;
    if first.id == cell.id { group.rows.get(1).map(|row| row.cell) } else { Some(first) }
}

/// The median; what it is, where it is no time.
fn figure(cell: &Cell) -> String {
    match median(cell, &cell.primary) {
        None => "no median".to_owned(),
        Some(median) if cell.primary == "elapsed_ns" => figures::value(&cell.primary, median),
        Some(median) => format!("{} {}", figures::value(&cell.primary, median), metrics::label(&cell.primary)),
    }
}

fn verdict(group: &GroupView<'_>, row: Option<&Row<'_>>) -> String {
    match (row, group.leader()) {
        (None, _) => "Deliberately wrong, never ranked.".to_owned(),
        (Some(_), None) => "Nothing is decided in its group.".to_owned(),
        (Some(row), Some(_)) if row.standing == Standing::Leads => "It leads.".to_owned(),
        (Some(row), Some(leader)) => {
            format!("Against {}: {}.", leader.cell.contender, super::times(&words::behind_text(row)))
        }
    }
}

/// `2 threads; a round: 64 tasks, 128 messages with 13.9 KiB`.
fn units(units: Units) -> String {
    let some = |n: u64, one: &str| (n > 0).then(|| plural(n as usize, one));
    let join = |all: Vec<Option<String>>| all.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let process = match units.processes {
        0 => None,
        1 => Some("1 process".to_owned()),
        n => Some(format!("{} processes", figures::count(n as f64))),
    };
    let workers = join(vec![some(units.threads, "thread"), process]);
    let shipped = (units.bytes_shipped > 0).then(|| format!("{} shipped", figures::bytes(units.bytes_shipped as f64)));
    let round = join(vec![
        some(units.tasks, "task"),
        some(units.messages, "message"),
        shipped,
        some(units.restarts, "restart"),
    ]);
    let workers = if workers.is_empty() { "nothing was counted".to_owned() } else { workers };
    if round.is_empty() { workers } else { format!("{workers}; a round: {round}") }
}

/// Whether a file is from a version that recorded samples, demands and sources.
fn old(cell: &Cell) -> bool {
    cell.samples.is_empty() && cell.source.is_none()
}

fn needs(cell: &Cell) -> String {
    match cell.demands.as_slice() {
        [] if old(cell) => "not recorded".to_owned(),
        [] => "nothing".to_owned(),
        demands => demands.join(" + "),
    }
}

/// `62 lines, 0 unsafe; with what it uses in its crate 340 lines, 2 unsafe`.
fn code(cell: &Cell) -> String {
    let Some(source) = &cell.source else { return "not recorded".to_owned() };
    let own = format!("{}, {} unsafe", plural(source.lines as usize, "line"), source.unsafe_count);
    if source.lines_with_shared <= source.lines {
        return own;
    }
    let all = plural(source.lines_with_shared as usize, "line");
    format!("{own}; with what it uses in its crate {all}, {} unsafe", source.unsafe_with_shared)
}

/// The path, and the revision where it is known.
fn source(view: &View<'_>, cell: &Cell) -> String {
    let Some(source) = &cell.source else { return "not recorded".to_owned() };
    let revision: String = view.run.tool.git.chars().take(12).collect();
    let dirty = if view.run.tool.dirty { ", uncommitted changes" } else { "" };
    if revision.is_empty() { source.file.clone() } else { format!("{} at {revision}{dirty}", source.file) }
}

/// The leader of the decided group with the most contenders; without one the first cell there is.
fn default<'v, 'a>(view: &'v View<'a>) -> Option<&'v GroupView<'a>> {
    let groups = || view.groups.iter().filter(|group| !group.rows.is_empty());
    let decided = groups().filter(|group| group.leader().is_some());
    // The first of those with equally many.
    decided.rev().max_by_key(|group| group.rows.len()).or_else(|| groups().next())
}

/// The section, and what the script knows of all cells.
pub(super) fn cell(view: &View<'_>) -> (Markup, Markup) {
    let Some(group) = default(view) else { return (html! {}, data("", "", "")) };
    let (groups, told) = told(view);
    let row = &group.rows[0];
    let cell = row.cell;
    let facts = Facts::new(view, group, cell, Some(row));
    let other = beside(group, cell);
    let all = view.groups.iter().map(|group| each(group).count()).sum();
    let title = html! {
        h2 { "One cell" }
        p.how { "The leader of the decided group with the most contenders: its samples, its counters beside the next one's, its "
            "source and the command that runs it again. Where scripts may run, every cell chosen above opens here." }
        @if told < all {
            p.how { "Too many for one page: the first " (figures::count(told as f64)) " of " (plural(all, "cell")) " open here." }
        }
    };
    let body = html! {
        p.q #c-none hidden {}
        div.cellhead { h3 #c-id tabindex="-1" { (cell.id) } a.btn.need #c-back href="#matrix" { "back " kbd { "Esc" } } }
        p.say #c-say { (facts.figure) ". " (facts.verdict) " " (facts.verified) }
        (spread::figures(group, cell, other))
        div.two {
            (counters(view, cell, other))
            div {
                dl.kv {
                    dt { "units really used" } dd #c-units { (facts.units) }
                    dt { "needs of your types" } dd { code #c-needs { (facts.needs) } }
                    dt { "implementation" } dd #c-impl { (facts.code) }
                    dt { "source" } dd { code #c-src { (facts.source) } }
                    dt { "samples" } dd #c-rounds { (plural(cell.samples.len(), "sample")) (rounds(group)) }
                    dt { "why" } dd {
                        @match (other, facts.why.as_str()) {
                            (None, _) | (_, "") => span #c-why { "nothing in which it differs by much" },
                            (Some(other), why) => span #c-why { "Against " (other.contender) " it differs most in " (why) ". Correlation, not cause." },
                        }
                    }
                }
                pre #c-repro { (facts::repro(&cell.id)) }
            }
        }
    };
    (section("cell", title, body), groups)
}

/// What is said of the rounds of a group behind the number of samples.
fn rounds(group: &GroupView<'_>) -> String {
    let loud = group.group.map_or(0, |group| group.loud.len());
    if loud == 0 { String::new() } else { format!("; {} in the group", plural(loud, "loud round")) }
}

fn counters(view: &View<'_>, cell: &Cell, other: Option<&Cell>) -> Markup {
    let both: Vec<&Cell> = std::iter::once(cell).chain(other).collect();
    let (ids, _) = metrics::of(&both);
    html! {
        div { table #c-count {
            thead { tr {
                th scope="col" { "median" } th.n scope="col" { "this cell" }
                th.n #c-beside scope="col" { @if let Some(other) = other { (contender(&other.contender)) } }
            } }
            tbody #c-rows {
                @for id in ids {
                    tr {
                        th scope="row" { (metrics::label(id)) }
                        td.n { (metrics::shown(view.run, cell, id)) }
                        td.n.q { @if let Some(other) = other { (metrics::shown(view.run, other, id)) } }
                    }
                }
            }
        } }
    }
}

/// Strings that several cells share, each once.
#[derive(Default)]
struct Shared {
    places: HashMap<String, usize>,
    texts: Vec<String>,
    bytes: usize,
}

impl Shared {
    fn place(&mut self, text: String) -> usize {
        *self.places.entry(text).or_insert_with_key(|text| {
            self.texts.push(json(text));
            self.bytes += text.len() + 3;
            self.texts.len() - 1
        })
    }
}

/// What the script knows: shared texts, groups, cells by their IDs; and of how many cells.
fn told(view: &View<'_>) -> (Markup, usize) {
    let mut shared = Shared::default();
    let mut share = Share::CELLS;
    let groups: Vec<String> = view.groups.iter().map(|group| about(group)).collect();
    let groups = groups.join(",");
    let all = view.groups.iter().flat_map(|group| each(group).map(move |(cell, row)| (group, cell, row)));
    share.holds(groups.len());
    let entries = all.map(|(group, cell, row)| {
        let before = shared.bytes;
        let entry = entry(view, group, cell, row, &mut shared);
        share.holds(entry.len() + 2 + shared.bytes - before).then_some(entry)
    });
    let cells: Vec<String> = entries.map_while(|entry| entry).collect();
    (data(&shared.texts.join(","), &groups, &cells.join(",\n")), cells.len())
}

/// The cells of a group; those that are wrong on purpose have no row.
fn each<'v, 'a>(group: &'v GroupView<'a>) -> impl Iterator<Item = (&'a Cell, Option<&'v Row<'a>>)> {
    let wrong = group.wrong.iter().map(|cell| (*cell, None));
    group.rows.iter().map(|row| (row.cell, Some(row))).chain(wrong)
}

fn data(texts: &str, groups: &str, cells: &str) -> Markup {
    let all = format!("{{\"t\":[{texts}],\"g\":[{groups}],\"c\":{{{cells}}}}}");
    html! { script type="application/json" id="d" { (PreEscaped(all)) } }
}

/// A group: whom its cells stand beside, foreign load in per cent and loud rounds, what is said of its rounds.
fn about(group: &GroupView<'_>) -> String {
    let name = |at: usize| json(group.rows.get(at).map_or("", |row| &row.cell.contender));
    let foreign = spread::by_round(&spread::foreign(group));
    let loud: Vec<String> = group.group.iter().flat_map(|group| &group.loud).map(ToString::to_string).collect();
    format!("[{},{},\"{foreign}\",[{}],{}]", name(0), name(1), loud.join(","), json(&rounds(group)))
}

/// A cell: its figure, deviations of its samples by round, places of the texts it shares, why, and its command
/// where it is not simply the one of its ID.
fn entry(view: &View<'_>, group: &GroupView<'_>, cell: &Cell, row: Option<&Row<'_>>, shared: &mut Shared) -> String {
    let facts = Facts::new(view, group, cell, row);
    let samples = spread::by_round(&Deviations::of(cell).0);
    let texts = [facts.verdict, facts.verified.to_owned(), facts.units, facts.needs, facts.code, facts.source];
    let places = texts.map(|text| shared.place(text).to_string());
    let repro = facts::repro(&cell.id);
    let special = if repro.ends_with(&format!(" {}", cell.id)) { String::new() } else { format!(",{}", json(&repro)) };
    let (figure, why) = (json(&facts.figure), json(&facts.why));
    format!("{}:[{figure},\"{samples}\",{},{why}{special}]", json(&cell.id), places.join(","))
}

/// A string as JSON that may stand in HTML: nothing in it ends a script.
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '<' | '>' | '&' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_script_that_holds_it() {
        let text = "</script><b>\"\\\n\u{1b}ä";
        let out = json(text);
        assert!(!out.contains('<') && !out.contains('\n'), "{out}");
        assert_eq!(serde_json::from_str::<String>(&out).ok().as_deref(), Some(text));
    }
}
