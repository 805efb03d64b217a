//! `explore`, end to end: what is found, how it is said, and what is refused.

mod support;

use results::explored::{Exploration, Kind, SCHEMA};
use support::{Ended, crossover, folder, run, words};

fn explore(arguments: &str) -> Ended {
    let home = folder();
    let ended = run(crossover(home.path(), words(&format!("explore {arguments}"))));
    assert_eq!(support::files(home.path()), [""; 0], "it writes no files");
    ended
}

fn kinds(arguments: &str) -> Vec<(String, Kind)> {
    let ended = explore(&format!("{arguments} --json")).expect(0);
    let exploration: Exploration = serde_json::from_str(&ended.stdout).expect("it is JSON");
    assert_eq!(exploration.schema, SCHEMA);
    assert!(exploration.searches.iter().all(|search| search.complete));
    for outcome in &exploration.endings {
        assert_eq!(outcome.trace.is_some(), outcome.kind != Kind::Allowed, "a way is shown where one is needed");
    }
    exploration.endings.into_iter().map(|outcome| (outcome.ending, outcome.kind)).collect()
}

#[test]
fn the_lock_saves_plus_equals_and_not_the_unsafe_cache() {
    let one = |ending: &str, kind| (ending.to_owned(), kind);
    assert_eq!(kinds("plus-equals"), [one("1", Kind::Interesting), one("2", Kind::Allowed)]);
    assert_eq!(kinds("unsafe"), [one("[1, [[], []]]", Kind::Forbidden), one("[2, [[], []]]", Kind::Allowed)]);
    assert_eq!(kinds("locked"), [one("2", Kind::Allowed)]);
    assert_eq!(kinds("check-then-act"), [one("0", Kind::Allowed), one("1", Kind::Forbidden)]);
    assert_eq!(kinds("check-then-get"), [one("0", Kind::Allowed)]);
    assert_eq!(kinds("plus-equals --set threads=3").len(), 3);
}

#[test]
fn a_way_is_told_bytecode_by_bytecode() {
    let ended = explore("plus-equals --color never").expect(0);
    for needle in [
        "Explored with threads=2, increments=1",
        "✓ 2                     allowed, ",
        "✕ 1                     FORBIDDEN, and only without the lock, ",
        "The shortest way to 1, switched between any two bytecodes: without one:",
        "subscript                  {'key': 0}['key'] -> 0",
        "A global lock saves it",
    ] {
        assert!(ended.stdout.contains(needle), "no `{needle}`:\n{}", ended.stdout);
    }
    let longest = ended.stdout.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100) && !ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
    assert!(explore("plus-equals --color always").expect(0).stdout.contains('\u{1b}'));
}

#[test]
fn programs_are_listed_and_printed() {
    let listed = explore("").expect(0);
    assert_eq!(listed.stdout, explore("--list").expect(0).stdout);
    let source = explore("unsafe --source").expect(0).stdout;
    assert!(listed.stdout.contains("unsafe ") && source.starts_with("; The first article's unsafe cache"));
    // What is printed is what is read.
    let home = folder();
    std::fs::write(home.path().join("mine.pyasm"), source).expect("a file");
    let ended = run(crossover(home.path(), words("explore ./mine.pyasm --color never"))).expect(0);
    assert!(ended.stdout.starts_with("./mine.pyasm: The first article's unsafe cache"), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_explored_is_said() {
    let refused = [
        ("plus-equal", "did you mean `plus-equals`?"),
        ("./nothing.pyasm", "failed to read the program ./nothing.pyasm"),
        ("plus-equals --set threads", "write NAME=INT"),
        ("plus-equals --set thread=2", "there is no parameter \"thread\" to set"),
        ("echo", "talks to the outside"),
    ];
    for (arguments, why) in refused {
        let ended = explore(arguments).expect(2);
        assert!(ended.stderr.contains(why), "{arguments}: {}", ended.stderr);
    }
    let cut = explore("unsafe --states 10 --color never").expect(3);
    assert!(cut.stdout.contains("NOT ALL: a limit was hit"), "{}", cut.stdout);
    let home = folder();
    std::fs::write(home.path().join("bad.pyasm"), "function main\n  pusch 1\n  return\n").expect("a file");
    let ended = run(crossover(home.path(), words("explore ./bad.pyasm"))).expect(2);
    assert!(
        ended.stderr.contains("./bad.pyasm: line 2: there is no bytecode \"pusch\"; did you mean"),
        "{}",
        ended.stderr
    );
}

#[test]
fn programs_run_in_every_build() {
    let interpret = |arguments: &str| {
        let home = folder();
        run(crossover(home.path(), words(&format!("interpret {arguments}"))))
    };
    let all = "gil,free-threaded,atomic-counts,nothing-immortal,plain-counts,no-object-locks";
    let ended = interpret(&format!("fib --set n=10 --build {all} --json")).expect(0);
    let lines: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 6);
    assert!(lines.iter().all(|line| line["returned"] == "55" && line["failed"].is_null()), "{}", ended.stdout);
    let ended = interpret("locked --set increments=100 --set window=3").expect(0);
    assert!(
        ended.stdout.starts_with("gil: 800\n  ") && ended.stdout.contains("\nfree-threaded: 800\n  "),
        "{}",
        ended.stdout
    );
    let ended = interpret("unsafe --steps 100 --build gil").expect(3);
    assert!(ended.stdout.contains("StepLimit: a thread ran more than 100 bytecodes"), "{}", ended.stdout);
    for (arguments, why) in [
        ("fib --build gill", "did you mean `gil`?"),
        ("fibb", "did you mean `fib`?"),
        ("echo", "talks to the outside"),
        ("fib --set m=1", "no parameter \"m\""),
    ] {
        let ended = interpret(arguments).expect(2);
        assert!(ended.stderr.contains(why), "{arguments}: {}", ended.stderr);
    }
}
