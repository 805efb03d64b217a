//! What vouches for a run, and what does not, stands before every verdict in every form.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{Interval, Run, Verdict};

use crate::checked::{effect, loud, measured_through, untrusted, vouched};
use crate::runs::{empty, everything};

const PLAIN: Terminal = Terminal { colour: false, width: 80 };

/// Vouched for, with every metric.
pub(crate) fn trusted() -> Run {
    let mut run = vouched();
    run.cells.iter_mut().filter(|cell| cell.reason.is_none()).for_each(measured_through);
    run
}

/// The page as text: tags gone, spaces single.
fn text(page: &str) -> String {
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    let mut out = String::new();
    for part in body.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        out.push(' ');
    }
    out.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where something stands; a panic where it does not.
fn place(text: &str, what: &str) -> usize {
    text.find(what).unwrap_or_else(|| panic!("missing: {what}\n{text}"))
}

#[test]
fn trusted_terminal_at_60_columns() {
    assert_snapshot!(terminal(&trusted(), Terminal { colour: false, width: 60 }));
}

#[test]
fn untrusted_terminal_at_60_columns() {
    assert_snapshot!(terminal(&untrusted(), Terminal { colour: false, width: 60 }));
}

#[test]
fn untrusted_terminal_at_80_columns() {
    assert_snapshot!(terminal(&untrusted(), PLAIN));
}

#[test]
fn untrusted_markdown() {
    assert_snapshot!(markdown(&untrusted()));
}

#[test]
fn self_checks_of_the_page() {
    let page = html(&untrusted());
    let from = page.find("<section id=\"selfcheck\">").unwrap();
    let to = from + page[from..].find("</section>").unwrap();
    assert_snapshot!(page[from..to].replace("<tr", "\n<tr").replace("<details", "\n<details").replace("<t", "\n<t"));
}

#[test]
fn metrics_of_a_cell_on_the_page() {
    let page = html(&trusted());
    let from = page.find("All metrics of").unwrap();
    let to = from + page[from..].find("</details>").unwrap();
    let rows = page[from..to].split("<tr").map(|row| text(&row.replace("<t", " |<t")));
    assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_first_line_says_what_vouches() {
    let known = "known +5 % found as +4.9 % [+4.1, +5.8]";
    let run = vouched();
    for form in [terminal(&run, Terminal { colour: false, width: 100 }), markdown(&run)] {
        let form = form.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in ["✓ trusted", "A/A 0/9", known, "noise floor 0.3 %", "16 rounds", "foreign load 3 %"] {
            assert!(place(&form, said) < 300, "{said}: {form}");
        }
    }
    let page = text(&html(&run));
    assert!(place(&page, "✓ trusted") < place(&page, "primes, 2 workers."));
    assert!(page.contains("known +5 % found as +4.9 % [+4.1, +5.8]"));
}

#[test]
fn distrust_stands_before_every_verdict() {
    let run = untrusted();
    let why = "identical code came out different in 5 of 9 A/A tests";
    let page = html(&run);
    assert!(page.contains("<title>NOT TRUSTED: "));
    let page = text(&page);
    assert_eq!(page.matches("Not trusted: ").count(), 5, "the lead, and two verdicts beside their evidence too");
    assert!(place(&page, "✕ This run is NOT trusted:") < place(&page, "choice matters"));
    assert!(place(&page, why) < place(&page, "choice matters"));
    let text = markdown(&run);
    assert!(text.starts_with("> [!CAUTION]\n> **✕ This run is NOT trusted:** identical code"));
    assert!(text.contains("\n**compare: Not trusted: "));
    assert!(place(&text, why) < place(&text, "| workload |"));
    let text = terminal(&run, PLAIN);
    assert!(place(&text, "✕ NOT TRUSTED: identical code") < place(&text, "leads"));
    assert!(text.trim_end().lines().last().unwrap().starts_with("✕ NOT TRUSTED"));
}

#[test]
fn unknown_trust_says_why() {
    let mut run = everything();
    run.trust = results::Trust { rounds_kept: 16, ..Default::default() };
    run.trust.reason = "2 A/A tests are too few to say".to_owned();
    for form in [terminal(&run, PLAIN), markdown(&run), text(&html(&run))] {
        assert!(form.contains("? trust unknown"), "{form}");
        let group = ["primes, 2 workers.", "| primes", "primes  "].iter().find_map(|group| form.find(group));
        assert!(place(&form, "2 A/A tests are too few to say") < group.expect("a group"), "{form}");
        assert!(form.contains("no known effect") || form.contains("known effect not measured"), "{form}");
        assert!(!form.contains("NOT"), "{form}");
    }
    let page = text(&html(&run));
    assert!(place(&page, "? Trust unknown: 2 A/A tests") < place(&page, "choice matters"));
}

#[test]
fn what_is_absent_says_why() {
    let said = |run: &Run, what: &str| {
        for form in [markdown(run), text(&html(run)).replace(" . ", ". ")] {
            let plain = form.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
            place(&plain, what);
        }
    };
    let mut run = empty();
    for what in [
        "no group had a twin that was measured to the end",
        "no slowdown of known size was measured",
        "too few samples for an interval",
        "too few groups with six rounds",
        "unknown: it cannot be read on this system",
        "this run had no long runs",
        "not at all",
    ] {
        said(&run, what);
    }
    run.run.argv.push("--no-twins".to_owned());
    said(&run, "the run was called with");
    run.run.argv.pop();
    run.run.rounds = 7;
    said(&run, "the run ended before its first look, after 16 rounds");
}

#[test]
fn an_effect_that_was_missed_is_not_called_found() {
    let mut run = vouched();
    let open = effect(1.05, (0.991, 1.03, 1.07), Verdict::Unresolved);
    run.trust.known_effect = Some(open.clone());
    run.trust.effects = vec![open, effect(1.25, (1.1, 1.12, 1.14), Verdict::Slower)];
    for form in [markdown(&run), text(&html(&run))] {
        assert!(form.contains("known +5 % not established"), "{form}");
        assert!(form.contains("slower, MISSES the true size"), "{form}");
    }
    assert!(terminal(&run, PLAIN).contains("known +5 % not established: +3.0 % [-0.9, +7.0]"));
}

#[test]
fn loud_rounds_are_noted_where_they_were() {
    let run = loud();
    let page = text(&html(&run));
    place(&page, "1 of 16 rounds was loud; without them every verdict stands");
    let otherwise = "without them 1 verdict against sequential would be another (data-parallel/mutex), and the best set \
                     would be threads/local-merge, threads/mutex";
    place(&page, &format!("4 of 16 rounds were loud; {otherwise}"));
    let text = markdown(&run);
    place(&text, "| counter:keys=64/w8 | 4 of 16 rounds were loud |");
    let text = terminal(&run, Terminal { colour: false, width: 100 });
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    place(&text, "loud rounds 5/32");
    place(&text, &format!("! 4 of 16 rounds were loud; {otherwise}"));
    assert!(!text.contains("every verdict stands"), "what changes nothing is no news");
}

#[test]
fn loud_rounds_before_a_look_decide_nothing() {
    let mut run = loud();
    for group in &mut run.groups {
        (group.rounds, group.without_loud) = (0, None);
    }
    run.run.rounds = 9;
    assert!(html(&run).contains("4 of 14 rounds were loud; no verdict was taken yet"));
}

#[test]
fn a_quota_and_every_field_of_the_machine_are_shown() {
    let run = trusted();
    let page = text(&html(&run));
    for form in [page.as_str(), &markdown(&run)] {
        for said in ["1.5 CPUs", "2 CPUs online", "8.00 GiB", "kvm", "6.1.0", "1.95.0", "release", "system", "3755054"]
        {
            place(form, said);
        }
        place(form, "SHA-256 0123456789ab…");
        place(form, "not readable");
    }
    assert!(terminal(&run, PLAIN).contains("1.5 CPUs"));
    place(&page, "parallelism 1.38 of 1.5");
}

#[test]
fn csv_holds_all_metrics() {
    let text = csv(&trusted());
    let head: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    for metric in ["parallelism", "lock_hold_max_ns", "fairness_jain_p90", "instructions", "latency_ns_n"] {
        assert!(head.contains(&metric), "{metric}: {head:?}");
    }
    let row: Vec<&str> =
        text.lines().find(|line| line.starts_with("primes/threads/static/w2")).unwrap().split(',').collect();
    let field = |name: &str| row[head.iter().position(|one| *one == name).unwrap()];
    assert_eq!((field("parallelism"), field("instructions")), ("1.38", ""));
}

#[test]
fn figures_that_are_none_break_nothing() {
    let mut run = untrusted();
    let bad = Interval { ratio: f64::NAN, lo: f64::NEG_INFINITY, hi: f64::NAN };
    (run.trust.position, run.trust.drift) = (Some(bad), Some(bad));
    run.trust.noise_floor = Some(f64::INFINITY);
    for twin in &mut run.trust.twins {
        (twin.ratio, twin.lo, twin.hi) = (f64::NAN, f64::NAN, f64::INFINITY);
    }
    for soak in &mut run.trust.soaks {
        soak.ratio = Some(f64::NAN);
    }
    if let Some(known) = &mut run.trust.known_effect {
        (known.truth, known.ratio) = (f64::NAN, f64::NAN);
    }
    run.run.delta = f64::NAN;
    for form in [terminal(&run, PLAIN), markdown(&run), html(&run)] {
        let lower = form.to_lowercase();
        assert!(!lower.contains("nan ") && !lower.contains("nan%") && !lower.contains("inf%"), "{form}");
    }
}
