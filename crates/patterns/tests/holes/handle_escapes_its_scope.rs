//! A thread that borrows, carried out of the scope that joins it: nobody would know that what it borrows is still there.

use std::thread;

fn main() {
    let input = vec![1_u64, 2, 3];
    let summing = thread::scope(|scope| scope.spawn(|| input.iter().sum::<u64>()));
    drop(input);
    let _ = summing.join();
}
