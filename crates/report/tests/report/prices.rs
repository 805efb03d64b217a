//! What contenders cost, what wrong ones lose, and what their fixes take.

use report::html;
use results::{Metric, Run, Verdict};

use crate::charts::{all, busy, section, words};
use crate::runs::{cell, empty, group, metric};

#[test]
fn cost_names_who_is_not_beaten() {
    let page = html(&busy());
    let cost = section(&page, "cost").expect("a section");
    let text = words(cost);
    // Nobody takes less CPU than the leader, and all have the same memory.
    assert!(text.contains("threads/static costs least time, CPU and memory"), "{text}");
    assert!(text.contains("5 contenders beaten in both"), "{text}");
    let mut run = busy();
    for cell in run.cells.iter_mut().filter(|cell| cell.contender == "gil/threads") {
        cell.metrics.insert("cpu_ns".to_owned(), metric(6e6));
        cell.metrics.insert("pss_bytes".to_owned(), metric(1e6));
    }
    let page = html(&run);
    let cost = section(&page, "cost").expect("a section");
    assert!(
        words(cost).contains("for less CPU, more time: gil/threads; for less memory, more time: gil/threads"),
        "{}",
        words(cost)
    );
    let key = cost.split("<p class=\"keyline\">").nth(1).expect("a key").split("</p>").next().expect("its end");
    assert_eq!(words(key), "1 threads/static2 gil/threads");
}

#[test]
fn cost_without_cpu_time_or_memory_says_so() {
    let mut run = busy();
    run.cells.iter_mut().for_each(|cell| _ = cell.metrics.remove("cpu_ns"));
    let page = html(&run);
    let text = words(section(&page, "cost").expect("a section"));
    assert!(text.contains("No CPU time was measured.") && text.contains("costs least time and memory"), "{text}");
    for metric in ["pss_bytes", "peak_rss_bytes"] {
        run.cells.iter_mut().for_each(|cell| _ = cell.metrics.remove(metric));
    }
    assert!(section(&html(&run), "cost").is_none());
    // Nothing decided, nothing to weigh up.
    let mut run = busy();
    run.groups.iter_mut().for_each(|group| group.leader = None);
    assert!(section(&html(&run), "cost").is_none());
}

#[test]
fn no_chart_of_cost_names_more_than_five() {
    let mut run = empty();
    let names = ["threads/a", "threads/b", "threads/c", "async/d", "async/e", "processes/f", "gil/g"];
    let others: Vec<(&str, f64, Verdict, u32)> =
        names.iter().zip(1..).map(|(name, n)| (*name, 5.0 + f64::from(n), Verdict::Slower, 0)).collect();
    group(&mut run, "primes/w2", "data-parallel/join", &others, 5.0);
    // The slower, the thriftier: all are on the front.
    for cell in &mut run.cells {
        let ms = cell.metrics["elapsed_ns"].median().expect("a time") / 1e6;
        cell.metrics.insert("cpu_ns".to_owned(), metric(1e8 / ms.powi(3)));
    }
    let page = html(&run);
    let cost = section(&page, "cost").expect("a section");
    let key = cost.split("<p class=\"keyline\">").nth(1).expect("a key").split("</p>").next().expect("its end");
    assert_eq!(key.matches("<b>").count(), 5);
    assert!(cost.split("<tbody>").nth(1).expect("a table").matches("<tr>").count() >= 8, "all of them in the table");
}

/// `counter` with a version that loses some, one that loses none, and fixes.
pub(crate) fn racy() -> Run {
    let mut run = empty();
    let others = [
        ("threads/mutex", 9.0, Verdict::Slower, 0),
        ("threads/actor", 900.0, Verdict::Slower, 0),
        ("processes/server", 80.0, Verdict::Slower, 0),
    ];
    group(&mut run, "counter/w8", "threads/atomic", &others, 5.0);
    let spread = |median: f64, p10: f64, p90: f64, n: u32| Metric::Measured { median, p10, p90, n };
    for (name, lost, wrong) in [
        ("threads/racy", spread(55_088.0, 48_960.0, 60_320.0, 16), spread(1.0, 1.0, 1.0, 16)),
        ("async/racy", spread(70_000.0, 70_000.0, 70_000.0, 16), spread(1.0, 1.0, 1.0, 16)),
        ("processes/racy", spread(0.0, 0.0, 40.0, 16), spread(0.0, 0.0, 1.0, 16)),
        ("gil/racy", spread(8.0, 8.0, 8.0, 1), spread(1.0, 1.0, 1.0, 1)),
    ] {
        let mut cell = cell("counter/w8", name, 2.0);
        (cell.deliberately_wrong, cell.verified) = (true, None);
        let metrics = [("lost_updates", lost), ("wrong_answers", wrong), ("expected_updates", metric(80_000.0))];
        cell.metrics.extend(metrics.map(|(id, value)| (id.to_owned(), value)));
        run.cells.push(cell);
    }
    run
}

#[test]
fn lost_updates_are_a_hatched_part_with_their_interval() {
    let page = html(&racy());
    let lost = section(&page, "lost").expect("a section");
    let text = words(lost);
    assert!(
        text.contains("async/racy loses most, 88 % [always]; processes/racy lost nothing in the median run: a test that passes proves little. The 4 fixes lost none."),
        "{text}"
    );
    assert!(text.contains("threads/racy80,00055,08869 % [61, 75]100 %"), "{text}");
    assert!(text.contains("processes/racy80,00000 % [0, 0.1]0 %"), "{text}");
    assert!(text.contains("gil/racy80,0008<0.1 % (one sample)"), "{text}");
    assert!(lost.contains("<rect class=\"gone\" x=\"31.1%\" width=\"68.9%\""), "{lost}");
    // What was lost is seen, be it ever so little; where nothing was, nothing is hatched.
    assert_eq!(lost.matches("<rect class=\"gone\"").count(), 3);
    // The fastest fix of each model and the slowest of all, on one axis.
    let fixes = lost.split("fixed, at this price").nth(1).expect("fixes");
    assert!(!fixes.contains("mutex") && words(fixes).contains("1 more fix in the evidence"), "{fixes}");
    assert_eq!(fixes.matches("<line class=\"ci\"").count(), 3);
}

#[test]
fn a_mean_of_counts_is_a_mean_in_every_form() {
    let mut run = racy();
    let racy = run.cells.iter_mut().find(|cell| cell.contender == "threads/racy").expect("a cell");
    racy.metrics
        .extend([("leaked_objects", 0.583), ("early_frees", 65.33)].map(|(id, value)| (id.to_owned(), metric(value))));
    for text in &all(&run)[..3] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("updates a run went wrong: 0.6 leaked objects, 65 early frees"), "{flat}");
    }
    assert!(
        words(section(&html(&run), "lost").expect("a section")).contains("0.6 leaked objects, 65 early frees a run")
    );
}

#[test]
fn without_fixes_or_losses_the_section_says_what_it_can() {
    let mut run = racy();
    run.cells.retain(|cell| cell.deliberately_wrong);
    for cell in &mut run.cells {
        cell.metrics.insert(
            "lost_updates".to_owned(),
            Metric::Missing { value: None, reason: "its program does not say".to_owned() },
        );
    }
    let page = html(&run);
    let lost = section(&page, "lost").expect("a section");
    assert!(!lost.contains("fixed, at this price") && !lost.contains("<rect"), "{lost}");
    assert!(lost.contains("its program does not say"));
    let mut run = racy();
    for cell in run.cells.iter_mut().filter(|cell| cell.deliberately_wrong) {
        cell.metrics.insert("lost_updates".to_owned(), metric(0.0));
    }
    let page = html(&run);
    assert!(
        words(section(&page, "lost").expect("a section"))
            .contains("No update was lost in the median run of any of them, which does not make them right.")
    );
}
