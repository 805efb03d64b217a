//! What the program says about itself, held against what must be there.

use super::Finding;
use super::repo::Repo;
use super::scan;
use crate::exec;
use serde_json::Value;
use std::collections::BTreeSet;

/// Strategies that must be in the program, by model and pattern. A list of its own on purpose: a strategy that falls out
/// of the suite by mistake falls out of `list`, the report and the tests as well, and only this would miss it.
const MATRIX: &[(&str, &str, &[&str])] = &[
    ("sequential", "map-reduce", &["plain"]),
    ("sequential", "fork-join", &["plain"]),
    ("sequential", "task-graph", &["plain"]),
    ("sequential", "shared-state", &["plain"]),
    ("sequential", "pipeline", &["plain"]),
    ("threads", "map-reduce", &["static", "scope", "self-scheduling", "queue", "stealing", "spawn"]),
    ("threads", "fork-join", &["depth-limited", "stealing"]),
    ("threads", "task-graph", &["barrier", "channels"]),
    ("threads", "pipeline", &["bounded", "rendezvous"]),
    (
        "threads",
        "shared-state",
        &[
            "mutex",
            "std-mutex",
            "fair-mutex",
            "semaphore",
            "rwlock",
            "sharded",
            "per-key",
            "concurrent-map",
            "once-cells",
            "atomic",
            "biased",
            "snapshot",
            "actor",
            "local-merge",
            "racy",
        ],
    ),
    (
        "processes",
        "map-reduce",
        &["pool", "pool-batched", "pool-vec", "pool-byte-buf", "shared-memory", "shared-memory-resident"],
    ),
    ("processes", "fork-join", &["frontier"]),
    ("processes", "task-graph", &["messages", "shared-memory"]),
    ("processes", "pipeline", &["ipc", "ipc-feeder", "shared-memory"]),
    ("processes", "shared-state", &["server", "partitioned", "shared-memory", "shared-atomic", "local-merge", "racy"]),
    ("async", "map-reduce", &["spawn", "blocking", "buffered"]),
    ("async", "fork-join", &["spawn"]),
    ("async", "task-graph", &["channels", "join-set"]),
    ("async", "pipeline", &["mpsc"]),
    ("async", "shared-state", &["mutex", "sync-mutex", "actor", "racy"]),
    ("data-parallel", "map-reduce", &["par-iter", "fold-reduce", "scope"]),
    ("data-parallel", "fork-join", &["join", "scope"]),
    ("data-parallel", "task-graph", &["step"]),
    ("data-parallel", "pipeline", &["par-bridge"]),
    ("data-parallel", "shared-state", &["mutex", "sharded", "fold-reduce"]),
    ("gil", "map-reduce", &["threads"]),
    ("gil", "fork-join", &["threads"]),
    ("gil", "task-graph", &["threads"]),
    ("gil", "pipeline", &["threads"]),
    ("gil", "shared-state", &["held", "lock", "racy"]),
    ("free-threaded", "map-reduce", &["threads"]),
    ("free-threaded", "fork-join", &["threads"]),
    ("free-threaded", "task-graph", &["threads"]),
    ("free-threaded", "pipeline", &["threads"]),
    ("free-threaded", "shared-state", &["lock", "per-object", "racy"]),
];

const LIST: &[&str] = &["list", "--json"];
const TABLES: &[&str] = &["list", "--markdown"];
const README: &str = "README.md";
const BEGIN: &str = "<!-- list:begin -->";
const END: &str = "<!-- list:end -->";

fn ask(repo: &Repo, args: &[&str]) -> Result<String, Finding> {
    let program = repo.program().map_err(|error| Finding::error("", error))?;
    exec::output(program, args).map_err(|error| Finding::error("", format!("{error:#}")))
}

/// Rule: the program has every strategy of the matrix, and every ID in it is well formed.
pub(super) fn matrix(repo: &Repo) -> Vec<Finding> {
    let parse = |text: String| {
        serde_json::from_str::<Value>(&text)
            .map_err(|error| Finding::error("", format!("failed to parse `crossover {}`: {error}", LIST.join(" "))))
    };
    match ask(repo, LIST).and_then(parse) {
        Ok(list) => [strategies(&list), knobs(&list), ids(&list)].concat(),
        Err(finding) => vec![finding],
    }
}

fn array<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_default()
}

fn strategies(list: &Value) -> Vec<Finding> {
    let mut listed = BTreeSet::new();
    for model in array(list, "models") {
        for strategy in array(model, "strategies") {
            listed.insert((id(model), strategy["pattern"].as_str().unwrap_or_default(), id(strategy)));
        }
    }
    let mut required = BTreeSet::new();
    for &(model, pattern, strategies) in MATRIX {
        required.extend(strategies.iter().map(|&strategy| (model, pattern, strategy)));
    }
    let missing = required.difference(&listed).map(|(model, pattern, strategy)| {
        Finding::error("", format!("the program does not list {model}/{strategy} of {pattern}"))
    });
    // More than required breaks nothing, but nobody would notice its loss.
    let extra = listed.difference(&required).map(|(model, pattern, strategy)| {
        Finding::warning("", format!("{model}/{strategy} of {pattern} is not in MATRIX"))
    });
    missing.chain(extra).collect()
}

fn knobs(list: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if array(list, "workloads").next().is_none() {
        findings.push(Finding::error("", "the program lists no workload"));
    }
    for workload in array(list, "workloads") {
        let name = id(workload);
        if !workload["knobs"].is_array() {
            findings.push(Finding::error("", format!("the program lists no knobs for {name}, not even an empty list")));
        }
        let mut seen = BTreeSet::new();
        for knob in array(workload, "knobs").map(id) {
            if !scan::is_kebab_case(knob) {
                findings.push(Finding::error("", format!("the knob `{knob}` of {name} is not in kebab-case")));
            }
            if !seen.insert(knob) {
                findings.push(Finding::error("", format!("{name} has two knobs `{knob}`")));
            }
        }
    }
    findings
}

fn ids(list: &Value) -> Vec<Finding> {
    let models = array(list, "models").map(id);
    let strategies = array(list, "models").flat_map(|model| array(model, "strategies")).map(id);
    let bad = models.chain(strategies).chain(array(list, "workloads").map(id)).filter(|id| !scan::is_kebab_case(id));
    bad.map(|id| Finding::error("", format!("the ID `{id}` is not in kebab-case"))).collect()
}

/// Rule: the tables of the README are what the program prints.
pub(super) fn readme(repo: &Repo) -> Vec<Finding> {
    let Ok(text) = std::fs::read_to_string(repo.root.join(README)) else {
        return vec![Finding::skipped(README, "there is no such file, so its tables are not checked")];
    };
    match between(&text) {
        None => vec![Finding::skipped(README, format!("no `{BEGIN}` .. `{END}` in it, so its tables are not checked"))],
        Some((line, tables)) => match ask(repo, TABLES) {
            Ok(printed) => stale(line, tables, &printed).into_iter().collect(),
            Err(finding) => vec![finding],
        },
    }
}

/// The number of the first line after the opening marker, and what stands between the markers.
fn between(text: &str) -> Option<(usize, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (inside, _) = rest.split_once(END)?;
    Some((before.matches('\n').count() + 2, inside.strip_prefix('\n').unwrap_or(inside)))
}

/// Where the tables first differ. Blank lines around them belong to the README.
fn stale(first_line: usize, tables: &str, printed: &str) -> Option<Finding> {
    let leading = tables.lines().take_while(|line| line.trim().is_empty()).count();
    let (tables, printed): (Vec<&str>, Vec<&str>) = (tables.trim().lines().collect(), printed.trim().lines().collect());
    let same = tables.iter().zip(&printed).take_while(|(a, b)| a.trim_end() == b.trim_end()).count();
    if same == tables.len() && same == printed.len() {
        return None;
    }
    let expected = printed.get(same).map_or("nothing more".to_owned(), |line| format!("`{line}`"));
    let what = format!("`crossover {}` prints {expected} here", TABLES.join(" "));
    Some(Finding::error(format!("{README}:{}", first_line + leading + same), what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn full_list() -> Value {
        let row = |(model, pattern, strategies): &(&str, &str, &[&str])| {
            let strategy = |id: &&str| json!({"id": id, "pattern": pattern});
            json!({"id": model, "strategies": strategies.iter().map(strategy).collect::<Vec<_>>()})
        };
        json!({"models": MATRIX.iter().map(row).collect::<Vec<_>>()})
    }

    #[test]
    fn the_matrix_names_what_is_gone_and_what_is_new() {
        assert_eq!(strategies(&full_list()), []);
        let mut list = full_list();
        let static_blocks = MATRIX.iter().position(|row| row.2.contains(&"static")).unwrap();
        list["models"][static_blocks]["strategies"][0]["id"] = "gone".into();
        let expected = [
            Finding::error("", "the program does not list threads/static of map-reduce"),
            Finding::warning("", "threads/gone of map-reduce is not in MATRIX"),
        ];
        assert_eq!(strategies(&list), expected);
    }

    #[test]
    fn knobs_are_unique_and_in_kebab_case() {
        let list = |knobs: Value| json!({"workloads": [{"id": "bank", "knobs": knobs}]});
        assert_eq!(knobs(&list(json!([{"id": "hot-share"}, {"id": "n"}]))), []);
        assert_eq!(knobs(&list(json!([{"id": "hot_share"}, {"id": "n"}, {"id": "n"}]))).len(), 2);
        assert_eq!(knobs(&list(Value::Null)).len(), 1);
        assert_eq!(knobs(&json!({})).len(), 1);
    }

    #[test]
    fn ids_are_in_kebab_case() {
        assert_eq!(ids(&full_list()), []);
        assert_eq!(ids(&json!({"models": [{"id": "A", "strategies": [{"id": "a_b"}]}], "workloads": [{}]})).len(), 3);
    }

    #[test]
    fn stale_tables_are_found_by_line() {
        let text = format!("# Title\n\n{BEGIN}\n\n| a |\n| b |\n\n{END}\nend\n");
        let (line, tables) = between(&text).unwrap();
        assert_eq!(stale(line, tables, "| a |\n| b |\n"), None);
        assert_eq!(stale(line, tables, "| a |\n| c |\n").unwrap().at, "README.md:6");
        assert_eq!(stale(line, tables, "| a |\n| b |\n| c |\n").unwrap().at, "README.md:7");
        assert_eq!(between("# Title\n"), None);
    }
}
