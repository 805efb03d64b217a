//! Being told when a worker process ends, where no channel says so: its siblings wait for it in shared memory.

use std::thread::{Builder, Scope};

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use patterns::Error;

use super::Link;

/// Calls `ended` whenever one of these processes has ended, on threads of `scope`, which is over when all have: the links
/// have to end inside it.
pub(crate) fn on_end<'s>(
    links: &[Link],
    scope: &'s Scope<'s, '_>,
    ended: impl Fn() + Clone + Send + 's,
) -> Result<(), Error> {
    for link in links {
        let (pid, ended) = (Pid::from_raw(link.pid().cast_signed()), ended.clone());
        let wait = move || {
            // WNOWAIT: the link is who reaps it, perhaps before this looks (ECHILD).
            while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
            ended();
        };
        Builder::new().name(String::from("ends")).spawn_scoped(scope, wait).map_err(Error::io("start a thread"))?;
    }
    Ok(())
}
