//! Every interleaving of a pipeline's end, by loom: items are absorbed in their order, nobody is too far ahead, and nobody
//! waits for ever. It is the crate's own source, with loom's lock and condition in place of std's.

use loom::sync::Arc;
use loom::thread;

mod sync {
    //! What it is made of here.
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[path = "../src/pipeline/order.rs"]
mod order;

use order::Order;

fn absorb(sink: &mut Vec<usize>, item: usize) {
    sink.push(item);
}

#[test]
fn items_are_absorbed_in_order_and_whoever_is_ahead_waits() {
    for room in [0, 1] {
        loom::model(move || {
            let order = Arc::new(Order::new(Vec::new(), room));
            let other = order.clone();
            // Two jobs, each with every second item: the second may be two ahead.
            let even = thread::spawn(move || [0, 2].into_iter().for_each(|index| other.take(index, index, absorb)));
            [1, 3].into_iter().for_each(|index| order.take(index, index, absorb));
            even.join().expect("a job");
            let order = Arc::try_unwrap(order).ok().expect("the jobs have ended");
            assert_eq!(order.end(), (vec![0, 1, 2, 3], 4));
        });
    }
}

#[test]
fn nobody_waits_for_whoever_failed() {
    loom::model(|| {
        let order = Arc::new(Order::new(Vec::new(), 0));
        let other = order.clone();
        let failing = thread::spawn(move || other.fail());
        order.take(1, 1, absorb);
        failing.join().expect("a job");
        let order = Arc::try_unwrap(order).ok().expect("the jobs have ended");
        assert_eq!(order.end(), (vec![], 0));
    });
}
