//! Every interleaving of two clients that add to one word, by loom: what `racy` loses, and that `atomic` and locks lose
//! nothing. The additions and the semaphore are the crate's own source, with loom's parts in place of std's.

use std::collections::BTreeSet;

use loom::sync::Arc;
use loom::thread;

mod sync {
    //! What synchronization is made of here.
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[allow(dead_code)] // the parts that no test of this file calls
#[path = "../src/shared_state/permits.rs"]
mod permits;
#[allow(unreachable_pub)] // public where it comes from
#[path = "../../patterns/src/shared_state/word.rs"]
mod word;

use permits::Permits;
use sync::{AtomicU64, Mutex, Ordering};

/// A word, and the two locks that may guard it.
struct Shared {
    word: AtomicU64,
    mutex: Mutex<()>,
    permits: Permits,
}

/// How a client adds one; what it found.
type Add = fn(&Shared) -> u64;

/// What the word comes to when two clients have added to it twice each, and what they found, over all interleavings.
fn outcomes(add: Add) -> BTreeSet<(u64, Vec<u64>)> {
    // Not loom's: it goes from one interleaving to the next.
    let outcomes = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let all = outcomes.clone();
    loom::model(move || {
        let (word, mutex, permits) = (AtomicU64::new(0), Mutex::new(()), Permits::new(1));
        let shared = Arc::new(Shared { word, mutex, permits });
        let other = shared.clone();
        let client = thread::spawn(move || [add(&other), add(&other)]);
        let mut found = [add(&shared), add(&shared)].to_vec();
        found.extend(client.join().expect("a client"));
        found.sort_unstable();
        all.lock().expect("no panic").insert((shared.word.load(Ordering::Relaxed), found));
    });
    outcomes.lock().expect("no panic").clone()
}

fn in_two_steps(shared: &Shared) -> u64 {
    word::add_in_two_steps(&shared.word, 1, || ())
}

#[test]
fn two_steps_lose_updates() {
    let totals: BTreeSet<u64> = outcomes(in_two_steps).into_iter().map(|(total, _)| total).collect();
    // Where nobody comes in between nothing is lost; at worst, all that happened before the last addition is.
    assert_eq!(totals, BTreeSet::from([2, 3, 4]));
}

#[test]
fn one_step_and_locks_lose_none() {
    let fixes: [(&str, Add); 3] = [
        ("atomic", |shared| word::add(&shared.word, 1)),
        ("mutex", |shared| {
            let _held = shared.mutex.lock().expect("no panic");
            in_two_steps(shared)
        }),
        ("semaphore", |shared| {
            let _permit = shared.permits.take();
            in_two_steps(shared)
        }),
    ];
    for (fix, add) in fixes {
        assert_eq!(outcomes(add), BTreeSet::from([(4, vec![0, 1, 2, 3])]), "{fix}");
    }
}
