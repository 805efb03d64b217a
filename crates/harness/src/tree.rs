//! What the scheduler did to a sample's processes between `go` and `done`: switches, and waiting for a CPU.
//!
//! The kernel keeps these by thread, and forgets them with it. So the CPU time that the threads explain is compared with
//! that of their processes, which forget nothing: where too much of it is missing, nothing is said.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::{cpu, system};

/// How much of the CPU time the threads that are still there must explain.
const EXPLAINED: f64 = 0.9;

/// The counters of a sample's processes at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// CPU time by process.
    processes: BTreeMap<u32, Duration>,
    /// By process and thread.
    threads: BTreeMap<(u32, u32), Thread>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Thread {
    voluntary: u64,
    involuntary: u64,
    on_cpu_ns: u64,
    waited_ns: u64,
}

/// What happened between two moments, in all threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scheduled {
    pub(crate) voluntary: u64,
    pub(crate) involuntary: u64,
    /// Runnable, and waiting for a CPU.
    pub(crate) run_delay_ns: u64,
}

impl Snapshot {
    /// Of a process and all below it; `None` where the system does not say.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        // Clocks first: reading one brings the counters of threads that are running up to date.
        let processes: BTreeMap<u32, Duration> =
            system::tree(pid)?.into_iter().filter_map(|pid| Some((pid, cpu::used(pid)?))).collect();
        let mut threads = BTreeMap::new();
        for pid in processes.keys() {
            for entry in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
                let id = entry.file_name().to_str().and_then(|id| id.parse().ok());
                if let Some((id, thread)) = id.zip(Thread::read(&entry.path())) {
                    threads.insert((*pid, id), thread);
                }
            }
        }
        (!threads.is_empty()).then_some(Self { processes, threads })
    }

    /// What happened since an earlier moment, or why that is not known.
    pub(crate) fn since(&self, before: &Self) -> Result<Scheduled, String> {
        if before.processes.keys().any(|pid| !self.processes.contains_key(pid)) {
            return Err(String::from("a process of this sample ended within the timed iterations"));
        }
        let earlier = |pid| before.processes.get(pid).copied().unwrap_or_default();
        let used: Duration = self.processes.iter().map(|(pid, used)| used.saturating_sub(earlier(pid))).sum();
        let (mut scheduled, mut explained) = (Scheduled::default(), 0);
        for (id, now) in &self.threads {
            let then = before.threads.get(id).copied().unwrap_or_default();
            explained += now.on_cpu_ns.saturating_sub(then.on_cpu_ns);
            scheduled.voluntary += now.voluntary.saturating_sub(then.voluntary);
            scheduled.involuntary += now.involuntary.saturating_sub(then.involuntary);
            scheduled.run_delay_ns += now.waited_ns.saturating_sub(then.waited_ns);
        }
        let share = explained as f64 / (used.as_nanos() as f64).max(1.0);
        if used > Duration::ZERO && share < EXPLAINED {
            let missing = 100.0 * (1.0 - share);
            return Err(format!("threads that ended within the timed iterations took {missing:.0} % of its CPU time"));
        }
        Ok(scheduled)
    }
}

impl Thread {
    fn read(task: &std::path::Path) -> Option<Self> {
        let status = fs::read_to_string(task.join("status")).ok()?;
        let switches = |name: &str| -> Option<u64> {
            let line = status.lines().rev().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        let schedstat = fs::read_to_string(task.join("schedstat")).ok()?;
        let mut fields = schedstat.split_whitespace().map(str::parse);
        Some(Self {
            voluntary: switches("voluntary_ctxt_switches:")?,
            involuntary: switches("nonvoluntary_ctxt_switches:")?,
            on_cpu_ns: fields.next()?.ok()?,
            waited_ns: fields.next()?.ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(processes: &[(u32, u64)], threads: &[(u32, u32, [u64; 4])]) -> Snapshot {
        let thread = |[voluntary, involuntary, on_cpu_ns, waited_ns]: [u64; 4]| Thread {
            voluntary,
            involuntary,
            on_cpu_ns,
            waited_ns,
        };
        Snapshot {
            processes: processes.iter().map(|(pid, ns)| (*pid, Duration::from_nanos(*ns))).collect(),
            threads: threads.iter().map(|(pid, id, counters)| ((*pid, *id), thread(*counters))).collect(),
        }
    }

    #[test]
    fn threads_and_processes_add_up_whether_they_are_old_or_new() {
        let before = snapshot(&[(1, 1000)], &[(1, 1, [5, 5, 900, 50])]);
        let after = snapshot(
            &[(1, 3000), (2, 400)],
            &[(1, 1, [7, 6, 1900, 80]), (1, 9, [3, 0, 950, 10]), (2, 2, [1, 1, 400, 1])],
        );
        let scheduled = Scheduled { voluntary: 2 + 3 + 1, involuntary: 1 + 1, run_delay_ns: 30 + 10 + 1 };
        assert_eq!(after.since(&before), Ok(scheduled));
        assert_eq!(before.since(&before), Ok(Scheduled::default()), "nothing happened: nothing is missing");
    }

    #[test]
    fn nothing_is_said_where_threads_that_ended_did_the_work() {
        let before = snapshot(&[(1, 0)], &[(1, 1, [0; 4]), (1, 2, [0; 4])]);
        let after = snapshot(&[(1, 1000)], &[(1, 1, [1, 1, 250, 9])]);
        let why = after.since(&before).unwrap_err();
        assert_eq!(why, "threads that ended within the timed iterations took 75 % of its CPU time");
        let enough = snapshot(&[(1, 1000)], &[(1, 1, [1, 1, 900, 9])]);
        assert!(enough.since(&before).is_ok());
        let gone = snapshot(&[(2, 1000)], &[(2, 2, [1, 1, 1000, 9])]);
        assert!(gone.since(&before).unwrap_err().contains("a process of this sample ended"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_counters() {
        let before = Snapshot::of(std::process::id()).expect("counters");
        assert!(before.threads.contains_key(&(std::process::id(), std::process::id())));
        assert!(before.processes.contains_key(&std::process::id()));
    }
}
