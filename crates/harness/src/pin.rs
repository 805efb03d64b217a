//! `--pin`: a sample may use as many CPUs as it has workers, always the same ones, so that it does not wander.

#[cfg(target_os = "linux")]
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
#[cfg(target_os = "linux")]
use nix::unistd::Pid;

/// Binds a process that has no threads yet to the last `workers` CPUs that we may use: the first ones serve interrupts
/// on many machines. With more workers than CPUs, to all.
#[cfg(target_os = "linux")]
pub(crate) fn pin(pid: u32, workers: u32) -> Result<(), String> {
    let failed = |error: nix::Error| format!("failed to bind the sample to {workers} CPUs: {error}");
    let all = sched_getaffinity(Pid::from_raw(0)).map_err(failed)?;
    let ours = (0..CpuSet::count()).rev().filter(|cpu| all.is_set(*cpu).unwrap_or(false));
    let mut set = CpuSet::new();
    ours.take(workers.max(1) as usize).try_for_each(|cpu| set.set(cpu)).map_err(failed)?;
    sched_setaffinity(Pid::from_raw(pid as i32), &set).map_err(failed)
}

/// Not possible here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn pin(_: u32, _: u32) -> Result<(), String> {
    Err(String::from("--pin: this system does not bind processes to CPUs"))
}
