//! Runs in which something, or everything, is missing.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{CellStatus, Contrast, Group, Metric, Run, RunStatus};

use crate::runs::{absent, cell, empty, everything};

const PLAIN: Terminal = Terminal { colour: false, width: 80 };

/// Renders every form, so that a panic in any of them fails the test.
fn all(run: &Run) -> [String; 4] {
    [terminal(run, PLAIN), markdown(run), html(run), csv(run)]
}

#[test]
fn no_cells() {
    let run = empty();
    let [text, markdown, page, csv] = all(&run);
    assert_snapshot!(text);
    assert_snapshot!("no_cells_markdown", markdown);
    assert!(page.contains("Nothing was measured: the run has no cells"));
    assert_eq!(csv.lines().count(), 1);
}

#[test]
fn everything_at_its_default() {
    let mut run = empty();
    (run.tool, run.run, run.environment, run.trust) = Default::default();
    all(&run);
}

#[test]
fn all_failed() {
    let mut run = empty();
    run.cells.push(absent("primes/w2", "threads/static", CellStatus::Failed, "answer 5, expected 7"));
    run.cells.push(absent("primes/w2", "async/spawn", CellStatus::TimedOut, ""));
    let [text, ..] = all(&run);
    assert_snapshot!(text);
}

#[test]
fn interrupted_before_a_look() {
    let mut run = everything();
    run.run.status = RunStatus::Interrupted;
    run.run.rounds = 7;
    for group in &mut run.groups {
        (group.leader, group.best_set, group.ties, group.rounds) = (None, vec![], vec![], 7);
        group.behind_leader.clear();
    }
    for contrast in &mut run.contrasts {
        (contrast.lo, contrast.hi) = (None, None);
    }
    for metric in run.cells.iter_mut().flat_map(|cell| cell.metrics.values_mut()) {
        if let Metric::Measured { n, .. } = metric {
            *n = (*n).min(7);
        }
    }
    let [text, markdown, page, _] = all(&run);
    assert_snapshot!(text);
    for form in [markdown, page] {
        assert!(form.contains("preview after 7 rounds"));
    }
}

#[test]
fn one_cell_without_a_group() {
    let mut run = empty();
    run.cells.push(cell("odd", "threads", 3.0));
    let [text, ..] = all(&run);
    assert_snapshot!(text);
}

#[test]
fn too_few_rounds_for_an_interval() {
    let mut run = everything();
    for contrast in run.groups.iter_mut().flat_map(|group| &mut group.behind_leader) {
        (contrast.lo, contrast.hi) = (None, None);
    }
    let [text, ..] = all(&run);
    assert!(text.contains("(too few rounds for an interval)"), "{text}");
}

#[test]
fn numbers_that_are_none() {
    let mut run = everything();
    let spoil = |contrast: &mut Contrast| {
        (contrast.ratio, contrast.lo, contrast.hi) = (f64::NAN, Some(f64::NEG_INFINITY), Some(f64::NAN));
    };
    run.contrasts.iter_mut().for_each(spoil);
    run.groups.iter_mut().flat_map(|group: &mut Group| &mut group.behind_leader).for_each(spoil);
    for metric in run.cells.iter_mut().flat_map(|cell| cell.metrics.values_mut()) {
        if let Metric::Measured { median, p10, .. } = metric {
            (*median, *p10) = (f64::INFINITY, f64::NAN);
        }
    }
    run.environment.cpus_effective = f64::NAN;
    run.trust.noise_floor = Some(f64::NAN);
    (run.run.delta, run.run.timed_share, run.run.alpha) = (f64::NAN, f64::INFINITY, f64::NAN);
    for form in all(&run) {
        let lower = form.to_lowercase();
        assert!(!lower.contains("nan ") && !lower.contains("nan%") && !lower.contains("inf%"), "{form}");
    }
    for contrast in &mut run.contrasts {
        (contrast.ratio, contrast.lo, contrast.hi) = (0.0, Some(-1.0), Some(1e300));
    }
    all(&run);
}

#[test]
fn a_leader_that_was_not_measured() {
    let mut run = everything();
    for group in &mut run.groups {
        group.leader = Some("threads/none".to_owned());
    }
    let [text, ..] = all(&run);
    assert!(text.contains("nothing is decided"), "{text}");
}

#[test]
fn no_reference() {
    let mut run = everything();
    run.cells.retain(|cell| !cell.reference);
    run.contrasts.clear();
    let [text, _, page, _] = all(&run);
    assert!(!text.contains("slower than sequential"));
    assert!(page.contains("no sequential reference"));
}
