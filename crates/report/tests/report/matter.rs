//! Does it matter: from which length of tasks on it does not.

use report::{Terminal, html, markdown, terminal};
use results::{Run, RunStatus};

use crate::choose::{choice, undecide};
use crate::granularity::grains;
use crate::runs::swept;

fn matter(run: &Run) -> String {
    let text = markdown(run);
    text.lines().find(|line| line.contains("Does it matter?")).expect("a line").replace('\\', "")
}

#[test]
fn from_some_length_of_tasks_on_the_choice_does_not_matter() {
    let mut run = grains();
    assert_eq!(
        matter(&run),
        "Does it matter? From tasks of 16 µs on, threads, data-parallel, processes and async are within 10 % of each other, \
         up to tasks of 120 µs (grain, 2 workers)."
    );
    // Who is not near at the longest tasks is named, whatever it was before.
    let last = run.groups.last_mut().unwrap();
    for one in last.behind_leader.iter_mut().filter(|one| one.b.contains("async/spawn")) {
        (one.lo, one.hi) = (Some(1.01), Some(1.101));
    }
    assert_eq!(
        matter(&run),
        "Does it matter? From tasks of 970 ns on, threads, data-parallel and processes are within 10 % of each other; async \
         may be, up to tasks of 120 µs (grain, 2 workers)."
    );
    assert!(html(&run).contains("within 10\u{a0}% of each other; async may be"));
    // An interval that lies beyond says more than one that reaches beyond.
    let last = run.groups.last_mut().unwrap();
    for one in last.behind_leader.iter_mut().filter(|one| one.b.contains("async/spawn")) {
        (one.lo, one.hi) = (Some(1.11), Some(1.2));
    }
    assert!(matter(&run).contains("within 10 % of each other; async is not, up to"), "{}", matter(&run));
    let shown = terminal(&run, Terminal { colour: false, width: 100 });
    assert!(shown.contains("Does it matter? From tasks of 970 ns on"), "{shown}");
}

#[test]
fn a_sweep_without_metg_says_the_value_of_its_knob() {
    let run = Run { metg: Vec::new(), ..grains() };
    assert!(matter(&run).contains("From iterations = 8,192 on, threads"), "{}", matter(&run));
}

#[test]
fn a_gap_in_the_verdicts_counts_against_everybody_before_it() {
    let mut run = grains();
    let id = "grain:iterations=32768/w2";
    undecide(&mut run, id);
    assert!(matter(&run).contains("From tasks of 120 µs on, threads, data-parallel, processes and async"));
    // Without a verdict at its longest tasks it speaks of those before.
    let run = {
        let mut run = grains();
        undecide(&mut run, "grain:iterations=65536/w2");
        run
    };
    assert!(matter(&run).contains("are within 10 % of each other, up to tasks of 62 µs"), "{}", matter(&run));
}

#[test]
fn where_nobody_comes_near_within_the_sweep_it_matters_throughout() {
    let far = |behind: f64| {
        let mut run = grains();
        for one in run.groups.iter_mut().flat_map(|group| &mut group.behind_leader) {
            (one.ratio, one.lo, one.hi) = (behind, Some(behind * 0.98), Some(behind * 1.02));
        }
        run
    };
    let said = "Does it matter? Only threads is shown to be within 10 % of the best at tasks of 120 µs, the longest measured; \
                data-parallel, async and processes are not (grain, 2 workers).";
    assert_eq!(matter(&far(1.5)), said);
    let mut run = far(1.5);
    for group in &mut run.groups {
        group.leader = Some(String::from("sequential/plain"));
        group.best_set = vec![String::from("sequential/plain")];
    }
    let said = "Does it matter? Nothing is shown to be within 10 % of sequential/plain at tasks of 120 µs, the longest \
                measured; data-parallel, async, processes and threads are not (grain, 2 workers).";
    assert_eq!(matter(&run), said);
}

#[test]
fn without_a_verdict_or_a_sweep_it_says_what_is_missing() {
    let mut run = grains();
    let ids: Vec<String> = run.groups.iter().map(|group| group.id.clone()).collect();
    ids.iter().for_each(|id| undecide(&mut run, id));
    run.run.status = RunStatus::Budget;
    assert_eq!(
        matter(&run),
        "Does it matter? Not decided: no length of tasks has a verdict after 9 rounds (first look after 16) (grain, 2 workers)."
    );
    let none = "Does it matter? Not measured here: `crossover compare grain --sweep iterations=2^0..2^20` finds from which \
                task length on the choice stops mattering.";
    assert_eq!(matter(&choice()), none);
    // A sweep of another knob is none of task lengths.
    assert_eq!(matter(&swept()), none);
    for run in [&run, &choice(), &swept()] {
        assert!(!terminal(run, Terminal { colour: false, width: 80 }).contains("Does it matter"));
        assert!(html(run).contains("Does it matter? Not "));
    }
}
