//! Threads that begin together.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use benches::clocked;

/// Has each of `threads` do `work`, told which it is; from the moment all may begin until all are done. They are started
/// before and ended after.
pub(crate) fn together(threads: usize, work: impl Fn(usize) + Sync) -> Duration {
    let gate = Barrier::new(threads + 1);
    let elapsed = thread::scope(|scope| {
        for thread in 0..threads {
            let (gate, work) = (&gate, &work);
            scope.spawn(move || {
                gate.wait(); // all are there
                gate.wait(); // all may begin
                work(thread);
                gate.wait(); // all are done
            });
        }
        gate.wait();
        clocked(|| {
            gate.wait();
            gate.wait();
            Ok(())
        })
    });
    elapsed.expect("waiting at a barrier does not fail")
}
