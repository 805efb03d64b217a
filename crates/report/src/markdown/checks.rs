//! What vouches for the run: a warning above everything, the self-checks folded.

use results::Run;

use super::{Doc, escape};
use crate::checks;
use crate::facts;

/// Above everything that a run says which failed its own checks.
pub(super) fn warning(doc: &mut Doc, run: &Run) {
    if run.trust.trusted == Some(false) {
        let why = facts::doubt(run).unwrap_or_default();
        doc.line(&format!("> [!CAUTION]\n> **✕ This run is NOT trusted:** {}.\n", escape(&why)));
    }
}

/// Every check with what it found, then the single tests.
pub(super) fn folded(doc: &mut Doc, run: &Run) {
    let (sign, word) = facts::trust(run);
    doc.line(&format!("\n<details><summary>self-checks: {sign} {word}</summary>\n"));
    if !run.trust.reason.is_empty() {
        doc.line(&format!("{}\n", escape(&run.trust.reason)));
    }
    let rows: Vec<Vec<String>> = checks::all(run)
        .into_iter()
        .map(|check| vec![check.what.to_owned(), check.sign.shown().0.to_owned(), check.found, check.about.to_owned()])
        .collect();
    doc.table(&["check", "", "found", "what is measured"], "|---|---|---|---|", &rows);
    let head = ["identical code: cell, against its copy", "difference", "95 % interval", "rounds", "said"];
    tests(doc, &head, "|---|--:|--:|--:|---|", &checks::twins(run));
    let head = ["known effect: built in", "found", "interval", "said"];
    tests(doc, &head, "|---|--:|--:|---|", &checks::effects(run));
    let all = run.groups.iter().filter_map(|group| Some((group, checks::loud(run, group)?)));
    let loud: Vec<[String; 3]> = all
        .filter(|(_, loud)| loud.matters())
        .map(|(group, loud)| [group.id.clone(), loud.rounds.clone(), loud.changes.join(", and ")])
        .collect();
    tests(doc, &["verdicts that hang on loud rounds", "loud", "without them"], "|---|---|---|", &loud);
    let head = ["long run: cell", "iterations", "last quarter against the first", "said"];
    tests(doc, &head, "|---|--:|--:|---|", &checks::soaks(run));
    doc.line("\n</details>");
}

/// A table of single tests; nothing without one, since the check says why.
fn tests<const N: usize>(doc: &mut Doc, head: &[&str; N], rule: &str, rows: &[[String; N]]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|text| escape(text)).collect()).collect();
    if !rows.is_empty() {
        doc.line("");
    }
    doc.table(head, rule, &rows);
}
