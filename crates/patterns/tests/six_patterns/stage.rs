//! What every pattern's test stands on: rounds without a harness, and the bounds of three kinds of models.

use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use patterns::serve::LoadGenerator;
use patterns::{Clock, Done, Error, Job, Respawn, Start, Strategies, Support, Watch, Workload};
use serde::{Deserialize, Serialize};

/// The worker counts every pattern runs with: one, two, and a number that divides nothing evenly.
pub(crate) const WORKERS: [usize; 3] = [1, 2, 7];

pub(crate) fn start(workers: usize, load: Option<Arc<dyn LoadGenerator>>) -> Start {
    let workers = NonZeroUsize::new(workers).expect("at least one worker");
    Start { workers, cpus: NonZeroUsize::MIN, respawn: Respawn::default(), load }
}

/// For rounds that nobody times.
pub(crate) struct NoClock;

impl Clock for NoClock {
    fn start(&mut self) {}
    fn stop(&mut self) {}
}

#[derive(Default)]
struct Counting {
    starts: u32,
    stops: u32,
}

impl Clock for Counting {
    fn start(&mut self) {
        self.starts += 1;
    }
    fn stop(&mut self) {
        self.stops += 1;
    }
}

/// Runs two rounds of each strategy that can run, hands what they brought to `check`, and holds the list against
/// `expected`, so that a strategy that was never measured does not pass for one that was right.
pub(crate) fn every_strategy<W: Workload, A>(
    strategies: Strategies<W, A>,
    expected: &[&str],
    job: &Arc<Job<W>>,
    start: &Start,
    mut check: impl FnMut(&str, &Done<A>),
) {
    let mut ran = Vec::new();
    for strategy in strategies {
        let (Support::Idiomatic(run) | Support::AgainstTheGrain { run, .. }) = strategy.support else { continue };
        let mut rounds = 0;
        let result = run(start, job, &mut |round| {
            for _ in 0..2 {
                let mut clock = Counting::default();
                let done = round(&mut Watch::new(&mut clock))?;
                assert_eq!((clock.starts, clock.stops), (1, 1), "{} times one region", strategy.id);
                check(strategy.id, &done);
                rounds += 1;
            }
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{} of {}: {error}", strategy.id, W::ID));
        assert_eq!(rounds, 2, "{} calls measure once", strategy.id);
        ran.push(strategy.id);
    }
    assert_eq!(ran, expected);
}

/// The bounds of `rayon::join`.
pub(crate) fn join<L: Send, R: Send>(left: impl FnOnce() -> L + Send, right: impl FnOnce() -> R + Send) -> (L, R) {
    thread::scope(|scope| {
        let left = scope.spawn(left);
        let right = right();
        (left.join().expect("the left half"), right)
    })
}

/// The bounds of `tokio::spawn`; each future gets a thread, so that a future may block on a channel.
pub(crate) fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    thread::spawn(move || block_on(future))
}

/// The end of a spawned future.
pub(crate) fn joined<T>(worker: usize, handle: JoinHandle<T>) -> Result<T, Error> {
    handle.join().map_err(|payload| Error::panicked(worker, &*payload))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Is pending once: whatever the caller holds, it holds across an await.
pub(crate) async fn pause() {
    struct Once(bool);
    impl Future for Once {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    Once(false).await;
}

/// A worker process's end of its channels.
pub(crate) struct Far {
    pub(crate) inbox: Receiver<Vec<u8>>,
    pub(crate) outbox: Sender<Vec<u8>>,
}

/// The parent's end. Dropping `to` is what ends the worker.
pub(crate) struct Process {
    pub(crate) to: Sender<Vec<u8>>,
    pub(crate) from: Receiver<Vec<u8>>,
}

/// Starts what stands for a process: an `fn`, which captures nothing, between two channels of bytes. The workload is the
/// first message.
pub(crate) fn process<W: Workload>(workload: &W, main: fn(&W, Far)) -> Process {
    let (to, inbox) = channel();
    let (outbox, from) = channel();
    to.send(pack(workload)).expect("the inbox is open");
    thread::spawn(move || {
        let first: Vec<u8> = inbox.recv().expect("the workload comes first");
        main(&unpack(&first), Far { inbox, outbox });
    });
    Process { to, from }
}

/// As it travels: postcard, like the processes model; it describes nothing, so the type has to say it all.
pub(crate) fn pack<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("it can be serialized")
}

/// As it arrives; may borrow from the message.
pub(crate) fn unpack<'b, T: Deserialize<'b>>(message: &'b [u8]) -> T {
    postcard::from_bytes(message).expect("what was packed can be unpacked")
}

/// A far end that hung up.
pub(crate) fn gone(_: impl std::error::Error) -> Error {
    Error::other("a worker is gone")
}
