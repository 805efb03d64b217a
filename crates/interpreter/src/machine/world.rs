//! What all threads of a running program share: its constants and globals, the locks, and who there is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cpython_locks::{Breaker, ByteLock, Gil, ParkingLot};

use super::build::Build;
use super::heap::{BLOCK, Heap};
use super::object::{Kind, Ref};
use super::{Counted, Options};
use crate::fault::FaultKind;
use crate::{Constant, Fault, Program};

/// Asks a thread to end at its next check point: the program was stopped.
pub(super) const STOP: u32 = 1 << 1;
/// The first and the last of the ints that are one object each.
const SMALL: std::ops::RangeInclusive<i64> = -5..=256;
/// In the place of a global that nothing was stored in.
pub(super) const UNSET: u32 = u32::MAX;

/// What a thread waits for. It has it when the number of the object is another, or its lock free.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'h> {
    Lock(Ref<'h>),
    Change(Ref<'h>, i64),
    /// Time, or somebody outside.
    Outside,
}

impl Wanted<'_> {
    fn is_there(self) -> bool {
        match self {
            // One that was handed over stays locked until its new holder runs; whoever released it has said so before.
            Self::Lock(lock) => !lock.lock.is_locked() || lock.value_now() == 0,
            Self::Change(object, seen) => object.value_now() != seen,
            Self::Outside => true,
        }
    }
}

/// What others know of a thread.
#[derive(Debug)]
pub(super) struct Record<'h> {
    pub(super) breaker: Arc<Breaker>,
    /// Objects whose halves are to be merged; nothing when the thread is over.
    pub(super) queue: Mutex<Option<Vec<Ref<'h>>>>,
    /// What it waits for, and where.
    pub(super) waits: Mutex<Option<(Wanted<'h>, u32)>>,
}

/// The world of a program that runs.
pub(super) struct World<'h> {
    pub(super) program: &'h Program,
    pub(super) options: &'h Options,
    pub(super) heap: &'h Heap<'h>,
    pub(super) gil: Gil,
    pub(super) lot: ParkingLot,
    pub(super) none: Ref<'h>,
    pub(super) truths: [Ref<'h>; 2],
    small: Vec<Ref<'h>>,
    pub(super) constants: Vec<Ref<'h>>,
    pub(super) functions: Vec<Ref<'h>>,
    /// Names of errors, and all other strings.
    pub(super) strings: Vec<Arc<str>>,
    pub(super) errors: HashMap<FaultKind, Ref<'h>>,
    /// Of what locals are before anything is stored in them.
    pub(super) unset: Ref<'h>,
    /// Numbers of the slots that globals hold; written with `globals_lock`, in the build without a global one.
    pub(super) globals: Vec<AtomicU32>,
    pub(super) globals_lock: ByteLock,
    pub(super) records: Mutex<Vec<Arc<Record<'h>>>>,
    /// Threads that are not over.
    pub(super) live: AtomicUsize,
    stopped: AtomicBool,
    why: Mutex<Option<Fault>>,
    events: (Mutex<()>, Condvar),
    pub(super) counted: Mutex<Counted>,
    /// Slots that no thread has any more.
    pub(super) spare: Mutex<Vec<Ref<'h>>>,
    pub(super) inbox: Mutex<Option<Receiver<i64>>>,
    pub(super) outbox: Option<Sender<i64>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes what is there before a program begins.
struct Founder<'h> {
    heap: &'h Heap<'h>,
    free: Vec<Ref<'h>>,
    immortal: bool,
}

impl<'h> Founder<'h> {
    /// An object of `main`'s thread.
    fn make(&mut self, kind: Kind, value: i64) -> Ref<'h> {
        if self.free.is_empty() {
            let block = self.heap.block().expect("the heap has room for what a program begins with");
            self.free.extend(block.iter().rev());
        }
        let slot = self.free.pop().expect("a block has slots");
        slot.begin(1, kind, value, 0);
        if self.immortal {
            slot.counts.immortalize();
        }
        slot
    }
}

impl<'h> World<'h> {
    pub(super) fn new<B: Build>(
        program: &'h Program,
        options: &'h Options,
        heap: &'h Heap<'h>,
        (inbox, outbox): (Option<Receiver<i64>>, Option<Sender<i64>>),
    ) -> Self {
        let mut founder = Founder { heap, free: Vec::new(), immortal: B::IMMORTAL };
        let none = founder.make(Kind::None, 0);
        let truths = [0, 1].map(|truth| founder.make(Kind::Bool, truth));
        let small: Vec<Ref<'h>> = SMALL.map(|int| founder.make(Kind::Int, int)).collect();
        let mut strings: Vec<Arc<str>> = Vec::new();
        let mut texts: HashMap<Arc<str>, Ref<'h>> = HashMap::new();
        let mut string = |founder: &mut Founder<'h>, text: &Arc<str>| {
            *texts.entry(text.clone()).or_insert_with(|| {
                strings.push(text.clone());
                founder.make(Kind::Str, strings.len() as i64 - 1)
            })
        };
        let errors = FaultKind::CAUGHT.map(|kind| (kind, string(&mut founder, &kind.name().into()))).into();
        let constants = program.constants.iter().map(|constant| match constant {
            Constant::None => none,
            Constant::Bool(truth) => truths[usize::from(*truth)],
            Constant::Int(int) if SMALL.contains(int) => small[(int - SMALL.start()) as usize],
            Constant::Int(int) => founder.make(Kind::Int, *int),
            Constant::Str(text) => string(&mut founder, text),
        });
        let constants = constants.collect();
        let functions = (0..program.functions.len()).map(|index| founder.make(Kind::Function, index as i64)).collect();
        let unset = founder.make(Kind::Free, 0);
        unset.counts.immortalize();
        Self {
            program,
            options,
            heap,
            gil: Gil::new(options.interval),
            lot: ParkingLot::new(),
            none,
            truths,
            small,
            constants,
            functions,
            strings,
            errors,
            unset,
            globals: program.globals.iter().map(|_| AtomicU32::new(UNSET)).collect(),
            globals_lock: ByteLock::new(),
            records: Mutex::new(Vec::new()),
            live: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            why: Mutex::new(None),
            events: (Mutex::new(()), Condvar::new()),
            counted: Mutex::new(Counted::default()),
            spare: Mutex::new(founder.free),
            inbox: Mutex::new(inbox),
            outbox,
        }
    }

    /// The object of a small int.
    #[inline(always)]
    pub(super) fn small(&self, int: i64) -> Option<Ref<'h>> {
        self.small.get(usize::try_from(int - SMALL.start()).ok()?).copied()
    }

    /// Numbers of the slots that a program begins with.
    pub(super) fn permanent(&self) -> impl Iterator<Item = u32> {
        let errors = self.errors.values();
        let all = self.truths.iter().chain(&self.small).chain(&self.constants).chain(&self.functions).chain(errors);
        all.chain([&self.none, &self.unset]).map(|object| object.number)
    }

    /// A new thread's number, from one, and what others know of it.
    pub(super) fn enroll(&self) -> (u32, Arc<Record<'h>>) {
        let record = Arc::new(Record {
            breaker: Arc::new(Breaker::new()),
            queue: Mutex::new(Some(Vec::new())),
            waits: Mutex::new(None),
        });
        let mut records = lock(&self.records);
        records.push(record.clone());
        self.live.fetch_add(1, Ordering::SeqCst);
        // Whoever stops the program asks those that are enrolled.
        if self.is_stopped() {
            record.breaker.ask(STOP);
        }
        (records.len() as u32, record)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Ends the program: with this, if it is the first.
    pub(super) fn stop(&self, why: Fault) {
        lock(&self.why).get_or_insert(why);
        self.stopped.store(true, Ordering::SeqCst);
        lock(&self.records).iter().for_each(|record| record.breaker.ask(STOP));
        self.tell();
    }

    /// What ended the program, if anything did.
    pub(super) fn why(&self) -> Option<Fault> {
        lock(&self.why).clone()
    }

    /// Wakes whoever waits for a change.
    pub(super) fn tell(&self) {
        let _guard = lock(&self.events.0);
        self.events.1.notify_all();
    }

    /// Sleeps until the object's number is another, the time is over, or the program is stopped.
    pub(super) fn wait(&self, change: Option<(Ref<'h>, i64)>, time: Option<Duration>) {
        let mut guard = lock(&self.events.0);
        let same = |change: Option<(Ref<'h>, i64)>| change.is_none_or(|(object, seen)| object.value_now() == seen);
        if let Some(time) = time {
            let waits = |(): &mut ()| !self.is_stopped() && same(change);
            drop(self.events.1.wait_timeout_while(guard, time, waits).unwrap_or_else(PoisonError::into_inner));
            return;
        }
        while !self.is_stopped() && same(change) {
            guard = self.events.1.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Beside a program that runs: ends one whose threads all wait for each other or whose time is over, and, once it is
    /// stopped, gets those going that sleep for a lock.
    pub(super) fn watch(&self) {
        const GLANCE: Duration = Duration::from_millis(20);
        let mut passed = Duration::ZERO;
        let mut stuck = false;
        while self.live.load(Ordering::SeqCst) > 0 {
            self.glance(GLANCE);
            passed += GLANCE;
            if self.is_stopped() {
                self.get_going();
                continue;
            }
            if let Some(time) = self.options.time.filter(|time| passed >= *time) {
                let message = format!("it ran for more than {time:?}");
                self.stop(self.fault(FaultKind::TimeLimit, message, 0));
            }
            // Twice, since one that has just been woken may not have said so.
            match self.deadlock() {
                Some(why) if stuck => self.stop(why),
                found => stuck = found.is_some(),
            }
        }
    }

    /// A moment, or until something happens when all are over.
    fn glance(&self, time: Duration) {
        let guard = lock(&self.events.0);
        let runs = |(): &mut ()| self.live.load(Ordering::SeqCst) > 0;
        drop(self.events.1.wait_timeout_while(guard, time, runs).unwrap_or_else(PoisonError::into_inner));
    }

    fn deadlock(&self) -> Option<Fault> {
        let mut waiting = Vec::new();
        for (index, record) in lock(&self.records).iter().enumerate() {
            if lock(&record.queue).is_none() {
                continue;
            }
            let (wanted, line) = (*lock(&record.waits))?;
            if wanted.is_there() {
                return None;
            }
            waiting.push((index, line));
        }
        let (_, line) = *waiting.first()?;
        let who = waiting.iter().map(|(thread, line)| format!("thread {thread} waits in line {line}"));
        Some(self.fault(FaultKind::Deadlock, who.collect::<Vec<_>>().join(", "), line))
    }

    fn fault(&self, kind: FaultKind, message: String, line: u32) -> Fault {
        let main = &self.program.functions[self.program.main];
        Fault { kind, message, line, function: main.name.clone(), thread: 0 }
    }

    /// Unlocks locks that are slept for: their holders have ended, or end.
    fn get_going(&self) {
        for record in lock(&self.records).iter() {
            if let Some((Wanted::Lock(wanted), _)) = *lock(&record.waits)
                && wanted.swap_value(0) == 1
            {
                wanted.lock.unlock(&self.lot);
            }
        }
    }

    /// Slots for a thread that has none.
    pub(super) fn slots(&self, free: &mut Vec<Ref<'h>>) -> bool {
        let mut spare = lock(&self.spare);
        let from = spare.len().saturating_sub(BLOCK);
        free.extend(spare.drain(from..));
        drop(spare);
        if free.is_empty() {
            free.extend(self.heap.block().into_iter().flatten().rev());
        }
        !free.is_empty()
    }
}
