//! Every interleaving of a tiny ring, by loom: messages arrive whole and in order, no word is read early or written over
//! before it was read, there are never more in it than its capacity, and no wake-up is lost. The ring is the crate's own
//! source; the futex sleeps until it is woken, so a lost wake-up is a deadlock here.
#![cfg(target_os = "linux")]

mod futex;

use futex::sync;
use loom::sync::Arc;
use loom::thread;
use sync::{AtomicU64, Word};

#[allow(dead_code, unreachable_pub)] // the parts that no test of this file calls
#[path = "../src/pipeline/ring.rs"]
mod ring;

use ring::{Closed, Ring};

/// The memory of a ring.
struct Memory {
    futexes: [Word; 7],
    data: Vec<AtomicU64>,
}

impl Memory {
    fn new(words: usize) -> Arc<Self> {
        let data = (0..words).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { futexes: [(); 7].map(|()| Word::new()), data })
    }

    fn ring(&self) -> Ring<'_> {
        let [tail, put, putter_sleeps, head, taken, taker_sleeps, closed] = self.futexes.each_ref();
        Ring { tail, put, putter_sleeps, head, taken, taker_sleeps, closed, data: &self.data }
    }
}

/// Puts these messages through a ring of so many words, all orders of things that differ by few preemptions.
fn carries(words: usize, capacity: u32, messages: &'static [&'static [u8]]) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(move || {
        let memory = Memory::new(words);
        let other = memory.clone();
        let putting = thread::spawn(move || {
            for message in messages {
                assert_eq!(other.ring().put(message, capacity), Ok(()));
            }
        });
        let mut got = Vec::new();
        for message in messages {
            assert_eq!(memory.ring().take(&mut got), Ok(()));
            assert_eq!(got, *message);
        }
        putting.join().expect("no panic");
    });
}

#[test]
fn messages_arrive_whole_and_in_order() {
    carries(4, 8, &[&[1, 2, 3], &[], &[4; 8]]);
}

#[test]
fn one_at_a_time() {
    carries(4, 1, &[&[1], &[2], &[3]]);
}

#[test]
fn a_message_larger_than_the_ring_goes_in_pieces() {
    carries(2, 8, &[&[7; 20], &[8; 3]]);
}

#[test]
fn there_are_never_more_than_its_capacity() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let memory = Memory::new(8);
        let other = memory.clone();
        let putting = thread::spawn(move || {
            (0..3).for_each(|number| assert_eq!(other.ring().put(&[number], 1), Ok(())));
        });
        let ring = memory.ring();
        let mut got = Vec::new();
        for number in 0..3 {
            let inside = || ring.put.load(sync::Ordering::Relaxed) - ring.taken.load(sync::Ordering::Relaxed);
            assert!(inside() <= 1, "{}", inside());
            assert_eq!(ring.take(&mut got), Ok(()));
            assert_eq!(got, [number]);
        }
        putting.join().expect("no panic");
    });
}

#[test]
fn positions_wrap() {
    loom::model(|| {
        let memory = Memory::new(4);
        let ring = memory.ring();
        for position in [ring.tail, ring.head, ring.put, ring.taken] {
            position.store(u32::MAX, sync::Ordering::Relaxed);
        }
        let mut got = Vec::new();
        for length in [20, 0, 8] {
            assert_eq!(ring.put(&vec![length; length.into()], 1), Ok(()));
            assert_eq!(ring.take(&mut got), Ok(()));
            assert_eq!(got, vec![length; length.into()]);
        }
    });
}

#[test]
fn what_is_in_a_closed_ring_is_taken_and_then_it_is_over() {
    loom::model(|| {
        let memory = Memory::new(4);
        let ring = memory.ring();
        assert_eq!(ring.put(&[5], 1), Ok(()));
        ring.close();
        let mut got = Vec::new();
        assert_eq!(ring.put(&[6], 1), Err(Closed), "it is full");
        assert_eq!(ring.take(&mut got), Ok(()));
        assert_eq!(got, [5]);
        assert_eq!(ring.take(&mut got), Err(Closed), "it is empty");
    });
}
