//! Limits that control groups set, version 1 and 2: each group on the way up to the root may have one, and the least
//! counts.

use std::path::{Path, PathBuf};

use super::read;

/// Where version 2 is mounted: alone, or beside version 1.
const UNIFIED: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// CPU time per time; `None` for no limit.
pub(super) fn cpu_quota() -> Option<f64> {
    let groups = read("/proc/self/cgroup")?;
    let second = unified(&groups).into_iter().filter_map(|folder| cpu_max(&read(folder.join("cpu.max"))?));
    let first = controlled(&groups, "cpu")
        .into_iter()
        .filter_map(|folder| cfs(&read(folder.join("cpu.cfs_quota_us"))?, &read(folder.join("cpu.cfs_period_us"))?));
    second.chain(first).min_by(f64::total_cmp)
}

/// Bytes of memory; `None` for no limit.
pub(super) fn memory_limit() -> Option<u64> {
    least("memory.max", "memory", "memory.limit_in_bytes")
}

/// Processes and threads; `None` for no limit.
pub(super) fn processes_limit() -> Option<u64> {
    least("pids.max", "pids", "pids.max")
}

fn least(second: &str, controller: &str, first: &str) -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    let paths = unified(&groups).into_iter().map(|folder| folder.join(second));
    let paths = paths.chain(controlled(&groups, controller).into_iter().map(|folder| folder.join(first)));
    // `max` is not a number, and no limit.
    paths.filter_map(|path| read(path)?.parse().ok()).min()
}

/// The folders of this process's group of version 2 and of all above it.
fn unified(groups: &str) -> Vec<PathBuf> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"));
    path.map_or_else(Vec::new, |path| UNIFIED.iter().flat_map(|root| upwards(Path::new(root), path)).collect())
}

/// The same for the group of version 1 that has a controller.
fn controlled(groups: &str, controller: &str) -> Vec<PathBuf> {
    let found = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        controllers.split(',').any(|name| name == controller).then_some((controllers, path))
    });
    let Some((controllers, path)) = found else { return Vec::new() };
    // Mounted under all its names, and mostly linked to under each.
    let root = Path::new("/sys/fs/cgroup");
    [controllers, controller].iter().flat_map(|name| upwards(&root.join(name), path)).collect()
}

/// `path` below `root`, and everything above it down to the root itself. Inside a container the path may be that of the
/// host: then only the root is there, which is the container's own group.
fn upwards(root: &Path, path: &str) -> Vec<PathBuf> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    (0..=parts.len()).rev().map(|count| root.join(parts[..count].join("/"))).collect()
}

/// `cpu.max`: `QUOTA PERIOD`, where `max` is no limit.
fn cpu_max(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    cfs(quota, period)
}

/// Version 1: a quota of -1 is no limit.
fn cfs(quota: &str, period: &str) -> Option<f64> {
    let quota: f64 = quota.trim().parse::<i64>().ok().filter(|quota| *quota > 0)? as f64;
    let period: f64 = period.trim().parse::<i64>().ok().filter(|period| *period > 0)? as f64;
    Some(quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_says_quota_and_period() {
        assert_eq!(cpu_max("max 100000\n"), None);
        assert_eq!(cpu_max("200000 100000\n"), Some(2.0));
        assert_eq!(cpu_max("50000 100000"), Some(0.5));
        for text in ["", "max", "100000", "x 100000", "1000 0", "-1 100000"] {
            assert_eq!(cpu_max(text), None, "{text}");
        }
    }

    #[test]
    fn version_1_says_minus_one_for_no_limit() {
        assert_eq!(cfs("-1\n", "100000\n"), None);
        assert_eq!(cfs("150000\n", "100000\n"), Some(1.5));
        assert_eq!(cfs("0", "100000"), None);
        assert_eq!(cfs("150000", "0"), None);
    }

    fn shown(paths: Vec<PathBuf>) -> Vec<String> {
        paths.into_iter().map(|path| path.display().to_string().trim_end_matches('/').to_owned()).collect()
    }

    #[test]
    fn a_group_of_version_2_is_looked_up_to_its_root() {
        let groups = "0::/user.slice/user-1000.slice\n";
        let root = "/sys/fs/cgroup";
        let expected = [format!("{root}/user.slice/user-1000.slice"), format!("{root}/user.slice"), root.to_owned()];
        assert_eq!(shown(unified(groups))[..3], expected);
        assert_eq!(shown(unified("0::/\n")), UNIFIED);
        assert_eq!(shown(unified("0::/../..\n")), UNIFIED, "seen from inside a namespace of groups");
        assert_eq!(shown(unified("4:cpu:/a\n")), [""; 0]);
    }

    #[test]
    fn a_group_of_version_1_is_found_by_its_controller() {
        let groups = "5:cpuset:/\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/cpu\n0::/\n";
        let expected =
            ["cpu,cpuacct/docker/1f", "cpu,cpuacct/docker", "cpu,cpuacct", "cpu/docker/1f", "cpu/docker", "cpu"];
        assert_eq!(shown(controlled(groups, "cpu")), expected.map(|path| format!("/sys/fs/cgroup/{path}")));
        assert_eq!(shown(controlled(groups, "cpuset")).len(), 2);
        assert_eq!(shown(controlled(groups, "memory")), [""; 0]);
        assert_eq!(shown(controlled("garbage", "cpu")), [""; 0]);
    }
}
