//! The report as a comment on a pull request: the verdict first, one table, the details folded, the command last.

mod checks;
mod choose;

use std::fmt::Write as _;

use results::{Cell, CellStatus, Crossover, Metg, Run};

use crate::choose::rows as questions;
use crate::facts;
use crate::figures::{self, NONE};
use crate::granularity::{self, Grains};
use crate::hazards;
use crate::matter::matter;
use crate::omissions;
use crate::turns::{self, Turns};
use crate::view::{GroupView, Row, Standing, View, median};
use crate::words;

/// Characters at most: what GitHub takes as a comment, with some air.
const LIMIT: usize = 60_000;

/// Room for closing tags and the command below the details.
const TAIL: usize = 3_000;

/// Characters of one text from outside (a reason, a name): longer ones are cut.
const TEXT: usize = 300;

/// The run as GitHub Markdown, 60,000 characters at most; rows that do not fit are counted.
#[must_use]
pub fn markdown(run: &Run) -> String {
    written(run, true)
}

/// The same without its details, as a page about something else wants it: the verdict, where the answer turns, the table,
/// the command.
#[must_use]
pub fn excerpt(run: &Run) -> String {
    written(run, false)
}

fn written(run: &Run, details: bool) -> String {
    let view = View::new(run);
    let mut doc = Doc { out: String::new(), length: 0 };
    let mut facts = facts::trust_facts(run);
    facts.push(figures::wall_short(run.run.wall_ns));
    let (sign, word) = facts::trust(run);
    checks::warning(&mut doc, run);
    doc.line(&format!(
        "**compare: {}** ({sign} {word}, {})",
        escape_to(&words::lead(&view).to_string(), 1_000),
        facts.join(", ")
    ));
    if run.trust.trusted.is_none() {
        let why = facts::doubt(run).unwrap_or_default();
        doc.line(&format!("\n? Trust unknown: {}.", escape(&why)));
    }
    doc.line("");
    let sweeps = turns::all(&view);
    let alone: Vec<&GroupView<'_>> = view.groups.iter().filter(|group| turns::place(group).is_none()).collect();
    sweeps.iter().for_each(|sweep| crossovers(&mut doc, &view, sweep, details));
    let grains = granularity::all(&view, &sweeps);
    grains.iter().for_each(|grains| grain(&mut doc, grains));
    table(&mut doc, &view, &alone);
    if !run.cells.is_empty() {
        doc.line(&format!("\n{}", ticked(&matter(&view, &sweeps).said)));
    }
    if details {
        detailed(&mut doc, &view, &sweeps, &grains);
    }
    let mut out = doc.out;
    // The end has its own room: what is open is closed, however long the rest is.
    out.push_str(if details { "\n</details>\n" } else { "" });
    let place = figures::cpus(run.environment.cpus_effective);
    let _ = writeln!(out, "\n<sub>{}, {place}</sub>", code(&facts::command(run)));
    out
}

/// What is left out where the report is short: counterexamples, every value of a sweep, hazards, checks, all cells.
fn detailed(doc: &mut Doc, view: &View<'_>, sweeps: &[Turns<'_>], grains: &[Grains<'_>]) {
    let run = view.run;
    for group in &view.groups {
        for sentence in words::lost(group) {
            doc.line(&format!("\n✕ {}: {}", escape(&words::title(group)), escape(&sentence.to_string())));
        }
    }
    choose::folded(doc, view, &questions(view, sweeps, grains));
    for sweep in sweeps {
        let groups: Vec<&GroupView<'_>> = sweep.groups.iter().map(|index| &view.groups[*index]).collect();
        doc.line(&format!("\n<details><summary>{}: every value</summary>\n", escape(&sweep.title())));
        table(doc, view, &groups);
        doc.line("\n</details>");
    }
    hazard_table(doc, run);
    checks::folded(doc, run);
    doc.line("\n<details><summary>all cells, what is missing and why, machine</summary>\n");
    cells(doc, view);
    omissions(doc, view, sweeps);
    machine(doc, run);
}

/// Lines until the limit.
struct Doc {
    out: String,
    length: usize,
}

impl Doc {
    /// Adds a line if there is room for it.
    fn line(&mut self, text: &str) -> bool {
        let length = text.chars().count() + 1;
        let fits = self.length + length <= LIMIT - TAIL;
        if fits {
            self.length += length;
            self.out.push_str(text);
            self.out.push('\n');
        }
        fits
    }

    /// Adds a table; the rows that do not fit are counted, not hidden.
    fn table(&mut self, head: &[&str], rule: &str, rows: &[Vec<String>]) {
        // A head without room for one row says nothing.
        if rows.is_empty() || self.length + 500 > LIMIT - TAIL {
            return;
        }
        self.line(&format!("| {} |", head.join(" | ")));
        self.line(rule);
        for (i, row) in rows.iter().enumerate() {
            let room = self.length + 200 <= LIMIT - TAIL;
            if !room || !self.line(&format!("| {} |", row.join(" | "))) {
                self.line(&format!("\n{} more did not fit here; all are in `cells.csv`.", rows.len() - i));
                break;
            }
        }
    }
}

/// Where the answer turns along a knob: one sentence a model, then the figures.
fn crossovers(doc: &mut Doc, view: &View<'_>, sweep: &Turns<'_>, details: bool) {
    doc.line(&format!("**{}** ({})\n", escape(&sweep.title()), escape(&sweep.axis(view))));
    for (model, answer) in sweep.answers() {
        doc.line(&format!("- {}: {}", escape(model), escape_to(&answer.to_string(), 1_000)));
    }
    if let Some(lead) = sweep.lead() {
        doc.line(&format!("- leaders: {}", escape(&lead.to_string())));
    }
    if sweep.against.is_empty() {
        doc.line("- no two values at which a contender and the reference were both measured: nothing crosses");
    }
    doc.line("");
    if !details {
        return;
    }
    let row = |one: &&Crossover| {
        let once = format!("{}/{}", one.once, one.rounds);
        vec![escape(sweep.contender(one)), escape(&sweep.said(one)), once]
    };
    let rows: Vec<Vec<String>> = sweep.by_model().iter().flat_map(|(_, all)| all.iter().map(row)).collect();
    let head = format!("faster than the reference, by {}", escape(&sweep.sweep.knob));
    doc.table(&["contender", &head, "rounds that cross once"], "|---|---|--:|", &rows);
    doc.line("");
}

/// How long tasks have to be: the answer, then the figures.
fn grain(doc: &mut Doc, grains: &Grains<'_>) {
    doc.line(&format!("**Granularity of {}**\n", escape(&grains.title())));
    doc.line(&format!("- {}", escape_to(&grains.answer().to_string(), 1_000)));
    for said in grains.meaning().into_iter().chain(grains.reasons()) {
        doc.line(&format!("- {}", escape_to(&said, 1_000)));
    }
    doc.line("");
    let row = |one: &&Metg| {
        let (floor, interval) = granularity::floor(one);
        let floor = if interval.is_empty() { floor } else { format!("{floor} {interval}") };
        let both = |found| escape(&granularity::both(found));
        vec![escape(&one.contender), escape(&floor), both(&one.metg50_ns), both(&one.metg90_ns)]
    };
    let at = granularity::floor_at(&grains.rows).map(|at| format!(" at {at}")).unwrap_or_default();
    let head = format!("floor a task{at}");
    let rows: Vec<Vec<String>> = grains.rows.iter().map(row).collect();
    doc.table(&["contender", &head, "METG(50 %)", "METG(90 %)"], "|---|--:|--:|--:|", &rows);
    doc.line("");
}

/// What was made to go wrong: the summary, then a row each.
fn hazard_table(doc: &mut Doc, run: &Run) {
    let Some(summary) = hazards::summary(run) else { return };
    doc.line(&format!("\n**Hazards**: {}. {}\n", escape_to(&summary, 1_000), escape_to(hazards::HOW, 1_000)));
    let row = |one: &results::Hazard| {
        let told = hazards::told(one).map(|told| format!(": {}", escape(told))).unwrap_or_default();
        vec![
            escape(&one.id),
            escape(&one.about),
            format!("{} {}{told}", hazards::sign(one), hazards::detected(one)),
            escape(&hazards::soon(one)),
            escape(&hazards::lost(one)),
            format!("{} ({})", escape(&one.remedy), hazards::held(one)),
        ]
    };
    let rows: Vec<Vec<String>> = hazards::shown(run).into_iter().map(row).collect();
    let head = ["hazard", "what is done", "is anybody told?", "how soon", "lost", "instead"];
    doc.table(&head, "|---|---|---|---|---|---|", &rows);
    hazards::none(run).iter().for_each(|said| _ = doc.line(&format!("\n{}", escape(said))));
}

fn table(doc: &mut Doc, view: &View<'_>, groups: &[&GroupView<'_>]) {
    let models = view.models();
    if models.is_empty() || groups.is_empty() {
        return;
    }
    let names: Vec<String> = models.iter().map(|model| escape(model)).collect();
    let mut head = vec!["workload", "w", "best set"];
    head.extend(names.iter().map(String::as_str));
    head.push("won");
    let rule = format!("|---|--:|---|{}--:|", "---|".repeat(models.len()));
    let rows: Vec<Vec<String>> = groups.iter().map(|group| row(group, &models)).collect();
    doc.table(&head, &rule, &rows);
    doc.line(
        "\nTimes slower than the best; `=` tie, `?<6 %` not separated, `≤` slower but inside the band, `far` not \
         tested, ▼ slower than sequential; won: rounds in which the leader was ahead of the nearest contender outside the best set.",
    );
}

fn row(group: &GroupView<'_>, models: &[&str]) -> Vec<String> {
    let best: Vec<&Row<'_>> = group.rows.iter().filter(|row| row.standing.best()).collect();
    let set = match best.as_slice() {
        [] if group.rows.is_empty() => "nothing measured".to_owned(),
        [] => format!("not decided, {}", figures::plural(group.rounds() as usize, "round")),
        [leader, rest @ ..] => {
            let sign = |row: &Row<'_>| if row.standing == Standing::Ties { "=" } else { "?" };
            let second = rest.first().map(|row| format!(" {} {}", sign(row), escape(&row.cell.contender)));
            let more = if rest.len() > 1 { format!(", +{}", rest.len() - 1) } else { String::new() };
            format!("{}{}{more}", escape(&leader.cell.contender), second.unwrap_or_default())
        }
    };
    let nearest = group.rows.iter().find(|row| row.standing == Standing::Behind);
    let won = nearest.and_then(|row| row.behind).map_or_else(
        || NONE.to_owned(),
        |behind| format!("{}/{}", behind.rounds.saturating_sub(behind.won), behind.rounds),
    );
    let workers = if group.workers > 0 { group.workers.to_string() } else { NONE.to_owned() };
    let mut cells = vec![escape(group.label), workers, set];
    cells.extend(models.iter().map(|model| best_of(group, model)));
    cells.push(won);
    cells
}

/// A model's best contender against the leader.
fn best_of(group: &GroupView<'_>, model: &str) -> String {
    let Some(row) = group.rows.iter().find(|row| row.cell.model == model) else {
        let all: Vec<&&Cell> = group.absent.iter().filter(|cell| cell.model == model).collect();
        return match all.first() {
            None => NONE.to_owned(),
            Some(_) if all.iter().all(|cell| cell.status == CellStatus::NotApplicable) => "n/a".to_owned(),
            Some(_) => {
                let worst = all.iter().find(|cell| matches!(cell.status, CellStatus::Failed | CellStatus::TimedOut));
                worst.map_or("skipped", |cell| words::status(cell.status)).to_owned()
            }
        };
    };
    let strategy = escape(&row.cell.strategy);
    let slower = if row.slower_than_reference() { " ▼" } else { "" };
    let ratio = row.ratio.map_or_else(|| NONE.to_owned(), |ratio| format!("{}×", figures::ratio(ratio)));
    let ends = row.behind.and_then(|b| Some(figures::ends(figures::finite(b.lo)?, figures::finite(b.hi)?)));
    let inside = row.behind.is_some_and(|b| b.inside_band);
    let said = match row.standing {
        Standing::Leads => "**1.00**".to_owned(),
        Standing::Ties => "=".to_owned(),
        Standing::NotSeparated => match words::bound(row.behind) {
            Some(bound) => format!("?{}", bound.replace("below ", "&lt;")),
            None => "?".to_owned(),
        },
        Standing::Far => format!("far {ratio}"),
        Standing::Behind => match ends {
            Some((_, hi)) if inside => format!("≤{hi}×"),
            Some((lo, hi)) => format!("{lo}–{hi}×"),
            None => ratio,
        },
        Standing::Undecided => row.median().map_or(NONE.to_owned(), |x| figures::value(&row.cell.primary, x)),
    };
    format!("{said}{slower} {strategy}")
}

fn cells(doc: &mut Doc, view: &View<'_>) {
    let mut rows = Vec::new();
    for row in view.groups.iter().flat_map(|group| &group.rows) {
        let ratio = row.ratio.map_or_else(|| NONE.to_owned(), |ratio| format!("{}×", figures::ratio(ratio)));
        let interval = row.behind.and_then(|b| figures::interval(b.lo, b.hi));
        let interval = interval.map_or_else(String::new, |interval| format!(" {}", escape(&interval)));
        let won = row.behind.map_or_else(|| NONE.to_owned(), |b| format!("{}/{}", b.won, b.rounds));
        let time = row.median().map_or_else(|| NONE.to_owned(), |x| figures::value(&row.cell.primary, x));
        let memory = median(row.cell, "peak_rss_bytes").map_or_else(|| NONE.to_owned(), figures::bytes);
        let leads = row.standing == Standing::Leads;
        let ratio = if leads { "1.00×".to_owned() } else { format!("{ratio}{interval}") };
        rows.push(vec![escape(&row.cell.id), time, ratio, escape(&words::standing(row, view.run)), won, memory]);
    }
    let head = ["cell", "time", "against the leader", "verdict", "won", "peak memory"];
    doc.table(&head, "|---|--:|--:|---|--:|--:|", &rows);
}

fn omissions(doc: &mut Doc, view: &View<'_>, sweeps: &[Turns<'_>]) {
    // Lists of names and of places are not cut: nothing is left out in silence.
    let list = |all: &mut dyn Iterator<Item = String>, gap: &str| all.collect::<Vec<_>>().join(gap);
    let mut rows: Vec<Vec<String>> = omissions::all(view, sweeps)
        .into_iter()
        .map(|one| {
            let sign = if one.bad { "✕ " } else { "" };
            let who = list(&mut one.contenders.iter().map(|name| escape(name)), ", ");
            let places = list(&mut one.places.iter().map(|place| escape(place)), "; ");
            vec![format!("{sign}{}", one.what), who, places, escape(one.reason)]
        })
        .collect();
    for one in facts::missing_metrics(view.run) {
        let metrics = list(&mut one.metrics.iter().map(|metric| escape(metric)), ", ");
        rows.push(vec!["not measured".to_owned(), metrics, figures::plural(one.cells, "cell"), escape(&one.reason)]);
    }
    doc.line("");
    doc.table(&["status", "what", "where", "why"], "|---|---|---|---|", &rows);
}

fn machine(doc: &mut Doc, run: &Run) {
    let rows: Vec<Vec<String>> =
        facts::machine(run).into_iter().map(|(name, value)| vec![name.to_owned(), escape(&value)]).collect();
    doc.line("");
    doc.table(&["machine and run", ""], "|---|---|", &rows);
}

/// Text from outside, with nothing left that Markdown or HTML would read as markup, on one line, cut where it is long.
fn escape(text: &str) -> String {
    escape_to(text, TEXT)
}

fn escape_to(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i >= limit => {
                out.push('…');
                break;
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An entity, because a mention survives a backslash.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => out.extend(['\\', c]),
            _ if c.is_control() => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// Text in which what stands between back ticks is typed.
fn ticked(text: &str) -> String {
    let part = |(place, part)| if place % 2 == 1 { code(part) } else { escape_to(part, 1_000) };
    text.split('`').enumerate().map(part).collect()
}

/// A code span that its content cannot end.
fn code(text: &str) -> String {
    let text: String = text.chars().take(2_000).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    if longest > 0 { format!("{fence} {text} {fence}") } else { format!("{fence}{text}{fence}") }
}
