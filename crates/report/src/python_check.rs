//! What `python-check` shows: each band beside the model, real interpreters here, and what CPython did when it was made.

use results::python_check::{Checked, Figure, PythonCheck, Verdict};

use crate::Terminal;
use crate::figures::{self, NONE, plural};
use crate::layout::{Ink, Item, JOIN, Page, plain};

/// Wider lines are hard to follow.
const WIDEST: usize = 100;

/// As plain text.
#[must_use]
pub fn python_check(check: &PythonCheck, style: Terminal) -> String {
    let mut page = Page::new(style.colour, style.width.min(WIDEST));
    for (topic, rows) in topics(check) {
        page.line(2, vec![Item::Words(Ink::Bold, topic.to_owned())], "");
        for row in rows {
            page.line(
                4,
                vec![Item::Words(ink(row.verdict), sign(row.verdict).to_owned()), plain(row.about.as_str())],
                "",
            );
            let facts = facts(row).into_iter().flat_map(|fact| [Item::Gap, plain(fact.replace(' ', JOIN))]);
            page.line(4, [plain(JOIN)].into_iter().chain(facts).collect(), "");
            if let Some(reason) = &row.reason {
                page.line(4, vec![plain(JOIN), Item::Gap, plain(format!("not measured: {reason}"))], "");
            }
        }
        page.blank();
    }
    let alarm = if count(check, Verdict::Outside) > 0 { Ink::Alarm } else { Ink::Bold };
    page.line(2, vec![Item::Words(alarm, summary(check))], "");
    page.line(2, vec![plain(method(check))], "");
    page.finish()
}

/// As Markdown.
#[must_use]
pub fn python_check_markdown(check: &PythonCheck) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut out = format!("{}\n\n{}\n", summary(check), method(check));
    for (topic, rows) in topics(check) {
        out += &format!(
            "\n### {topic}\n\n| | band | model | real, here | CPython 3.13.15 | verdict |\n|---|---|---|---|---|---|\n"
        );
        for row in rows {
            let [band, model, real, published] = columns(row).map(|text| cell(&text));
            out += &format!("| {} | {band} | {model} | {real} | {published} | {} |\n", cell(&row.about), said(row));
        }
    }
    out
}

/// Rows that belong together, in the order in which they came.
pub(crate) fn topics(check: &PythonCheck) -> Vec<(&str, Vec<&Checked>)> {
    let mut all: Vec<(&str, Vec<&Checked>)> = Vec::new();
    for row in &check.bands {
        match all.iter_mut().find(|(topic, _)| *topic == row.topic) {
            Some((_, rows)) => rows.push(row),
            None => all.push((&row.topic, vec![row])),
        }
    }
    all
}

fn count(check: &PythonCheck, verdict: Verdict) -> usize {
    check.bands.iter().filter(|row| row.verdict == verdict).count()
}

/// `31 bands: 28 inside, 2 outside, 1 too noisy to tell`.
pub(crate) fn summary(check: &PythonCheck) -> String {
    let banded = check.bands.len() - count(check, Verdict::NoBand);
    let all = [
        (Verdict::Inside, "inside"),
        (Verdict::Outside, "outside"),
        (Verdict::TooNoisy, "too noisy to tell"),
        (Verdict::NotMeasured, "not measured"),
    ];
    let parts: Vec<String> = all
        .into_iter()
        .map(|(verdict, what)| (count(check, verdict), what))
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    format!("{}: {}", plural(banded, "band"), parts.join(", "))
}

/// How it was measured, and beside what.
pub(crate) fn method(check: &PythonCheck) -> String {
    let real = if check.interpreters.is_empty() {
        String::from("no real interpreter was measured beside it")
    } else {
        let each = check.interpreters.iter().map(|one| {
            let lock = if one.gil { "" } else { ", no lock" };
            format!("{} ({}{lock})", one.id, one.version)
        });
        format!("beside it {}", each.collect::<Vec<_>>().join(", "))
    };
    let foreign = check.foreign_cpus.map_or_else(
        || String::from("what others did is not known"),
        |cpus| format!("others kept {cpus:.2} CPUs busy{}", if check.noisy { ": too noisy" } else { "" }),
    );
    let cut = if check.interrupted { "; interrupted" } else { "" };
    format!(
        "Medians of {} with the interval of the median, {}; {real}; {foreign}{cut}. The last column is what CPython \
         3.13.15 did when the bands were made (METHODOLOGY).",
        plural(check.rounds as usize, "round"),
        figures::cpus(f64::from(check.cpus)),
    )
}

/// Band, model, real interpreters, and what was published.
pub(crate) fn columns(row: &Checked) -> [String; 4] {
    let real = row.real.iter().map(|real| format!("{}: {}", real.id, figure(&real.figure, &row.unit)));
    let real = real.collect::<Vec<_>>().join("; ");
    let dash = |text: String| if text.is_empty() { NONE.to_owned() } else { text };
    [
        band(row),
        row.model.as_ref().map_or_else(|| NONE.to_owned(), |model| figure(model, &row.unit)),
        dash(real),
        dash(row.published.clone().unwrap_or_default()),
    ]
}

fn facts(row: &Checked) -> Vec<String> {
    let [band, model, _, _] = columns(row);
    let mut facts = vec![format!("band {band}"), format!("model {model}")];
    facts.retain(|fact| fact != "band –");
    facts.extend(row.real.iter().map(|real| format!("{} {}", real.id, figure(&real.figure, &row.unit))));
    facts.extend(row.published.as_ref().map(|published| format!("3.13.15 {published}")));
    facts.push(said(row).to_owned());
    facts
}

fn band(row: &Checked) -> String {
    let end = |x: f64| value(x, &row.unit);
    match (row.low, row.high) {
        (Some(low), Some(high)) if low == high => format!("exactly {}", end(low)),
        (Some(0.0), Some(high)) => format!("at most {}", end(high)),
        (Some(low), Some(high)) => format!("{} to {}", end(low), end(high)),
        (Some(low), None) => format!("at least {}", end(low)),
        (None, Some(high)) => format!("at most {}", end(high)),
        (None, None) => NONE.to_owned(),
    }
}

fn value(x: f64, unit: &str) -> String {
    match unit {
        "share" => figures::percent(x),
        "ns" => figures::duration(x),
        "count" => figures::count(x),
        _ => figures::ratio(x),
    }
}

fn figure(figure: &Figure, unit: &str) -> String {
    let Figure { median, lo, hi, .. } = *figure;
    if lo == hi {
        return value(median, unit);
    }
    let range = match unit {
        "share" => format!("[{:.0}, {:.0}]", lo * 100.0, hi * 100.0),
        "ns" => figures::time_interval(median, Some(lo), Some(hi)),
        "count" => format!("[{}, {}]", figures::count(lo), figures::count(hi)),
        _ => figures::interval(Some(lo), Some(hi)).unwrap_or_default(),
    };
    format!("{} {range}", value(median, unit))
}

/// A sign, for whoever runs down the list; it says no more than [`said`].
pub(crate) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Inside => "✓",
        Verdict::Outside => "✕",
        Verdict::TooNoisy | Verdict::NotMeasured => "?",
        Verdict::NoBand => "·",
    }
}

/// Where the model lies.
pub(crate) fn said(row: &Checked) -> &'static str {
    match row.verdict {
        Verdict::Inside => "inside",
        Verdict::Outside => "OUTSIDE",
        Verdict::TooNoisy => "too noisy to tell",
        Verdict::NotMeasured => "not measured",
        Verdict::NoBand => "no band",
    }
}

fn ink(verdict: Verdict) -> Ink {
    if verdict == Verdict::Outside { Ink::Alarm } else { Ink::Plain }
}
