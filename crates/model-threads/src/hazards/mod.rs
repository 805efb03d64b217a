//! What goes wrong between threads: panics inside critical sections, and threads that wait for each other.

mod panics;
mod queues;
mod updates;

use std::sync::{Arc, Barrier};

use parking_lot::Mutex;
use patterns::hazard::{Done, Ending, Hazard, Outcome, Part, Scene, within};
use patterns::{Error, Form, RunsHazards};

use crate::Threads;

impl RunsHazards for Threads {
    fn hazards() -> Form<&'static [Hazard]> {
        Form::Has(&[
            Hazard {
                id: "poisoned-lock",
                about: "a thread panics half way through an update, inside a std::sync::Mutex",
                told: "every thread, by a PoisonError at its next lock; all stop",
                remedy: "repair what the guard in the error shows, clear the poison, go on",
                unit: "updates",
                ends: Ending::Told,
                run: Form::Has(panics::poisoned_lock),
                worker: None,
            },
            Hazard {
                id: "panic-inside",
                about: "a thread panics half way through an update, inside a parking_lot::Mutex, which has no poison",
                told: "nobody who takes the lock; the half of an update stays in what it guards",
                remedy: "do what can fail before the lock is taken, so that a panic leaves nothing half done",
                unit: "updates",
                ends: Ending::Silent,
                run: Form::Has(panics::panic_inside),
                worker: None,
            },
            Hazard {
                id: "lock-order",
                about: "two threads take the same two locks, each the other's first one second",
                told: "nobody: both wait in lock()",
                remedy: "one order for all: the lock with the smaller index first",
                unit: "transfers",
                ends: Ending::Hung,
                run: Form::Has(lock_order),
                worker: None,
            },
            Hazard {
                id: "full-queue",
                about: "a client asks through a bounded queue and reads no reply before it has asked for everything",
                told: "nobody: both sides wait in send(), each for the other to receive",
                remedy: "no more requests under way than the queues hold",
                unit: "replies",
                ends: Ending::Hung,
                run: Form::Has(queues::full_queue),
                worker: None,
            },
            Hazard {
                id: "dead-consumer",
                about: "the consumer of a bounded queue leaves with items in it and in its hands",
                told: "the producer, by a SendError at its next send; not of what it had sent before",
                remedy: "keep what was not confirmed, and send it to the next consumer again",
                unit: "items",
                ends: Ending::Told,
                run: Form::Has(queues::dead_consumer),
                worker: None,
            },
        ])
    }
}

/// Transfers in each direction.
const TRANSFERS: u64 = 50;

fn lock_order(scene: &Scene) -> Result<Outcome, Error> {
    let of = 2 * TRANSFERS;
    // Both have their first lock before either asks for its second: a deadlock in the first transfer.
    let both = Arc::new(Barrier::new(2));
    let met = move |first_of_all: bool| {
        if first_of_all {
            both.wait();
        }
    };
    let done = within(scene.limit, of, transfers(|from, to| (from, to), met))?;
    let remedied = within(scene.patience(), of, transfers(|from, to| (from.min(to), from.max(to)), |_| {}))?;
    Ok(Outcome::waited(of, done, remedied))
}

/// Two threads move money between two accounts, in opposite directions. `order` says which of two is locked first;
/// `between` runs between the locks, told whether this is the thread's first transfer.
fn transfers(order: fn(usize, usize) -> (usize, usize), between: impl Fn(bool) + Clone + Send + 'static) -> Vec<Part> {
    let accounts: Arc<[Mutex<i64>; 2]> = Arc::default();
    let part = |(from, to): (usize, usize)| -> Part {
        let (accounts, between) = (accounts.clone(), between.clone());
        Box::new(move |done: &Done| {
            for transfer in 0..TRANSFERS {
                let (first, second) = order(from, to);
                // Nested: in the order that is tried here.
                let mut one = accounts[first].lock();
                between(transfer == 0);
                let mut other = accounts[second].lock();
                let (source, target) = if first == from { (&mut one, &mut other) } else { (&mut other, &mut one) };
                **source -= 1;
                **target += 1;
                done.one();
            }
        })
    };
    [(0, 1), (1, 0)].map(part).into()
}

#[cfg(test)]
mod tests {
    use patterns::Respawn;

    use super::*;

    #[test]
    fn every_hazard_ends_as_it_says_and_its_remedy_holds() {
        let scene = Scene { limit: std::time::Duration::from_millis(300), respawn: Respawn::default() };
        let Form::Has(hazards) = Threads::hazards() else { panic!("threads have hazards") };
        let ends = |Hazard { id, ends, run, .. }: &Hazard| {
            let Form::Has(run) = run else { panic!("{id} runs everywhere") };
            let outcome = run(&scene).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(outcome.ending, *ends, "{id}");
            assert!(outcome.lost > 0 && outcome.lost <= outcome.of, "{id}: {outcome:?}");
            assert_eq!(outcome.remedy_lost, 0, "{id}");
            assert_eq!(outcome.after.is_some(), *ends == Ending::Told, "{id}");
        };
        hazards.iter().for_each(ends);
    }
}
