//! What `race` shows: for a workload, how wrong its broken versions are, what each fix costs, and one sentence.

use std::collections::BTreeSet;

use results::CellStatus;
use results::race::{Broken, Fix, Loss, Price, Race, Raced};

use crate::Terminal;
use crate::faults;
use crate::figures::{self, NONE, plural};
use crate::layout::{Ink, Item, JOIN, Page, plain};

/// Wider lines are hard to follow.
const WIDEST: usize = 80;
/// The fix that everybody tries first: what it costs stands in the sentence at the end.
const CLASSIC: &str = "mutex";

/// One workload of a race as plain text that ends in an empty line.
#[must_use]
pub fn race(race: &Race, raced: &Raced, style: Terminal) -> String {
    let mut page = Page::new(style.colour, style.width.min(WIDEST));
    head(&mut page, raced);
    broken(&mut page, race, raced);
    fixed(&mut page, raced);
    page.blank();
    let failed: Vec<&str> =
        raced.fixed.iter().filter(|fix| failed(fix.status)).map(|fix| fix.contender.as_str()).collect();
    if failed.is_empty() {
        page.line(0, vec![Item::Words(Ink::Bold, conclusion(raced))], "");
    } else {
        let said = format!("✕ FAILED, and should be right: {}.", failed.join(", "));
        page.line(2, vec![Item::Words(Ink::Alarm, said)], "");
    }
    let rounds = match raced.rounds {
        0 => String::from("no round of all versions was finished: times are of what there is"),
        1 => String::from("one round side by side"),
        rounds => format!("medians of {rounds} rounds side by side, [least, most]"),
    };
    page.line(0, vec![plain(format!("A demonstration ({rounds}). Intervals and verdicts: {}", compare(raced)))], "");
    page.finish() + "\n"
}

fn head(page: &mut Page, raced: &Raced) {
    let name = label(raced);
    let clients = plural(raced.workers as usize, "client");
    let operations = raced.operations.map(|all| {
        let each = all / u64::from(raced.workers.max(1));
        let even = each * u64::from(raced.workers) == all;
        let each = if even {
            format!("{} operations each", figures::count(each as f64))
        } else {
            format!("{} operations all together", figures::count(all as f64))
        };
        format!(", {each}")
    });
    page.line(2, vec![Item::Words(Ink::Bold, format!("{name}: {clients}{}", operations.unwrap_or_default()))], "");
    page.line(2, vec![plain(raced.about.as_str())], "");
}

/// `counter:keys=64`.
fn label(raced: &Raced) -> &str {
    raced.id.rsplit_once("/w").map_or(raced.id.as_str(), |(label, _)| label)
}

fn broken(page: &mut Page, race: &Race, raced: &Raced) {
    page.blank();
    let mut lines = vec![Line::head(["broken on purpose", "expected", "actual", "lost", "", "time"])];
    for one in &raced.broken {
        let dash = || String::from(NONE);
        let [expected, actual, lost, share] = match &one.shown {
            Some(loss) => {
                let Loss { expected_updates, actual_updates, lost_updates, lost_share, .. } = loss;
                let [expected, actual, lost] =
                    [expected_updates, actual_updates, lost_updates].map(|n| figures::count(*n as f64));
                [expected, actual, lost, percent(*lost_share)]
            }
            None if one.runs > 0 => {
                let all = raced.operations.map_or_else(dash, |all| figures::count(all as f64));
                [all.clone(), all, String::from("0"), String::new()]
            }
            None => [dash(), dash(), dash(), String::new()],
        };
        let time = one.elapsed_ns.map_or_else(dash, figures::duration);
        let ink = if one.reproduced { Ink::Alarm } else { Ink::Plain };
        lines.push(Line::row(ink, [one.contender.clone(), expected, actual, lost, share, time]));
        lines.extend(notes(race, raced, one).into_iter().map(Line::Note));
    }
    table(page, &lines);
}

/// What is to be said of a broken version beside its figures.
fn notes(race: &Race, raced: &Raced, one: &Broken) -> Vec<(Ink, String)> {
    if failed(one.status) {
        return vec![(Ink::Alarm, format!("✕ FAILED: {}", one.reason.as_deref().unwrap_or("no reason was recorded")))];
    }
    if one.runs == 0 {
        let reason = one.reason.as_deref().unwrap_or("no reason was recorded");
        return vec![(Ink::Plain, format!("not run: {reason}"))];
    }
    if !one.reproduced {
        let why = match (raced.workers, race.cpus) {
            (1, _) => String::from("1 client: nobody to race with"),
            (_, 1) => String::from("1 CPU?"),
            (_, cpus) => figures::cpus(f64::from(cpus)),
        };
        let tries = plural(one.runs as usize, "run");
        return vec![(Ink::Bold, format!("not reproduced here ({why}) in {tries}, which does not make it right"))];
    }
    let kinds = one.shown.iter().flat_map(|loss| &loss.faults);
    let kinds = faults::listed(kinds.map(|(kind, times)| (kind.as_str(), *times as f64)));
    let range = match (one.lost_share_least, one.lost_share_most) {
        (Some(least), Some(most)) if percent(least) != percent(most) => {
            format!(", {} to {} lost", percent(least), percent(most))
        }
        _ => String::new(),
    };
    let seen = match one.seen_at_try {
        Some(at) => format!("seen at try {at}"),
        None => format!("not seen in {} tries, then in a round", one.tries),
    };
    let seen = format!("{seen}; wrong in {} of {}{range}", one.runs_wrong, plural(one.runs as usize, "run"));
    let kinds = (!kinds.is_empty()).then_some((Ink::Plain, kinds));
    kinds.into_iter().chain([(Ink::Plain, seen)]).collect()
}

fn fixed(page: &mut Page, raced: &Raced) {
    page.blank();
    page.line(2, legend(raced).into_iter().map(plain).collect(), "");
    let mut models: Vec<&str> = Vec::new();
    for fix in &raced.fixed {
        models.extend((!models.contains(&fix.model.as_str())).then_some(fix.model.as_str()));
    }
    // Where the terminal is narrow, the comparison with one thread is the first to go, and then the range.
    for columns in [6, 5, 4] {
        let lines = fixes(raced, &models, columns);
        if ends(&lines).last() <= Some(&page.width()) || columns == 4 {
            return table(page, &lines);
        }
    }
}

/// The fixes model by model, with so many columns.
fn fixes(raced: &Raced, models: &[&str], columns: usize) -> Vec<Line> {
    let chosen = |[name, lost, time, price, range, sequential]: [String; 6]| match columns {
        6 => vec![name, lost, time, price, range, sequential],
        5 => vec![name, lost, time, price, range],
        _ => vec![name, lost, time, price],
    };
    let head = ["fixed", "lost", "time", "price", "", "seq"].map(str::to_owned);
    let mut lines = vec![Line::Row(Ink::Bold, chosen(head))];
    let common = baselines(&raced.fixed.iter().collect::<Vec<_>>()).len() < 2;
    for model in models {
        let all: Vec<&Fix> = raced.fixed.iter().filter(|fix| fix.model == *model).collect();
        // Where it is one for all, it is said once, above.
        let against = baselines(&all).into_iter().next().filter(|_| !common);
        let against = against.map(|against| format!(" (price: times {against})")).unwrap_or_default();
        lines.push(Line::Title(format!("{model}{against}")));
        for fix in all {
            let times = |price: &Option<Price>| price.as_ref().map_or_else(|| NONE.to_owned(), |p| times(p.ratio));
            let range = fix.price.as_ref().filter(|price| price.ratio_least < price.ratio_most);
            let range = range.and_then(|p| figures::interval(Some(p.ratio_least), Some(p.ratio_most)));
            let lost = fix.lost_updates.map_or_else(|| NONE.to_owned(), |lost| figures::count(lost as f64));
            let time = fix.elapsed_ns.map_or_else(|| NONE.to_owned(), figures::duration);
            let failed = failed(fix.status);
            let sequential = if fix.reference { String::from("1") } else { times(&fix.to_sequential) };
            let name = format!("{JOIN}{JOIN}{}", fix.strategy);
            let row = chosen([name, lost, time, times(&fix.price), range.unwrap_or_default(), sequential]);
            lines.push(Line::Row(if failed { Ink::Alarm } else { Ink::Plain }, row));
            lines.extend(fix.reason.as_ref().map(|reason| {
                let (ink, word) = if failed { (Ink::Alarm, "✕ FAILED") } else { (Ink::Plain, "not run") };
                Line::Note((ink, format!("{word}: {reason}")))
            }));
        }
    }
    lines
}

/// The broken versions that these are priced against, each once.
fn baselines<'f>(fixes: &[&'f Fix]) -> BTreeSet<&'f str> {
    fixes.iter().filter_map(|fix| Some(fix.price.as_ref()?.against.as_str())).collect()
}

/// What `price` means, where it means one thing.
fn legend(raced: &Raced) -> Option<String> {
    let fixes: Vec<&Fix> = raced.fixed.iter().collect();
    match baselines(&fixes).into_iter().collect::<Vec<_>>()[..] {
        [] => None,
        [one] => Some(format!("price: times {one}; seq: times one thread; in the same rounds")),
        _ => Some(String::from("price: times the broken version named; seq: times one thread; in the same rounds")),
    }
}

/// One sentence: what was lost, what the cheapest fix and the classic one cost.
fn conclusion(raced: &Raced) -> String {
    let shown = raced.broken.iter().find_map(|one| Some((one, one.shown.as_ref()?)));
    // A race that shows now and then did not lose that much every time.
    let often = |one: &Broken| match one.runs_wrong {
        wrong if wrong < one.runs => format!(" in {wrong} of {}", plural(one.runs as usize, "run")),
        _ => String::new(),
    };
    let mut said = match shown {
        Some((one, loss)) if loss.faults.is_empty() => {
            format!("{} lost {} of its updates{}", one.contender, percent(loss.lost_share), often(one))
        }
        Some((one, loss)) => {
            let share = percent(loss.lost_share);
            let units = faults::units(loss.faults.keys().map(String::as_str));
            format!("{share} of the {units} of {} went wrong{}", one.contender, often(one))
        }
        None if raced.broken.iter().all(|one| one.runs == 0) => String::from("No broken version ran"),
        None => String::from("No race showed here"),
    };
    let priced = || raced.fixed.iter().filter(|fix| !fix.reference && fix.price.is_some());
    let clause = |fix: &Fix| {
        let price = fix.price.as_ref()?;
        Some(format!("{} the time of {}", times(price.ratio), price.against))
    };
    let cheapest = priced().next();
    if let Some((fix, clause)) = cheapest.and_then(|fix| Some((fix, clause(fix)?))) {
        said += &format!("; the fastest fix is {} at {clause}", fix.contender);
    }
    let model = shown.map(|(one, _)| one.model.as_str()).or_else(|| Some(raced.broken.first()?.model.as_str()));
    let classic = priced().find(|fix| fix.strategy == CLASSIC && Some(fix.model.as_str()) == model);
    if let Some((fix, price)) = classic.and_then(|fix| Some((fix, fix.price.as_ref()?)))
        && cheapest != Some(fix)
    {
        said += &format!("; one mutex costs {}", times(price.ratio));
    }
    let alone = raced.fixed.iter().find(|fix| fix.reference).and_then(|fix| fix.price.as_ref());
    said += &alone.map(|price| format!("; one thread alone, {}", times(price.ratio))).unwrap_or_default();
    said + "."
}

/// The command that has the full evidence.
fn compare(raced: &Raced) -> String {
    // A knob's value may hold what a shell would take for itself.
    let quote = if label(raced).contains(':') { "'" } else { "" };
    let workers = if raced.id.ends_with("/w8") { String::new() } else { format!(" --workers {}", raced.workers) };
    format!("crossover compare {quote}{}{quote}{workers}", label(raced)).replace(' ', JOIN)
}

fn failed(status: CellStatus) -> bool {
    matches!(status, CellStatus::Failed | CellStatus::TimedOut)
}

fn times(ratio: f64) -> String {
    format!("{}x", figures::ratio(ratio))
}

/// A share that is not nothing does not look like nothing.
fn percent(share: f64) -> String {
    let shown = if share > 0.0 && share < 0.0005 { String::from("<0.1 %") } else { figures::percent(share) };
    shown.replace(' ', JOIN)
}

/// A line of a table.
enum Line {
    /// The first cell at the left, the others at the right edges of their columns.
    Row(Ink, Vec<String>),
    /// Over the rows of a model.
    Title(String),
    /// Below a row.
    Note((Ink, String)),
}

impl Line {
    fn head<const N: usize>(cells: [&str; N]) -> Self {
        Self::Row(Ink::Bold, cells.map(str::to_owned).to_vec())
    }

    fn row<const N: usize>(ink: Ink, cells: [String; N]) -> Self {
        Self::Row(ink, cells.to_vec())
    }
}

/// Where each column ends. One without a head belongs to the column before it, and stands nearer to it.
fn ends(lines: &[Line]) -> Vec<usize> {
    let rows = || lines.iter().filter_map(|line| if let Line::Row(_, cells) = line { Some(cells) } else { None });
    let Some(head) = rows().next() else { return Vec::new() };
    let mut end = 0;
    let column = |(column, head): (usize, &String)| {
        let width = rows().filter_map(|cells| cells.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let gap = if column == 0 || width == 0 { 0 } else { 1 + usize::from(!head.is_empty()) };
        end += gap + width;
        end
    };
    head.iter().enumerate().map(column).collect()
}

fn table(page: &mut Page, lines: &[Line]) {
    let ends = ends(lines);
    for line in lines {
        match line {
            Line::Title(text) => page.line(2, vec![Item::Words(Ink::Bold, text.clone())], ""),
            Line::Note((ink, text)) => page.line(4, vec![Item::Tab(4), Item::Words(*ink, text.clone())], ""),
            Line::Row(ink, cells) => {
                let mut items = Vec::new();
                for (column, (cell, end)) in cells.iter().zip(&ends).enumerate() {
                    let at = if column > 0 { end - cell.chars().count() } else { 0 };
                    items.extend([Item::Tab(at), Item::Words(*ink, cell.replace(' ', JOIN))]);
                }
                page.line(4, items, "");
            }
        }
    }
}
