//! `tidy`: the rules of the architecture that no compiler checks, each a small function in one table.

mod graph;
mod listing;
mod manifest;
mod models;
mod repo;
mod scan;
mod sources;

use repo::Repo;

/// One rule: what it is called, what to do when it does not hold, and the function that finds where.
struct Rule {
    name: &'static str,
    remedy: &'static str,
    check: fn(&Repo) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "crate graph",
        remedy: "change the [dependencies], or the table in ARCHITECTURE.md (\"Who may know whom\") and ALLOWED in xtask/src/tidy/graph.rs",
        check: graph::crate_graph,
    },
    Rule {
        name: "one home per contender",
        remedy: "a contender's library belongs to the one model that is made of it; benches may have it as well",
        check: graph::one_home,
    },
    Rule {
        name: "manifests inherit",
        remedy: "copy the head, `[lib]` and `[lints]` of crates/patterns/Cargo.toml",
        check: manifest::inherits,
    },
    Rule { name: "descriptions", remedy: "give the crate a `description` of one line", check: manifest::descriptions },
    Rule {
        name: "models mirror each other",
        remedy: "a model has `src/PATTERN.rs` or `src/PATTERN/mod.rs` for every supertrait of `patterns::Model`, and a line in crates/matrix",
        check: models::mirrored,
    },
    Rule {
        name: "workloads registered",
        remedy: "name the workload in the suite of its pattern (crates/suite-*), or list a shared file in SHARED of xtask/src/tidy/models.rs",
        check: models::workloads_registered,
    },
    Rule {
        name: "files say what they are",
        remedy: "open the file with `//!` and one sentence",
        check: sources::opens_with_doc,
    },
    Rule { name: "file names", remedy: "name the file after the one idea that is in it", check: sources::file_names },
    Rule {
        name: "file length",
        remedy: "split the file; a long implementation in a model means that the contract is missing something",
        check: sources::length,
    },
    Rule {
        name: "unsafe",
        remedy: "do it without `unsafe`; where that is impossible, add the file to UNSAFE_ALLOWED in xtask/src/tidy/sources.rs and write `SAFETY:`",
        check: sources::no_unsafe,
    },
    Rule {
        name: "nothing left to do",
        remedy: "do it now, or write down why it is not done",
        check: sources::no_leftovers,
    },
    Rule {
        name: "matrix",
        remedy: "register what is missing, or change MATRIX in xtask/src/tidy/listing.rs",
        check: listing::matrix,
    },
    Rule {
        name: "README tables",
        remedy: "put what `cargo xtask list --markdown` prints between the markers",
        check: listing::readme,
    },
];

/// How much a finding weighs. Only an error fails `tidy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Skipped,
}

/// Something a rule found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    level: Level,
    /// `path:line` from the root of the workspace, `path`, or nothing.
    at: String,
    what: String,
}

impl Finding {
    fn error(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { level: Level::Error, at: at.into(), what: what.into() }
    }

    fn warning(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { level: Level::Warning, at: at.into(), what: what.into() }
    }

    fn skipped(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { level: Level::Skipped, at: at.into(), what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        match self.level {
            Level::Error => write!(f, "error: {}", self.what),
            Level::Warning => write!(f, "warning: {}", self.what),
            Level::Skipped => write!(f, "SKIPPED: {}", self.what),
        }
    }
}

/// Checks every rule and prints all that was found. True if nothing was worse than a warning.
pub(crate) fn run() -> anyhow::Result<bool> {
    let repo = Repo::load()?;
    let (mut errors, mut warnings, mut skipped, mut broken) = (0, 0, 0, 0);
    for rule in RULES {
        let findings = (rule.check)(&repo);
        for finding in &findings {
            println!("{finding} [{}]", rule.name);
        }
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        if count(Level::Error) > 0 {
            println!("  what to do: {}", rule.remedy);
            broken += 1;
        }
        errors += count(Level::Error);
        warnings += count(Level::Warning);
        skipped += count(Level::Skipped);
    }
    println!(
        "tidy: {} of {} rules hold over {} files; {errors} errors, {warnings} warnings, {skipped} skipped",
        RULES.len() - broken,
        RULES.len(),
        repo.sources.len()
    );
    Ok(errors == 0)
}
