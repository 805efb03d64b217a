//! What goes wrong in a pool that steals: a thread that waits for its half does other jobs meanwhile, on top of the stack
//! of the one that waits.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use parking_lot::Mutex;
use patterns::hazard::{Done, Ending, Hazard, Outcome, Part, Scene, within};
use patterns::{Error, Form, RunsHazards};

use crate::DataParallel;

impl RunsHazards for DataParallel {
    fn hazards() -> Form<&'static [Hazard]> {
        Form::Has(&[Hazard {
            id: "lock-across-join",
            about: "a job holds a lock across rayon::join; its thread, waiting for the other half, steals a job that wants \
                    the lock",
            told: "nobody: the thread waits for a lock that is held further down on its own stack",
            remedy: "join first, and lock to put the result down",
            unit: "jobs",
            ends: Ending::Hung,
            run: Form::Has(lock_across_join),
            worker: None,
        }])
    }
}

/// The job that joins, and the one that is stolen.
const JOBS: u64 = 2;

fn lock_across_join(scene: &Scene) -> Result<Outcome, Error> {
    let done = within(scene.limit, JOBS, vec![jobs(true)?])?;
    let remedied = within(scene.patience(), JOBS, vec![jobs(false)?])?;
    Ok(Outcome::waited(JOBS, done, remedied))
}

/// Two jobs on a pool of two threads, made to meet: the first job's other half is stolen by the second thread and stays
/// there until the second job has begun; so that job can only be begun by the thread that waits for the half.
fn jobs(across: bool) -> Result<Part, Error> {
    let pool = crate::pool(NonZeroUsize::new(2).expect("more than none"))?;
    let shared = Arc::new(Mutex::new(0u64));
    Ok(Box::new(move |done: &Done| {
        let (half_begins, half_begun) = sync_channel::<()>(2);
        let (meanwhile, stolen) = sync_channel::<()>(1);
        let (may_end, ended) = sync_channel::<()>(1);
        let (first, first_done) = (shared.clone(), done.clone());
        pool.spawn(move || {
            let join = || {
                let mine = move || {
                    // Nobody but the other thread can begin it.
                    let _ = half_begun.recv();
                    let _ = meanwhile.send(());
                    1
                };
                let other = move || {
                    let _ = half_begins.send(());
                    let _ = ended.recv();
                    1
                };
                let (mine, other) = rayon::join(mine, other);
                mine + other
            };
            if across {
                let mut sum = first.lock();
                *sum += join();
            } else {
                let part = join();
                *first.lock() += part;
            }
            first_done.one();
        });
        // From outside, as any job comes: the first thread is about to wait, the second has the half.
        let _ = stolen.recv();
        let (second, second_done) = (shared, done.clone());
        pool.spawn(move || {
            let _ = may_end.send(());
            *second.lock() += 1;
            second_done.one();
        });
        // What hangs in the pool is never waited for: leaving ends it only where nothing does.
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hazard_ends_as_it_says_and_its_remedy_holds() {
        let scene = Scene { limit: std::time::Duration::from_millis(300), respawn: patterns::Respawn::default() };
        let Form::Has(hazards) = DataParallel::hazards() else { panic!("a pool has hazards") };
        for Hazard { id, ends, run, .. } in hazards {
            let Form::Has(run) = run else { panic!("{id} runs everywhere") };
            let outcome = run(&scene).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!((outcome.ending, outcome.lost, outcome.remedy_lost), (*ends, JOBS, 0), "{id}");
        }
    }
}
