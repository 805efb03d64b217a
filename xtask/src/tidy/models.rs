//! No silent holes: every model answers for every pattern in a file of its own, and the matrix has all models and workloads.

use super::Finding;
use super::repo::Repo;
use super::scan;

const CONTRACT: &str = "crates/patterns/src/model.rs";
const WORKLOADS: &str = "crates/workloads/src";
const MATRIX: &str = "crates/matrix/src";
/// Each pattern has a suite.
const SUITES: &str = "crates/suite-";

/// Files of crates/workloads that are no workload but shared by several.
const SHARED: &[&str] = &["release", "seeded", "text", "touch", "words"];

/// Rule: every model has a file for every pattern of the contract, and is registered.
pub(super) fn mirrored(repo: &Repo) -> Vec<Finding> {
    let Some(contract) = repo.sources.iter().find(|source| source.path == CONTRACT) else {
        return vec![Finding::error(
            CONTRACT,
            "failed to read which patterns a model answers for: there is no such file",
        )];
    };
    let patterns = required_patterns(&contract.code);
    if patterns.is_empty() {
        return vec![Finding::error(
            CONTRACT,
            "`pub trait Model` has no supertrait `Runs..`: no pattern is in the matrix",
        )];
    }
    let mut findings = Vec::new();
    for member in repo.members.iter().filter(|member| member.is_model()) {
        for home in homes(repo, &format!("{}/src", member.folder())) {
            for pattern in &patterns {
                let names = [format!("{pattern}.rs"), format!("{pattern}/mod.rs")];
                if !repo.below(&home).any(|(inner, _)| names.iter().any(|name| name == inner)) {
                    let what = format!("{} has no such file", member.name);
                    findings.push(Finding::error(format!("{home}/{pattern}.rs"), what));
                }
            }
        }
        if !registered(repo, MATRIX, &[&member.name.replace('-', "_")]) {
            findings.push(Finding::error(MATRIX, format!("{} is not registered", member.name)));
        }
    }
    findings
}

/// Where the models of a crate are: the folder of each file that says `impl .. Model for`, the root where none does.
fn homes(repo: &Repo, src: &str) -> Vec<String> {
    let models = repo.below(src).filter(|(_, source)| source.code.contains("Model for"));
    let folders = models.filter_map(|(_, source)| Some(source.path.rsplit_once('/')?.0.to_owned()));
    let homes: Vec<String> = folders.collect();
    if homes.is_empty() { vec![src.to_owned()] } else { homes }
}

/// The supertraits `Runs..` of `pub trait Model`, as names of files.
fn required_patterns(contract: &str) -> Vec<String> {
    let head =
        contract.split_once("pub trait Model").map_or("", |(_, rest)| rest.split('{').next().unwrap_or_default());
    let pattern = |word: &str| word.strip_prefix("Runs").filter(|name| !name.is_empty()).map(scan::snake_case);
    scan::words(head).filter_map(pattern).collect()
}

/// Whether the code of files whose path begins so mentions one of these names.
fn registered(repo: &Repo, path: &str, names: &[&str]) -> bool {
    let mut files = repo.sources.iter().filter(|source| source.path.starts_with(path));
    files.any(|source| scan::words(&source.code).any(|word| names.contains(&word)))
}

/// Rule: every workload is in the matrix. A file that is not would be a row that silently never ran.
pub(super) fn workloads_registered(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (inner, source) in repo.below(WORKLOADS) {
        let name = inner.strip_suffix("/mod.rs").or_else(|| inner.strip_suffix(".rs")).unwrap_or(inner);
        let part_of_another = name.contains('/');
        if name == "lib" || SHARED.contains(&name) || part_of_another {
            continue;
        }
        if !registered(repo, SUITES, &[name, &scan::camel_case(name)]) {
            findings.push(Finding::error(
                &source.path,
                format!("the workload {name} is not registered in the suite of a pattern"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::repo::{Member, of};
    use super::*;

    const MODEL: &str = "/// Runs `RunsNothing`.\npub trait Model: crate::a::RunsMapReduce\n    + RunsSharedState\n{ fn x() -> RunsNot; }";

    #[test]
    fn patterns_are_read_from_the_contract() {
        assert_eq!(required_patterns(MODEL), ["map_reduce", "shared_state"]);
        assert_eq!(required_patterns("pub trait Other: RunsMapReduce {}"), [""; 0]);
    }

    #[test]
    fn a_model_answers_for_every_pattern_and_is_registered() {
        let member =
            |name: &str| Member { name: name.into(), path: format!("crates/{name}/Cargo.toml"), ..Member::default() };
        let repo = of(
            vec![member("model-a"), member("model-b"), member("model-c")],
            &[
                (CONTRACT, MODEL),
                ("crates/model-a/src/map_reduce.rs", ""),
                ("crates/model-a/src/shared_state/mod.rs", ""),
                ("crates/model-b/src/map_reduce.rs", ""),
                ("crates/model-c/src/one/mod.rs", "impl Model for One {}"),
                ("crates/model-c/src/one/map_reduce.rs", ""),
                ("crates/model-c/src/one/shared_state.rs", ""),
                ("crates/model-c/src/two/mod.rs", "impl patterns::Model for Two {}"),
                ("crates/model-c/src/two/map_reduce.rs", ""),
                ("crates/matrix/src/lib.rs", "// model_b comes later\nmodels![model_a::A, model_c::One];"),
            ],
        );
        let expected = [
            Finding::error("crates/model-b/src/shared_state.rs", "model-b has no such file"),
            Finding::error(MATRIX, "model-b is not registered"),
            Finding::error("crates/model-c/src/two/shared_state.rs", "model-c has no such file"),
        ];
        assert_eq!(mirrored(&repo), expected);
    }

    #[test]
    fn a_workload_is_registered_by_module_or_type() {
        let repo = of(
            Vec::new(),
            &[
                ("crates/workloads/src/lib.rs", ""),
                ("crates/workloads/src/word_count.rs", ""),
                ("crates/workloads/src/word_count/zipf.rs", ""),
                ("crates/workloads/src/bank/mod.rs", ""),
                ("crates/workloads/src/primes.rs", ""),
                ("crates/suite-map-reduce/src/lib.rs", "map_reduce::<WordCount>()"),
                ("crates/suite-shared-state/src/lib.rs", "shared_state::<workloads::bank::Bank>()"),
            ],
        );
        let found: Vec<String> = workloads_registered(&repo).into_iter().map(|finding| finding.at).collect();
        assert_eq!(found, ["crates/workloads/src/primes.rs"]);
    }
}
