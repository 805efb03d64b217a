//! Who may know whom: the crate graph, and the one home of every contender's library.

use super::Finding;
use super::repo::{Member, Repo};
use std::collections::BTreeSet;

/// The table of the architecture. A name that ends in `*` stands for every crate that begins so. A crate that is not
/// there yet is nobody's dependency; one that is there and not used as said here is a finding, so the table stays true.
const ALLOWED: &[(&str, &[&str])] = &[
    ("patterns", &[]),
    ("cpython-locks", &[]),
    ("results", &[]),
    ("interpreter", &["cpython-locks"]),
    ("workloads", &["patterns"]),
    ("model-gil", &["patterns", "cpython-locks"]),
    ("model-*", &["patterns"]),
    ("harness", &["patterns", "results"]),
    ("report", &["results"]),
    ("matrix", &["model-*", "patterns"]),
    ("suite-*", &["matrix", "workloads"]),
    ("diagnosis", &["matrix", "suite-*"]),
    ("suite", &["matrix", "suite-*", "diagnosis"]),
    ("runner", &["suite", "patterns", "harness", "report", "results", "interpreter"]),
    ("benches", &["suite", "patterns", "workloads", "harness", "results"]),
    ("own-workload", &["suite", "patterns", "runner"]),
    ("xtask", &[]),
];

/// What a model may use in its tests beside libraries: something to run, but nobody to compare with.
const MODEL_TESTS_MAY_USE: &[&str] = &["workloads"];

/// What the models are made of. Each is one model's idea of concurrency, so it must not leak into another's.
const CONTENDERS: &[&str] = &["tokio", "rayon", "ipc-channel"];

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

/// Rule: the dependencies between our crates are exactly those of the table.
pub(super) fn crate_graph(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &repo.members {
        match ALLOWED.iter().find(|(name, _)| matches(name, &member.name)) {
            None => {
                findings.push(Finding::error(&member.path, format!("{} is not in the table of crates", member.name)))
            }
            Some((_, allowed)) => {
                compare(member, allowed, repo, &mut findings);
                model_tests(member, &mut findings);
            }
        }
    }
    findings
}

fn compare(member: &Member, allowed: &[&str], repo: &Repo, findings: &mut Vec<Finding>) {
    let name = &member.name;
    let normal = member.dependencies.iter().filter(|dependency| dependency.ours && !dependency.dev);
    let has: BTreeSet<&str> = normal.map(|dependency| dependency.name.as_str()).collect();
    let members = repo.members.iter().map(|other| other.name.as_str());
    let should: BTreeSet<&str> =
        members.filter(|other| allowed.iter().any(|pattern| matches(pattern, other))).collect();
    for extra in has.difference(&should) {
        findings.push(Finding::error(member.at(extra), format!("{name} must not know {extra}")));
    }
    for missing in should.difference(&has) {
        findings
            .push(Finding::error(&member.path, format!("{name} does not use {missing}, as the table says it does")));
    }
}

fn model_tests(member: &Member, findings: &mut Vec<Finding>) {
    for dependency in member.dependencies.iter().filter(|dependency| dependency.dev && dependency.ours) {
        if member.is_model() && !MODEL_TESTS_MAY_USE.contains(&dependency.name.as_str()) {
            let (name, other) = (&member.name, &dependency.name);
            findings.push(Finding::error(member.at(other), format!("the tests of {name} must not know {other}")));
        }
    }
}

/// Rule: each contender's library is a dependency of exactly one model, and of nothing else but benches.
pub(super) fn one_home(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for library in CONTENDERS {
        let uses = |member: &&Member| member.dependencies.iter().any(|found| !found.dev && found.name == *library);
        let users: Vec<&Member> = repo.members.iter().filter(|member| member.name != "benches").filter(uses).collect();
        let models = users.iter().filter(|member| member.is_model()).count();
        if models == 0 {
            findings.push(Finding::error("", format!("no model is made of {library}")));
        }
        for user in users {
            let (at, name) = (user.at(library), &user.name);
            if !user.is_model() {
                findings.push(Finding::error(at, format!("{name} must not know {library}, which belongs to a model")));
            } else if models > 1 {
                findings.push(Finding::error(at, format!("{name} uses {library}, and so does another model")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::repo::{Dependency, of};
    use super::*;

    /// `name: normal normal; dev`, where a name that begins with `@` is a library from outside.
    fn member(text: &str) -> Member {
        let (name, rest) = text.split_once(':').unwrap();
        let (normal, dev) = rest.split_once(';').unwrap_or((rest, ""));
        let list = |names: &str, dev| -> Vec<Dependency> {
            let one = |name: &str| Dependency {
                name: name.trim_start_matches('@').into(),
                dev,
                ours: !name.starts_with('@'),
            };
            names.split_whitespace().map(one).collect()
        };
        let dependencies = list(normal, false).into_iter().chain(list(dev, true)).collect();
        Member { name: name.into(), path: format!("{name}/Cargo.toml"), dependencies, ..Member::default() }
    }

    fn found(rule: fn(&Repo) -> Vec<Finding>, members: &[&str]) -> Vec<String> {
        rule(&of(members.iter().map(|text| member(text)).collect(), &[])).iter().map(|f| f.what.clone()).collect()
    }

    #[test]
    fn the_graph_is_the_table() {
        let good = [
            "patterns: @serde",
            "workloads: patterns",
            "model-a: patterns; workloads",
            "matrix: patterns model-a",
            "suite-a: matrix workloads",
            "suite: matrix suite-a",
        ];
        assert_eq!(found(crate_graph, &good), [""; 0]);
        let bad =
            ["patterns:", "model-a: patterns", "model-b: patterns model-a; model-a", "helpers:", "report: patterns"];
        let expected = [
            "model-b must not know model-a",
            "the tests of model-b must not know model-a",
            "helpers is not in the table of crates",
            "report must not know patterns",
        ];
        assert_eq!(found(crate_graph, &bad), expected);
        assert_eq!(
            found(crate_graph, &["matrix: patterns", "patterns:", "model-a: patterns"]),
            ["matrix does not use model-a, as the table says it does"]
        );
    }

    #[test]
    fn a_contender_has_one_home() {
        let good = ["model-a: @tokio", "model-b: @rayon", "model-c: @ipc-channel; @tokio", "benches: @tokio @rayon"];
        assert_eq!(found(one_home, &good), [""; 0]);
        let bad = ["model-a: @tokio @rayon", "model-b: @tokio", "runner: @rayon"];
        let expected = [
            "model-a uses tokio, and so does another model",
            "model-b uses tokio, and so does another model",
            "runner must not know rayon, which belongs to a model",
            "no model is made of ipc-channel",
        ];
        assert_eq!(found(one_home, &bad), expected);
    }
}
