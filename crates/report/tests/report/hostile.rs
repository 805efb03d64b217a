//! Names and reasons that try to be something else.

use report::{Terminal, csv, markdown, terminal};
use results::{CellStatus, Metric, Run};

use crate::checked::loud;
use crate::runs::{absent, cell, metric, page};

const EVIL: &str = "<script>alert('1')</script>\" onload=x | `tick` **b** @all\n\u{1b}[31m# h";

/// Every kind of text replaced.
pub(crate) fn hostile() -> Run {
    let mut run = loud();
    for twin in &mut run.trust.twins {
        twin.cell = EVIL.to_owned();
    }
    run.trust.soaks[1].cell = EVIL.to_owned();
    for quiet in run.groups.iter_mut().filter_map(|group| group.without_loud.as_mut()) {
        (quiet.changed, quiet.best_set) = (vec![EVIL.to_owned()], vec![EVIL.to_owned()]);
    }
    run.trust.trusted = Some(false);
    let missing = Metric::Missing { value: None, reason: EVIL.to_owned() };
    run.cells[0].metrics.extend([(EVIL.to_owned(), metric(1.0)), (format!("{EVIL}_ns"), missing)]);
    let text = || EVIL.to_owned();
    for one in &mut run.cells {
        one.reason = Some(text());
    }
    run.cells.push(cell(EVIL, EVIL, 3.0));
    run.cells.push(absent(&format!("{EVIL}/w2"), &format!("{EVIL}/{EVIL}"), CellStatus::Failed, EVIL));
    (run.environment.cpu, run.environment.kernel, run.environment.virt) = (text(), text(), text());
    (run.run.id, run.run.argv, run.trust.reason) = (text(), vec![text(), "``".to_owned()], text());
    run
}

#[test]
fn html_holds_no_foreign_markup() {
    let page = page(&hostile());
    assert!(!page.contains("<script"));
    assert!(!page.contains("\" onload"));
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn markdown_holds_no_foreign_markup() {
    let text = markdown(&hostile());
    let (body, command) = text.split_once("<sub>").unwrap();
    assert!(!body.contains("<script"));
    assert!(!body.contains("@all") && !body.contains("**b**") && !body.contains('\u{1b}'));
    assert!(command.starts_with("``` crossover"), "a fence longer than any inside: {command}");
    let rows = |line: &str| line.replace("\\|", "").matches('|').count();
    let lines = text.lines().skip_while(|line| !line.starts_with("| workload"));
    let table: Vec<usize> = lines.take_while(|line| line.starts_with("|")).map(rows).collect();
    assert!(table.len() > 3 && table.iter().all(|n| *n == table[0]), "{table:?}");
}

#[test]
fn terminal_holds_no_control_characters() {
    for width in [20, 60, 200] {
        let text = terminal(&hostile(), Terminal { colour: false, width });
        assert!(!text.contains('\u{1b}'));
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    }
}

#[test]
fn csv_quotes_what_would_break_a_row() {
    let text = csv(&hostile());
    assert!(text.contains(&format!("\"{}\"", EVIL.replace('"', "\"\""))));
}

#[test]
fn markdown_stays_below_its_limit_and_counts_what_it_leaves_out() {
    let mut run = hostile();
    for n in 0..3_000 {
        run.cells.push(cell(&format!("primes:n={n}/w2"), "threads/static", 5.0));
        run.cells.push(absent(&format!("primes:n={n}/w2"), "async/spawn", CellStatus::Failed, &"long ".repeat(200)));
    }
    run.run.argv = vec!["x".repeat(100_000)];
    let text = markdown(&run);
    assert!(text.chars().count() <= 60_000);
    assert!(text.contains(" more did not fit here"));
    assert!(text.contains("</details>") && text.ends_with("</sub>\n"));
}
