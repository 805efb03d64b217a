//! The counts of one object, driven by hand through their states, and at random against a plain number. The file is the
//! crate's own.

mod sync {
    pub(crate) use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
}

#[allow(dead_code, unreachable_pub)]
#[path = "../src/machine/counts.rs"]
mod counts;

use counts::{AtomicCounts, BiasedCounts as Biased, Counting, Counts, Left, PlainCounts};

const OWNER: u32 = 1;
const OTHER: u32 = 2;

fn object() -> Counts {
    let counts = Counts::default();
    counts.begin(OWNER);
    counts
}

#[test]
fn the_owner_frees_what_nobody_else_knew() {
    let object = object();
    Biased::incref(&object, OWNER);
    assert_eq!(Biased::decref(&object, OWNER), Left::Alive);
    assert_eq!(Biased::decref(&object, OWNER), Left::Dead);
    // It did not need to give the object up for that.
    assert_eq!(object.owner(), OWNER);
}

#[test]
fn a_reference_that_came_and_went_leaves_the_fast_path_open() {
    let object = object();
    Biased::incref(&object, OTHER);
    assert_eq!(Biased::decref(&object, OTHER), Left::Alive);
    assert_eq!(Biased::decref(&object, OWNER), Left::Dead);
    assert_eq!(object.owner(), OWNER);
}

#[test]
fn what_was_seen_in_a_container_is_merged_before_it_is_freed() {
    let object = object();
    Biased::incref_item(&object, OTHER);
    assert_eq!(Biased::decref(&object, OTHER), Left::Alive);
    assert_eq!(Biased::decref(&object, OWNER), Left::Dead);
    assert_eq!(object.owner(), 0, "others may reach it: it was merged");
}

#[test]
fn a_reference_of_the_owners_that_another_drops_is_queued_once() {
    let object = object();
    Biased::incref(&object, OWNER);
    assert_eq!(Biased::decref(&object, OTHER), Left::Queued);
    // The queue has that reference. Others go on counting, below zero if need be.
    Biased::incref(&object, OWNER);
    assert_eq!(Biased::decref(&object, OTHER), Left::Alive);
    assert_eq!(object.merge(), Left::Alive);
    assert_eq!(object.owner(), 0);
    assert_eq!(Biased::decref(&object, OWNER), Left::Dead);
}

#[test]
fn a_queued_object_without_other_references_dies_when_it_is_merged() {
    let object = object();
    assert_eq!(Biased::decref(&object, OTHER), Left::Queued);
    assert_eq!(object.merge(), Left::Dead);
}

#[test]
fn an_owner_that_is_done_leaves_the_object_to_the_others() {
    let object = object();
    Biased::incref(&object, OTHER);
    assert_eq!(Biased::decref(&object, OWNER), Left::Alive);
    assert_eq!(object.owner(), 0);
    Biased::incref(&object, OWNER);
    assert_eq!(Biased::decref(&object, OTHER), Left::Alive);
    assert_eq!(Biased::decref(&object, OWNER), Left::Dead);
}

#[test]
fn what_is_queued_and_merged_by_its_owner_meanwhile_is_dropped_as_usual() {
    let object = object();
    Biased::incref(&object, OWNER);
    assert_eq!(Biased::decref(&object, OTHER), Left::Queued);
    // The queue's reference was the owner's second. Now a third comes, from another, and both of the owner's own go.
    Biased::incref(&object, OTHER);
    assert_eq!(Biased::decref(&object, OWNER), Left::Alive);
    assert_eq!(Biased::decref(&object, OWNER), Left::Alive);
    assert_eq!(object.owner(), 0);
    assert_eq!(object.merge(), Left::Dead);
}

#[test]
fn only_what_is_surely_alive_is_counted_without_a_lock() {
    let fresh = object();
    assert!(!Biased::try_incref(&fresh, OTHER), "it was never seen under a lock");
    assert!(Biased::try_incref(&fresh, OWNER));
    Biased::incref_item(&fresh, OTHER);
    assert!(Biased::try_incref(&fresh, OTHER));
    for thread in [OTHER, OTHER, OWNER] {
        assert_eq!(Biased::decref(&fresh, thread), Left::Alive);
    }
    assert_eq!(Biased::decref(&fresh, OWNER), Left::Dead);
    assert!(!Biased::try_incref(&fresh, OTHER), "it is dead");
    let atomic = object();
    assert!(AtomicCounts::try_incref(&atomic, OTHER));
    assert_eq!([(); 2].map(|()| AtomicCounts::decref(&atomic, OTHER)), [Left::Alive, Left::Dead]);
    assert!(!AtomicCounts::try_incref(&atomic, OTHER));
}

#[test]
fn what_is_immortal_is_not_touched() {
    fn untouched<C: Counting>() {
        let object = object();
        object.immortalize();
        let before = format!("{object:?}");
        for thread in [OWNER, OTHER] {
            C::incref(&object, thread);
            C::incref_item(&object, thread);
            assert!(C::try_incref(&object, thread));
            for _ in 0..5 {
                assert_eq!(C::decref(&object, thread), Left::Alive);
            }
        }
        assert_eq!(format!("{object:?}"), before);
    }
    untouched::<PlainCounts>();
    untouched::<AtomicCounts>();
    untouched::<Biased>();
}

/// A small generator: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// Threads take and drop references at random, each any of them; the owner merges now and then. It dies with the last.
fn at_random<C: Counting>(seed: u64) -> usize {
    let mut random = Random(seed);
    let object = object();
    let (mut references, mut queued, mut steps) = (1, 0, 0);
    loop {
        steps += 1;
        let thread = random.below(3) as u32 + 1;
        let left = match random.below(9) {
            0..=2 if references > 0 => {
                C::incref(&object, thread);
                references += 1;
                Left::Alive
            }
            3 if references > 0 => {
                C::incref_item(&object, thread);
                references += 1;
                Left::Alive
            }
            4..=7 if references > 0 => {
                references -= 1;
                C::decref(&object, thread)
            }
            _ if queued > 0 => {
                queued -= 1;
                object.merge()
            }
            _ => Left::Alive,
        };
        queued += usize::from(left == Left::Queued);
        assert_eq!(left == Left::Dead, references + queued == 0, "seed {seed}, step {steps}: {object:?}");
        assert!(queued <= 1, "it is queued once");
        if left == Left::Dead {
            return steps;
        }
    }
}

#[test]
fn at_random_an_object_dies_with_its_last_reference() {
    let mut steps = 0;
    for seed in 1..2000 {
        steps += at_random::<Biased>(seed);
        at_random::<AtomicCounts>(seed);
        at_random::<PlainCounts>(seed);
    }
    assert!(steps > 10_000, "{steps} steps");
}
