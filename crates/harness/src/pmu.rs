//! Hardware counters of a sample's processes, where there is a PMU that this user may read.
//!
//! A counter is opened on a process that has not been told yet what to do, so that everything it starts inherits it; and
//! it counts from `go` to `done`, in user mode: that is what an unprivileged user may see.

use std::sync::OnceLock;

/// Why there is nothing, on most virtual machines.
pub(crate) const NO_PMU: &str = "this machine has no hardware counters, or hides them (no PMU)";

/// Whether the machine has counters that this process may read; tried once.
pub(crate) fn readable() -> Result<(), String> {
    static TRIED: OnceLock<Result<(), String>> = OnceLock::new();
    TRIED.get_or_init(counting::attempt).clone()
}

pub(crate) use counting::Counters;

#[cfg(target_os = "linux")]
mod counting {
    use std::fs;
    use std::io::{Error, ErrorKind};

    use perf_event::events::{Event, Hardware};
    use perf_event::{Builder, Counter};

    use super::NO_PMU;

    const EVENTS: [(&str, Hardware); 2] =
        [("instructions", Hardware::INSTRUCTIONS), ("cache_misses", Hardware::CACHE_MISSES)];

    pub(super) fn attempt() -> Result<(), String> {
        open(std::process::id(), Hardware::INSTRUCTIONS).map(drop)
    }

    /// Of one sample, by metric.
    pub(crate) struct Counters(Vec<(&'static str, Result<Counter, String>)>);

    impl Counters {
        /// On a process that waits for its configuration.
        pub(crate) fn open(pid: u32) -> Result<Self, String> {
            super::readable()?;
            Ok(Self(EVENTS.into_iter().map(|(id, event)| (id, open(pid, event))).collect()))
        }

        pub(crate) fn start(&mut self) {
            for (_, counter) in &mut self.0 {
                if let Ok(open) = counter
                    && let Err(error) = open.enable()
                {
                    *counter = Err(format!("the counter did not start: {error}"));
                }
            }
        }

        /// Each metric's count since the start, or why there is none.
        pub(crate) fn stop(self) -> Vec<(&'static str, Result<f64, String>)> {
            self.0.into_iter().map(|(id, counter)| (id, counter.and_then(total))).collect()
        }
    }

    pub(super) fn open(pid: u32, event: impl Event) -> Result<Counter, String> {
        Builder::new(event).observe_pid(pid as i32).inherit(true).build().map_err(|error| why(&error))
    }

    /// A count, if the counter was there all the time: an extrapolated one would be a guess.
    pub(super) fn total(mut counter: Counter) -> Result<f64, String> {
        let read = counter.disable().and_then(|()| counter.read_full());
        let data = read.map_err(|error| format!("the counter cannot be read: {error}"))?;
        let (enabled, running) = (data.time_enabled().unwrap_or_default(), data.time_running().unwrap_or_default());
        if running < enabled {
            let share = 100.0 * running.as_secs_f64() / enabled.as_secs_f64();
            return Err(format!("others used the counters, too: it counted {share:.0} % of the time"));
        }
        match data.count() {
            0 => Err(String::from("the counter stayed at 0")),
            count => Ok(count as f64),
        }
    }

    fn why(error: &Error) -> String {
        // ENOENT and EOPNOTSUPP: the event exists, but no hardware that counts it; ENODEV: no such hardware at all.
        if matches!(error.raw_os_error(), Some(2 | 19 | 95)) {
            return NO_PMU.to_owned();
        }
        if error.kind() == ErrorKind::PermissionDenied {
            let level = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
            return match level.trim() {
                "" => String::from("reading hardware counters is not permitted"),
                level => {
                    format!("reading hardware counters is not permitted (kernel.perf_event_paranoid is {level})")
                }
            };
        }
        format!("hardware counters cannot be opened: {error}")
    }
}

#[cfg(not(target_os = "linux"))]
mod counting {
    use super::NO_PMU;

    pub(super) fn attempt() -> Result<(), String> {
        Err(NO_PMU.to_owned())
    }

    /// Nothing: no counters here.
    pub(crate) struct Counters;

    impl Counters {
        pub(crate) fn open(_: u32) -> Result<Self, String> {
            super::readable().map(|()| Self)
        }

        pub(crate) fn start(&mut self) {}

        pub(crate) fn stop(self) -> Vec<(&'static str, Result<f64, String>)> {
            Vec::new()
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use perf_event::events::Software;

    use super::counting::{open, total};
    use super::*;

    /// The same path with a counter that the kernel keeps itself: a child that waits, is told to go, and starts another.
    #[test]
    fn what_a_process_starts_later_is_counted_with_it() {
        let mut child = Command::new("sh")
            .args(["-c", "read go; sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; true"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh");
        let clock = open(child.id(), Software::TASK_CLOCK);
        let enabled = clock.and_then(|mut clock| {
            clock.enable().map_err(|error| error.to_string())?;
            Ok(clock)
        });
        child.stdin.take().expect("stdin").write_all(b"go\n").expect("told");
        let status = child.wait().expect("reaped");
        assert!(status.success(), "{status}");
        match enabled {
            Err(why) => println!("SKIPPED: {why}"),
            // The shell that was watched did next to nothing; a loop of 20,000 rounds takes far more than this.
            Ok(clock) => {
                let ns = total(clock).expect("a count");
                assert!(ns > 1e6, "{ns} ns: the child of the child is not in it");
            }
        }
    }

    #[test]
    fn without_counters_there_is_a_reason() {
        match readable() {
            Ok(()) => assert!(Counters::open(std::process::id()).is_ok()),
            Err(why) => {
                assert!(!why.is_empty());
                assert_eq!(Counters::open(std::process::id()).err(), Some(why));
            }
        }
    }
}
