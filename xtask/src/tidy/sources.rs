//! What every Rust file must and must not be.

use super::Finding;
use super::repo::{Repo, Source};
use super::scan;

/// Names that say nothing about what is inside, or (`core`) hide a crate of that name.
const SAYS_NOTHING: &[&str] = &["util", "utils", "helper", "helpers", "manager", "managers", "common", "core"];

/// Files that may have unsafe code, each behind a safe interface: memory that processes share.
const UNSAFE_ALLOWED: &[&str] = &[
    "crates/model-processes/src/region.rs",
    "crates/model-processes/src/lock.rs",
    "crates/model-processes/src/hazards/shared.rs",
    "crates/model-processes/src/map_reduce/freight/mapped.rs",
    "crates/model-processes/src/shared_state/mapped/locked.rs",
    "crates/model-processes/tests/hazards.rs",
    "benches/src/bare/futex.rs",
    "benches/src/ship/region.rs",
    // Locks of our own: `lock_api::RawMutex` is an unsafe trait.
    "crates/cpython-locks/src/raw.rs",
    // Payloads of objects, each behind its lock.
    "crates/interpreter/src/machine/guarded.rs",
    "crates/patterns/tests/lock_order.rs",
];

const UNFINISHED_MACROS: &[&str] = &["todo", "unimplemented"];
const UNFINISHED_MARKS: &[&str] = &["FIXME", "XXX"];

/// At how many lines a rule warns, and at how many it fails.
struct Limit {
    warn: usize,
    fail: usize,
}

const IMPLEMENTATION: Limit = Limit { warn: 150, fail: 250 };
const OTHER: Limit = Limit { warn: 400, fail: 600 };

/// Rule: every file says in its first line what it is.
pub(super) fn opens_with_doc(repo: &Repo) -> Vec<Finding> {
    let silent = repo.sources.iter().filter(|source| !source.text.starts_with("//!"));
    silent.map(|source| Finding::error(format!("{}:1", source.path), "does not open with `//!`")).collect()
}

/// Rule: no file or folder has a name that says nothing.
pub(super) fn file_names(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &repo.sources {
        let parts = source.path.trim_end_matches(".rs").split('/');
        for name in parts.filter(|part| SAYS_NOTHING.contains(part)) {
            findings.push(Finding::error(&source.path, format!("`{name}` says nothing about what is inside")));
        }
    }
    findings
}

/// Rule: files stay short. Counted up to the unit tests at their end.
pub(super) fn length(repo: &Repo) -> Vec<Finding> {
    repo.sources.iter().filter_map(too_long).collect()
}

fn too_long(source: &Source) -> Option<Finding> {
    let (folder, inner) = source.path.split_once("/src/")?;
    let implements = folder.starts_with("crates/model-") && inner != "lib.rs";
    let (limit, kind) = if implements { (IMPLEMENTATION, "an implementation") } else { (OTHER, "a module") };
    let lines = lines_before_tests(source);
    let what = |limit: usize| format!("{lines} lines without tests; {kind} should have at most {limit}");
    if lines > limit.fail {
        Some(Finding::error(&source.path, what(limit.warn)))
    } else if lines > limit.warn {
        Some(Finding::warning(&source.path, what(limit.warn)))
    } else {
        None
    }
}

fn lines_before_tests(source: &Source) -> usize {
    let lines: Vec<&str> = source.code.lines().collect();
    let opens_tests = |pair: &[&str]| pair[0].trim_end() == "#[cfg(test)]" && pair[1].starts_with("mod ");
    lines.windows(2).position(opens_tests).unwrap_or(lines.len())
}

/// Rule: unsafe code only where the list says so, and never without its reason.
pub(super) fn no_unsafe(repo: &Repo) -> Vec<Finding> {
    repo.sources.iter().flat_map(|source| unsafe_in(source, UNSAFE_ALLOWED)).collect()
}

fn unsafe_in(source: &Source, allowed: &[&str]) -> Vec<Finding> {
    let at = |line: usize| format!("{}:{line}", source.path);
    let lines = scan::lines_with(&source.code, "unsafe");
    if !allowed.contains(&source.path.as_str()) {
        return lines
            .into_iter()
            .map(|line| Finding::error(at(line), "unsafe code outside the list of allowed files"))
            .collect();
    }
    match lines.first() {
        Some(&line) if !source.comments.contains("SAFETY:") => {
            vec![Finding::error(at(line), "unsafe code without `SAFETY:`")]
        }
        _ => Vec::new(),
    }
}

/// Rule: nothing is left to be done in code or comments.
pub(super) fn no_leftovers(repo: &Repo) -> Vec<Finding> {
    repo.sources.iter().flat_map(leftovers).collect()
}

fn leftovers(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, (code, comment)) in source.code.lines().zip(source.comments.lines()).enumerate() {
        let mut found = |what: String| findings.push(Finding::error(format!("{}:{}", source.path, number + 1), what));
        for name in UNFINISHED_MACROS.iter().filter(|name| calls_macro(code, name)) {
            found(format!("`{name}!` is left"));
        }
        for mark in UNFINISHED_MARKS
            .iter()
            .filter(|mark| scan::words(comment).chain(scan::words(code)).any(|word| word == **mark))
        {
            found(format!("`{mark}` is left"));
        }
    }
    findings
}

fn calls_macro(code: &str, name: &str) -> bool {
    let before = |at: usize| code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(name).any(|(at, _)| code[at + name.len()..].trim_start().starts_with('!') && !before(at))
}

#[cfg(test)]
mod tests {
    use super::super::repo::of;
    use super::*;

    fn found(rule: fn(&Repo) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
        rule(&of(Vec::new(), &[(path, text)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_open_with_a_sentence() {
        assert_eq!(found(opens_with_doc, "a.rs", "//! What it is.\n"), [""; 0]);
        assert_eq!(found(opens_with_doc, "a.rs", "// What\n"), ["a.rs:1: error: does not open with `//!`"]);
    }

    #[test]
    fn names_say_something() {
        assert_eq!(found(file_names, "crates/a/src/score.rs", ""), [""; 0]);
        assert_eq!(found(file_names, "crates/a/tests/common/mod.rs", "").len(), 1);
        assert_eq!(found(file_names, "crates/a/src/util.rs", "").len(), 1);
    }

    #[test]
    fn length_warns_before_it_fails_and_leaves_tests_out() {
        let file = |lines: usize| "//! A file.\n".repeat(lines);
        let model = "crates/model-a/src/map_reduce.rs";
        assert_eq!(found(length, model, &file(150)), [""; 0]);
        assert!(found(length, model, &file(151))[0].contains("warning: 151 lines"));
        assert!(found(length, model, &file(251))[0].contains("error: 251 lines"));
        assert_eq!(found(length, model, &(file(150) + "#[cfg(test)]\nmod tests {\n" + &file(500))), [""; 0]);
        assert_eq!(found(length, "crates/model-a/src/lib.rs", &file(400)), [""; 0]);
        assert!(found(length, "crates/harness/src/plan.rs", &file(601))[0].contains("error: 601 lines"));
        assert_eq!(found(length, "crates/harness/tests/plan.rs", &file(601)), [""; 0]);
    }

    #[test]
    fn unsafe_code_needs_the_list_and_a_reason() {
        let source = |text| Source::new("a.rs", text);
        assert_eq!(unsafe_in(&source("// unsafe\n#![deny(unsafe_code)]\nlet a = \"unsafe\";"), &[]), []);
        assert_eq!(unsafe_in(&source("//! a\nunsafe { f() }"), &[])[0].at, "a.rs:2");
        assert_eq!(unsafe_in(&source("unsafe { f() }"), &["a.rs"]).len(), 1);
        assert_eq!(unsafe_in(&source("// SAFETY: why\nunsafe { f() }"), &["a.rs"]), []);
    }

    #[test]
    fn leftovers_are_found_where_they_are() {
        let text =
            "//! A file.\nfn a() { todo!() }\n// FIXME: later\nlet b = \"XXX todo!()\";\nmy_todo!(); let todo = !c;\n";
        assert_eq!(
            found(no_leftovers, "a.rs", text),
            ["a.rs:2: error: `todo!` is left", "a.rs:3: error: `FIXME` is left"]
        );
    }
}
