//! What `explore` shows, from an exploration made by hand.

use report::{Terminal, explored};
use results::explored::{Bytecode, Exploration, Kind, Outcome, Reached, SCHEMA, Search, Trace, Turn};

fn search(granularity: &str, complete: bool) -> Search {
    Search { granularity: granularity.to_owned(), states: 131, transitions: 200, threads: 3, complete }
}

fn outcome(ending: &str, kind: Kind, reached: [Option<&str>; 3]) -> Outcome {
    let reached = reached.map(|ways| ways.map(|ways| Reached { states: 2, schedules: Some(ways.to_owned()) }));
    let bytecode = |text: &str, saw: &str, check_point| Bytecode {
        line: 12,
        text: text.to_owned(),
        saw: saw.to_owned(),
        check_point,
    };
    let turns = vec![
        Turn { thread: 0, bytecodes: vec![bytecode("push 1", "", false); 9] },
        Turn { thread: 1, bytecodes: vec![bytecode("subscript", "{'key': 0}['key'] -> 0", false)] },
        Turn { thread: 2, bytecodes: vec![bytecode("call_builtin get 3", "get({'key': 0}, 'key', 0) -> 0", true)] },
    ];
    let trace = (kind != Kind::Allowed).then(|| Trace { granularity: String::from("gil"), turns });
    let failed = ending.contains("Error") || ending.contains("deadlock");
    Outcome { ending: ending.to_owned(), failed, kind, reached: reached.into(), trace }
}

fn exploration() -> Exploration {
    Exploration {
        schema: SCHEMA.to_owned(),
        program: String::from("unsafe"),
        about: String::from("each thread reads the counter, works, and writes it back"),
        parameters: vec![(String::from("threads"), 2), (String::from("increments"), 1)],
        searches: vec![search("sequential", true), search("gil", true), search("free-threaded", false)],
        endings: vec![
            outcome("2", Kind::Allowed, [Some("3"), Some("34460"), Some("340282366920938463463374607431768211455")]),
            outcome("1", Kind::Forbidden, [None, Some("1"), Some("12")]),
            outcome("KeyError: 'key' (line 9)", Kind::Interesting, [None, None, Some("4")]),
            outcome("deadlock: thread 1 in line 3", Kind::Allowed, [Some("1"), Some("1"), Some("1")]),
        ],
    }
}

#[test]
fn every_kind_of_ending() {
    insta::assert_snapshot!(explored(&exploration(), Terminal { colour: false, width: 100 }));
}

#[test]
fn no_line_is_longer_than_the_terminal() {
    for width in [40, 60, 80] {
        let text = explored(&exploration(), Terminal { colour: false, width });
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width), "{longest:?} > {width}:\n{text}");
    }
}
