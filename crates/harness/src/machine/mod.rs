//! What this machine is, as its operating system tells, and what it really gives ([`trial`]). `None` where nothing is
//! told, as everywhere but on Linux: whoever shows it says "unknown", never a guess.

pub mod cgroup;
pub mod trial;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statvfs::statvfs;

/// How many CPUs there are, and how much of them this process gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effective {
    /// CPUs online.
    pub online: u32,
    /// Those of them that this process may run on.
    pub affinity: u32,
    /// CPU time per time, as a control group allows; `None` for no limit.
    pub quota: Option<f64>,
}

impl Effective {
    /// What can be had at once.
    #[must_use]
    pub fn cpus(&self) -> f64 {
        let counted = f64::from(self.online.min(self.affinity));
        self.quota.map_or(counted, |quota| quota.min(counted))
    }
}

/// The CPUs of this process.
#[must_use]
#[allow(clippy::disallowed_methods)] // only where the system tells nothing better; what is measured is told by the runner
pub fn effective_cpus() -> Effective {
    let list = |text: String| cpu_list(&text);
    let online = read("/sys/devices/system/cpu/online").and_then(list);
    let allowed = read("/proc/self/status").and_then(|text| cpu_list(field(&text, "Cpus_allowed_list")?));
    let standard = || std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u32);
    let affinity = match (&online, &allowed) {
        // What is allowed may not be there.
        (Some(online), Some(allowed)) => online.intersection(allowed).count() as u32,
        (None, Some(allowed)) => allowed.len() as u32,
        (_, None) => standard(),
    };
    let online = online.map_or(affinity, |online| online.len() as u32);
    Effective { online: online.max(1), affinity: affinity.max(1), quota: cgroup::cpu_quota() }
}

/// `0-3,8` as CPU numbers; `None` for what is no such list, or an empty one.
fn cpu_list(text: &str) -> Option<BTreeSet<u32>> {
    let mut cpus = BTreeSet::new();
    for part in text.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (from.trim().parse::<u32>().ok()?, to.trim().parse::<u32>().ok()?);
        // Nobody has more; a longer list is not one.
        if to > 1 << 20 {
            return None;
        }
        cpus.extend(from..=to);
    }
    (!cpus.is_empty()).then_some(cpus)
}

/// What stands after `name:` or `name :`.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let of = |line: &'t str| line.split_once(':').filter(|(found, _)| found.trim() == name);
    text.lines().find_map(of).map(|(_, value)| value.trim())
}

/// A file's text, without the white space around it; `None` for an empty one.
fn read(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Names in a folder, sorted.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Cores that the CPUs online are threads of.
#[must_use]
pub fn cores() -> Option<u32> {
    let online = cpu_list(&read("/sys/devices/system/cpu/online")?)?;
    let siblings = |cpu| read(format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"));
    let cores: Option<BTreeSet<String>> = online.into_iter().map(siblings).collect();
    Some(cores?.len() as u32)
}

/// Who chooses the clock frequency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequency {
    /// `performance`, `powersave`, ..; more than one where CPUs differ.
    pub governors: BTreeSet<String>,
    /// Whether few busy CPUs may run faster than many.
    pub turbo: Option<bool>,
}

/// `None` where it is not visible, as in most virtual machines.
#[must_use]
pub fn frequency() -> Option<Frequency> {
    let cpus = names("/sys/devices/system/cpu").into_iter().filter(|name| {
        name.strip_prefix("cpu").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let governor = |cpu: String| read(format!("/sys/devices/system/cpu/{cpu}/cpufreq/scaling_governor"));
    let governors: BTreeSet<String> = cpus.filter_map(governor).collect();
    let boost = read("/sys/devices/system/cpu/cpufreq/boost").map(|text| text == "1");
    let turbo = read("/sys/devices/system/cpu/intel_pstate/no_turbo").map(|text| text == "0").or(boost);
    (!governors.is_empty() || turbo.is_some()).then_some(Frequency { governors, turbo })
}

/// Where the power comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// There is no battery.
    NoBattery,
    /// There is one, and it does not discharge.
    Mains,
    /// From the battery.
    Battery,
}

/// `None` where the system does not tell.
#[must_use]
pub fn power() -> Option<Power> {
    const SUPPLIES: &str = "/sys/class/power_supply";
    if !Path::new(SUPPLIES).is_dir() {
        return None;
    }
    let (mut some, mut discharging) = (false, false);
    for name in names(SUPPLIES) {
        let of = |file: &str| read(format!("{SUPPLIES}/{name}/{file}")).unwrap_or_default();
        // A mouse has a battery, too; the scope tells it from the machine's.
        if of("type") == "Battery" && of("scope") != "Device" {
            some = true;
            discharging |= of("status") == "Discharging";
        }
    }
    Some(match (some, discharging) {
        (false, _) => Power::NoBattery,
        (true, false) => Power::Mains,
        (true, true) => Power::Battery,
    })
}

/// What it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The hypervisor or the vendor of the virtual machine; `None` for none.
    pub virtualization: Option<String>,
    /// The kind of container; `None` for none that shows.
    pub container: Option<String>,
}

/// `None` where the system does not tell.
#[must_use]
pub fn host() -> Option<Host> {
    let cpuinfo = read("/proc/cpuinfo")?;
    let dmi = |file: &str| read(format!("/sys/class/dmi/id/{file}")).unwrap_or_default();
    let hypervisor = field(&cpuinfo, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let kind = read("/sys/hypervisor/type").or_else(|| read("/proc/device-tree/hypervisor/compatible"));
    let product = format!("{} {}", dmi("sys_vendor"), dmi("product_name")).trim().to_owned();
    let wsl = read("/proc/version").is_some_and(|version| version.to_lowercase().contains("microsoft"));
    let virtualization = match (wsl, hypervisor || kind.is_some()) {
        (true, _) => Some(String::from("WSL")),
        (false, true) => kind.or(Some(product).filter(|product| !product.is_empty())).or(Some(String::from("unnamed"))),
        (false, false) => None,
    };
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    Some(Host { virtualization, container: container(&groups) })
}

fn container(groups: &str) -> Option<String> {
    let marks = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")];
    let marked = marks.iter().find(|(path, _)| Path::new(path).exists()).map(|(_, kind)| *kind);
    let grouped = ["kubepods", "docker", "lxc", "libpod"].into_iter().find(|kind| groups.contains(*kind));
    let named = std::env::var("container").ok().filter(|kind| !kind.is_empty());
    marked.or(grouped).map(str::to_owned).or(named)
}

/// What the kernel reads the time from.
#[must_use]
pub fn clock_source() -> Option<String> {
    read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

/// Runnable processes, averaged over a minute.
#[must_use]
pub fn load_average() -> Option<f64> {
    read("/proc/loadavg")?.split(' ').next()?.parse().ok()
}

/// Hardware counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// The units that count, such as `cpu`, or `cpu_atom` and `cpu_core`.
    pub units: Vec<String>,
    /// Who may use them: 2 and less, everybody for their own processes.
    pub paranoid: Option<i64>,
}

/// `None` where the kernel has no interface for them.
#[must_use]
pub fn counters() -> Option<Counters> {
    const SOURCES: &str = "/sys/bus/event_source/devices";
    if !Path::new(SOURCES).is_dir() {
        return None;
    }
    // `armv8_pmuv3_0` and its like on ARM.
    let counts = |name: &String| name.starts_with("cpu") || (name.starts_with("arm") && name.contains("pmu"));
    let units = names(SOURCES).into_iter().filter(counts).collect();
    Some(Counters { units, paranoid: read("/proc/sys/kernel/perf_event_paranoid").and_then(|text| text.parse().ok()) })
}

/// Memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Of the machine.
    pub total_bytes: u64,
    /// That can be had without swapping.
    pub available_bytes: u64,
    /// That a control group allows; `None` for no limit.
    pub limit_bytes: Option<u64>,
}

/// `None` where the system does not tell.
#[must_use]
pub fn memory() -> Option<Memory> {
    let text = read("/proc/meminfo")?;
    let of = |name| field(&text, name)?.split(' ').next()?.parse::<u64>().ok().map(|kib| kib * 1024);
    let total_bytes = of("MemTotal")?;
    // Without a limit, version 1 says a number beyond any memory.
    let limit_bytes = cgroup::memory_limit().filter(|limit| *limit < total_bytes);
    Some(Memory { total_bytes, available_bytes: of("MemAvailable")?, limit_bytes })
}

/// Room for this user on the file system of a folder: free, and in all.
#[must_use]
pub fn room(folder: &Path) -> Option<(u64, u64)> {
    let found = statvfs(folder).ok()?;
    // Their types differ by system.
    #[allow(clippy::useless_conversion)]
    let bytes = |blocks| u64::from(blocks).saturating_mul(u64::from(found.fragment_size()));
    Some((bytes(found.blocks_available()), bytes(found.blocks())))
}

/// How many files this process may open; `u64::MAX` for no limit.
#[must_use]
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft)
}

/// How many processes and threads this user, or this control group, may have; `u64::MAX` for no limit.
#[must_use]
pub fn processes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    let user = getrlimit(Resource::RLIMIT_NPROC).ok().map(|(soft, _)| soft);
    // nix does not know the limit elsewhere.
    #[cfg(not(target_os = "linux"))]
    let user = None;
    user.into_iter().chain(cgroup::processes_limit()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_lists_are_ranges_and_numbers() {
        let count = |text| cpu_list(text).map(|cpus| cpus.len());
        assert_eq!(count("0-1\n"), Some(2));
        assert_eq!(count("0-3,8,10-11"), Some(7));
        assert_eq!(count("5"), Some(1));
        for text in ["", "a", "1-", "-1", "0-4294967295", "3-1"] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_stands_after_its_name() {
        let text = "Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nmodel name\t: A: B\n";
        assert_eq!(field(text, "Cpus_allowed_list"), Some("0-1"));
        assert_eq!(field(text, "model name"), Some("A: B"));
        assert_eq!(field(text, "flags"), None);
    }

    #[test]
    fn the_least_counts() {
        let cpus = |online, affinity, quota| Effective { online, affinity, quota }.cpus();
        assert_eq!(cpus(8, 8, None), 8.0);
        assert_eq!(cpus(8, 4, Some(6.0)), 4.0);
        assert_eq!(cpus(8, 4, Some(1.5)), 1.5);
    }

    #[test]
    fn this_process_has_a_cpu() {
        let found = effective_cpus();
        assert!(found.cpus() > 0.0 && found.affinity <= found.online, "{found:?}");
    }

    #[test]
    fn a_container_shows_in_its_groups() {
        let none = container("0::/user.slice\n");
        assert_eq!(container("0::/kubepods/burstable/pod1\n"), none.or(Some(String::from("kubepods"))));
    }
}
