//! The machine: a program on threads of the system, in a build with one global lock or in one without it.
//!
//! What is modelled, and how exactly, is described in CPython's own sources of 3.13: the lock with forced switching and the
//! check points (`ceval_gil.c`), `threading.Lock` as a byte over a parking lot (`lock.c`), biased reference counts with the
//! owner's merge queue (Choi, Shull, Torrellas, "Biased Reference Counting", PACT 2018; `object.c`, `brc.c`), immortal objects
//! (PEP 683), a lock in each container. Reads of dicts and lists take that lock here, which CPython avoids where it can.

mod build;
mod builtins;
mod containers;
mod counts;
mod guarded;
mod heap;
mod object;
mod plain;
mod run;
mod sync;
mod thread;
mod world;

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use cpython_locks::{Spins, Wait};

pub use build::{Build, FreeThreaded, GilBuild};
pub use counts::{AtomicCounts, BiasedCounts, Counting, PlainCounts};

use crate::{Fault, Plain, Program};
use object::Kind;
use thread::Thread;
use world::{World, lock};

/// How a program runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// After so long a waiting thread asks for the global lock.
    pub interval: Duration,
    /// How a thread waits for a `Lock`, in the build without a global lock; in the other it sleeps at once.
    pub lock_spins: Spins,
    /// How a thread waits for the lock of an object.
    pub object_spins: Spins,
    /// Bytecodes of one thread.
    pub steps: Option<u64>,
    /// How long all may take.
    pub time: Option<Duration>,
    /// Objects that may be alive, and items that a thread may put into containers.
    pub objects: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(5),
            lock_spins: Spins::FREE_THREADED,
            object_spins: Spins::FREE_THREADED,
            steps: None,
            time: None,
            objects: 1 << 22,
        }
    }
}

impl Options {
    /// Who waits pauses instead of yielding.
    #[must_use]
    pub fn pausing(mut self) -> Self {
        self.lock_spins.wait = Wait::Pause;
        self.object_spins.wait = Wait::Pause;
        self
    }

    fn spins(&self, gil: bool) -> Spins {
        if gil { Spins::GIL } else { self.lock_spins }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What `main` returned, or what ended the program: an error that nobody caught, also of a thread that nobody joined.
    pub outcome: Result<Plain, Fault>,
    /// Bytecodes that were done, by all threads.
    pub bytecodes: u64,
    /// Times that the global lock went to another thread.
    pub switches: u64,
    /// Sleeps for locks.
    pub parks: u64,
    /// Times that a waiting thread let another run.
    pub yields: u64,
    /// Objects that others handed to their owner, to merge the halves of their counts.
    pub queued: u64,
    /// Objects whose halves were merged so.
    pub merged: u64,
    /// Objects that were still alive at the end, but for those that live as long as the program: none, if counts are right.
    pub left: u64,
}

/// What a thread counts.
#[derive(Debug, Clone, Default)]
struct Counted {
    bytecodes: u64,
    parks: u64,
    yields: u64,
    queued: u64,
    merged: u64,
    /// Errors of threads that nobody has joined, with the thread's number.
    unheard: Vec<(u32, Fault)>,
}

impl Counted {
    fn add(&mut self, other: &Self) {
        self.bytecodes += other.bytecodes;
        self.parks += other.parks;
        self.yields += other.yields;
        self.queued += other.queued;
        self.merged += other.merged;
    }
}

/// Runs a program in a build.
#[must_use]
pub fn run<B: Build>(program: &Program, options: &Options) -> Ran {
    run_with::<B>(program, options, None, None)
}

/// As [`run`], beside somebody outside: what that sends is received, and the other way round. When it hangs up, the program
/// receives none.
#[must_use]
pub fn run_with<B: Build>(
    program: &Program,
    options: &Options,
    inbox: Option<Receiver<i64>>,
    outbox: Option<Sender<i64>>,
) -> Ran {
    let heap = heap::Heap::new(options.objects.max(1 << 14));
    let world = World::new::<B>(program, options, &heap, (inbox, outbox));
    let main = world.enroll();
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| world.watch());
        let mut thread = Thread::<B>::new(scope, &world, main);
        thread.begin();
        let result = thread.call(program.main, 0);
        let outcome = match result {
            Ok(value) => {
                let plain = thread.plain(value);
                thread.decref(value);
                Ok(plain)
            }
            Err(fault) => {
                // Nobody can join the others any more.
                world.stop((*fault).clone());
                Err(*fault)
            }
        };
        thread.end();
        outcome
    });
    finish::<B>(&world, outcome)
}

/// Drops the globals, when all threads are over, and counts what is left.
fn finish<B: Build>(world: &World<'_>, outcome: Result<Plain, Fault>) -> Ran {
    let last = world.enroll();
    std::thread::scope(|scope| {
        let mut thread = Thread::<B>::new(scope, world, last);
        thread.begin();
        for global in &world.globals {
            if let Some(object) = world.heap.slot(global.swap(world::UNSET, std::sync::atomic::Ordering::AcqRel)) {
                thread.decref(object);
            }
        }
        thread.end();
    });
    let permanent: BTreeSet<u32> = world.permanent().collect();
    let left = world.heap.slots().filter(|slot| !slot.is(Kind::Free) && !permanent.contains(&slot.number)).count();
    let counted = lock(&world.counted).clone();
    let unheard = counted.unheard.into_iter().next().map(|(_, fault)| fault);
    let outcome = match (world.why(), unheard) {
        (Some(why), _) => Err(why),
        (None, Some(unheard)) => outcome.and(Err(unheard)),
        (None, None) => outcome,
    };
    Ran {
        outcome,
        bytecodes: counted.bytecodes,
        switches: world.gil.switches(),
        parks: counted.parks,
        yields: counted.yields,
        queued: counted.queued,
        merged: counted.merged,
        left: left as u64,
    }
}
