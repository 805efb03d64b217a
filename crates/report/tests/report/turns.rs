//! A run with a sweep, in every form: answers first, and not drowned by its groups.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{CellStatus, Found, Run, Verdict};

use crate::runs::{page, swept};

/// Renders every form, so that a panic in any of them fails the test.
fn all(run: &Run) -> [String; 4] {
    [terminal(run, Terminal { colour: false, width: 80 }), markdown(run), html(run), csv(run)]
}

#[test]
fn terminal_at_80_columns() {
    assert_snapshot!(terminal(&swept(), Terminal { colour: false, width: 80 }));
}

#[test]
fn terminal_at_60_columns() {
    let text = terminal(&swept(), Terminal { colour: false, width: 60 });
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    assert_snapshot!(text);
}

#[test]
fn markdown_whole() {
    assert_snapshot!(markdown(&swept()));
}

#[test]
fn html_section() {
    let page = html(&swept());
    let section = page.split("<section id=\"crossovers\">").nth(1).and_then(|rest| rest.split("</section>").next());
    assert_snapshot!(section.expect("a section").replace("><", ">\n<"));
}

#[test]
fn the_answer_comes_before_the_groups() {
    let answer = "is faster than sequential/plain from work = 23 [19, 28] on; processes/pool from 61 [52, 70] on";
    let text = markdown(&swept());
    let first = text.find(&answer.replace('[', "\\[").replace(']', "\\]")).expect("it is said");
    assert!(first < text.find("| workload |").expect("a table"), "{text}");
    let page = html(&swept());
    let places = ["verdicts", "crossovers", "selfcheck"];
    let places = places.map(|id| page.find(&format!("<section id=\"{id}\"")).expect(id));
    assert!(places.is_sorted(), "{places:?}");
    // What a sweep has many of is folded.
    let (mut folded, mut depth) = (0, 0);
    for tag in page.split('<') {
        match tag {
            _ if tag.starts_with("details") => depth += 1,
            _ if tag.starts_with("/details") => depth -= 1,
            _ => folded += usize::from(depth > 0 && tag.starts_with("table class=\"forest\"")),
        }
    }
    assert_eq!((folded, page.matches("<table class=\"forest\"").count()), (11, 12));
    assert!(page.len() < 250_000, "{} bytes", page.len());
}

#[test]
fn words_that_are_never_said() {
    for text in all(&swept()) {
        let lower = text.to_lowercase();
        for word in ["significant", "winner", "x faster", "× faster", "nan%", "inf"] {
            assert!(!lower.contains(word), "{word}");
        }
    }
}

#[test]
fn sweeps_that_lack_something() {
    let mut run = swept();
    run.crossovers.clear();
    assert!(markdown(&run).contains("nothing crosses"));
    all(&run);
    let mut run = swept();
    run.contrasts.clear();
    run.cells.retain(|cell| !cell.reference);
    all(&run);
    let mut run = swept();
    run.groups.retain(|group| group.sweep.as_ref().is_none_or(|sweep| sweep.value < 2.0));
    all(&run);
    for found in [Found::Crosses, Found::Already, Found::NotReached, Found::Several, Found::Open] {
        let mut run = swept();
        for one in &mut run.crossovers {
            (one.found, one.at.value) = (found, one.at.value.filter(|_| found == Found::Crosses));
        }
        all(&run);
    }
    // Of one value only, of none that is positive, of none that is a number.
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
        let mut run = swept();
        let places = run.groups.iter_mut().filter_map(|group| group.sweep.as_mut());
        places.step_by(2).for_each(|place| place.value = value);
        for one in &mut run.crossovers {
            (one.at.value, one.at.lo, one.at.hi) = (Some(value), Some(value), None);
            one.range = (value, value);
        }
        all(&run);
    }
    let mut run = swept();
    for contrast in &mut run.contrasts {
        (contrast.ratio, contrast.verdict) = (f64::NAN, Verdict::Unresolved);
    }
    all(&run);
}

#[test]
fn names_that_try_to_be_something_else() {
    const EVIL: &str = "<script>x</script>\" onload=x | `t` **b** @all\n\u{1b}[31m# h/w2";
    let mut run = swept();
    for place in run.groups.iter_mut().filter_map(|group| group.sweep.as_mut()) {
        (place.series, place.knob, place.about) = (EVIL.to_owned(), EVIL.to_owned(), EVIL.to_owned());
    }
    for one in &mut run.crossovers {
        (one.series, one.knob, one.to) = (EVIL.to_owned(), EVIL.to_owned(), EVIL.to_owned());
    }
    let [text, markdown, ..] = all(&run);
    let page = page(&run);
    assert!(!text.contains('\u{1b}'));
    assert!(!page.contains("<script") && !page.contains("\" onload"));
    let (body, _) = markdown.split_once("<sub>").expect("a command");
    assert!(!body.contains("<script") && !body.contains("@all") && !body.contains("**b**") && !body.contains('\u{1b}'));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn sizes_are_written_as_sizes_and_what_stops_paying_says_up_to() {
    let mut run = swept();
    for place in run.groups.iter_mut().filter_map(|group| group.sweep.as_mut()) {
        (place.unit, place.value) = ("bytes".to_owned(), place.value * 4096.0);
    }
    for one in &mut run.crossovers {
        one.unit = "bytes".to_owned();
        one.range = (4096.0, 4_194_304.0);
        (one.at.value, one.at.lo, one.at.hi) =
            (one.at.value.map(|x| x * 4096.0), one.at.lo.map(|x| x * 4096.0), one.at.hi.map(|x| x * 4096.0));
        if one.to == "processes/pool" {
            std::mem::swap(&mut one.from, &mut one.to);
        }
    }
    let text = markdown(&run);
    assert!(text.contains("from work = 92.4 KiB \\[76.8 KiB, 114 KiB\\] on"), "{text}");
    assert!(text.contains("processes/pool up to 246 KiB \\[208 KiB, 281 KiB\\]"), "{text}");
    assert!(text.contains("operations per byte, 4 KiB to 4 MiB"), "{text}");
    all(&run);
}

/// Gives a contender this verdict against the reference where the swept value is one of these.
fn verdicts(run: &mut Run, contender: &str, verdict: Verdict, at: impl Fn(f64) -> bool) {
    let value = |id: &str| run.groups.iter().find(|group| group.id == id)?.sweep.as_ref().map(|sweep| sweep.value);
    let ids: Vec<bool> = run.contrasts.iter().map(|contrast| value(&contrast.group).is_some_and(&at)).collect();
    for (contrast, _) in run.contrasts.iter_mut().zip(ids).filter(|(_, wanted)| *wanted) {
        if contrast.b.contains(contender) {
            contrast.verdict = verdict;
        }
    }
}

#[test]
fn without_a_crossing_the_verdicts_of_the_groups_say_what_they_can() {
    let open = |found: Found| {
        let mut run = swept();
        run.crossovers.retain(|one| one.to == "threads/queue");
        run.crossovers[0].found = found;
        verdicts(&mut run, "threads/queue", Verdict::Faster, |value| value >= 4.0);
        verdicts(&mut run, "threads/queue", Verdict::Unresolved, |value| value < 4.0);
        run
    };
    let said = |run: &Run, text: &str| {
        let markdown = markdown(run);
        assert!(markdown.contains(text), "{text}: {markdown}");
    };
    let run = open(Found::Open);
    let sentence = "threads/queue is faster than sequential/plain from work = 4 on at the latest";
    said(&run, &format!("{sentence} (below that the rounds do not agree)."));
    said(&run, "| threads/queue | from 4 on at the latest |");
    let [text, _, page, _] = all(&run);
    assert!(text.contains("from 4 on at the latest"), "{text}");
    assert!(page.contains("<b>threads pay from work = 4 on at the latest</b>"));
    assert!(page.contains("<td class=\"n\">the rounds do not agree: faster from 4 on at the latest<td"));
    said(&open(Found::Several), &format!("{sentence} (there is no single crossing)."));
    // A value in between that is not, or where nothing was measured, moves it up.
    let mut run = open(Found::Open);
    verdicts(&mut run, "threads/queue", Verdict::Unresolved, |value| value == 32.0);
    said(&run, "from work = 64 on at the latest");
    let mut run = open(Found::Open);
    run.cells.retain(|cell| cell.id != "bulk-map:work=128/threads/queue/w2");
    said(&run, "from work = 256 on at the latest");
    // Everywhere, and nowhere up to the last value.
    let mut run = open(Found::Open);
    verdicts(&mut run, "threads/queue", Verdict::Faster, |_| true);
    said(&run, "faster than sequential/plain at every value, each by itself (the rounds do not agree on a crossing).");
    for (found, words) in [
        (Found::Open, "is not separated from sequential/plain along work: the rounds do not agree."),
        (Found::Several, "changes sides with sequential/plain more than once along work."),
    ] {
        let mut run = open(found);
        verdicts(&mut run, "threads/queue", Verdict::Unresolved, |value| value == 1024.0);
        said(&run, words);
    }
}

#[test]
fn what_is_missing_for_one_reason_is_said_once() {
    let mut run = swept();
    let skipped = |run: &mut Run, strategy: &str, wanted: &dyn Fn(&str) -> bool| {
        let name = format!("/{strategy}/w2");
        for cell in run.cells.iter_mut().filter(|cell| cell.id.ends_with(&name) && wanted(&cell.group)) {
            (cell.status, cell.reason) = (CellStatus::Skipped, Some("excluded by a filter".to_owned()));
        }
    };
    skipped(&mut run, "queue", &|group| group.starts_with("bulk-map"));
    skipped(&mut run, "spawn", &|group| group.starts_with("bulk-map"));
    skipped(&mut run, "pool", &|_| true);
    skipped(&mut run, "pool-vec", &|group| ["bulk-map:work=1/w2", "bulk-map:work=2/w2"].contains(&group));
    for cell in &mut run.cells {
        if cell.id.ends_with("/pool-byte-buf/w2") || cell.id.ends_with("/shared-memory/w2") {
            (cell.status, cell.reason) = (CellStatus::Failed, Some("died".to_owned()));
        }
    }
    let text = markdown(&run);
    let rows: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("| status |")).skip(2).collect();
    let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
    let sweep = "bulk-map, 2 workers, along work";
    assert_eq!(
        rows,
        [
            format!("| ✕ failed | processes/shared-memory | {sweep}, all 11 values | died |"),
            format!("| ✕ failed | processes/pool-byte-buf | {sweep}, all 11 values | died |"),
            format!("| skipped | processes/pool | primes/w2; {sweep}, all 11 values | excluded by a filter |"),
            format!("| skipped | threads/queue, async/spawn | {sweep}, all 11 values | excluded by a filter |"),
            format!("| skipped | processes/pool-vec | {sweep} = 1, 2 | excluded by a filter |"),
            "| scaling |  |  | one worker count; \\`--workers 1,2,4\\` measures it |".to_owned(),
        ]
    );
    let page = html(&run);
    let section = page.split("<section id=\"omissions\">").nth(1).and_then(|rest| rest.split("</section>").next());
    let section = section.expect("a section");
    assert!(section.contains(&format!("primes/w2; {sweep}, all 11 values")));
    assert!(section.matches("excluded by a filter").count() == 3);
}
