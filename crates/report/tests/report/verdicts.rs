//! The verdicts that stand open, which and with what.

use report::html;
use results::{Run, Verdict};

use crate::choose::{alone, undecide};
use crate::runs::{cell, empty, group, metric};

/// The verdicts that stand open: their titles.
fn open(run: &Run) -> Vec<String> {
    let page = html(run);
    let (_, section) = page.split_once("<ul class=\"verdicts\">").unwrap();
    let section = section.split("<details").next().unwrap().split("</section>").next().unwrap();
    let items = section.split("<p><b>").skip(1);
    items.map(|item| item.split(". </b>").next().unwrap().to_owned()).collect()
}

/// Ten groups: the spread of each is what its name says, two of a pattern.
fn ten() -> Run {
    let mut run = empty();
    let all = [
        ("primes/w2", "map-reduce", 6.0),
        ("grain/w2", "map-reduce", 7.0),
        ("uts/w2", "fork-join", 5.5),
        ("sort/w2", "fork-join", 5.6),
        ("task-graph/w2", "task-graph", 5.2),
        ("counter/w8", "shared-state", 100.0),
        ("histogram/w8", "shared-state", 90.0),
        ("kv-mix/w8", "shared-state", 80.0),
        ("bank/w8", "shared-state", 70.0),
        ("log-pipeline/w2", "pipeline", 8.0),
    ];
    for (id, pattern, ms) in all {
        group(&mut run, id, "threads/static", &[("processes/pool", ms, Verdict::Slower, 0)], 5.0);
        run.groups.last_mut().unwrap().pattern = pattern.to_owned();
    }
    run
}

#[test]
fn six_verdicts_stand_open_one_of_each_pattern_first_then_the_widest() {
    let mut run = ten();
    assert_eq!(
        open(&run),
        [
            "CPU-bound, tasks of 1 µs: grain, 2 workers",
            "Divide and conquer: sort, 2 workers",
            "Steps that wait for each other: task-graph, 2 workers",
            "One hot shared value: counter, 8 workers",
            "Many shared counts: histogram, 8 workers",
            "A stream through stages, in order: log-pipeline, 2 workers",
        ]
    );
    assert!(html(&run).contains("<summary>all 10 verdicts</summary>"));
    // What nobody decided does not stand there.
    undecide(&mut run, "counter/w8");
    assert!(!open(&run).iter().any(|title| title.contains("counter")));
    assert!(open(&run).iter().any(|title| title.contains("kv-mix")));
}

#[test]
fn a_counterexample_that_lost_something_always_stands_open() {
    let mut run = ten();
    let mut wrong = |id: &str, lost: f64| {
        let mut racy = cell(id, "threads/racy", 2.0);
        (racy.deliberately_wrong, racy.verified) = (true, None);
        racy.metrics.insert(String::from("lost_updates"), metric(lost));
        racy.metrics.insert(String::from("expected_updates"), metric(80_000.0));
        run.cells.push(racy);
    };
    wrong("bank/w8", 20_000.0);
    wrong("counter/w8", 55_088.0);
    wrong("histogram/w8", 0.0);
    let titles = open(&run);
    assert_eq!((titles.len(), titles.last().unwrap().as_str()), (6, "counter, 8 workers"));
    let page = html(&run);
    let strip = page.split("id=\"verdicts\"").nth(1).unwrap().split("<details").next().unwrap();
    assert!(strip.contains("lost 55,088 of 80,000 updates a run"));
    assert!(strip.contains("aria-label=\"69 % of the updates lost\""));
    assert!(!strip.contains("lost 20,000"));
    // One that lost nothing is no verdict.
    run.cells.retain(|cell| !cell.deliberately_wrong || cell.workload == "histogram");
    assert!(open(&run).iter().all(|title| title.contains(": ")), "each answers a question");
}

#[test]
fn where_nothing_was_decided_the_strip_says_so_and_the_rest_is_folded() {
    let mut run = ten();
    let ids: Vec<String> = run.groups.iter().map(|group| group.id.clone()).collect();
    ids.iter().for_each(|id| undecide(&mut run, id));
    let page = html(&run);
    assert!(open(&run).is_empty());
    assert!(page.contains("No question has a verdict yet"));
    assert!(page.contains("<summary>all 10 verdicts</summary>"));
}

#[test]
fn each_open_verdict_has_one_mark_a_model() {
    let mut run = empty();
    let others = [
        ("threads/scope", 5.05, Verdict::Tie, 7),
        ("async/spawn", 5.2, Verdict::Slower, 2),
        ("processes/server", 50_000.0, Verdict::Far, 0),
    ];
    group(&mut run, "primes/w2", "threads/static", &others, 5.0);
    let page = html(&run);
    let label = "Times slower than the best, best strategy of each model: threads/static 1.00, async/spawn 1.04, \
                 sequential/plain 2.0, processes/server 10,000";
    let (_, plot) = page.split_once(label).expect("a plot");
    let plot = plot.split("</svg>").next().unwrap();
    assert_eq!(plot.matches("<g class=\"m-").count(), 4);
    assert!(
        plot.contains("<use class=\"ho\" href=\"#m-p\" x=\"98%\""),
        "far is hollow, at the end of the axis: {plot}"
    );
    let far = plot.split("<g class=\"m-p\"").nth(1).unwrap().split("</g>").next().unwrap();
    assert!(!far.contains("<line"), "what was not tested has no interval");
    // async/spawn would touch threads/static: it stands above.
    assert!(
        plot.contains("href=\"#m-t\" x=\"2%\" y=\"18.5\"") && plot.contains("href=\"#m-a\" x=\"2.5%\" y=\"9\""),
        "{plot}"
    );
}

#[test]
fn the_widest_within_a_model_is_told_where_it_is_wider_than_between_models() {
    let said = |ms: f64, verdict| {
        let mut run = empty();
        let others = [("processes/pool", 6.0, Verdict::Slower, 0), ("processes/server", ms, verdict, 0)];
        group(&mut run, "primes/w2", "threads/static", &others, 5.0);
        html(&run)
    };
    let name = "processes/</span><wbr><span class=\"nw\">server</span></span>";
    let page = said(7_500.0, Verdict::Far);
    assert!(page.contains("Widest within a model: <span") && page.contains(&format!("{name}, 1,500× behind.")));
    let page = said(9.0, Verdict::Slower);
    assert!(
        page.contains(&format!("{name}, 1.80× behind <span class=\"q nw\">[1.76, 1.84]</span>.")),
        "1.5 within, 2.0 between"
    );
    let page = said(6.3, Verdict::Slower);
    assert!(!page.contains("Widest within a model"));
}

#[test]
fn where_no_question_is_answered_every_group_may_speak() {
    let mut run = empty();
    alone(&mut run, "mine/w2", "threads/static");
    assert_eq!(open(&run), ["mine, 2 workers"]);
    for n in 1..=9 {
        alone(&mut run, &format!("mine:n={n}/w2"), "threads/static");
    }
    assert_eq!(open(&run).len(), 6);
}
