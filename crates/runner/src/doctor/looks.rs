//! What the operating system tells, as facts with advice.

use std::path::Path;

use harness::machine::{self, Effective, Power, trial};

use super::{Fact, cpus};

const GIB: f64 = (1_u64 << 30) as f64;
/// Below this, samples of text and of large sizes may not fit.
const MEMORY_GIB: f64 = 1.0;
/// A run of the default effort writes some MiB.
const DISK_GIB: f64 = 0.25;
/// Messages and regions between processes; containers start with 64 MiB.
const SHARED_GIB: f64 = 0.125;
/// A worker process has about seven files open, and costs its parent two.
const FILES: u64 = 1024;
/// Fifty worker processes with their threads, beside what else this user runs.
const PROCESSES: u64 = 1024;

/// The machine itself.
pub(super) fn system(effective: &Effective) -> Vec<Fact> {
    vec![cpus(effective), smt(effective), frequency(), power(), virtualization(), container(), clock(), counters()]
}

/// What there is enough of, or not.
pub(super) fn resources() -> Vec<Fact> {
    vec![
        memory(),
        room("disk", Path::new("."), DISK_GIB, "make room before a run: what is measured is written as it goes"),
        room("shared-memory", Path::new("/dev/shm"), SHARED_GIB, "enlarge it (docker: --shm-size=1g)"),
        limit("open-files", machine::open_files(), FILES, "raise it with `ulimit -n 4096`: fifty workers need some"),
        limit("processes", machine::processes(), PROCESSES, "raise it with `ulimit -u 4096`, or the container's limit"),
    ]
}

fn smt(effective: &Effective) -> Fact {
    const ID: &str = "smt";
    let Some(cores) = machine::cores() else { return Fact::unknown(ID) };
    let online = effective.online;
    let value = format!("{cores} cores for {online} CPUs");
    let advice = format!("two workers on one core share it: read scaling against {cores} cores, not {online} CPUs");
    Fact::ok_if(cores >= online, ID, value, advice)
}

fn frequency() -> Fact {
    const ID: &str = "frequency";
    let Some(found) = machine::frequency() else {
        return Fact::cannot(ID, "not visible", "the host decides; the drift of the reference in a report shows it");
    };
    let governors = Vec::from_iter(found.governors).join(", ");
    let mut value = if governors.is_empty() { String::new() } else { format!("governor {governors}, ") };
    value += match found.turbo {
        Some(true) => "turbo on",
        Some(false) => "turbo off",
        None => "turbo unknown",
    };
    if !matches!(governors.as_str(), "" | "performance") {
        return Fact::warn(
            ID,
            value,
            "the clock follows the load: `cpupower frequency-set -g performance` (root) keeps it",
        );
    }
    let advice = "one busy CPU runs faster than all: scaling looks worse than it is; turn turbo off (root) to compare";
    Fact::ok_if(found.turbo != Some(true), ID, value, advice)
}

fn power() -> Fact {
    match machine::power() {
        None => Fact::unknown("power"),
        Some(Power::NoBattery) => Fact::ok("power", "no battery"),
        Some(Power::Mains) => Fact::ok("power", "plugged in"),
        Some(Power::Battery) => Fact::warn("power", "on battery", "plug it in: on battery the clock is held down"),
    }
}

fn virtualization() -> Fact {
    const ID: &str = "virtualization";
    match machine::host() {
        None => Fact::unknown(ID),
        Some(host) => host.virtualization.map_or_else(
            || Fact::ok(ID, "none"),
            |kind| {
                let advice =
                    "its CPUs are shared with guests nobody sees here: trust capacity and steal, not the count";
                Fact::warn(ID, format!("a virtual machine ({kind})"), advice)
            },
        ),
    }
}

fn container() -> Fact {
    match machine::host() {
        None => Fact::unknown("container"),
        Some(host) => Fact::ok("container", host.container.unwrap_or_else(|| String::from("none"))),
    }
}

fn clock() -> Fact {
    const ID: &str = "clock";
    let step = trial::clock_step();
    let source = machine::clock_source().unwrap_or_else(|| String::from("unknown"));
    let value = format!("source {source}, smallest step {} ns", step.as_nanos());
    if matches!(source.as_str(), "hpet" | "acpi_pm" | "jiffies" | "refined-jiffies") {
        return Fact::warn(
            ID,
            value,
            "a slow clock: the kernel distrusts the CPU's own (`dmesg | grep -i tsc` says why)",
        );
    }
    // A sample of 20 ms is then known to a ten-thousandth.
    Fact::ok_if(step.as_nanos() <= 2000, ID, value, "a coarse clock: prefer --size large")
}

fn counters() -> Fact {
    const ID: &str = "counters";
    let Some(found) = machine::counters().filter(|found| !found.units.is_empty()) else {
        return Fact::cannot(ID, "no hardware counters", "instructions and cache misses cannot be counted here");
    };
    let paranoid = found.paranoid.map_or(String::from("unknown"), |level| level.to_string());
    let value = format!("{}, perf_event_paranoid {paranoid}", found.units.join(", "));
    let advice = "not for you: `sysctl kernel.perf_event_paranoid=2` (root) opens them for your own processes";
    Fact::ok_if(found.paranoid.is_none_or(|level| level <= 2), ID, value, advice)
}

fn memory() -> Fact {
    const ID: &str = "memory";
    let Some(found) = machine::memory() else { return Fact::unknown(ID) };
    let gib = |bytes: u64| bytes as f64 / GIB;
    let limit = found.limit_bytes.map_or_else(String::new, |bytes| format!(", a limit of {:.1} GiB", gib(bytes)));
    let value = format!("{:.1} of {:.1} GiB available{limit}", gib(found.available_bytes), gib(found.total_bytes));
    let least = gib(found.available_bytes.min(found.limit_bytes.unwrap_or(u64::MAX)));
    Fact::ok_if(least >= MEMORY_GIB, ID, value, "close something: a machine that swaps measures its disk")
}

fn room(id: &'static str, folder: &Path, least: f64, advice: &str) -> Fact {
    let Some((free, all)) = machine::room(folder) else { return Fact::unknown(id) };
    let (free, all) = (free as f64 / GIB, all as f64 / GIB);
    Fact::ok_if(free >= least, id, format!("{free:.1} of {all:.1} GiB free"), advice)
}

fn limit(id: &'static str, found: Option<u64>, least: u64, advice: &str) -> Fact {
    match found {
        None => Fact::unknown(id),
        Some(u64::MAX) => Fact::ok(id, "no limit"),
        Some(found) => Fact::ok_if(found >= least, id, format!("at most {found}"), advice),
    }
}
