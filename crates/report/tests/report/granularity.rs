//! A sweep of task lengths, in every form: what is worth sharing is said first, then shown, then told in figures.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{Bound, CellStatus, Efficiency, Found, Granularity, Metg, Run, Sweep, Verdict};

use crate::runs::{cell, empty, everything, group, page};

/// Renders every form, so that a panic in any of them fails the test.
fn all(run: &Run) -> [String; 4] {
    [terminal(run, Terminal { colour: false, width: 80 }), markdown(run), html(run), csv(run)]
}

/// A granularity within 8 %.
fn about(ns: f64) -> Granularity {
    let (value, lo, hi) = (Some(ns), Some(ns * 0.93), Some(ns * 1.08));
    Granularity { value, lo, hi, bound: Some(Bound::Is), found: Found::Crosses }
}

fn beyond(ns: f64, bound: Bound) -> Granularity {
    let found = if bound == Bound::Below { Found::Already } else { Found::NotReached };
    Granularity { value: Some(ns), lo: None, hi: None, bound: Some(bound), found }
}

fn nothing(found: Found) -> Granularity {
    Granularity { found, ..Granularity::default() }
}

/// A contender that adds so many ns to each task and keeps `most` of the machine at best.
fn metg(contender: &str, costs: f64, most: f64, found: [Granularity; 2]) -> Metg {
    let point = |power: i32| {
        let length = 2f64.powi(power) * 1.9;
        let efficiency = most * length / (length + costs);
        let (lo, hi) = (Some(efficiency * 0.96), Some(efficiency * 1.03));
        Efficiency { value: 2f64.powi(power), granularity_ns: length, efficiency, lo, hi }
    };
    let floor = (costs + 1.9) / 1.94 / most;
    Metg {
        workload: "grain".to_owned(),
        knobs: serde_json::Map::new(),
        contender: contender.to_owned(),
        workers: 2,
        metg50_ns: found[0],
        metg90_ns: found[1],
        floor_ns: floor,
        floor_lo_ns: Some(floor * 0.97),
        floor_hi_ns: Some(floor * 1.04),
        floor_at_ns: 1.9,
        reason: None,
        knob: "iterations".to_owned(),
        series: "grain/w2".to_owned(),
        rounds: 16,
        capacity: Some(1.94),
        points: (0..=16).map(point).collect(),
    }
}

/// A sweep of task lengths with a contender of every kind.
pub(crate) fn grains() -> Run {
    let mut run = empty();
    run.run.argv = ["compare", "--sweep", "grain.iterations=2^0..2^16", "grain"].map(str::to_owned).to_vec();
    for power in 0..=16 {
        let iterations = 2f64.powi(power);
        let id = format!("grain:iterations={iterations}/w2");
        let ms = |costs: f64| 10.0 * (1.0 + costs / (iterations * 1.9)) / 1.94;
        let verdict = |ms: f64| if ms > 104.0 { Verdict::Far } else { Verdict::Slower };
        let others = [("data-parallel/par-iter", 90.0), ("async/spawn", 800.0), ("processes/pool-batched", 110.0)];
        let others = others.map(|(name, costs)| (name, ms(costs), verdict(ms(costs)), 0));
        group(&mut run, &id, "threads/static", &others, ms(55.0));
        if let Some(group) = run.groups.last_mut() {
            group.sweep = Some(Sweep {
                series: "grain/w2".to_owned(),
                knob: "iterations".to_owned(),
                value: iterations,
                unit: String::new(),
                about: "steps of the kernel in a task".to_owned(),
                linear: false,
                granularity: true,
            });
        }
    }
    let mut few = metg("threads/scope", 70.0, 0.97, [about(75.0), nothing(Found::Several)]);
    (few.metg50_ns.lo, few.metg50_ns.hi, few.floor_lo_ns, few.floor_hi_ns, few.rounds) = (None, None, None, None, 3);
    let mut open = metg("threads/queue", 300.0, 0.93, [about(340.0), nothing(Found::Open)]);
    open.metg50_ns.hi = None;
    run.metg = vec![
        metg("processes/pool", 110_000.0, 0.95, [about(122_000.0), beyond(124_518.0, Bound::Above)]),
        metg("async/spawn", 800.0, 0.97, [about(860.0), about(11_000.0)]),
        few,
        metg("threads/static", 55.0, 0.98, [about(59.6), about(640.0)]),
        open,
        metg("data-parallel/par-iter", 90.0, 0.98, [about(97.0), about(1_020.0)]),
        metg("processes/pool-batched", 110.0, 0.97, [about(118.0), about(1_480.0)]),
        metg("processes/shared-memory", 900_000.0, 0.4, [beyond(124_518.0, Bound::Above); 2]),
    ];
    run
}

#[test]
fn terminal_at_80_columns() {
    assert_snapshot!(terminal(&grains(), Terminal { colour: false, width: 80 }));
}

#[test]
fn terminal_at_60_columns() {
    let text = terminal(&grains(), Terminal { colour: false, width: 60 });
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    let start = text.find("▂").expect("a table");
    assert_snapshot!(&text[start..]);
}

#[test]
fn markdown_table() {
    let text = markdown(&grains());
    let section = text.split("**Granularity of").nth(1).and_then(|rest| rest.split("\n\n\n").next());
    assert_snapshot!(section.expect("a section"));
}

#[test]
fn html_section() {
    let page = html(&grains());
    let section = page.split("<section id=\"granularity\">").nth(1).and_then(|rest| rest.split("</section>").next());
    assert_snapshot!(section.expect("a section").replace("><", ">\n<"));
}

#[test]
fn the_answer_stands_first_in_every_form() {
    let run = grains();
    let answer = "Tasks shorter than 60 ns are not worth sharing with anybody here: the smallest METG(50 %) is \
                  threads/static at 60 ns [55, 64].";
    let [text, markdown, page, _] = all(&run);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(answer), "{text}");
    let at = markdown.find(&answer.replace('[', "\\[").replace(']', "\\]")).expect("it is said");
    assert!(at < markdown.find("| workload |").expect("a table"));
    let verdict = page.find("grain, 2 workers, granularity").expect("a verdict");
    assert!(verdict < page.find("<section id=\"granularity\">").expect("a section"));
    let places = ["verdicts", "evidence", "granularity", "crossovers", "selfcheck"];
    let places = places.map(|id| page.find(&format!("<section id=\"{id}\"")).expect(id));
    assert!(places.is_sorted(), "{places:?}");
    // On two CPUs half of the machine is one thread; on others it is not.
    assert!(
        flat.contains("The machine gave 1.94 sequential rates at once, so 50 % is the speed of one thread"),
        "{text}"
    );
    let mut run = grains();
    run.metg.iter_mut().for_each(|one| one.capacity = Some(7.6));
    let said = markdown_of(&run);
    assert!(said.contains("leave everybody less than half efficient here: the smallest METG(50 %)"), "{said}");
    assert!(said.contains("7.6 sequential rates at once, so 50 % is a speed-up of 3.8 over one thread."), "{said}");
}

fn markdown_of(run: &Run) -> String {
    all(run);
    markdown(run)
}

#[test]
fn who_is_finest_stands_first_and_who_has_none_last() {
    let text = markdown_of(&grains());
    let rows = text.lines().skip_while(|line| !line.contains("METG(50 %) | METG(90 %)")).skip(2);
    let names: Vec<&str> = rows.map_while(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    let expected = [
        "threads/static",
        "threads/scope",
        "data-parallel/par-iter",
        "processes/pool-batched",
        "threads/queue",
        "async/spawn",
        "processes/pool",
        "processes/shared-memory",
    ];
    assert_eq!(names, expected);
    let page = html(&grains());
    let section = page.split("id=\"granularity\"").nth(1).and_then(|rest| rest.split("</section>").next());
    let section = section.expect("a section");
    assert_eq!(section.matches("<path class=\"ln").count(), 4, "one line a model");
    // Each row marks what was found: filled at 50 %, hollow at 90 %, a bar where there is an interval.
    let rows = section.split("<tbody>").nth(1).expect("rows").split("</tbody>").next().expect("their end");
    let marks = |of: &str| rows.matches(of).count();
    assert_eq!((marks("<use class=\"ho\""), marks("y=\"50%\"/>")), (4, 11), "4 of 8 cross 90 %, 7 cross 50 %");
    assert_eq!(marks("class=\"ci\""), 10, "two have no interval: too few rounds");
}

#[test]
fn what_the_finest_is_decides_what_is_said() {
    let only = |found: Granularity| {
        let mut run = grains();
        run.metg.truncate(1);
        run.metg[0].metg50_ns = found;
        markdown_of(&run)
    };
    let text = only(beyond(1.9, Bound::Below));
    assert!(text.contains("Even the shortest tasks measured, of 1.90 ns, are worth sharing here: processes/pool is at least 50 % efficient there already."), "{text}");
    let text = only(Granularity { hi: Some(2.4), ..beyond(1.9, Bound::Below) });
    assert!(text.contains("| &lt;1.90 ns \\[open, 2.4\\] |"), "{text}");
    let text = only(beyond(2_100_000.0, Bound::Above));
    assert!(
        text.contains(
            "Nobody is 50 % efficient up to the longest tasks measured, of 2.1 ms (nobody is faster than one thread)."
        ),
        "{text}"
    );
    assert!(only(nothing(Found::Open)).contains("No METG(50 %) is known: the rounds do not agree on any."));
}

#[test]
fn sweeps_that_lack_something() {
    // No probe: floors, and the reason once.
    let mut run = grains();
    for one in &mut run.metg {
        (one.metg50_ns, one.metg90_ns) = (nothing(Found::Open), nothing(Found::Open));
        (one.reason, one.capacity) = (Some("no capacity probe".to_owned()), None);
        one.points.clear();
    }
    let text = markdown_of(&run);
    assert!(text.contains("No METG(50 %) is known: no capacity probe."), "{text}");
    assert_eq!(text.matches(": no capacity probe").count(), 2, "{text}");
    assert!(!html(&run).split("id=\"granularity\"").nth(1).expect("a section").contains("Half efficient"));
    // A sweep that was to give one, and none.
    let mut run = grains();
    run.metg.clear();
    assert!(markdown_of(&run).contains("No METG: the reference was not measured along it, or nobody counted tasks."));
    // Rows without their sweep, as a program of its own may write them.
    let mut run = empty();
    run.metg = grains().metg;
    for one in &mut run.metg {
        (one.series, one.knob, one.points) = (String::new(), String::new(), Vec::new());
    }
    assert!(markdown_of(&run).contains("**Granularity of grain, 2 workers**"));
    // No run, no section.
    assert!(!html(&everything()).contains("id=\"granularity\""));
    assert!(!markdown(&everything()).contains("METG"));
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        let mut run = grains();
        for one in &mut run.metg {
            (one.metg50_ns.value, one.metg50_ns.lo, one.floor_ns, one.floor_at_ns) =
                (Some(value), Some(value), value, value);
            one.points.iter_mut().step_by(2).for_each(|point| point.granularity_ns = value);
            one.points.iter_mut().skip(1).step_by(3).for_each(|point| point.efficiency = value);
            one.capacity = Some(value);
        }
        for text in all(&run) {
            assert!(!text.contains("NaN"), "{value}");
        }
    }
}

#[test]
fn names_that_try_to_be_something_else() {
    const EVIL: &str = "<script>x</script>\" onload=x | `t` **b** @all\n\u{1b}[31m# h/w2";
    let mut run = grains();
    for one in &mut run.metg {
        (one.contender, one.series, one.reason) = (EVIL.to_owned(), EVIL.to_owned(), Some(EVIL.to_owned()));
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
fn words_that_are_never_said() {
    for text in all(&grains()) {
        let lower = text.to_lowercase();
        for word in ["significant", "winner", "x faster", "× faster", "nan%", "inf"] {
            assert!(!lower.contains(word), "{word}");
        }
    }
}

#[test]
fn what_to_mind_of_a_measured_cell_is_listed() {
    let mut run = empty();
    group(&mut run, "primes/w2", "threads/static", &[("processes/pool", 5.6, Verdict::Slower, 0)], 5.0);
    let mut minded = cell("primes/w2", "threads/scope", 5.2);
    minded.reason = Some("starts its threads in every round".to_owned());
    run.cells.push(minded);
    let text = markdown_of(&run);
    assert!(text.contains("| mind | threads/scope | primes/w2 | starts its threads in every round |"), "{text}");
    let page = html(&run);
    assert!(page.contains("<th scope=\"row\">mind<td>"), "in the table of omissions");
    assert!(page.contains("title=\"starts its threads in every round\">mind</a>"), "and where it is compared");
    // It is measured, and counts as that.
    assert!(run.cells.iter().all(|cell| cell.status == CellStatus::Measured));
    assert!(!text.contains("skipped"), "{text}");
}
