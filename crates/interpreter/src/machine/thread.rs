//! One thread of a program: its frames, its references and its free slots, and what it does at check points and round waits.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::Scope;

use cpython_locks::{Around, Breaker, ByteLock, Waited};

use super::Counted;
use super::build::Build;
use super::counts::{Counting, Left};
use super::guarded::Section;
use super::object::{Kind, Payload, Ref, same};
use super::world::{Record, STOP, Wanted, World, lock};
use crate::Fault;
use crate::fault::FaultKind;

/// What ends a bytecode early.
pub(super) type Outcome<T> = Result<T, Box<Fault>>;

/// A call that has not returned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) function: usize,
    /// The next bytecode.
    pub(super) at: usize,
    /// Where its locals begin on the stack; its values stand above them.
    pub(super) base: usize,
}

/// Where an error goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handler {
    pub(super) frame: usize,
    pub(super) to: u32,
    pub(super) depth: usize,
}

pub(super) struct Thread<'s, 'e, 'h, B> {
    pub(super) scope: &'s Scope<'s, 'e>,
    pub(super) world: &'e World<'h>,
    /// From one; no thread has it again.
    pub(super) me: u32,
    pub(super) record: Arc<Record<'h>>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) stack: Vec<Ref<'h>>,
    pub(super) frames: Vec<Frame>,
    pub(super) handlers: Vec<Handler>,
    free: Vec<Ref<'h>>,
    dying: Vec<Ref<'h>>,
    /// Items that this thread put into containers, less those that it took out.
    pub(super) items: i64,
    pub(super) counted: Counted,
    pub(super) build: PhantomData<B>,
}

impl<'s, 'e, 'h: 'e, B: Build> Thread<'s, 'e, 'h, B> {
    pub(super) fn new(scope: &'s Scope<'s, 'e>, world: &'e World<'h>, (me, record): (u32, Arc<Record<'h>>)) -> Self {
        Self {
            scope,
            world,
            me,
            breaker: record.breaker.clone(),
            record,
            stack: Vec::new(),
            frames: Vec::new(),
            handlers: Vec::new(),
            free: Vec::new(),
            dying: Vec::new(),
            items: 0,
            counted: Counted::default(),
            build: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) fn incref(&self, object: Ref<'h>) {
        B::Counts::incref(&object.counts, self.me);
    }

    /// Another reference to what a container holds; in a section of that.
    #[inline(always)]
    pub(super) fn incref_item(&self, object: Ref<'h>) {
        B::Counts::incref_item(&object.counts, self.me);
    }

    #[inline(always)]
    pub(super) fn decref(&mut self, object: Ref<'h>) {
        match B::Counts::decref(&object.counts, self.me) {
            Left::Alive => {}
            Left::Dead if object.is(Kind::Int) => self.free_plain(object),
            Left::Dead => self.free_object(object),
            Left::Queued => self.queue(object),
        }
    }

    #[inline(always)]
    fn free_plain(&mut self, object: Ref<'h>) {
        object.end();
        self.free.push(object);
    }

    /// Frees an object and all that only it held, without recursion: lists may be nested deep.
    #[inline(never)]
    fn free_object(&mut self, object: Ref<'h>) {
        self.dying.push(object);
        while let Some(object) = self.dying.pop() {
            if !object.kind().is_plain() {
                // Alone with it: nobody has a reference any more.
                let payload = object.payload.with(&Section::entered(), std::mem::take);
                self.drop_payload(payload);
            }
            self.free_plain(object);
        }
    }

    fn drop_payload(&mut self, payload: Payload<'h>) {
        match payload {
            Payload::Nothing | Payload::Barrier(_) | Payload::Thread(None | Some(Err(_))) => {}
            Payload::List(items) => items.into_iter().for_each(|item| self.drop_item(item)),
            Payload::Queue(items) => items.into_iter().for_each(|item| self.drop_item(item)),
            Payload::Dict(entries) => entries.into_iter().for_each(|(key, value)| {
                self.drop_item(key.0);
                self.drop_item(value);
            }),
            Payload::ListIterator(list) => self.drop_item(list),
            Payload::Thread(Some(Ok(result))) => self.drop_item(result),
        }
    }

    fn drop_item(&mut self, item: Ref<'h>) {
        self.items -= 1;
        match B::Counts::decref(&item.counts, self.me) {
            Left::Alive => {}
            Left::Dead => self.dying.push(item),
            Left::Queued => self.queue(item),
        }
    }

    /// Hands an object to its owner, which merges the halves of its count at the next check point; if that is gone, merges
    /// them here.
    #[cold]
    fn queue(&mut self, object: Ref<'h>) {
        let owner = object.counts.owner();
        let record = (owner > 0).then(|| lock(&self.world.records).get(owner as usize - 1).cloned()).flatten();
        if let Some(record) = record
            && let Some(queue) = lock(&record.queue).as_mut()
        {
            queue.push(object);
            record.breaker.ask(Breaker::MERGE);
            self.counted.queued += 1;
            return;
        }
        self.merge(object);
    }

    fn merge(&mut self, object: Ref<'h>) {
        self.counted.merged += 1;
        if object.counts.merge() == Left::Dead {
            self.free_object(object);
        }
    }

    /// A new object with one reference.
    #[inline(always)]
    pub(super) fn make(&mut self, kind: Kind, value: i64, extra: i64) -> Outcome<Ref<'h>> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.refill()?,
        };
        slot.begin(self.me, kind, value, extra);
        Ok(slot)
    }

    #[cold]
    fn refill(&mut self) -> Outcome<Ref<'h>> {
        if self.world.slots(&mut self.free)
            && let Some(slot) = self.free.pop()
        {
            return Ok(slot);
        }
        let most = self.world.options.objects;
        Err(self.fault(FaultKind::MemoryError, format!("more than {most} objects are alive")))
    }

    /// An int: one of the small ones, which are there, or a new one.
    #[inline(always)]
    pub(super) fn int(&mut self, int: i64) -> Outcome<Ref<'h>> {
        match self.world.small(int) {
            Some(small) => {
                self.incref(small);
                Ok(small)
            }
            None => self.make(Kind::Int, int, 0),
        }
    }

    /// Does something in a section of an object: with its lock, where there are such locks. It is so short that nobody
    /// waits in it for anything else, so that nothing is ever suspended.
    #[inline(always)]
    pub(super) fn section<R>(&mut self, object: Ref<'h>, critical: impl FnOnce(&mut Self, &Section) -> R) -> R {
        if B::LOCKS {
            self.lock_object(&object.lock);
        }
        let result = critical(self, &Section::entered());
        if B::LOCKS {
            object.lock.unlock(&self.world.lot);
        }
        result
    }

    /// Looks into an object in a section of it.
    pub(super) fn look<R>(&self, object: Ref<'h>, look: impl FnOnce(&mut Payload<'h>) -> R) -> R {
        if B::LOCKS {
            object.lock.lock(&self.world.lot, &self.world.options.object_spins, &mut ());
        }
        let result = object.payload.with(&Section::entered(), look);
        if B::LOCKS {
            object.lock.unlock(&self.world.lot);
        }
        result
    }

    #[inline(always)]
    pub(super) fn lock_object(&mut self, object: &ByteLock) {
        if !object.try_lock() {
            let waited = object.lock(&self.world.lot, &self.world.options.object_spins, &mut ());
            self.count(waited);
        }
    }

    pub(super) fn count(&mut self, waited: Waited) {
        self.counted.parks += waited.parks;
        self.counted.yields += waited.yields;
    }

    /// What CPython does where a thread may be switched: nothing, unless somebody asked for something.
    #[inline(always)]
    pub(super) fn check_point(&mut self) -> Outcome<()> {
        if self.breaker.pending() { self.asked() } else { Ok(()) }
    }

    #[cold]
    fn asked(&mut self) -> Outcome<()> {
        if self.breaker.asked(STOP) {
            return Err(self.stopped());
        }
        if self.breaker.asked(Breaker::MERGE) {
            self.breaker.clear(Breaker::MERGE);
            self.merge_queue();
        }
        if B::GIL {
            self.world.gil.check_point(&self.breaker);
        }
        Ok(())
    }

    /// Merges what others have queued.
    fn merge_queue(&mut self) {
        let queue = lock(&self.record.queue).as_mut().map(std::mem::take);
        queue.into_iter().flatten().for_each(|object| self.merge(object));
    }

    /// What a thread fails of that is stopped: it cannot be caught, and what ended the program is said by that.
    pub(super) fn stopped(&self) -> Box<Fault> {
        let why = self.world.why();
        Box::new(why.unwrap_or_else(|| *self.fault(FaultKind::TimeLimit, String::from("the program was stopped"))))
    }

    /// An error of the bytecode that is being done.
    #[cold]
    pub(super) fn fault(&self, kind: FaultKind, message: String) -> Box<Fault> {
        let (line, function) = match self.frames.last() {
            Some(frame) => {
                let function = &self.world.program.functions[frame.function];
                (function.lines[frame.at.saturating_sub(1)], function.name.clone())
            }
            None => (0, String::new()),
        };
        Box::new(Fault { kind, message, line, function, thread: self.me - 1 })
    }

    /// Waits without the global lock; others see for what.
    pub(super) fn blocking<R>(&mut self, wanted: Wanted<'h>, call: impl FnOnce(&World<'h>) -> R) -> R {
        let mut asleep = self.asleep(wanted);
        asleep.detach();
        let result = call(self.world);
        asleep.attach();
        result
    }

    /// What is done round a sleep.
    pub(super) fn asleep(&self, wanted: Wanted<'h>) -> Asleep<'e, 'h, B> {
        let line = self.fault(FaultKind::Deadlock, String::new()).line;
        Asleep { world: self.world, record: self.record.clone(), waits: (wanted, line), build: PhantomData }
    }

    /// Begins: with the global lock, where there is one.
    pub(super) fn begin(&self) {
        if B::GIL {
            self.world.gil.take(&self.breaker);
        }
    }

    /// Ends: drops what it has, merges what is queued, and is nobody's owner any more.
    pub(super) fn end(&mut self) {
        while let Some(value) = self.stack.pop() {
            self.decref(value);
        }
        loop {
            let queue = {
                let mut queue = lock(&self.record.queue);
                // The queue is closed when it is empty: whoever comes later merges by itself.
                if queue.as_ref().is_none_or(Vec::is_empty) {
                    *queue = None;
                    break;
                }
                queue.as_mut().map(std::mem::take)
            };
            queue.into_iter().flatten().for_each(|object| self.merge(object));
        }
        lock(&self.world.spare).append(&mut self.free);
        lock(&self.world.counted).add(&self.counted);
        if B::GIL {
            self.world.gil.release(&self.breaker);
        }
        self.world.live.fetch_sub(1, Ordering::SeqCst);
        self.world.tell();
    }

    /// What a global holds, with a reference to it.
    ///
    /// Without a global lock that is taken without any: a slot is never anything but a slot, so that a reference is tried, and
    /// given back if the global holds another object by then. What has not been seen by others yet is taken with the lock.
    #[inline(always)]
    pub(super) fn global(&mut self, index: usize) -> Option<Ref<'h>> {
        let place = &self.world.globals[index];
        let object = self.world.heap.slot(place.load(Ordering::Acquire))?;
        if B::GIL || !B::LOCKS {
            self.incref(object);
            return Some(object);
        }
        if B::Counts::try_incref(&object.counts, self.me) {
            if place.load(Ordering::SeqCst) == object.number {
                return Some(object);
            }
            self.decref(object);
        }
        self.global_locked(index)
    }

    #[cold]
    fn global_locked(&mut self, index: usize) -> Option<Ref<'h>> {
        let world = self.world;
        self.lock_object(&world.globals_lock);
        let object = world.heap.slot(world.globals[index].load(Ordering::Acquire));
        if let Some(object) = object {
            self.incref_item(object);
        }
        world.globals_lock.unlock(&world.lot);
        object
    }

    /// Stores in a global; the reference goes with it.
    pub(super) fn set_global(&mut self, index: usize, object: Ref<'h>) {
        let world = self.world;
        if B::LOCKS {
            self.lock_object(&world.globals_lock);
        }
        let before = world.globals[index].swap(object.number, Ordering::AcqRel);
        if B::LOCKS {
            world.globals_lock.unlock(&world.lot);
        }
        if let Some(before) = world.heap.slot(before) {
            self.decref(before);
        }
    }

    /// Whether a local was never stored in.
    #[inline(always)]
    pub(super) fn is_unset(&self, object: Ref<'h>) -> bool {
        same(object, self.world.unset)
    }
}

/// What a thread does round a sleep: it says for what, and others have the global lock meanwhile.
pub(super) struct Asleep<'e, 'h, B> {
    world: &'e World<'h>,
    record: Arc<Record<'h>>,
    waits: (Wanted<'h>, u32),
    build: PhantomData<B>,
}

impl<B: Build> Around for Asleep<'_, '_, B> {
    fn detach(&mut self) {
        *lock(&self.record.waits) = Some(self.waits);
        if B::GIL {
            self.world.gil.release(&self.record.breaker);
        }
    }

    fn attach(&mut self) {
        *lock(&self.record.waits) = None;
        if B::GIL {
            self.world.gil.take(&self.record.breaker);
        }
    }
}
