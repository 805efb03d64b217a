//! What the operating system says: the machine, its load, the counters of a process tree. `None` where it says nothing
//! (everything but Linux): a metric is then null with a reason, never a guess.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::unistd::{SysconfVar, sysconf};
use results::Environment;
use sha2::{Digest as _, Sha256};

use crate::pmu;
use crate::protocol::hex;

/// What processes used, as the system counts it when they are reaped: threads and processes that ended early included.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl Usage {
    /// Of every process this one has reaped, with their descendants.
    pub(crate) fn of_children() -> Self {
        Self::of(UsageWho::RUSAGE_CHILDREN)
    }

    /// Of this process itself.
    pub(crate) fn of_self() -> Self {
        Self::of(UsageWho::RUSAGE_SELF)
    }

    fn of(who: UsageWho) -> Self {
        let time =
            |time: nix::sys::time::TimeVal| Duration::from_micros(time.num_microseconds().try_into().unwrap_or(0));
        getrusage(who).map_or_else(
            |_| Self::default(),
            |usage| Self { user: time(usage.user_time()), system: time(usage.system_time()) },
        )
    }

    pub(crate) fn cpu(self) -> Duration {
        self.user + self.system
    }
}

/// What all CPUs together did since boot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    pub(crate) busy: Duration,
    pub(crate) steal: Duration,
    pub(crate) cpus: u32,
}

pub(crate) fn machine() -> Option<Machine> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).filter_map(|tick| tick.parse().ok()).collect();
    let [user, nice, system, _idle, _wait, irq, softirq, steal, ..] = ticks[..] else { return None };
    let hertz = sysconf(SysconfVar::CLK_TCK).ok()??.try_into().ok()?;
    let time = |ticks: u64| Duration::from_secs(ticks) / hertz;
    let cpu = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
    let cpus = stat.lines().filter(cpu).count() as u32;
    Some(Machine { busy: time(user + nice + system + irq + softirq), steal: time(steal), cpus })
}

/// A process and all below it, in ascending order; `None` where the system does not say.
pub(crate) fn tree(pid: u32) -> Option<Vec<u32>> {
    // A kernel may do without this file; then there would seem to be no children anywhere.
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let mut found = Vec::new();
    let mut open = vec![pid];
    while let Some(pid) = open.pop() {
        found.push(pid);
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            open.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    found.sort_unstable();
    Some(found)
}

/// Peak memory of these processes: the sum of `VmHWM`, which vanishes with each. Pages that processes share count once
/// for each.
pub(crate) fn peak_rss_bytes(processes: &[u32]) -> Option<u64> {
    sum_kibibytes(processes, "status", "VmHWM")
}

/// Memory of these processes as it is now: the sum of `Pss`, in which a page that n of them share counts as 1/n in each.
pub(crate) fn pss_bytes(processes: &[u32]) -> Option<u64> {
    sum_kibibytes(processes, "smaps_rollup", "Pss")
}

/// `None` where a process does not say: a sum of the others would be too small.
fn sum_kibibytes(processes: &[u32], file: &str, field: &str) -> Option<u64> {
    let one = |pid: &u32| fields(Path::new(&format!("/proc/{pid}/{file}")))?.get(field).map(|kib| kib * 1024);
    processes.iter().map(one).sum()
}

/// The fields of a status file that begin with a number.
fn fields(path: &Path) -> Option<BTreeMap<String, u64>> {
    let text = fs::read_to_string(path).ok()?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.split_whitespace().next()?.parse().ok()?))
    };
    Some(text.lines().filter_map(field).collect())
}

/// The machine and the build, as the report names them. What only the build knows (`rustc`, `profile`) is the caller's.
#[must_use]
pub fn environment(cpus_effective: f64, rustc: &str, profile: &str, lock_file: Option<&[u8]>) -> Environment {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cpuinfo = read("/proc/cpuinfo");
    let after = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let hypervisor = cpuinfo.lines().any(|line| line.starts_with("flags") && line.contains(" hypervisor"));
    let product = read("/sys/class/dmi/id/sys_vendor");
    let virt = match (hypervisor, product.is_empty()) {
        (false, _) => String::new(),
        (true, true) => String::from("hypervisor"),
        (true, false) => product,
    };
    let memory = fields(Path::new("/proc/meminfo")).and_then(|memory| memory.get("MemTotal").copied());
    Environment {
        cpu: Some(after("model name"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        cpus_online: machine().map_or(cpus_effective as u32, |machine| machine.cpus),
        cpus_effective,
        virt,
        kernel: nix::sys::utsname::uname()
            .map(|name| format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy()))
            .unwrap_or_default(),
        rustc: rustc.to_owned(),
        profile: profile.to_owned(),
        allocator: String::from("system"),
        lock_sha256: lock_file.map(|file| hex(&Sha256::digest(file))).unwrap_or_default(),
        pmu: pmu::readable().is_ok(),
        memory_bytes: memory.unwrap_or(0) * 1024,
    }
}
