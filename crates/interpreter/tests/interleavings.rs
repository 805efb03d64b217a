//! Every interleaving of two threads that count references to one object, by loom: it is freed once, by whoever drops the last,
//! and not while somebody has one. The file is the crate's own, with loom's parts in place of std's.

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicI64, AtomicU32, Ordering};
}

#[allow(dead_code, unreachable_pub)]
#[path = "../src/machine/counts.rs"]
mod counts;

// Of std, so that it is no synchronization.
use std::sync::atomic::{AtomicBool, Ordering};

use counts::{AtomicCounts, BiasedCounts, Counting, Counts, Left};
use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};

const OWNER: u32 = 1;
const OTHER: u32 = 2;

/// An object that is written when it is freed: loom sees whether somebody reads it at the same time.
struct Object {
    counts: Counts,
    body: UnsafeCell<()>,
    freed: AtomicBool,
    /// Whether it waits for its owner.
    queued: Mutex<bool>,
}

impl Object {
    fn new() -> Arc<Self> {
        let (body, freed) = (UnsafeCell::new(()), AtomicBool::new(false));
        let object = Self { counts: Counts::default(), body, freed, queued: Mutex::new(false) };
        object.counts.begin(OWNER);
        Arc::new(object)
    }

    /// What is done with a reference.
    fn read(&self) {
        self.body.with(|_| assert!(!self.freed.load(Ordering::Relaxed), "it is read after it was freed"));
    }

    fn free(&self) {
        self.body.with_mut(|_| assert!(!self.freed.swap(true, Ordering::Relaxed), "it is freed twice"));
    }

    fn drop_ref<C: Counting>(&self, me: u32) {
        self.read();
        match C::decref(&self.counts, me) {
            Left::Alive => {}
            Left::Dead => self.free(),
            Left::Queued => *self.queued.lock().expect("no panic") = true,
        }
    }

    /// What the owner does at a check point.
    fn check_point(&self) {
        let queued = std::mem::take(&mut *self.queued.lock().expect("no panic"));
        if queued && self.counts.merge() == Left::Dead {
            self.free();
        }
    }
}

/// Two threads at one object, the second with a reference from the start; at the end it has been freed.
fn freed_once(hand_over: fn(&Object), owner: fn(&Object), other: fn(&Object)) {
    // Two threads of a few steps: three preemptions reach what matters, and all of them take minutes.
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let object = Object::new();
        hand_over(&object);
        let theirs = object.clone();
        let thread = loom::thread::spawn(move || other(&theirs));
        owner(&object);
        thread.join().expect("no panic");
        object.check_point();
        assert!(object.freed.load(Ordering::Relaxed), "it is never freed");
    });
}

fn own(object: &Object) {
    BiasedCounts::incref(&object.counts, OWNER);
    object.read();
    object.drop_ref::<BiasedCounts>(OWNER);
    object.drop_ref::<BiasedCounts>(OWNER);
}

#[test]
fn a_reference_of_the_owners_is_handed_over() {
    let hand_over = |object: &Object| BiasedCounts::incref(&object.counts, OWNER);
    let owner = |object: &Object| {
        object.check_point();
        own(object);
    };
    freed_once(hand_over, owner, |object| object.drop_ref::<BiasedCounts>(OTHER));
}

#[test]
fn each_counts_its_own() {
    let hand_over = |object: &Object| BiasedCounts::incref(&object.counts, OTHER);
    let other = |object: &Object| {
        BiasedCounts::incref(&object.counts, OTHER);
        object.read();
        object.drop_ref::<BiasedCounts>(OTHER);
        object.drop_ref::<BiasedCounts>(OTHER);
    };
    freed_once(hand_over, own, other);
}

#[test]
fn one_is_handed_over_and_one_is_seen_in_a_container() {
    let hand_over = |object: &Object| BiasedCounts::incref(&object.counts, OWNER);
    let owner = |object: &Object| {
        object.check_point();
        object.drop_ref::<BiasedCounts>(OWNER);
    };
    let other = |object: &Object| {
        BiasedCounts::incref_item(&object.counts, OTHER);
        object.drop_ref::<BiasedCounts>(OTHER);
        object.drop_ref::<BiasedCounts>(OTHER);
    };
    freed_once(hand_over, owner, other);
}

#[test]
fn who_tries_counts_it_or_finds_it_dead() {
    fn tries<C: Counting>(object: &Object) {
        if C::try_incref(&object.counts, OTHER) {
            object.drop_ref::<C>(OTHER);
        }
    }
    let seen = |object: &Object| {
        BiasedCounts::incref_item(&object.counts, OTHER);
        object.drop_ref::<BiasedCounts>(OTHER);
    };
    freed_once(seen, |object| object.drop_ref::<BiasedCounts>(OWNER), tries::<BiasedCounts>);
    freed_once(|_| {}, |object| object.drop_ref::<AtomicCounts>(OWNER), tries::<AtomicCounts>);
}
