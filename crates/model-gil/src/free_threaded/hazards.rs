//! What goes wrong without the lock: a critical section that is not atomic, since its thread had to wait inside it. What goes
//! wrong between any threads (`threads/lock-order`, a race) goes wrong here as there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use cpython_locks::{ByteLock, ParkingLot, Sections, Spins};
use patterns::hazard::{Ending, Hazard, Outcome, Scene};
use patterns::{Error, Form, RunsHazards};

use super::FreeThreaded;

impl RunsHazards for FreeThreaded {
    fn hazards() -> Form<&'static [Hazard]> {
        Form::Has(&[Hazard {
            id: "split-section",
            about: "a thread is half way through an update of one object, under its lock, and must wait for another object's",
            told: "nobody: while it waits its lock is free, and others see half of the update",
            remedy: "lock both objects before the first half: a critical section of two",
            unit: "updates",
            ends: Ending::Silent,
            run: Form::Has(split_section),
            worker: None,
        }])
    }
}

/// Updates, each looked at once.
const UPDATES: u64 = 20;

fn split_section(_: &Scene) -> Result<Outcome, Error> {
    let torn = |nested| (0..UPDATES).map(|_| torn(nested)).sum::<Result<u64, Error>>();
    let lost = torn(true)?;
    let ending = if lost > 0 { Ending::Silent } else { Ending::NotSeen };
    Ok(Outcome { ending, after: None, lost, of: UPDATES, remedy_lost: torn(false)? })
}

/// One thread updates an object of two halves, and needs another object for the second. A second thread has that one, and
/// looks at the first meanwhile; where the update is nested, from when it is half done until it must be given up. Whether half
/// was seen.
fn torn(nested: bool) -> Result<u64, Error> {
    let (object, other, lot) = (ByteLock::new(), ByteLock::new(), ParkingLot::new());
    let halves = [AtomicU64::new(0), AtomicU64::new(0)];
    // Relaxed: the locks order them.
    let add = |half: usize| halves[half].fetch_add(1, Ordering::Relaxed);
    let read = |half: usize| halves[half].load(Ordering::Relaxed);
    let sections = || Sections::new(&lot, Spins::FREE_THREADED);
    let (begins, begun) = sync_channel::<()>(1);
    thread::scope(|scope| {
        let mut holder = sections();
        holder.begin(&other, &mut ());
        let update = || {
            let mut mine = sections();
            if nested {
                mine.begin(&object, &mut ());
                add(0);
                // The other thread may be gone only where it panicked.
                let _ = begins.send(());
                mine.begin(&other, &mut ());
                add(1);
                mine.end(&mut ());
            } else {
                let _ = begins.send(());
                mine.begin_two(&object, &other, &mut ());
                add(0);
                add(1);
            }
            mine.end(&mut ());
        };
        thread::Builder::new().spawn_scoped(scope, update).map_err(Error::io("start a thread"))?;
        begun.recv().map_err(Error::other)?;
        if !nested {
            // It waits for both at once, so that nobody needs to hold it up.
            holder.end(&mut ());
        }
        // Without sections, so that nothing is given up: nested, it is had only when the update waits.
        object.lock(&lot, &Spins::FREE_THREADED, &mut ());
        let seen = read(0) != read(1);
        object.unlock(&lot);
        if nested {
            holder.end(&mut ());
        }
        Ok(u64::from(seen))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nested_update_is_torn_and_none_under_both_locks() {
        let scene = Scene { limit: std::time::Duration::from_secs(1), respawn: patterns::Respawn::default() };
        let outcome = split_section(&scene).expect("two threads");
        assert_eq!((outcome.ending, outcome.lost, outcome.remedy_lost), (Ending::Silent, UPDATES, 0));
    }
}
