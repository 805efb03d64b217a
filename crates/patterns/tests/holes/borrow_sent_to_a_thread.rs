//! A thread that borrows from whoever started it, and may outlive them.

use std::thread;

fn main() {
    let input = vec![1_u64, 2, 3];
    let summing = thread::spawn(|| input.iter().sum::<u64>());
    let _ = summing.join();
}
