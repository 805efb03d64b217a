//! Placement: on which CPUs the units of a pipeline run. What a hop costs depends on it by an order of magnitude, since
//! waking somebody on another CPU is another thing than switching to them on one's own.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Where units run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Where the system puts them.
    #[default]
    Free,
    /// All on one CPU.
    SameCpu,
    /// Unit after unit on the next CPU, round and round.
    CrossCpu,
}

impl Placement {
    /// The words a knob of this takes.
    pub const WORDS: &'static [&'static str] = &["free", "same-cpu", "cross-cpu"];

    /// Binds the calling thread as unit number `unit`, among the CPUs that it may use. Call it at the start of a thread
    /// that does nothing else: it is never undone.
    ///
    /// # Errors
    /// Where the system does not bind threads.
    #[cfg(target_os = "linux")]
    pub fn settle(self, unit: usize) -> Result<(), Error> {
        use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
        use nix::unistd::Pid;

        let place = match self {
            Self::Free => return Ok(()),
            Self::SameCpu => 0,
            Self::CrossCpu => unit,
        };
        let this_thread = Pid::from_raw(0);
        let failed = |error: nix::Error| Error::io("bind a thread to a CPU")(error.into());
        let allowed = sched_getaffinity(this_thread).map_err(failed)?;
        let cpus: Vec<usize> = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false)).collect();
        let mut one = CpuSet::new();
        one.set(cpus[place % cpus.len()]).map_err(failed)?;
        sched_setaffinity(this_thread, &one).map_err(failed)
    }

    /// Not possible here.
    ///
    /// # Errors
    /// Always, but for [`Placement::Free`].
    #[cfg(not(target_os = "linux"))]
    pub fn settle(self, _unit: usize) -> Result<(), Error> {
        match self {
            Self::Free => Ok(()),
            _ => Err(Error::other("this system does not bind threads to CPUs; leave the placement free")),
        }
    }
}
