//! One run with every outcome, in every form.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{RunStatus, Verdict};

use crate::checked::{loud, many, untrusted};
use crate::runs::{empty, everything, forty, page, swept};

const PLAIN: Terminal = Terminal { colour: false, width: 80 };

#[test]
fn terminal_at_80_columns() {
    assert_snapshot!(terminal(&everything(), PLAIN));
}

#[test]
fn terminal_at_60_columns() {
    assert_snapshot!(terminal(&everything(), Terminal { colour: false, width: 60 }));
}

#[test]
fn markdown_whole() {
    assert_snapshot!(markdown(&everything()));
}

#[test]
fn csv_has_a_row_a_cell() {
    let run = everything();
    let text = csv(&run);
    assert_eq!(text.matches("\r\n").count(), run.cells.len() + 1);
    let columns = |line: &str| line.split(',').count();
    let head = text.lines().next().unwrap();
    // No field of this run holds a comma.
    assert!(text.lines().all(|line| columns(line) == columns(head)), "{text}");
    assert_snapshot!(format!(
        "{head}\n{}",
        text.lines().find(|line| line.starts_with("primes/async/spawn/w2")).unwrap()
    ));
}

#[test]
fn no_line_is_longer_than_the_width() {
    for width in [20, 40, 60, 76, 80, 120, 200] {
        for line in terminal(&everything(), Terminal { colour: false, width }).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
            assert_eq!(line, line.trim_end(), "trailing space");
        }
    }
}

#[test]
fn colour_adds_only_escape_sequences() {
    let coloured = terminal(&everything(), Terminal { colour: true, width: 80 });
    let mut bare = coloured.clone();
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m"] {
        bare = bare.replace(code, "");
    }
    assert_ne!(coloured, bare);
    assert_eq!(bare, terminal(&everything(), PLAIN));
}

#[test]
fn who_is_far_leaves_the_axis_to_the_others() {
    let mut run = everything();
    for contrast in run.contrasts.iter_mut().filter(|contrast| contrast.b.contains("async/sync-mutex")) {
        contrast.ratio = 900.0;
    }
    let page = html(&run);
    assert!(page.contains("<use class=\"ho\" href=\"#m-a\" x=\"2%\"/>"));
    assert!(!page.contains(">0.001</text>"));
}

#[test]
fn html_says_everything_and_fetches_nothing() {
    let run = everything();
    let page = page(&run).replace('\u{a0}', " ");
    for said in [
        "tie (within 5 %)",
        "is not separated from it (any difference is below 7 %)",
        "far behind, ",
        "3 of 4 contenders",
        "lost 55,088 of 80,000 updates a run; the 4 fixes lost none.",
        "worker 3 died: exit status 101",
        "no answer within 60 s",
        "excluded by the filter !gil",
        "one lock cannot spread computation",
        "computation blocks the reactor",
        "smaps_rollup is not readable",
        "Example CPU @ 2.5 GHz",
        "Nothing below 2 % is believed",
        "crossover compare --quick",
    ] {
        assert!(page.contains(said), "missing: {said}");
    }
    for fetched in ["http://", "https://", "<script", "src=", "@import", "url(h", "<link"] {
        assert!(!page.contains(fetched), "fetches: {fetched}");
    }
    let heads = page.matches("<th").count() - page.matches("<thead").count();
    assert_eq!(heads, page.matches("<th scope=").count() + page.matches("<th class").count());
    assert_eq!(heads, page.matches(" scope=\"").count());
}

#[test]
fn forty_cells_stay_small() {
    // Style and script are the same for all.
    let bytes = html(&forty()).len() - html(&empty()).len();
    assert!(bytes < 100_000, "{bytes} bytes");
}

/// `REPORT_PAGES=DIR` leaves the pages there, to be looked at in a browser.
#[test]
fn pages_to_look_at() {
    let Some(dir) = std::env::var_os("REPORT_PAGES").map(std::path::PathBuf::from) else { return };
    for (name, run) in [
        ("everything", everything()),
        ("forty", forty()),
        ("hostile", crate::hostile::hostile()),
        ("swept", swept()),
        ("grains", crate::granularity::grains()),
        ("trusted", crate::trust::trusted()),
        ("untrusted", untrusted()),
        ("loud", loud()),
        ("many", many(17, 11)),
    ] {
        std::fs::write(dir.join(format!("{name}.html")), html(&run)).unwrap();
    }
}

#[test]
fn words_that_are_never_said() {
    let run = everything();
    for text in [terminal(&run, PLAIN), markdown(&run), html(&run)] {
        let lower = text.to_lowercase();
        for word in ["significant", "winner", " much ", "x faster", "× faster", "nan"] {
            assert!(!lower.contains(word), "{word}");
        }
    }
}

#[test]
fn an_interrupt_after_a_look_keeps_its_verdicts() {
    let mut run = everything();
    run.run.status = RunStatus::Interrupted;
    run.run.rounds = 20;
    let said = "interrupted after 20 rounds: the verdicts of the look at 16 stand";
    assert!(terminal(&run, PLAIN).contains(said));
    assert!(markdown(&run).contains(said));
    assert!(html(&run).contains(said));
}

#[test]
fn a_contender_outside_the_best_set_may_still_be_open() {
    let mut run = everything();
    for contrast in &mut run.groups[1].behind_leader {
        match contrast.b.as_str() {
            "counter:keys=64/data-parallel/mutex/w8" => {
                (contrast.ratio, contrast.lo, contrast.hi) = (1.03, Some(0.99), Some(1.064));
                contrast.verdict = Verdict::Unresolved;
            }
            "counter:keys=64/threads/mutex/w8" => contrast.verdict = Verdict::Tie,
            _ => {}
        }
    }
    let text = terminal(&run, Terminal { colour: false, width: 100 });
    let text: Vec<&str> = text.split_whitespace().collect();
    assert!(text.join(" ").contains("data-parallel/mutex behind, <7 %"), "{text:?}");
}
