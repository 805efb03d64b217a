//! Which should I use, folded: what was asked and answered, a row each, and what was not.

use super::{Doc, TEXT, escape, escape_to};
use crate::choose::{self, Answer, Found, Row};
use crate::view::View;
use crate::words;

/// Characters of what sets a cell apart.
const WHY: usize = 100;

/// The table; nothing where no question was answered.
pub(super) fn folded(doc: &mut Doc, view: &View<'_>, rows: &[Row<'_>]) {
    let (answered, open): (Vec<&Row<'_>>, Vec<&Row<'_>>) = rows.iter().partition(|row| !row.answers().is_empty());
    if answered.is_empty() {
        return;
    }
    doc.line("\n<details><summary>which should I use?</summary>\n");
    let models: Vec<String> = choose::models(view).into_iter().map(escape).collect();
    let head: Vec<&str> = std::iter::once("question").chain(models.iter().map(String::as_str)).collect();
    let rule = format!("|---|{}", "---|".repeat(models.len()));
    let row = |row: &&Row<'_>| {
        let answers = row.answers().iter().map(answer);
        std::iter::once(question(view, row)).chain(answers).collect::<Vec<_>>()
    };
    doc.table(&head, &rule, &answered.iter().map(row).collect::<Vec<_>>());
    doc.line(
        "\n● in the best set, ? not separated from it, ◐ within 10 % with its interval, ○ not: times slower than the best. \
         Then the best strategy and the count in which it differs most from the best: correlation, not cause.",
    );
    let open: Vec<&str> = open.iter().map(|row| row.question.title).collect();
    if !open.is_empty() {
        doc.line(&format!("\nNot measured here: {}.", open.join("; ")));
    }
    doc.line("\n</details>");
}

fn question(view: &View<'_>, row: &Row<'_>) -> String {
    let about = match &row.found {
        Found::Group { index, gain, turn, .. } => {
            let title = words::title(&view.groups[*index]);
            let turn = turn.as_ref().map(|turn| turn.said.clone());
            [Some(title), Some(gain.clone()), turn].into_iter().flatten().filter(|said| !said.is_empty()).collect()
        }
        Found::Crash { about, .. } => vec![about.clone()],
        Found::Nothing { needs } => vec![needs.clone()],
    };
    format!("{}: {}", row.question.title, escape_to(&about.join("; "), TEXT))
}

fn answer(one: &Answer<'_>) -> String {
    let interval = one.interval.as_deref().map(|interval| format!(" {interval}")).unwrap_or_default();
    let strategy = one.cell.map(|cell| format!(" {}", cell.strategy)).unwrap_or_default();
    let why: Vec<String> = one.why.iter().map(|why| escape_to(&why.said, WHY)).collect();
    let gap = if why.is_empty() { "" } else { ", " };
    let said = escape(&format!("{}{interval}{strategy}", one.said));
    format!("{} {said}{gap}{}", one.mark.glyph(), why.join("; "))
}
