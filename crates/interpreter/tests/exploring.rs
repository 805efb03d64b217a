//! Every interleaving of small programs: what is lost where, by the shortest way, and exact numbers where they can be counted by
//! hand.

use std::collections::BTreeSet;

use interpreter::explore::{Ending, Explored, Granularity, Limits, Unexplorable, explore};
use interpreter::{FaultKind, Plain, Program, Settings, assemble, find};

fn program(name: &str, settings: &Settings) -> Program {
    let source = find(name).unwrap_or_else(|| panic!("there is no program {name}"));
    assemble(source.text, settings).expect("it assembles")
}

fn explored(program: &Program, granularity: Granularity) -> Explored {
    let all = explore(program, granularity, &Limits::default(), &|| false).expect("it can be explored");
    assert!(all.complete);
    all
}

fn endings(explored: &Explored) -> BTreeSet<&Ending> {
    explored.endings.iter().map(|found| &found.ending).collect()
}

fn int(value: i64) -> Ending {
    Ending::Returned(Plain::Int(value))
}

/// What the counter is at the end, in every schedule.
fn counts(name: &str, settings: &Settings, granularity: Granularity) -> BTreeSet<i64> {
    let explored = explored(&program(name, settings), granularity);
    let count = |ending: &Ending| match ending {
        Ending::Returned(Plain::Int(count)) => *count,
        Ending::Returned(Plain::List(items)) => items[0].int().expect("a count"),
        other => panic!("{name} ended with {other}"),
    };
    explored.endings.iter().map(|found| count(&found.ending)).collect()
}

const BOTH: [Granularity; 2] = [Granularity::Gil, Granularity::FreeThreaded];

#[test]
fn plus_equals_loses_between_bytecodes_and_never_between_check_points() {
    for increments in [1, 2] {
        let settings = Settings::small().with("increments", increments);
        let whole = 2 * increments;
        assert_eq!(counts("plus-equals", &settings, Granularity::Gil), [whole].into());
        let lost = counts("plus-equals", &settings, Granularity::FreeThreaded);
        assert!(lost.contains(&1.max(increments)) && lost.contains(&whole), "{lost:?}");
    }
    let three = Settings::small().with("threads", 3);
    assert_eq!(counts("plus-equals", &three, Granularity::Gil), [3].into());
    assert_eq!(counts("plus-equals", &three, Granularity::FreeThreaded), [1, 2, 3].into());
}

#[test]
fn the_unsafe_cache_loses_with_and_without_the_lock_and_the_locked_one_never() {
    for granularity in BOTH {
        assert_eq!(counts("unsafe", &Settings::small(), granularity), [1, 2].into(), "{granularity:?}");
        assert_eq!(counts("locked", &Settings::small(), granularity), [2].into(), "{granularity:?}");
    }
    assert_eq!(counts("unsafe", &Settings::small(), Granularity::Sequential), [2].into());
}

#[test]
fn a_look_and_an_act_find_a_key_error_and_one_call_does_not() {
    for granularity in BOTH {
        assert_eq!(counts("check-then-act", &Settings::small(), granularity), [0, 1].into(), "{granularity:?}");
        assert_eq!(counts("check-then-get", &Settings::small(), granularity), [0].into(), "{granularity:?}");
    }
}

/// Two threads that each run this body; main returns what `cache["key"]` is.
fn two(body: &str) -> Program {
    let text = format!(
        "global cache one other\nfunction main\nbuild_dict\nstore_global cache\npush 0\nload_global cache\npush \"key\"\n\
         store_subscript\ncall_builtin lock 0\nstore_global one\ncall_builtin lock 0\nstore_global other\n\
         push_function first\ncall_builtin spawn 1\nstore a\npush_function second\ncall_builtin spawn 1\nstore b\n\
         load a\ncall_builtin join 1\npop\nload b\ncall_builtin join 1\npop\nload_global cache\npush \"key\"\nsubscript\n\
         return\n{body}"
    );
    assemble(&text, &Settings::default()).unwrap_or_else(|mistake| panic!("{mistake}"))
}

#[test]
fn without_a_check_point_look_and_act_are_one_under_the_lock_only() {
    let body = "function first\npush \"key\"\nload_global cache\ncontains\npop_jump_if_false absent\nload_global cache\n\
                push \"key\"\nsubscript\nreturn\nabsent:\npush 0\nreturn\nfunction second\nload_global cache\n\
                push \"key\"\ndelete_subscript\npush 1\nload_global cache\npush \"key\"\nstore_subscript\npush 0\nreturn";
    let program = two(body);
    let failed = |granularity| {
        let explored = explored(&program, granularity);
        let key_error = |ending: &&Ending| matches!(ending, Ending::Failed { kind: FaultKind::KeyError, .. });
        endings(&explored).iter().copied().filter(key_error).count()
    };
    assert_eq!((failed(Granularity::Gil), failed(Granularity::FreeThreaded)), (0, 1));
}

#[test]
fn locks_taken_in_opposite_order_deadlock_and_the_way_there_is_shown() {
    // A call between the two lets another in under the global lock.
    let take = |one: &str, between: &str, other: &str| {
        format!(
            "load_global {one}\ncall_builtin acquire 1\npop\n{between}load_global {other}\ncall_builtin acquire 1\npop\n\
             load_global {other}\ncall_builtin release 1\npop\nload_global {one}\ncall_builtin release 1\nreturn\n"
        )
    };
    let call = "push 1\ncall_builtin range 1\npop\n";
    let both = |one: [&str; 2], other: [&str; 2], between: &str| {
        let [first, second] = [one, other].map(|[one, other]| take(one, between, other));
        format!("function first\n{first}function second\n{second}")
    };
    let opposite = |between| both(["one", "other"], ["other", "one"], between);
    let same = both(["one", "other"], ["one", "other"], call);
    for granularity in BOTH {
        let explored = explored(&two(&opposite(call)), granularity);
        let stuck = explored.endings.iter().find(|found| matches!(found.ending, Ending::Deadlock(_)));
        let stuck = stuck.expect("it deadlocks");
        let Ending::Deadlock(waiting) = &stuck.ending else { panic!("{}", stuck.ending) };
        assert_eq!(waiting.iter().map(|(thread, _)| *thread).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(stuck.turns.iter().any(|turn| turn.thread == 1) && stuck.turns.iter().any(|turn| turn.thread == 2));
    }
    // Without it nothing lies between the two that are taken, and the global lock keeps them together.
    let stuck = |granularity| {
        let explored = explored(&two(&opposite("")), granularity);
        explored.endings.iter().any(|found| matches!(found.ending, Ending::Deadlock(_)))
    };
    assert_eq!(BOTH.map(stuck), [false, true]);
    for granularity in BOTH {
        let explored = explored(&two(&same), granularity);
        assert_eq!(endings(&explored), [&int(0)].into());
    }
}

#[test]
fn schedules_are_counted_exactly() {
    // Two threads that store once each and return: (store, end) twice interleaves in 4! / (2! 2!) = 6 ways. Main has been
    // joining since both began: it runs on when the first has ended, beside the second, or after it.
    let body = |value| format!("push {value}\nload_global cache\npush \"key\"\nstore_subscript\npush none\nreturn\n");
    let program = two(&format!("function first\n{}function second\n{}", body(1), body(2)));
    let sequential = explored(&program, Granularity::Sequential);
    // Main runs until it joins; then one thread after the other, in either order, with main's joins between or after them:
    // first, main, second, main / first, second, main / second, first, main.
    let ways = |explored: &Explored, ending| explored.found(ending).and_then(|found| found.schedules);
    assert_eq!((ways(&sequential, &int(2)), ways(&sequential, &int(1))), (Some(2), Some(1)));
    let fine = explored(&program, Granularity::EveryBytecode);
    let reduced = explored(&program, Granularity::FreeThreaded);
    assert_eq!(endings(&fine), endings(&reduced));
    assert!(reduced.states * 4 < fine.states, "{} of {}", reduced.states, fine.states);
}

#[test]
fn the_reduction_loses_no_ending() {
    for name in ["plus-equals", "unsafe", "locked", "check-then-act", "check-then-get"] {
        let program = program(name, &Settings::small());
        let (fine, reduced) =
            (explored(&program, Granularity::EveryBytecode), explored(&program, Granularity::FreeThreaded));
        assert_eq!(endings(&fine), endings(&reduced), "{name}");
    }
}

#[test]
fn the_way_to_a_lost_update_is_told_with_what_both_saw() {
    let program = program("plus-equals", &Settings::small());
    let explored = explored(&program, Granularity::FreeThreaded);
    let lost = explored.found(&int(1)).expect("an update is lost");
    let all: Vec<(usize, &str)> = lost
        .turns
        .iter()
        .flat_map(|turn| turn.bytecodes.iter().map(|bytecode| (turn.thread, bytecode.saw.as_str())))
        .collect();
    for thread in [1, 2] {
        assert!(all.contains(&(thread, "{'key': 0}['key'] -> 0")), "thread {thread} reads 0: {all:?}");
    }
    let stores: Vec<&(usize, &str)> =
        all.iter().filter(|(thread, saw)| *thread > 0 && saw.ends_with("['key'] = 1")).collect();
    assert_eq!(stores.len(), 2, "both store 1: {all:?}");
}

#[test]
fn limits_are_said_and_the_outside_is_refused() {
    let program = program("unsafe", &Settings::small());
    let limits = Limits { states: 10, ..Limits::default() };
    let cut = explore(&program, Granularity::Gil, &limits, &|| false).expect("it begins");
    assert!(!cut.complete && cut.endings.iter().all(|found| found.schedules.is_none()));
    let stopped = explore(&program, Granularity::Gil, &Limits::default(), &|| true).expect("it begins");
    assert!(!stopped.complete && stopped.states == 1);
    let endless = assemble("function main\nagain:\njump again", &Settings::default()).expect("it assembles");
    let limits = Limits { turn: 100, ..Limits::default() };
    assert_eq!(explore(&endless, Granularity::Sequential, &limits, &|| false), Err(Unexplorable::Endless(100)));
    // Under the lock every turn of the loop is the same moment: there is no ending, and the search ends.
    let all = explore(&endless, Granularity::Gil, &limits, &|| false).expect("it can be explored");
    assert!(all.complete && all.endings.is_empty());
    let outside =
        assemble("function main\ncall_builtin receive 0\nreturn", &Settings::default()).expect("it assembles");
    assert_eq!(
        explore(&outside, Granularity::Gil, &Limits::default(), &|| false),
        Err(Unexplorable::Outside { line: 2, name: "receive" })
    );
}
