//! The summary that stays on the screen: verdicts first, then what failed and why.

use results::{CellStatus, HazardVerdict, Run, Verdict};

use crate::checks::{self, Sign};
use crate::facts;
use crate::figures;
use crate::granularity::{self, Grains};
use crate::hazards;
use crate::layout::{Ink, Item, JOIN, Page, plain};
use crate::matter::matter;
use crate::turns::{self, Turns};
use crate::view::{GroupView, Row, Standing, View};
use crate::words;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Whether escape sequences for bold, dim and red are understood.
    pub colour: bool,
    /// Columns; no line is longer (below 20, 20 are assumed).
    pub width: usize,
}

/// Wider lines are hard to follow; a large terminal keeps its right part empty.
const WIDEST: usize = 100;

/// Below this the name of a group stands on a line of its own.
const NARROW: usize = 76;

/// The run as plain text that ends in a newline.
#[must_use]
pub fn terminal(run: &Run, style: Terminal) -> String {
    let view = View::new(run);
    let mut page = Page::new(style.colour, style.width.min(WIDEST));
    head(&mut page, run);
    // The lead says how the run ended, too; where there are verdicts, it would only repeat them.
    let undecided = view.groups.iter().all(|group| group.leader().is_none());
    if let Some(said) = if undecided { Some(words::lead(&view).to_string()) } else { facts::ending(run) } {
        page.line(2, vec![Item::Words(Ink::Bold, said)], "");
    }
    let sweeps = turns::all(&view);
    // Of a sweep only the name is shown, and those of its values at which updates were lost.
    let shown = view.groups.iter().filter(|group| turns::place(group).is_none() || !group.wrong.is_empty());
    let labels = shown.map(|group| group.label).chain(sweeps.iter().map(|sweep| sweep.label));
    let longest = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    let columns = Columns { label: longest.clamp(12, 22) + 1, narrow: style.width < NARROW };
    for group in view.groups.iter().filter(|group| turns::place(group).is_none()) {
        verdict(&mut page, &view, group, columns);
    }
    for sweep in &sweeps {
        turns(&mut page, &view, sweep, columns);
    }
    for grains in &granularity::all(&view, &sweeps) {
        grain(&mut page, grains, columns);
    }
    let matter = matter(&view, &sweeps);
    if matter.measured {
        page.line(2, vec![plain(matter.said)], "");
    }
    for group in &view.groups {
        for sentence in words::lost(group) {
            columns.start(&mut page, name_of(group), (Ink::Alarm, "✕"), vec![plain(sentence.to_string())], "");
        }
    }
    hazard_lines(&mut page, run);
    failures(&mut page, run);
    page.line(2, vec![plain(words::tally(&view.tally()))], "");
    // Who sees the last lines only.
    if run.trust.trusted == Some(false) {
        let again = "✕ NOT TRUSTED: the reason stands above the verdicts.";
        page.line(2, vec![Item::Words(Ink::Alarm, again.to_owned())], "");
    }
    page.finish()
}

fn head(page: &mut Page, run: &Run) {
    let right = format!("{}   {}", figures::cpus(run.environment.cpus_effective), figures::wall(run.run.wall_ns));
    page.line(2, vec![plain(facts::command(run))], &right);
    let (sign, word) = facts::trust(run);
    let untrusted = run.trust.trusted == Some(false);
    let mut items = vec![Item::Words(if untrusted { Ink::Alarm } else { Ink::Bold }, format!("{sign} {word}"))];
    // What is not trusted says why at once; what is not known to be, after its evidence.
    if untrusted {
        let why = facts::doubt(run).unwrap_or_default();
        page.line(2, vec![Item::Words(Ink::Alarm, format!("{sign} {}: {why}.", word.to_uppercase()))], "");
        items = vec![];
    }
    let indent = if untrusted { Item::Tab(2) } else { Item::Gap };
    let gaps = std::iter::once(indent).chain(std::iter::repeat_with(|| Item::Gap));
    for (gap, fact) in gaps.zip(facts::trust_facts(run)) {
        items.extend([gap, plain(together(&fact))]);
    }
    page.line(2, items, "");
    if let (None, Some(why)) = (run.trust.trusted, facts::doubt(run)) {
        page.line(2, vec![Item::Tab(2), plain(why)], "");
    }
    // Twins and the known slowdown have been told of.
    for check in checks::all(run).into_iter().skip(3).filter(|check| check.sign == Sign::Look) {
        let said = plain(format!("{}: {}", check.what, check.found));
        page.line(4, vec![Item::Tab(2), Item::Words(Ink::Bold, "!".to_owned()), said], "");
    }
}

/// Where things stand in a line.
#[derive(Clone, Copy)]
struct Columns {
    label: usize,
    narrow: bool,
}

impl Columns {
    /// Column of the sign; the text follows three on.
    fn sign(self) -> usize {
        if self.narrow { 2 } else { self.label + 4 }
    }

    /// The first line of a group.
    fn start(self, page: &mut Page, name: (&str, u32), sign: (Ink, &str), text: Vec<Item>, right: &str) {
        let (label, workers) = name;
        let workers = if workers > 0 { format!("w{workers}") } else { String::new() };
        let mut items = vec![plain(label), Item::Tab(self.label), plain(workers)];
        if self.narrow || label.chars().count() >= self.label {
            page.line(2, std::mem::take(&mut items), right);
            return self.more(page, items, sign, text, "");
        }
        self.more(page, items, sign, text, right);
    }

    /// A further line below it.
    fn more(self, page: &mut Page, before: Vec<Item>, sign: (Ink, &str), text: Vec<Item>, right: &str) {
        let mut items = before;
        items.extend([Item::Tab(self.sign()), Item::Words(sign.0, sign.1.to_owned()), Item::Tab(self.sign() + 3)]);
        items.extend(text);
        page.line(self.sign() + 3, items, right);
    }
}

fn verdict(page: &mut Page, view: &View<'_>, group: &GroupView<'_>, columns: Columns) {
    let Some(leader) = group.leader() else {
        let said = words::verdict(view, group).to_string();
        columns.start(page, name_of(group), (Ink::Plain, "?"), vec![plain(said)], "");
        return;
    };
    let time = leader.median().map(|median| figures::value(&leader.cell.primary, median)).unwrap_or_default();
    let of = |standing| group.rows.iter().filter(move |row| row.standing == standing).collect::<Vec<&Row<'_>>>();
    let (ties, open) = (of(Standing::Ties), of(Standing::NotSeparated));
    let hidden = |open: &[&Row<'_>]| plain(short(&format!("({})", words::difference(open))));
    // The whole best set on one line where one sign says it all.
    let (sign, text) = if ties.is_empty() && open.is_empty() {
        ("●", vec![name(leader), plain("leads")])
    } else if ties.is_empty() {
        ("?", names(Some(leader), &open).into_iter().chain([hidden(&open)]).collect())
    } else {
        ("=", names(Some(leader), &ties))
    };
    columns.start(page, name_of(group), (Ink::Plain, sign), text, &time);
    if !ties.is_empty() && !open.is_empty() {
        let text = names(None, &open).into_iter().chain([hidden(&open)]).collect();
        columns.more(page, vec![], (Ink::Plain, "?"), text, "");
    }
    for row in group.other_models() {
        let unresolved = row.behind.is_some_and(|behind| behind.verdict == Verdict::Unresolved);
        let open = row.standing == Standing::Behind && unresolved;
        let said = if open { words::standing(row, view.run) } else { words::behind_text(row) };
        // The interval is quieter than the figure.
        let (figure, interval) = said
            .split_once(" [")
            .map_or((said.as_str(), String::new()), |(figure, rest)| (figure, together(&format!("[{rest}"))));
        let tab = if columns.narrow { Item::Gap } else { Item::Tab(columns.sign() + 34) };
        let text = vec![plain(row.cell.contender.clone()), tab, plain(figure), Item::Words(Ink::Dim, interval)];
        columns.more(page, vec![], (Ink::Plain, "▼"), text, "");
    }
    if let Some(loud) = group.group.and_then(|group| checks::loud(view.run, group)).filter(checks::Loud::matters) {
        columns.more(page, vec![], (Ink::Bold, "!"), vec![plain(loud.said())], "");
    }
    if let Some(losers) = words::losers(group) {
        columns.more(page, vec![], (Ink::Plain, ""), vec![Item::Words(Ink::Dim, losers)], "");
    }
}

/// Where the answer turns along a knob: who leads where, then a line a contender.
fn turns(page: &mut Page, view: &View<'_>, sweep: &Turns<'_>, columns: Columns) {
    let axis = format!("along {}; faster than sequential:", sweep.axis(view));
    columns.start(page, (sweep.label, sweep.workers), (Ink::Plain, "╳"), vec![plain(axis)], "");
    let names = sweep.against.iter().map(|one| sweep.contender(one).chars().count());
    let names = names.max().unwrap_or(0).clamp(30, 38) + 4;
    for (_, contenders) in sweep.by_model() {
        for one in contenders {
            let name = plain(sweep.contender(one));
            let tab = if columns.narrow { Item::Gap } else { Item::Tab(columns.sign() + names) };
            columns.more(page, vec![], (Ink::Plain, ""), vec![name, tab, plain(sweep.said(one))], "");
        }
    }
    columns.more(page, vec![], (Ink::Plain, "●"), vec![plain(sweep.led(view))], "");
    if let Some(lead) = sweep.lead() {
        columns.more(page, vec![], (Ink::Plain, ""), vec![plain(lead.to_string())], "");
    }
}

/// How long tasks have to be: the answer, then a line a contender, or two where there is no room for one.
fn grain(page: &mut Page, grains: &Grains<'_>, columns: Columns) {
    let answer = plain(grains.answer().to_string());
    columns.start(page, (grains.label, grains.workers), (Ink::Plain, "▂"), vec![answer], "");
    if let Some(meaning) = grains.meaning() {
        columns.more(page, vec![], (Ink::Plain, ""), vec![Item::Words(Ink::Dim, meaning)], "");
    }
    let one = |text: String| text.replace(' ', JOIN);
    let head = ["contender", "floor", "METG(50 %)", "METG(90 %)"].map(str::to_owned);
    let row = |metg: &&results::Metg| {
        let both = |found| one(granularity::both(found));
        [metg.contender.clone(), one(granularity::floor(metg).0), both(&metg.metg50_ns), both(&metg.metg90_ns)]
    };
    let rows: Vec<[String; 4]> = grains.rows.iter().map(row).collect();
    if rows.is_empty() {
        return;
    }
    let all = || std::iter::once(&head).chain(&rows);
    let widest = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    // Where each column begins, and how long the line is then.
    let mut tabs = [2; 5];
    (0..4).for_each(|column| tabs[column + 1] = tabs[column] + widest(column) + 2);
    let fits = tabs[4] <= page.width() + 2;
    for (index, row) in all().enumerate() {
        let ink = if index == 0 { Ink::Dim } else { Ink::Plain };
        let word = |column: usize| Item::Words(ink, row[column].replace(' ', JOIN));
        if fits {
            let items = (0..4).flat_map(|column| [Item::Tab(tabs[column]), word(column)]);
            page.line(tabs[1], items.collect(), "");
            continue;
        }
        page.line(4, vec![Item::Tab(2), word(0)], "");
        let second = 5 + widest(1) + 2;
        let items = [Item::Tab(5), word(1), Item::Tab(second), word(2), Item::Tab(second + widest(2) + 2), word(3)];
        page.line(second, items.into(), "");
    }
    let at = granularity::floor_at(&grains.rows).map(|at| format!("floor: wall time a task at tasks of {at}"));
    for said in at.into_iter().chain(grains.reasons()) {
        page.line(2, vec![Item::Tab(2), Item::Words(Ink::Dim, said)], "");
    }
}

/// What was made to go wrong: a line each, what was done below it, and what to do instead.
fn hazard_lines(page: &mut Page, run: &Run) {
    let Some(summary) = hazards::summary(run) else { return };
    // Where there are no cells, this is what the report begins with.
    if !run.cells.is_empty() {
        page.line(2, vec![Item::Words(Ink::Bold, String::from("hazards")), Item::Gap, plain(summary)], "");
    }
    for one in hazards::shown(run) {
        let bad = one.verdict == HazardVerdict::Failed;
        let sign = Item::Words(if bad { Ink::Alarm } else { Ink::Bold }, hazards::sign(one).to_owned());
        let name = Item::Words(Ink::Bold, one.id.clone());
        let said = plain(hazards::line(one));
        if page.width() < NARROW {
            page.line(4, vec![Item::Tab(2), sign, Item::Tab(4), name], "");
            page.line(6, vec![Item::Tab(4), said], "");
        } else {
            page.line(36, vec![Item::Tab(2), sign, Item::Tab(4), name, Item::Tab(36), said], "");
        }
        let dim = |text: String| Item::Words(Ink::Dim, text);
        page.line(6, vec![Item::Tab(4), dim(one.about.clone())], "");
        let held = Item::Words(
            if one.remedy_holds == Some(false) { Ink::Alarm } else { Ink::Dim },
            format!("({})", hazards::held(one)),
        );
        page.line(6, vec![Item::Tab(4), dim(format!("instead: {}", one.remedy)), held], "");
    }
    for said in hazards::none(run) {
        page.line(4, vec![Item::Tab(4), Item::Words(Ink::Dim, said)], "");
    }
}

/// Said with less, for a line that holds names and a figure already.
fn short(text: &str) -> String {
    text.replace("any difference is below", "difference below")
}

/// Words that a line break would tear: `noise floor 0.8 %`. Of a long fact only the interval stays in one piece.
fn together(text: &str) -> String {
    match text.split_once('[') {
        Some((before, interval)) if before.len() > 1 => format!("{before}[{}", interval.replace(' ', JOIN)),
        _ => text.replacen(' ', JOIN, 4),
    }
}

fn name_of<'a>(group: &GroupView<'a>) -> (&'a str, u32) {
    (group.label, group.workers)
}

fn name(row: &Row<'_>) -> Item {
    Item::Words(Ink::Bold, row.cell.contender.clone())
}

/// The first two by name, the others by number.
fn names(leader: Option<&Row<'_>>, rows: &[&Row<'_>]) -> Vec<Item> {
    let all: Vec<&str> =
        leader.into_iter().chain(rows.iter().copied()).map(|row| row.cell.contender.as_str()).collect();
    let shown = all.len().min(2);
    let mut text = all[..shown].join(", ");
    if all.len() > shown {
        text.push_str(&format!(", {} more", all.len() - shown));
    }
    vec![Item::Words(Ink::Bold, text)]
}

fn failures(page: &mut Page, run: &Run) {
    let bad = [CellStatus::Failed, CellStatus::TimedOut];
    for cell in run.cells.iter().filter(|cell| bad.contains(&cell.status)) {
        let status = Item::Words(Ink::Alarm, format!("✕ {}", words::status(cell.status)));
        page.line(4, vec![status, Item::Tab(13), plain(format!("{}: {}", cell.id, words::reason(cell)))], "");
    }
}
