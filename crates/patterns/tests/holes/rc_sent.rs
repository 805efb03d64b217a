//! A count of references that is not atomic, sent to a thread: two threads that counted at once would lose one.

use std::rc::Rc;
use std::thread;

fn main() {
    let input = Rc::new(vec![1_u64, 2, 3]);
    let sent = Rc::clone(&input);
    let summing = thread::spawn(move || sent.iter().sum::<u64>());
    drop(input);
    let _ = summing.join();
}
