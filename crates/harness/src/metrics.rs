//! The metrics of a cell: which there are, what each means, and why one may be missing. Every measured cell has all of
//! them, as a distribution over samples or as null with a reason; never a guess.

use std::collections::BTreeMap;

use results::Metric;

use crate::pmu::NO_PMU;
use crate::statistics::{median, quantile};

/// Which samples say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Those that are timed.
    Timed,
    /// Those in which workers record what they do.
    Diagnostic,
}

/// A metric that every cell has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// ID; the unit stands last in it.
    pub(crate) id: &'static str,
    /// What it is, in a line.
    #[allow(dead_code)] // documentation that cannot stand apart from what it documents
    pub(crate) means: &'static str,
    /// Where it comes from.
    pub(crate) pass: Pass,
    /// Why it is missing where no sample says so itself.
    pub(crate) otherwise: &'static str,
}

const fn timed(id: &'static str, means: &'static str, otherwise: &'static str) -> Row {
    Row { id, means, pass: Pass::Timed, otherwise }
}

const fn diagnostic(id: &'static str, means: &'static str) -> Row {
    let otherwise = "its diagnostic pass says nothing of it: a program from elsewhere need not know it";
    Row { id, means, pass: Pass::Diagnostic, otherwise }
}

/// Counters make switching threads dearer, so they are off where time is taken.
const fn counted(id: &'static str, means: &'static str) -> Row {
    Row { id, means, pass: Pass::Diagnostic, otherwise: NO_PMU }
}

/// What a diagnostic pass that failed has to say of everything it would have found.
pub(crate) fn without_pass(why: &str) -> BTreeMap<String, String> {
    let rows = TABLE.iter().filter(|row| row.pass == Pass::Diagnostic);
    rows.map(|row| (row.id.to_owned(), format!("its diagnostic pass failed: {why}"))).collect()
}

const NO_PROC: &str = "needs /proc of Linux, which this system does not have";
const NOT_SAID: &str = "its program does not say";
const NO_PASS: &str = "no diagnostic pass ran";

/// All of them. "An iteration" is the mean over a sample's iterations, their preparation and checking left out where it
/// says "timed" and counted where it says "`go` to `done`".
pub(crate) const TABLE: &[Row] = &[
    timed("elapsed_ns", "a timed iteration", "no sample was taken"),
    timed(
        "efficiency",
        "speed-up over what the machine gave in that round (capacity probe)",
        "needs the reference and a capacity probe in the same round",
    ),
    timed("cold_start_ns", "making the workers, in the sample's process", NOT_SAID),
    timed(
        "spawn_to_ready_ns",
        "from starting the process to `ready`, warm-up and input included",
        "no sample was taken",
    ),
    timed("tear_down_ns", "from `bye` to the process being reaped", "no sample was taken"),
    timed("cpu_ns", "CPU time of a timed iteration, all threads and processes", NOT_SAID),
    timed("parallelism", "CPUs busy in a timed iteration: its CPU time over its elapsed time", NOT_SAID),
    timed("cpu_user_ns", "user time of the whole sample, start-up included", "no sample was taken"),
    timed("cpu_sys_ns", "system time of the whole sample, start-up included", "no sample was taken"),
    timed("switches_voluntary", "context switches of an iteration by waiting, `go` to `done`", NO_PROC),
    timed("switches_involuntary", "context switches of an iteration by preemption, `go` to `done`", NO_PROC),
    timed("run_delay_ns", "an iteration's wait for a CPU, all threads, `go` to `done`", NO_PROC),
    timed("peak_rss_bytes", "sum of peak resident memory over processes; shared pages count in each", NO_PROC),
    timed(
        "pss_bytes",
        "sum of proportional memory over processes after the last iteration; shared pages once",
        NO_PROC,
    ),
    timed("steps", "tasks, leaves, operations or stage executions of an iteration", NOT_SAID),
    timed("latency_ns", "a request, from when it should have been sent", "this workload has no requests"),
    counted("instructions", "instructions of an iteration in user mode, `go` to `done`"),
    counted("cache_misses", "last-level cache misses of an iteration in user mode, `go` to `done`"),
    diagnostic("lock_acquisitions", "locks taken in an iteration"),
    diagnostic("lock_contended", "of those, locks that somebody else held"),
    diagnostic("lock_wait_ns", "waiting for locks in an iteration, sum over workers"),
    diagnostic("lock_wait_max_ns", "the longest of those waits in the pass"),
    diagnostic("lock_hold_max_ns", "the longest critical section of the pass"),
    diagnostic(
        "operations_min",
        "operations of the worker that did least in an iteration; of clients, when the first was done",
    ),
    diagnostic(
        "operations_max",
        "operations of the worker that did most in an iteration; of clients, when the first was done",
    ),
    diagnostic("fairness_min_max", "the one over the other"),
    diagnostic("fairness_jain", "Jain's index over workers: 1 is equal shares, 1/n one worker alone"),
];

/// What one sample says.
#[derive(Debug, Clone)]
pub(crate) struct Said<'s> {
    /// The mean of its iterations.
    pub(crate) elapsed_ns: f64,
    /// As in the journal.
    pub(crate) metrics: &'s BTreeMap<String, f64>,
    /// As in the journal.
    pub(crate) absent: &'s BTreeMap<String, String>,
    /// What follows from other samples of its round, or from there being none (`efficiency`, `lost_updates`).
    pub(crate) extra: BTreeMap<&'static str, f64>,
}

impl Said<'_> {
    fn value(&self, id: &str) -> Option<f64> {
        let said = || self.metrics.get(id).copied();
        if id == "elapsed_ns" { Some(self.elapsed_ns) } else { self.extra.get(id).copied().or_else(said) }
    }
}

/// All metrics of a cell: those of the table, and whatever else its timed samples say (lost updates; what a program
/// from elsewhere counts). Empty where nothing was timed.
pub(crate) fn summarize(samples: &[Said<'_>], diagnosed: &[Said<'_>]) -> BTreeMap<String, Metric> {
    if samples.is_empty() {
        return BTreeMap::new();
    }
    let row = |row: &Row| {
        let said = match row.pass {
            Pass::Timed => samples,
            Pass::Diagnostic => diagnosed,
        };
        let otherwise = if said.is_empty() { NO_PASS } else { row.otherwise };
        (row.id.to_owned(), metric(said, row.id, otherwise))
    };
    let mut metrics: BTreeMap<String, Metric> = TABLE.iter().map(row).collect();
    for said in samples {
        for id in said.metrics.keys().map(String::as_str).chain(said.extra.keys().copied()) {
            if !metrics.contains_key(id) {
                metrics.insert(id.to_owned(), metric(samples, id, NOT_SAID));
            }
        }
    }
    metrics
}

fn metric(samples: &[Said<'_>], id: &str, otherwise: &str) -> Metric {
    let values: Vec<f64> = samples.iter().filter_map(|said| said.value(id)).collect();
    if values.is_empty() {
        let reason = samples.iter().find_map(|said| said.absent.get(id)).map_or(otherwise, String::as_str);
        return Metric::Missing { value: None, reason: reason.to_owned() };
    }
    Metric::Measured {
        median: median(&values),
        p10: quantile(&values, 0.1),
        p90: quantile(&values, 0.9),
        n: values.len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sample = (BTreeMap<String, f64>, BTreeMap<String, String>);

    fn sample(metrics: &[(&str, f64)], absent: &[(&str, &str)]) -> Sample {
        (
            metrics.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect(),
            absent.iter().map(|(id, why)| ((*id).to_owned(), (*why).to_owned())).collect(),
        )
    }

    fn said((metrics, absent): &Sample) -> Said<'_> {
        Said { elapsed_ns: 10.0, metrics, absent, extra: BTreeMap::new() }
    }

    fn reason(metrics: &BTreeMap<String, Metric>, id: &str) -> String {
        match &metrics[id] {
            Metric::Missing { value: None, reason } => reason.clone(),
            other => panic!("{id}: {other:?}"),
        }
    }

    #[test]
    fn every_id_stands_once_with_its_meaning() {
        let ids: std::collections::BTreeSet<_> = TABLE.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), TABLE.len());
        assert!(TABLE.iter().all(|row| !row.means.is_empty() && !row.otherwise.is_empty()));
    }

    #[test]
    fn every_metric_is_there_measured_or_with_a_reason() {
        let bare = sample(&[], &[]);
        let metrics = summarize(&[said(&bare)], &[]);
        assert_eq!(metrics.len(), TABLE.len());
        assert_eq!(metrics["elapsed_ns"].median(), Some(10.0));
        assert_eq!(reason(&metrics, "latency_ns"), "this workload has no requests");
        assert_eq!(reason(&metrics, "lock_wait_ns"), "no diagnostic pass ran");
        assert_eq!(reason(&summarize(&[said(&bare)], &[said(&bare)]), "instructions"), NO_PMU);
        assert!(summarize(&[], &[said(&bare)]).is_empty());
    }

    #[test]
    fn a_samples_own_reason_stands_before_the_tables_and_a_value_before_both() {
        let why = "threads that ended took 60 % of its CPU time";
        let without = sample(&[], &[("run_delay_ns", why), ("cpu_ns", "gone")]);
        let with = sample(&[("cpu_ns", 7.0)], &[("run_delay_ns", why)]);
        let metrics = summarize(&[said(&without), said(&with), said(&with)], &[]);
        assert_eq!(reason(&metrics, "run_delay_ns"), why);
        assert_eq!(metrics["cpu_ns"], Metric::Measured { median: 7.0, p10: 7.0, p90: 7.0, n: 2 });
    }

    #[test]
    fn locks_come_from_the_diagnostic_pass_and_times_never_do() {
        let timed = sample(&[("cpu_ns", 7.0), ("my_own_count", 3.0)], &[]);
        let slow = sample(&[("cpu_ns", 900.0), ("lock_wait_ns", 5.0)], &[("fairness_jain", "not by worker")]);
        let mut first = said(&timed);
        first.extra.insert("lost_updates", 0.0);
        let metrics = summarize(&[first], &[said(&slow)]);
        assert_eq!(metrics["cpu_ns"].median(), Some(7.0));
        assert_eq!(metrics["lock_wait_ns"].median(), Some(5.0));
        assert_eq!(reason(&metrics, "fairness_jain"), "not by worker");
        assert_eq!(metrics["my_own_count"].median(), Some(3.0), "what a program counts itself");
        assert_eq!(metrics["lost_updates"].median(), Some(0.0));
    }
}
