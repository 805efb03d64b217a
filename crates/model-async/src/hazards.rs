//! What goes wrong on a runtime: tasks share threads, so whoever blocks one blocks tasks that know nothing of it.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use patterns::clock::Tick;
use patterns::hazard::{Done, Ending, Hazard, Outcome, Part, Scene, within};
use patterns::{Error, Form, RunsHazards};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{LocalSet, yield_now};

use crate::{Async, START};

impl RunsHazards for Async {
    fn hazards() -> Form<&'static [Hazard]> {
        Form::Has(&[
            Hazard {
                id: "blocking-call",
                about: "a call that blocks (here std::thread::sleep) in a task on every thread of the runtime",
                told: "nobody: other tasks, timers and sockets wait until the calls return",
                remedy: "blocking calls on threads of their own, by spawn_blocking",
                unit: "heartbeats",
                ends: Ending::Silent,
                run: Form::Has(blocking_call),
                worker: None,
            },
            Hazard {
                id: "guard-across-await",
                about: "a task awaits with a parking_lot guard in its hands, another on its thread wants the lock",
                told: "nobody: the second blocks the thread on which the first would give the lock back",
                remedy: "a lock that is awaited (tokio::sync::Mutex), or the guard dropped before the await",
                unit: "updates",
                ends: Ending::Hung,
                run: Form::Has(guard_across_await),
                worker: None,
            },
        ])
    }
}

/// Threads of the runtime, each of which is blocked.
const THREADS: NonZeroUsize = NonZeroUsize::new(2).expect("more than none");
/// Heartbeats asked for while the calls block, one every [`BEAT`].
const BEATS: u64 = 10;
const BEAT: Duration = Duration::from_millis(5);

fn blocking_call(scene: &Scene) -> Result<Outcome, Error> {
    let in_task = |runtime: &Handle, call: Call| drop(runtime.spawn(async move { call() }));
    let (beats, longest) = heartbeats(in_task, scene.limit / 2, scene.patience())?;
    // Longer than anybody waits: a heartbeat that comes does so while they block.
    let beside = |runtime: &Handle, call: Call| drop(runtime.spawn_blocking(call));
    let (remedied, _) = heartbeats(beside, scene.patience(), scene.patience())?;
    let ending = if beats < BEATS { Ending::Silent } else { Ending::NotSeen };
    Ok(Outcome { ending, after: Some(longest), lost: BEATS - beats, of: BEATS, remedy_lost: BEATS - remedied })
}

/// A call that blocks.
type Call = Box<dyn FnOnce() + Send>;

/// How many heartbeats of a task come while calls block, each for `call`, wherever `hand_over` puts them; and the longest
/// that one took, while they blocked or after.
fn heartbeats(hand_over: fn(&Handle, Call), call: Duration, patience: Duration) -> Result<(u64, Duration), Error> {
    let runtime = crate::runtime(THREADS)?;
    let over = Arc::new(AtomicBool::new(false));
    let (ask, mut asked) = unbounded_channel::<Tick>();
    let (beat, beats) = channel();
    let late = over.clone();
    runtime.spawn(async move {
        while let Some(asked) = asked.recv().await {
            // Acquire: with the release below, a thread of the runtime that a call gave back knows that it was blocked.
            let _ = beat.send((asked.elapsed(), late.load(Ordering::Acquire)));
        }
    });
    // Every call has a thread before the first heartbeat is asked for.
    let all_there = Arc::new(Barrier::new(THREADS.get() + 1));
    for _ in 0..THREADS.get() {
        let (all_there, over) = (all_there.clone(), over.clone());
        let block = move || {
            all_there.wait();
            thread::sleep(call);
            over.store(true, Ordering::Release);
        };
        hand_over(runtime.handle(), Box::new(block));
    }
    all_there.wait();
    for _ in 0..BEATS {
        let _ = ask.send(Tick::now());
        thread::sleep(BEAT);
    }
    // All come, sooner or later: no call blocks for ever.
    let come = (0..BEATS).map_while(|_| beats.recv_timeout(patience).ok());
    let (mut count, mut longest) = (0, Duration::ZERO);
    for (took, late) in come {
        count += u64::from(!late);
        longest = longest.max(took);
    }
    runtime.shutdown_background();
    Ok((count, longest))
}

/// Updates of each of two tasks.
const UPDATES: u64 = 10;

fn guard_across_await(scene: &Scene) -> Result<Outcome, Error> {
    let of = 2 * UPDATES;
    let sync: Part = Box::new(|done: &Done| {
        let shared = Arc::new(parking_lot::Mutex::new(0u64));
        let _ = two_on_one_thread(|| hold(shared.clone(), done.clone()));
    });
    let awaited: Part = Box::new(|done: &Done| {
        let shared = Arc::new(tokio::sync::Mutex::new(0u64));
        let _ = two_on_one_thread(|| wait(shared.clone(), done.clone()));
    });
    let done = within(scene.limit, of, vec![sync])?;
    let remedied = within(scene.patience(), of, vec![awaited])?;
    Ok(Outcome::waited(of, done, remedied))
}

#[expect(clippy::await_holding_lock, reason = "this is the hazard")]
async fn hold(shared: Arc<parking_lot::Mutex<u64>>, done: Done) {
    for _ in 0..UPDATES {
        let mut guard = shared.lock();
        yield_now().await; // the other task runs here, on this thread
        *guard += 1;
        done.one();
    }
}

async fn wait(shared: Arc<tokio::sync::Mutex<u64>>, done: Done) {
    for _ in 0..UPDATES {
        let mut guard = shared.lock().await;
        yield_now().await;
        *guard += 1;
        done.one();
    }
}

/// Two tasks on one thread, which need not be `Send`: the compiler, which would otherwise refuse a guard across an await,
/// has nothing to say.
fn two_on_one_thread<F: Future<Output = ()> + 'static>(task: impl Fn() -> F) -> Result<(), Error> {
    let runtime = Builder::new_current_thread().build().map_err(Error::io(START))?;
    let local = LocalSet::new();
    (0..2).for_each(|_| drop(local.spawn_local(task())));
    runtime.block_on(local);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hazard_ends_as_it_says_and_its_remedy_holds() {
        let scene = Scene { limit: Duration::from_millis(400), respawn: patterns::Respawn::default() };
        let Form::Has(hazards) = Async::hazards() else { panic!("a runtime has hazards") };
        for Hazard { id, ends, run, .. } in hazards {
            let Form::Has(run) = run else { panic!("{id} runs everywhere") };
            let outcome = run(&scene).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!((outcome.ending, outcome.remedy_lost), (*ends, 0), "{id}");
            assert!(outcome.lost > 0 && outcome.lost <= outcome.of, "{id}: {outcome:?}");
        }
    }
}
