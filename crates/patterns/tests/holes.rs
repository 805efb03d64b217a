//! Holes in the contract do not compile, and the compiler says what to write; nor do the mistakes with threads and tasks
//! that it is there to forbid.

use std::fs;
use std::path::Path;

#[test]
fn holes_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/holes/*.rs");
}

/// What a message must say to be of use. Pinned messages can be overwritten in one go; this is what must survive that.
const MUST_SAY: &[(&str, &[&str])] = &[
    (
        "no_map_reduce",
        &[
            "says nothing about the pattern map-reduce",
            "write `src/map_reduce.rs`",
            "write `src/fork_join.rs`",
            "write `src/task_graph.rs`",
            "write `src/shared_state.rs`",
            "write `src/pipeline.rs`",
            "write `src/hazards.rs`",
        ],
    ),
    ("no_shared_state", &["says nothing about the pattern shared-state", "write `src/shared_state.rs`"]),
    ("no_fork_join", &["says nothing about the pattern fork-join", "write `src/fork_join.rs`"]),
    ("no_task_graph", &["says nothing about the pattern task-graph", "write `src/task_graph.rs`"]),
    ("no_pipeline", &["says nothing about the pattern pipeline", "write `src/pipeline.rs`"]),
    ("no_hazards", &["says nothing about hazards", "write `src/hazards.rs`"]),
    ("no_serve", &["says nothing about the pattern serve", "write `src/serve.rs`"]),
    ("wrong_pattern", &["`Counter` is not a workload of the pattern map-reduce", "implement `patterns::MapReduce`"]),
    ("no_strategy", &["provide the argument", "Strategies::of(/* Strategy<"]),
    ("list_made_by_hand", &["private field", "use the `of` associated function"]),
    ("idiomatic_without_a_function", &["argument #3 of type", "fn(&'a patterns::Start", "provide the argument"]),
    ("not_applicable_with_a_function", &["unexpected argument #3", "remove the extra argument"]),
    ("not_applicable_without_a_reason", &["argument #2 of type", "/* &'static str */"]),
    ("kernel_asks_for_the_input", &["`map` has 5 parameters", "`map` from trait: `fn(&Self, &<Self"]),
    ("task_asks_for_the_input", &["`execute` has 5 parameters", "`execute` from trait: `fn(&Self, usize, usize, &["]),
    ("kernel_captures_the_input", &["can't capture dynamic environment"]),
    ("worker_captures_the_input", &["if they do not capture any variables", "`input` captured here"]),
    ("rc_sent", &["`Rc<Vec<u64>>` cannot be sent between threads safely"]),
    ("refcell_shared", &["`RefCell<u64>` cannot be shared between threads safely", "`std::sync::RwLock` instead"]),
    (
        "guard_held_across_await",
        &["is not `Send` as this value is used across an await", "`mut held` maybe used later"],
    ),
    ("borrow_sent_to_a_thread", &["may outlive the current function", "use the `move` keyword"]),
    ("handle_escapes_its_scope", &["lifetime may not live long enough"]),
    ("partial_borrows_the_input", &["`Deserialize` is not general enough", "must outlive `'static`"]),
];

#[test]
fn every_message_says_what_to_write() {
    let holes = Path::new("tests/holes");
    for (hole, parts) in MUST_SAY {
        let message = fs::read_to_string(holes.join(hole).with_extension("stderr"));
        let message = message.unwrap_or_else(|error| panic!("failed to read the message of {hole}: {error}"));
        for part in *parts {
            assert!(message.contains(part), "{hole} does not say {part:?} but:\n{message}");
        }
    }
    let mut named: Vec<_> = MUST_SAY.iter().map(|(hole, _)| String::from(*hole)).collect();
    let files = fs::read_dir(holes).expect("the holes are there").map(|file| file.expect("a file").path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut found: Vec<_> = sources.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    named.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, named, "each hole has its row in this table");
}
