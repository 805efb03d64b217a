//! Built-ins between threads, and the way to all built-ins.

use std::collections::VecDeque;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::build::Build;
use super::object::{Kind, Payload, Ref};
use super::thread::{Outcome, Thread};
use super::world::{Wanted, lock};
use crate::Builtin;
use crate::fault::FaultKind;

impl<'s, 'h, 'e, B: Build> Thread<'s, 'e, 'h, B>
where
    'h: 'e,
{
    /// Calls a built-in: its arguments are on the stack, and its result is in their place then.
    pub(super) fn builtin(&mut self, builtin: Builtin, n: usize) -> Outcome<()> {
        let first = self.stack.len() - n;
        let mut arguments = [self.world.none; 4];
        let result = if n <= arguments.len() {
            arguments[..n].copy_from_slice(&self.stack[first..]);
            self.called(builtin, &arguments[..n])
        } else {
            let all = self.stack[first..].to_vec();
            self.called(builtin, &all)
        };
        // A thread that was started has its arguments; they are not here any more then.
        while self.stack.len() > first {
            if let Some(argument) = self.stack.pop() {
                self.decref(argument);
            }
        }
        self.stack.push(result?);
        Ok(())
    }

    fn called(&mut self, builtin: Builtin, arguments: &[Ref<'h>]) -> Outcome<Ref<'h>> {
        match (builtin, arguments) {
            (Builtin::Range, [to]) if to.is(Kind::Int) => self.make(Kind::Range, 0, to.value()),
            (Builtin::Range, [from, to]) if from.is(Kind::Int) && to.is(Kind::Int) => {
                self.make(Kind::Range, from.value(), to.value())
            }
            (Builtin::Lock, []) => self.filled(Kind::Lock, 0, Payload::Nothing),
            (Builtin::Queue, []) => self.filled(Kind::Queue, 0, Payload::Queue(Box::new(VecDeque::new()))),
            (Builtin::Barrier, [n]) if n.is(Kind::Int) => self.filled(Kind::Barrier, n.value(), Payload::Barrier(0)),
            (Builtin::Acquire, [lock]) if lock.is(Kind::Lock) => self.acquire(lock),
            (Builtin::Release, [lock]) if lock.is(Kind::Lock) => self.release(lock),
            (Builtin::Put, [queue, value]) if queue.is(Kind::Queue) => self.put(queue, value),
            (Builtin::Take, [queue]) if queue.is(Kind::Queue) => self.take_first(queue),
            (Builtin::Wait, [barrier]) if barrier.is(Kind::Barrier) => self.meet(barrier),
            (Builtin::Spawn, [function, arguments @ ..]) if function.is(Kind::Function) => {
                self.spawn(function.value() as usize, arguments)
            }
            (Builtin::Join, [thread]) if thread.is(Kind::Thread) => self.join(thread),
            (Builtin::Sleep, [time]) if time.is(Kind::Int) => self.sleep(time.value()),
            (Builtin::Receive, []) => self.receive(),
            (Builtin::Send, [value]) if value.is(Kind::Int) => {
                if let Some(outbox) = &self.world.outbox {
                    // Nobody listens any more: nobody misses it.
                    let _ = outbox.send(value.value());
                }
                Ok(self.none())
            }
            _ => self.on_containers(builtin, arguments),
        }
    }

    fn acquire(&mut self, lock: Ref<'h>) -> Outcome<Ref<'h>> {
        if !lock.lock.try_lock() {
            let mut asleep = self.asleep(Wanted::Lock(lock));
            let waited = lock.lock.lock(&self.world.lot, &self.world.options.spins(B::GIL), &mut asleep);
            self.count(waited);
        }
        lock.swap_value(1);
        Ok(self.none())
    }

    fn release(&mut self, lock: Ref<'h>) -> Outcome<Ref<'h>> {
        // Whoever stops the program may have released it.
        if lock.swap_value(0) == 1 {
            lock.lock.unlock(&self.world.lot);
        } else if !self.world.is_stopped() {
            let message = String::from("release of a lock that nobody holds");
            return Err(self.fault(FaultKind::RuntimeError, message));
        }
        Ok(self.none())
    }

    fn put(&mut self, queue: Ref<'h>, value: Ref<'h>) -> Outcome<Ref<'h>> {
        self.room()?;
        self.incref(value);
        self.items += 1;
        let first = self.section(queue, |_, section| {
            queue.payload.with(section, |payload| {
                let Payload::Queue(items) = payload else { return false };
                items.push_back(value);
                queue.swap_value(items.len() as i64);
                items.len() == 1
            })
        });
        // Whoever waits does so for the first.
        if first {
            self.world.tell();
        }
        Ok(self.none())
    }

    fn take_first(&mut self, queue: Ref<'h>) -> Outcome<Ref<'h>> {
        loop {
            let first = self.section(queue, |_, section| {
                queue.payload.with(section, |payload| {
                    let Payload::Queue(items) = payload else { return None };
                    let first = items.pop_front();
                    queue.swap_value(items.len() as i64);
                    first
                })
            });
            if let Some(first) = first {
                self.items -= 1;
                return Ok(first);
            }
            self.change(queue, 0)?;
        }
    }

    /// Waits until an object's number is another.
    fn change(&mut self, object: Ref<'h>, seen: i64) -> Outcome<()> {
        self.blocking(Wanted::Change(object, seen), |world| world.wait(Some((object, seen)), None));
        if self.world.is_stopped() { Err(self.stopped()) } else { Ok(()) }
    }

    fn meet(&mut self, barrier: Ref<'h>) -> Outcome<Ref<'h>> {
        let (round, last) = self.section(barrier, |_, section| {
            barrier.payload.with(section, |payload| {
                let round = barrier.value();
                let Payload::Barrier(come) = payload else { return (round, true) };
                *come += 1;
                let last = *come >= barrier.extra();
                if last {
                    *come = 0;
                    barrier.swap_value(round + 1);
                }
                (round, last)
            })
        });
        if last {
            self.world.tell();
        } else {
            self.change(barrier, round)?;
        }
        Ok(self.none())
    }

    fn spawn(&mut self, function: usize, arguments: &[Ref<'h>]) -> Outcome<Ref<'h>> {
        if !B::THREADS {
            let message = String::from("this build has nothing that keeps threads apart, so it has one only");
            return Err(self.fault(FaultKind::RuntimeError, message));
        }
        let handle = self.filled(Kind::Thread, 0, Payload::Thread(None))?;
        // One for the thread, one for the caller.
        self.incref(handle);
        arguments.iter().for_each(|argument| self.incref(argument));
        let (world, scope, arguments) = (self.world, self.scope, arguments.to_vec());
        let enrolled = world.enroll();
        let run = move || {
            let mut thread = Thread::<'s, 'e, 'h, B>::new(scope, world, enrolled);
            thread.begin();
            thread.stack.extend(&arguments);
            let result = thread.call(function, arguments.len());
            thread.over(handle, result);
            thread.decref(handle);
            thread.end();
        };
        // A thread's stack is here; what it calls is on a stack of its own making.
        let started = std::thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, run);
        match started {
            Ok(_) => Ok(handle),
            Err(error) => {
                // Its arguments and its record are lost; the program ends.
                let fault = self.fault(FaultKind::MemoryError, format!("no thread can be started: {error}"));
                world.live.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                world.stop((*fault).clone());
                Err(fault)
            }
        }
    }

    /// Leaves what became of this thread for whoever joins it.
    fn over(&mut self, handle: Ref<'h>, result: Outcome<Ref<'h>>) {
        if let Err(fault) = &result
            && !fault.kind.is_caught()
        {
            self.world.stop((**fault).clone());
        }
        if let Err(fault) = &result {
            lock(&self.world.counted).unheard.push((self.me, (**fault).clone()));
        }
        self.items += 1;
        self.section(handle, |_, section| {
            handle.payload.with(section, |payload| *payload = Payload::Thread(Some(result)));
            handle.swap_value(1);
        });
        self.world.tell();
    }

    fn join(&mut self, handle: Ref<'h>) -> Outcome<Ref<'h>> {
        if handle.value_now() == 0 {
            self.change(handle, 0)?;
        }
        let result = self.section(handle, |thread, section| {
            handle.payload.with(section, |payload| match payload {
                Payload::Thread(Some(Ok(value))) => {
                    thread.incref_item(value);
                    Ok(*value)
                }
                Payload::Thread(Some(Err(fault))) => Err(fault.clone()),
                _ => Err(thread.type_error("join", handle)),
            })
        });
        result.map_err(|fault| {
            // Somebody was told.
            lock(&self.world.counted).unheard.retain(|(_, unheard)| *unheard != *fault);
            let (line, function) = (fault.line, &fault.function);
            let at = format!("{} (in thread {}, {function}, line {line})", fault.message, fault.thread);
            self.fault(fault.kind, at)
        })
    }

    fn sleep(&mut self, milliseconds: i64) -> Outcome<Ref<'h>> {
        let Ok(time) = u64::try_from(milliseconds) else {
            return Err(self.fault(FaultKind::ValueError, format!("sleep of {milliseconds} ms")));
        };
        self.blocking(Wanted::Outside, |world| world.wait(None, Some(Duration::from_millis(time))));
        Ok(self.none())
    }

    fn receive(&mut self) -> Outcome<Ref<'h>> {
        /// How soon somebody who waits for the outside hears that the program was stopped.
        const GLANCE: Duration = Duration::from_millis(20);
        let said = self.blocking(Wanted::Outside, |world| {
            let inbox = lock(&world.inbox);
            let inbox = inbox.as_ref()?;
            loop {
                match inbox.recv_timeout(GLANCE) {
                    Ok(said) => return Some(said),
                    Err(RecvTimeoutError::Timeout) if !world.is_stopped() => {}
                    Err(_) => return None,
                }
            }
        });
        match said {
            Some(said) => self.int(said),
            None => Ok(self.none()),
        }
    }
}
