//! What the page says first: at most six verdicts, each with one mark a model; all the others folded.

use maud::{Markup, html};
use results::Cell;

use super::share::Share;
use super::{checks, class, said, section, turns};
use crate::choose::Row as Question;
use crate::faults;
use crate::figures::{self, finite, percent};
use crate::granularity::Grains;
use crate::turns::Turns;
use crate::view::{GroupView, Row, Standing, View, median};
use crate::words;

/// Verdicts that stand open.
const OPEN: usize = 6;
/// Of these for sweeps, which say where an answer turns.
const TURNS: usize = 3;
/// The right end of the axis; what is further behind stands there.
const END: f64 = 3_000.0;
/// Marks that are nearer than this, in percent of the plot, would touch.
const NEAR: f64 = 3.5;
/// Pixels from one row of marks to the next.
const STEP: f64 = 9.5;

/// A verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    Sweep(usize),
    Grains(usize),
    Group(usize),
    /// A counterexample: its group, and its place in it.
    Lost(usize, usize),
    Hazards,
}

/// What the section is made of.
struct Page<'p, 'a> {
    view: &'p View<'a>,
    sweeps: &'p [Turns<'a>],
    grains: &'p [Grains<'a>],
    questions: &'p [Question<'a>],
    /// Whether some stand open and the others folded: then a sweep is one sentence.
    brief: bool,
}

/// The section.
pub(super) fn verdicts<'a>(
    view: &View<'a>,
    sweeps: &[Turns<'a>],
    grains: &[Grains<'a>],
    questions: &[Question<'a>],
) -> Markup {
    let mut page = Page { view, sweeps, grains, questions, brief: false };
    let tally = words::tally(&view.tally());
    let all = page.all();
    let open = if all.len() <= OPEN { all.clone() } else { page.telling() };
    page.brief = open.len() < all.len();
    let drawn = |item: &Item| match item {
        Item::Group(index) => view.groups[*index].leader().is_some(),
        _ => false,
    };
    let title = html! { h2 { "Verdicts" } (checks::badge(view.run)) };
    let body = html! {
        @if view.groups.is_empty() { p.say { (if view.run.hazards.is_empty() { "Nothing was measured: the run has no cells." } else { "No cell was measured." }) } }
        @if open.is_empty() && !all.is_empty() { p.say { "No question has a verdict yet; how far each group came stands below." } }
        @if open.iter().any(drawn) { (head()) }
        ul.verdicts { @for item in &open { (page.item(*item)) } }
        @if open.len() < all.len() {
            @let all: Vec<Item> = all.iter().copied().filter(|item| !matches!(item, Item::Lost(..))).collect();
            @let shown = { Share::VERDICTS }.fill(all.iter().map(|item| page.folded(*item)));
            details.more {
                summary { "all " (figures::plural(all.len(), "verdict")) }
                ul.verdicts.all { @for item in &shown { (item) } }
                @if shown.len() < all.len() { p.q { (figures::count((all.len() - shown.len()) as f64)) " more stand with their evidence." } }
            }
        }
        @if !tally.is_empty() { p.q { (tally) "." } }
    };
    section("verdicts", title, body)
}

impl Page<'_, '_> {
    /// Everything that there is to say, in the order of the run.
    fn all(&self) -> Vec<Item> {
        let groups = &self.view.groups;
        let alone = (0..groups.len()).filter(|index| crate::turns::place(&groups[*index]).is_none());
        let lost =
            (0..groups.len()).flat_map(|index| (0..groups[index].wrong.len()).map(move |at| Item::Lost(index, at)));
        let hazards = crate::hazards::summary(self.view.run).map(|_| Item::Hazards);
        let sweeps = (0..self.sweeps.len()).map(Item::Sweep);
        let grains = (0..self.grains.len()).map(Item::Grains);
        sweeps.chain(grains).chain(alone.map(Item::Group)).chain(lost).chain(hazards).collect()
    }

    /// What says most: where answers turn, then groups that answer questions, then the counterexample that lost most.
    fn telling(&self) -> Vec<Item> {
        let mut open: Vec<Item> = (0..self.sweeps.len())
            .map(Item::Sweep)
            .chain((0..self.grains.len()).map(Item::Grains))
            .take(TURNS)
            .collect();
        let lost = self.lost_most();
        let room = OPEN - open.len() - usize::from(lost.is_some());
        open.extend(self.groups(room).into_iter().map(Item::Group));
        open.extend(lost);
        open
    }

    /// The decided groups behind the answers, one of each pattern first, those first in which models are furthest apart;
    /// in the order of the questions.
    fn groups(&self, most: usize) -> Vec<usize> {
        let groups = &self.view.groups;
        let decided = |index: &usize| groups[*index].leader().is_some();
        let mut candidates: Vec<usize> = Vec::new();
        for index in self.questions.iter().filter_map(Question::group).filter(decided) {
            if !candidates.contains(&index) {
                candidates.push(index);
            }
        }
        if candidates.is_empty() {
            candidates = (0..groups.len()).filter(decided).collect();
        }
        let mut sorted = candidates.clone();
        let spread = |index: &usize| groups[*index].spread().unwrap_or(1.0);
        sorted.sort_by(|a, b| spread(b).total_cmp(&spread(a)));
        let pattern = |index: usize| groups[index].group.map_or("", |group| group.pattern.as_str());
        let mut seen: Vec<&str> = Vec::new();
        let (first, rest): (Vec<usize>, Vec<usize>) = sorted.into_iter().partition(|index| {
            let pattern = pattern(*index);
            let new = !pattern.is_empty() && !seen.contains(&pattern);
            seen.push(pattern);
            new
        });
        let picked: Vec<usize> = first.into_iter().chain(rest).take(most).collect();
        candidates.retain(|index| picked.contains(index));
        candidates
    }

    /// The counterexample that lost the largest share.
    fn lost_most(&self) -> Option<Item> {
        let all = self.all().into_iter().filter_map(|item| match item {
            Item::Lost(group, at) => {
                let cell = self.view.groups[group].wrong[at];
                let lost = median(cell, "lost_updates").filter(|lost| *lost > 0.0)?;
                Some((share(cell).unwrap_or(0.0), lost, item))
            }
            _ => None,
        });
        all.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(.., item)| item)
    }

    /// The question that a group answers, and what the group is.
    fn title(&self, index: usize) -> String {
        let title = words::title(&self.view.groups[index]);
        let row = self.questions.iter().find(|row| row.group() == Some(index));
        row.map_or_else(|| title.clone(), |row| format!("{}: {title}", row.question.title))
    }

    /// A verdict that stands open.
    fn item(&self, item: Item) -> Markup {
        match item {
            Item::Group(index) => {
                let group = &self.view.groups[index];
                html! { li.wide[group.leader().is_none()] { (self.verdict(index)) (marks(group)) } }
            }
            Item::Lost(index, at) => {
                let group = &self.view.groups[index];
                let sentence = words::lost(group).into_iter().nth(at).unwrap_or_default();
                html! {
                    li {
                        p {
                            b { (words::title(group)) ". " } span.wrong { "deliberately wrong" } " " (said(&sentence))
                            " " a.ev href="#lost" { "evidence" }
                        }
                        (bar(group.wrong[at]))
                    }
                }
            }
            // In full it stands with its chart.
            Item::Sweep(index) if self.brief && !self.sweeps[index].against.is_empty() => {
                let sweep = &self.sweeps[index];
                html! {
                    li.wide {
                        p { b { (sweep.title()) ". " } (said(&sweep.brief())) @if let Some(lead) = sweep.lead() { " " (said(&lead)) }
                            " " a.ev href=(format!("#x{index}")) { "chart" } }
                    }
                }
            }
            _ => self.folded(item),
        }
    }

    /// A verdict without a chart.
    fn folded(&self, item: Item) -> Markup {
        match item {
            Item::Sweep(index) => {
                let sweep = &self.sweeps[index];
                html! {
                    li.wide {
                        p { b { (sweep.title()) ". " } a.ev href=(format!("#x{index}")) { "chart" } }
                        ul.turns { (turns::answers(sweep)) }
                    }
                }
            }
            Item::Grains(index) => {
                let grains = &self.grains[index];
                html! { li.wide { p { b { (grains.title()) ", granularity. " } (said(&grains.answer())) " " a.ev href=(format!("#m{index}")) { "chart" } } } }
            }
            Item::Group(index) => html! {
                li.wide {
                    (self.verdict(index))
                    @for lost in words::lost(&self.view.groups[index]) {
                        p { span.wrong { "deliberately wrong" } " " (said(&lost)) }
                    }
                }
            },
            Item::Hazards => html! {
                @if let Some(summary) = crate::hazards::summary(self.view.run) {
                    li.wide { p { (summary) ". " a.ev href="#hazards" { "each" } } }
                }
            },
            Item::Lost(..) => html! {},
        }
    }

    fn verdict(&self, index: usize) -> Markup {
        let group = &self.view.groups[index];
        html! {
            p {
                b { (self.title(index)) ". " }
                (said(&words::verdict(self.view, group)))
                @if !group.rows.is_empty() { " " a.ev href=(format!("#g{index}")) { "evidence" } }
            }
        }
    }
}

/// The axis that all plots of the strip share.
fn head() -> Markup {
    html! {
        div.vh aria-hidden="true" {
            span {}
            svg.plot height="30" {
                text x="2%" y="10" { "times slower than the best, log" tspan.hm { "; one mark a model" } }
                @for tick in [1.0, 10.0, 100.0, 1_000.0] {
                    text.mid x=(at(tick)) y="27" { (figures::count(tick)) "×" }
                }
            }
        }
        svg width="0" height="0" style="position:absolute" aria-hidden="true" {
            symbol id="vg" overflow="visible" {
                @for tick in [1.0, 10.0, 100.0, 1_000.0] { line.gl x1=(at(tick)) x2=(at(tick)) y2="100%" {} }
            }
        }
    }
}

/// Place of a ratio on the axis, in percent.
fn place(ratio: f64) -> f64 {
    let x = 2.0 + 96.0 * ratio.clamp(1.0, END).ln() / END.ln();
    (x * 10.0).round() / 10.0
}

fn at(ratio: f64) -> String {
    format!("{}%", place(ratio))
}

/// One mark a model: its best strategy, times slower than the leader. Nothing where there is none.
fn marks(group: &GroupView<'_>) -> Markup {
    if group.leader().is_none() {
        return html! {};
    }
    let mut best: Vec<(f64, &Row<'_>)> = Vec::new();
    for row in &group.rows {
        let ratio = if row.standing == Standing::Leads { Some(1.0) } else { row.ratio };
        let new = best.iter().all(|(_, other)| other.cell.model != row.cell.model);
        if let Some(ratio) = ratio.filter(|_| new) {
            best.push((ratio, row));
        }
    }
    best.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows = stacked(&best.iter().map(|(ratio, _)| place(*ratio)).collect::<Vec<_>>());
    let (top, bottom) = rows.iter().fold((0, 0), |(top, bottom), row| (top.min(*row), bottom.max(*row)));
    let middle = 9.0 - f64::from(top) * STEP;
    let height = 18.0 + f64::from(bottom - top) * STEP;
    let named: Vec<String> =
        best.iter().map(|(ratio, row)| format!("{} {}", row.cell.contender, figures::ratio(*ratio))).collect();
    html! {
        svg.plot height=(height) role="img"
            aria-label=(format!("Times slower than the best, best strategy of each model: {}", named.join(", "))) {
            use href="#vg" {}
            line.gl x2="100%" y1=(middle) y2=(middle) {}
            @for ((ratio, row), level) in best.iter().zip(&rows) {
                (mark(row, *ratio, middle + f64::from(*level) * STEP))
            }
        }
    }
}

fn mark(row: &Row<'_>, ratio: f64, y: f64) -> Markup {
    let model = class(&row.cell.model);
    let far = row.standing == Standing::Far;
    // Whatever is far was not tested: it has no interval.
    let ends = row.behind.filter(|_| !far).and_then(|behind| finite(behind.lo).zip(finite(behind.hi)));
    html! {
        g class=(model) data-t=(format!("{}: {}×", row.cell.contender, figures::ratio(ratio))) {
            @if let Some((lo, hi)) = ends { line.ci x1=(at(lo)) x2=(at(hi)) y1=(y) y2=(y) {} }
            use.ho[far || row.reference] href=(format!("#{model}")) x=(at(ratio)) y=(y) {}
        }
    }
}

/// Rows for marks from left to right: those that would touch go above and below the middle in turn.
fn stacked(places: &[f64]) -> Vec<i32> {
    let mut rows: Vec<i32> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let free = |row: &i32| rows.iter().zip(places).all(|(other, at)| other != row || place - at >= NEAR);
        let levels = (0..=index as i32).flat_map(|level| [-level, level]);
        rows.push(levels.into_iter().find(|row| free(row)).unwrap_or(0));
    }
    rows
}

/// Share of the updates that a counterexample lost.
fn share(cell: &Cell) -> Option<f64> {
    let (lost, all) = (median(cell, "lost_updates")?, median(cell, "expected_updates")?);
    (all > 0.0).then(|| (lost / all).clamp(0.0, 1.0))
}

/// What was kept of the expected total, and what was lost.
fn bar(cell: &Cell) -> Markup {
    let Some(share) = share(cell) else { return html! {} };
    let units = faults::units(faults::of(cell).into_iter().map(|(kind, _)| kind));
    let kept = ((1.0 - share) * 960.0).round() / 10.0;
    html! {
        svg.plot height="26" role="img" aria-label=(format!("{} of the {units} lost", percent(share))) {
            rect.r1 x="2%" width=(format!("{kept}%")) y="6" height="14" {}
            rect.gone x=(format!("{:.1}%", 2.0 + kept)) width=(format!("{:.1}%", 96.0 - kept)) y="6" height="14" {}
            @if kept > 30.0 { text.b x="2.8%" y="17" { (percent(1.0 - share).replace(' ', "\u{a0}")) " kept" } }
        }
    }
}
