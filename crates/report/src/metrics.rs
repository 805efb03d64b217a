//! Every metric of a cell with its name, its unit and what it means.

use std::collections::BTreeSet;

use results::{Cell, Metric, Run};

use crate::figures::{self, NONE};

/// A metric that the program knows.
pub(crate) struct Known {
    /// Its name in `results.json`; the end says the unit.
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    /// What is measured, and of what.
    pub(crate) about: &'static str,
    /// A number of things: whole where it is whole.
    count: bool,
}

const fn known(id: &'static str, label: &'static str, about: &'static str) -> Known {
    Known { id, label, about, count: false }
}

const fn count(id: &'static str, label: &'static str, about: &'static str) -> Known {
    Known { id, label, about, count: true }
}

/// In the order of reading: time, what it cost, memory, what was waited for, who got how much.
const KNOWN: [Known; 44] = [
    known("elapsed_ns", "time", "one iteration, start-up left out"),
    known(
        "efficiency",
        "efficiency",
        "speed-up over what the machine gave as many independent processes in that round",
    ),
    known("latency_ns", "latency", "from the moment a request was due to its answer"),
    known("latency_p50_ns", "latency, p50", "half of the requests took no longer, from when each was due"),
    known("latency_p90_ns", "latency, p90", "one request of ten took longer"),
    known("latency_p99_ns", "latency, p99", "one request of a hundred took longer"),
    known("latency_p999_ns", "latency, p99.9", "one request of a thousand took longer"),
    known(
        "service_p50_ns",
        "service, p50",
        "half of the requests took no longer, without the wait before they were served",
    ),
    known("service_p90_ns", "service, p90", "one of ten took longer to serve"),
    known("service_p99_ns", "service, p99", "one of a hundred took longer to serve"),
    known("service_p999_ns", "service, p99.9", "one of a thousand took longer to serve"),
    known("cpu_ns", "CPU time", "user and system, all processes, within the timed region"),
    known(
        "parallelism",
        "parallelism",
        "CPU time over wall time within the timed region, of the CPUs that the workers can use",
    ),
    known("cpu_user_ns", "user time", "whole sample: start-up, warm-up and all iterations"),
    known("cpu_sys_ns", "system time", "whole sample"),
    known("cold_start_ns", "cold start", "making the workers"),
    known("spawn_to_ready_ns", "spawn to ready", "from the start of the process to its first word"),
    known("tear_down_ns", "tear-down", "from the last answer to the end of all processes"),
    known("peak_rss_bytes", "peak memory", "resident, all processes together; what they share counts in each"),
    known("pss_bytes", "shared-out memory", "resident, what processes share divided among them"),
    count("switches_voluntary", "switches, voluntary", "a thread had to wait, and gave its CPU away"),
    count("switches_involuntary", "switches, involuntary", "a thread could have run on, and lost its CPU"),
    known("run_delay_ns", "run-queue wait", "threads that could run waited for a CPU, all together"),
    count("steps", "steps", "tasks, leaves, operations or stage executions of an iteration"),
    count("instructions", "instructions", "executed in user mode"),
    count("cache_misses", "cache misses", "of the last level"),
    count("lock_acquisitions", "lock acquisitions", "from a diagnostic pass that is not timed"),
    count("lock_contended", "locks contended", "acquisitions that found the lock taken, diagnostic pass"),
    known("lock_wait_ns", "lock wait", "waiting for locks, all workers together, diagnostic pass"),
    known("lock_wait_max_ns", "longest lock wait", "diagnostic pass"),
    known("lock_hold_max_ns", "longest lock hold", "diagnostic pass"),
    count("operations_min", "operations, least", "of the worker that did least; of clients, when the first was done"),
    count("operations_max", "operations, most", "of the worker that did most; of clients, when the first was done"),
    known(
        "fairness_min_max",
        "fairness, min/max",
        "operations of the worker that did least over those of the one that did most; 1 is fair",
    ),
    known("fairness_jain", "fairness, Jain", "Jain's index of the operations of the workers; 1 is fair"),
    known(
        "wrong_answers",
        "wrong answers",
        "share of iterations whose answer was wrong, in a contender that is wrong on purpose",
    ),
    count("lost_updates", "lost updates", "updates that were made and are not in the answer"),
    count("expected_updates", "expected updates", "updates that were made"),
    count("missing_keys", "missing keys", "looked up, found and gone again before they were used"),
    count("duplicate_computations", "duplicate computations", "made twice, since two found that it was not there yet"),
    count("torn_audits", "torn audits", "saw one half of a change without the other"),
    count("leaked_objects", "leaked objects", "nobody refers to them, and nobody frees them"),
    count("early_frees", "early frees", "freed while somebody still referred to them"),
    count("restarts", "restarts", "workers that died and were replaced"),
];

fn find(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id)
}

/// What a metric is called.
pub(crate) fn label(id: &str) -> &str {
    find(id).map_or(id, |known| known.label)
}

/// The metrics that some of these cells have, in order, and those that none has: several share a reason.
pub(crate) fn of<'c>(cells: &[&'c Cell]) -> (Vec<&'c str>, Vec<(String, &'c str)>) {
    let measured = |id: &str| cells.iter().any(|cell| cell.metrics.get(id).and_then(Metric::median).is_some());
    let ids: BTreeSet<&str> = cells.iter().flat_map(|cell| cell.metrics.keys().map(String::as_str)).collect();
    let (there, absent): (Vec<&str>, Vec<&str>) = in_order(ids.into_iter()).into_iter().partition(|id| measured(id));
    let mut missing: Vec<(String, &str)> = Vec::new();
    for id in absent {
        let reason = cells.iter().find_map(|cell| match cell.metrics.get(id) {
            Some(Metric::Missing { reason, .. }) if !reason.is_empty() => Some(reason.as_str()),
            _ => None,
        });
        let reason = reason.unwrap_or("no reason was recorded");
        match missing.iter_mut().find(|(_, other)| *other == reason) {
            Some((names, _)) => *names += &format!(", {}", label(id)),
            None => missing.push((label(id).to_owned(), reason)),
        }
    }
    (there, missing)
}

/// Those that the program knows in their order, then the others by name.
fn in_order<'i>(ids: impl Iterator<Item = &'i str>) -> Vec<&'i str> {
    let place = |id: &str| KNOWN.iter().position(|known| known.id == id).unwrap_or(KNOWN.len());
    let mut ids: Vec<(usize, &str)> = ids.map(|id| (place(id), id)).collect();
    ids.sort_unstable();
    ids.into_iter().map(|(_, id)| id).collect()
}

/// The metrics of a run that the program can explain, in order.
pub(crate) fn glossary(run: &Run) -> Vec<&'static Known> {
    let ids: BTreeSet<&str> = run.cells.iter().flat_map(|cell| cell.metrics.keys().map(String::as_str)).collect();
    in_order(ids.into_iter()).into_iter().filter_map(find).collect()
}

/// A median in its unit; parallelism against what was possible: `1.83 of 2`.
pub(crate) fn shown(run: &Run, cell: &Cell, id: &str) -> String {
    let shown =
        cell.metrics.get(id).and_then(Metric::median).map_or_else(|| NONE.to_owned(), |median| value(id, median));
    if id != "parallelism" || shown == NONE {
        return shown;
    }
    let possible = match run.environment.cpus_effective {
        cpus if cpus.is_finite() && cpus > 0.0 => cpus.min(f64::from(cell.workers.max(1))),
        _ => f64::from(cell.workers.max(1)),
    };
    format!("{shown} of {}", figures::fractional(possible))
}

fn value(id: &str, x: f64) -> String {
    if find(id).is_some_and(|known| known.count) && x.is_finite() && x.fract() == 0.0 {
        return figures::count(x);
    }
    figures::value(id, x)
}
