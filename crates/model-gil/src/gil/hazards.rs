//! What goes wrong under one lock: who makes short calls waits a whole interval after each, behind who computes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cpython_locks::{Breaker, Gil as Lock};
use patterns::clock::Tick;
use patterns::hazard::{Ending, Hazard, Outcome, Scene};
use patterns::{Error, Form, RunsHazards};

use super::{Gil, INTERVAL};

impl RunsHazards for Gil {
    fn hazards() -> Form<&'static [Hazard]> {
        Form::Has(&[Hazard {
            id: "convoy",
            about: "a thread makes short calls that drop the lock, beside a thread that computes with it",
            told: "nobody: each call returns after a whole interval of 5 ms, and looks slow",
            remedy: "compute in another process, or in an extension that lets go of the lock; a shorter switch interval makes \
                     each wait shorter, and not one less",
            unit: "calls",
            ends: Ending::Silent,
            run: Form::Has(convoy),
            worker: None,
        }])
    }
}

/// Calls of the one thread.
const CALLS: u64 = 20;

fn convoy(_: &Scene) -> Result<Outcome, Error> {
    let begun = Tick::now();
    let lost = late(true)?;
    let lasted = begun.elapsed();
    let ending = if lost > 0 { Ending::Silent } else { Ending::NotSeen };
    Ok(Outcome { ending, after: Some(lasted), lost, of: CALLS, remedy_lost: late(false)? })
}

/// How many calls returned to a lock that was held until they had waited for an interval. The other thread computes `with` the
/// lock or without it; a call lasts until that thread has begun another turn, so that it is always there first.
fn late(with: bool) -> Result<u64, Error> {
    let (gil, turns, over) = (Lock::new(INTERVAL), AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let computing = || {
            let me = Arc::new(Breaker::new());
            if with {
                gil.take(&me);
            }
            // Relaxed, all of them: turns and the end are but noticed, at some time.
            while !over.load(Ordering::Relaxed) {
                turns.fetch_add(1, Ordering::Relaxed);
                if with {
                    gil.check_point(&me);
                }
                std::hint::spin_loop();
            }
            if with {
                gil.release(&me);
            }
        };
        thread::Builder::new().spawn_scoped(scope, computing).map_err(Error::io("start a thread"))?;
        let me = Arc::new(Breaker::new());
        let mut late = 0;
        for _ in 0..CALLS {
            let seen = turns.load(Ordering::Relaxed);
            // A turn may have been under way in which the lock was handed over: the one after it has it again.
            while turns.load(Ordering::Relaxed) < seen + 2 {
                thread::yield_now();
            }
            late += u64::from(gil.take(&me).asks > 0);
            gil.release(&me);
        }
        over.store(true, Ordering::Relaxed);
        Ok(late)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_late_and_none_beside_who_lets_go() {
        let scene = Scene { limit: INTERVAL, respawn: patterns::Respawn::default() };
        let outcome = convoy(&scene).expect("two threads");
        assert_eq!((outcome.ending, outcome.lost, outcome.remedy_lost), (Ending::Silent, CALLS, 0));
        assert!(outcome.after >= Some(INTERVAL * CALLS as u32), "{outcome:?}");
    }
}
