//! Hazards, in every form: each with what is done, who is told, how soon, what is lost, and what to do instead.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{Hazard, HazardVerdict, Metric, Run};

use crate::runs::{empty, everything, page};

fn all(run: &Run) -> [String; 4] {
    [terminal(run, Terminal { colour: false, width: 80 }), markdown(run), html(run), csv(run)]
}

fn measured(median: f64, spread: f64) -> Metric {
    Metric::Measured { median, p10: median / spread, p90: median * spread, n: 5 }
}

fn missing(reason: &str) -> Metric {
    Metric::Missing { value: None, reason: reason.to_owned() }
}

fn hazard(id: &str, verdict: HazardVerdict, after_ns: Metric, lost: (f64, u64), unit: &str) -> Hazard {
    let (model, _) = id.split_once('/').unwrap_or((id, ""));
    Hazard {
        id: id.to_owned(),
        model: model.to_owned(),
        about: "what is done, with `lock()`".to_owned(),
        remedy: "what to do instead".to_owned(),
        verdict,
        told: Some("who is told".to_owned()),
        after_ns,
        lost: measured(lost.0, 1.0),
        of: Some(lost.1),
        unit: unit.to_owned(),
        remedy_holds: Some(true),
        tries: 5,
        reason: None,
    }
}

/// One of each kind.
fn hazards() -> Vec<Hazard> {
    use HazardVerdict::{Detected, Failed, Hung, NotApplicable, NotSeen, NotTried, Silent};
    let absent = |id: &str, verdict, reason: &str| Hazard {
        told: None,
        lost: missing("it was not tried"),
        of: None,
        remedy_holds: None,
        tries: 0,
        reason: Some(reason.to_owned()),
        ..hazard(id, verdict, missing("it was not tried"), (0.0, 0), "updates")
    };
    vec![
        absent("sequential", NotApplicable, "one thread shares nothing and waits for nobody"),
        hazard("threads/poisoned-lock", Detected, measured(196_661.0, 1.4), (200.0, 400), "updates"),
        hazard("threads/panic-inside", Silent, missing("nobody is told"), (1.0, 400), "updates"),
        hazard("threads/lock-order", Hung, missing("nobody is told: the watchdog ended it"), (100.0, 100), "transfers"),
        hazard("async/blocking-call", Silent, measured(500_131_668.0, 1.001), (10.0, 10), "heartbeats"),
        hazard("threads/rare", NotSeen, missing("it did not show"), (0.0, 400), "updates"),
        Hazard {
            remedy_holds: Some(false),
            lost: measured(33.0, 1.3),
            ..hazard("threads/dead-consumer", Detected, measured(88_892.0, 2.0), (33.0, 64), "items")
        },
        absent("processes/full-socket", NotTried, "the run ended before it was tried"),
        absent("processes/killed-inside-lock", Failed, "worker process 0 did not connect within 20s"),
    ]
}

fn alone() -> Run {
    Run { hazards: hazards(), ..empty() }
}

#[test]
fn terminal_at_100_columns() {
    assert_snapshot!(terminal(&alone(), Terminal { colour: false, width: 100 }));
}

#[test]
fn terminal_at_60_columns() {
    let text = terminal(&alone(), Terminal { colour: false, width: 60 });
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    assert_snapshot!(text);
}

#[test]
fn markdown_table() {
    let text = markdown(&alone());
    let section = text.split("**Hazards**").nth(1).and_then(|rest| rest.split("<details>").next());
    assert_snapshot!(section.expect("a section"));
}

#[test]
fn html_section() {
    let page = html(&alone());
    let section = page.split("<section id=\"hazards\">").nth(1).and_then(|rest| rest.split("</section>").next());
    assert_snapshot!(section.expect("a section").replace("><", ">\n<"));
}

#[test]
fn they_stand_beside_what_was_measured_and_nowhere_else() {
    let summary =
        "8 hazards: 2 detected, 2 silent, 1 hangs, 1 did not show, 1 not tried, 1 failed; 1 remedy lost something, too";
    let with = Run { hazards: hazards(), ..everything() };
    let without = all(&everything());
    for (form, (text, before)) in all(&with).iter().zip(&without).enumerate() {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Cells alone have rows in the CSV.
        assert_eq!(flat.contains(summary), form != 3, "{flat}");
        // But for the command that asks.
        let before = before.replace("crossover compare --hazards hazard/", "");
        assert!(!before.contains("hazard"), "nobody asked for them");
    }
    assert_eq!(all(&with)[3], without[3]);
    let lead = |run: &Run| markdown(run).lines().next().unwrap_or_default().to_owned();
    assert_eq!(lead(&with), lead(&everything()), "the answer is about what was measured");
    assert!(lead(&alone()).contains(summary), "and about hazards where nothing was");
}

#[test]
fn a_remedy_that_failed_and_a_scenario_that_did_are_marked_in_words() {
    for text in &all(&alone())[..3] {
        let flat = text.replace("&#39;", "'").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("✕ it lost something, too"), "{flat}");
        assert!(flat.contains("did not connect within 20s"), "{flat}");
    }
}

#[test]
fn values_that_are_no_numbers() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        let mut run = alone();
        for one in &mut run.hazards {
            (one.after_ns, one.lost) = (measured(value, 1.5), measured(value, 1.5));
        }
        for text in all(&run) {
            assert!(!text.contains("NaN") && !text.contains("inf]"), "{value}: {text}");
        }
    }
}

#[test]
fn names_that_try_to_be_something_else() {
    const EVIL: &str = "<script>x</script>\" onload=x | `t` **b** @all\n\u{1b}[31m# h";
    let mut run = alone();
    for one in &mut run.hazards {
        for text in [&mut one.id, &mut one.about, &mut one.remedy, &mut one.unit] {
            *text = EVIL.to_owned();
        }
        (one.told, one.reason) = (Some(EVIL.to_owned()), Some(EVIL.to_owned()));
    }
    let [text, markdown, ..] = all(&run);
    let page = page(&run);
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!page.contains("<script") && !page.contains("\" onload"));
    let (body, _) = markdown.split_once("<sub>").expect("a command");
    assert!(!body.contains("<script") && !body.contains("@all") && !body.contains("**b**") && !body.contains('\u{1b}'));
}
