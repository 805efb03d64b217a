//! CPU time as the kernel keeps it for whole processes: threads that ended are in it, which `/proc/<pid>/task` forgets.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::system;

const GONE: &str = "a process of this sample ended within the timed iterations, and its CPU clock with it";

/// The CPU clock of a process; an error where it has ended.
#[cfg(target_os = "linux")]
fn clock(pid: u32) -> nix::Result<ClockId> {
    nix::time::clock_getcpuclockid(nix::unistd::Pid::from_raw(pid as i32))
}

#[cfg(not(target_os = "linux"))]
fn clock(_: u32) -> nix::Result<ClockId> {
    Err(nix::errno::Errno::ENOSYS)
}

/// What a process has used up to now; `None` where it has ended.
pub(crate) fn used(pid: u32) -> Option<Duration> {
    clock(pid).and_then(clock_gettime).ok().map(Duration::from)
}

/// Adds up the CPU time of this process and its workers within timed regions. It is read outside the clock: before the
/// clock starts, and after it has stopped.
pub(crate) struct Meter {
    processes: Vec<u32>,
    clocks: Result<Vec<ClockId>, String>,
    began: Duration,
    spent: Duration,
}

impl Meter {
    /// Of this process and everything below it, once its workers are warm: they are looked for only here.
    pub(crate) fn of_warm_workers() -> Self {
        match system::tree(std::process::id()) {
            Some(processes) => Self::of(processes),
            None => Self { clocks: Err(String::from("needs /proc, to find its processes")), ..Self::of(Vec::new()) },
        }
    }

    fn of(processes: Vec<u32>) -> Self {
        let clocks = processes.iter().map(|pid| clock(*pid)).collect::<nix::Result<_>>();
        Self { processes, clocks: clocks.map_err(|_| GONE.to_owned()), began: Duration::ZERO, spent: Duration::ZERO }
    }

    pub(crate) fn start(&mut self) {
        self.began = self.read();
    }

    pub(crate) fn stop(&mut self) {
        let now = self.read();
        self.spent += now.saturating_sub(self.began);
    }

    /// All timed regions together; or why that is not known.
    pub(crate) fn finish(self) -> Result<Duration, String> {
        self.clocks?;
        if system::tree(std::process::id()).as_ref() == Some(&self.processes) {
            Ok(self.spent)
        } else {
            Err(String::from("its processes changed within the timed iterations"))
        }
    }

    fn read(&mut self) -> Duration {
        let Ok(clocks) = &self.clocks else { return Duration::ZERO };
        match clocks.iter().map(|clock| clock_gettime(*clock).map(Duration::from)).sum::<nix::Result<Duration>>() {
            Ok(sum) => sum,
            Err(_) => {
                self.clocks = Err(GONE.to_owned());
                Duration::ZERO
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn spin(limit: Duration) {
        let of_this = || used(std::process::id()).expect("a clock of its own");
        let began = of_this();
        while of_this() - began < limit {}
    }

    #[test]
    fn threads_that_ended_are_counted_and_what_lies_between_regions_is_not() {
        let mut meter = Meter::of(vec![std::process::id()]);
        meter.start();
        std::thread::spawn(|| spin(Duration::from_millis(20))).join().expect("no panic");
        meter.stop();
        let first = meter.spent;
        assert!(first >= Duration::from_millis(20), "{first:?}");
        spin(Duration::from_millis(1));
        meter.start();
        meter.stop();
        // Other tests of this process run meanwhile, and count: no upper limit holds. Nothing is taken away, either.
        assert!(meter.spent >= first);
    }

    #[test]
    fn a_process_that_is_gone_has_no_clock() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        assert!(system::tree(std::process::id()).is_some_and(|all| all.contains(&child.id())));
        let mut meter = Meter::of(vec![std::process::id(), child.id()]);
        meter.start();
        child.kill().and_then(|()| child.wait()).expect("killed");
        meter.stop();
        assert_eq!(used(child.id()), None);
        assert_eq!(meter.finish(), Err(GONE.to_owned()));
    }
}
