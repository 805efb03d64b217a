//! The loop: one bytecode after the other, until the first call returns.

use super::build::Build;
use super::guarded::Section;
use super::object::{Dict, Key, Kind, Payload, Ref, same};
use super::thread::{Frame, Handler, Outcome, Thread};
use crate::fault::FaultKind;
use crate::{Comparison, Fault, Op};

/// Nested calls, as many as CPython allows by default.
const DEEPEST: usize = 1000;

impl<'h, 'e, B: Build> Thread<'_, 'e, 'h, B>
where
    'h: 'e,
{
    /// Calls a function; its arguments are on the stack. What it returns, or what it failed of.
    pub(super) fn call(&mut self, function: usize, arguments: usize) -> Outcome<Ref<'h>> {
        self.enter(function, arguments)?;
        loop {
            match self.steps() {
                Ok(result) => return Ok(result),
                Err(fault) => self.handle(fault)?,
            }
        }
    }

    /// An error goes to the innermost `try`, or ends the thread.
    #[cold]
    fn handle(&mut self, fault: Box<Fault>) -> Outcome<()> {
        let handler = if fault.kind.is_caught() { self.handlers.pop() } else { None };
        let Some(Handler { frame, to, depth }) = handler else { return Err(fault) };
        self.frames.truncate(frame + 1);
        while self.stack.len() > depth {
            if let Some(value) = self.stack.pop() {
                self.decref(value);
            }
        }
        self.frames[frame].at = to as usize;
        let name = self.world.errors[&fault.kind];
        self.incref(name);
        self.stack.push(name);
        Ok(())
    }

    /// Begins a call.
    fn enter(&mut self, function: usize, arguments: usize) -> Outcome<()> {
        let called = &self.world.program.functions[function];
        if arguments != usize::from(called.arguments) {
            let (name, takes) = (&called.name, called.arguments);
            return Err(self.fault(FaultKind::TypeError, format!("{name} takes {takes} arguments, not {arguments}")));
        }
        if self.frames.len() >= DEEPEST {
            return Err(self.fault(FaultKind::RecursionError, format!("more than {DEEPEST} calls are nested")));
        }
        let base = self.stack.len() - arguments;
        self.frames.push(Frame { function, at: 0, base });
        let locals = base + called.locals.len();
        self.stack.reserve(called.locals.len() + called.depth);
        self.stack.resize(locals, self.world.unset);
        self.check_point()
    }

    /// The top of the stack, which the assembler knows to be there.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Ref<'h> {
        self.stack.pop().expect("the assembler followed the stack")
    }

    #[inline(always)]
    fn push(&mut self, value: Ref<'h>) {
        self.stack.push(value);
    }

    /// Runs until the thread's first call returns, or a bytecode fails.
    fn steps(&mut self) -> Outcome<Ref<'h>> {
        let program = self.world.program;
        let limit = self.world.options.steps.unwrap_or(u64::MAX);
        // The innermost frame, kept here; written back wherever it can be seen.
        let mut frame = *self.frames.last().expect("a thread that runs has a frame");
        let mut code = &program.functions[frame.function].code[..];
        let mut done = self.counted.bytecodes;
        macro_rules! save {
            () => {
                self.counted.bytecodes = done;
                if let Some(last) = self.frames.last_mut() {
                    *last = frame;
                }
            };
        }
        macro_rules! check {
            () => {
                if done > limit || self.breaker.pending() {
                    save!();
                    if done > limit {
                        return Err(self.limit());
                    }
                    self.check_point()?;
                }
            };
        }
        loop {
            let op = code[frame.at];
            frame.at += 1;
            done += 1;
            match op {
                Op::Push(index) => {
                    let value = self.world.constants[index as usize];
                    self.incref(value);
                    self.push(value);
                }
                Op::Load(index) => {
                    let value = self.stack[frame.base + usize::from(index)];
                    if self.is_unset(value) {
                        save!();
                        return Err(self.unset(index));
                    }
                    self.incref(value);
                    self.push(value);
                }
                Op::Store(index) => {
                    let value = self.pop();
                    let before = std::mem::replace(&mut self.stack[frame.base + usize::from(index)], value);
                    self.decref(before);
                }
                Op::LoadGlobal(index) => match self.global(usize::from(index)) {
                    Some(value) => self.push(value),
                    None => {
                        save!();
                        let name = &program.globals[usize::from(index)];
                        let message = format!("nothing was stored in the global {name}");
                        return Err(self.fault(FaultKind::RuntimeError, message));
                    }
                },
                Op::StoreGlobal(index) => {
                    let value = self.pop();
                    self.set_global(usize::from(index), value);
                }
                Op::Pop => {
                    let value = self.pop();
                    self.decref(value);
                }
                Op::Copy(n) => {
                    let value = self.stack[self.stack.len() - usize::from(n)];
                    self.incref(value);
                    self.push(value);
                }
                Op::Swap(n) => {
                    let top = self.stack.len() - 1;
                    self.stack.swap(top, top + 1 - usize::from(n));
                }
                Op::Add | Op::Subtract | Op::Multiply | Op::FloorDivide | Op::Modulo => {
                    let (right, left) = (self.pop(), self.pop());
                    let result = match (left.int(), right.int()) {
                        (Some(a), Some(b)) => match arithmetic(op, a, b) {
                            Some(int) => self.int(int),
                            None => {
                                save!();
                                Err(self.no_int(op, a, b))
                            }
                        },
                        _ => {
                            save!();
                            self.no_ints(op, left, right)
                        }
                    };
                    self.decref(left);
                    self.decref(right);
                    match result {
                        Ok(result) => self.push(result),
                        Err(fault) => {
                            save!();
                            return Err(fault);
                        }
                    }
                }
                Op::Compare(comparison) => {
                    let (right, left) = (self.pop(), self.pop());
                    let truth = match (left.int(), right.int()) {
                        (Some(a), Some(b)) => Some(compared(comparison, a, b)),
                        _ => self.compare_others(comparison, left, right),
                    };
                    if truth.is_none() {
                        save!();
                    }
                    let shown = truth.is_none().then(|| (left.kind().name(), right.kind().name()));
                    self.decref(left);
                    self.decref(right);
                    match truth {
                        Some(truth) => self.push_truth(truth),
                        None => {
                            let (left, right) = shown.unwrap_or_default();
                            let message = format!("{left} and {right} have no order; ints have");
                            return Err(self.fault(FaultKind::TypeError, message));
                        }
                    }
                }
                Op::Jump(to) => frame.at = to as usize,
                Op::JumpBackward(to) => {
                    frame.at = to as usize;
                    check!();
                }
                Op::PopJumpIfFalse(to) | Op::PopJumpIfTrue(to) => {
                    let value = self.pop();
                    let truth = self.truth(value);
                    self.decref(value);
                    if truth == matches!(op, Op::PopJumpIfTrue(_)) {
                        frame.at = to as usize;
                    }
                }
                Op::ForIter(to) => {
                    let iterator = *self.stack.last().expect("the assembler followed the stack");
                    if iterator.is(Kind::RangeIterator) {
                        let next = iterator.value();
                        if next < iterator.extra() {
                            iterator.set_value(next + 1);
                            let item = self
                                .int(next)
                                .inspect_err(|_| self.frames.last_mut().into_iter().for_each(|last| *last = frame))?;
                            self.push(item);
                            continue;
                        }
                    } else {
                        save!();
                        if let Some(item) = self.next_item(iterator)? {
                            self.push(item);
                            continue;
                        }
                    }
                    self.pop();
                    self.decref(iterator);
                    frame.at = to as usize;
                }
                Op::PushFunction(index) => {
                    let function = self.world.functions[usize::from(index)];
                    self.incref(function);
                    self.push(function);
                }
                Op::Call(n) => {
                    save!();
                    let at = self.stack.len() - usize::from(n) - 1;
                    let function = self.stack[at];
                    if !function.is(Kind::Function) {
                        return Err(self.type_error("call", function));
                    }
                    // It stays below its arguments until it returns.
                    self.enter(function.value() as usize, usize::from(n))?;
                    frame = *self.frames.last().expect("it was just entered");
                    code = &program.functions[frame.function].code[..];
                }
                Op::Return => {
                    let value = self.pop();
                    while self.stack.len() > frame.base {
                        let local = self.pop();
                        self.decref(local);
                    }
                    self.frames.pop();
                    let Some(below) = self.frames.last() else {
                        self.counted.bytecodes = done;
                        return Ok(value);
                    };
                    frame = *below;
                    code = &program.functions[frame.function].code[..];
                    let function = self.pop();
                    self.decref(function);
                    self.push(value);
                }
                Op::CallBuiltin(builtin, n) => {
                    save!();
                    self.builtin(builtin, usize::from(n))?;
                    if builtin.has_check_point() {
                        check!();
                    }
                }
                Op::Try(to) => {
                    let (frame, depth) = (self.frames.len() - 1, self.stack.len());
                    self.handlers.push(Handler { frame, to, depth });
                }
                Op::EndTry => drop(self.handlers.pop()),
                Op::Negate
                | Op::Not
                | Op::BuildDict
                | Op::BuildList(_)
                | Op::Subscript
                | Op::StoreSubscript
                | Op::DeleteSubscript
                | Op::Contains
                | Op::GetIter => {
                    save!();
                    self.container(op)?;
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn push_truth(&mut self, truth: bool) {
        let truth = self.world.truths[usize::from(truth)];
        self.incref(truth);
        self.push(truth);
    }

    #[cold]
    fn limit(&self) -> Box<Fault> {
        let most = self.world.options.steps.unwrap_or(u64::MAX);
        let fault =
            self.fault(FaultKind::StepLimit, format!("a thread ran more than {most} bytecodes: an endless loop?"));
        self.world.stop((*fault).clone());
        fault
    }

    #[cold]
    fn unset(&self, index: u16) -> Box<Fault> {
        let function = self.frames.last().map_or(0, |frame| frame.function);
        let name = &self.world.program.functions[function].locals[usize::from(index)];
        self.fault(FaultKind::RuntimeError, format!("the local {name} is read before anything is stored in it"))
    }

    #[cold]
    fn no_int(&self, op: Op, a: i64, b: i64) -> Box<Fault> {
        if b == 0 && matches!(op, Op::FloorDivide | Op::Modulo) {
            return self.fault(FaultKind::ZeroDivisionError, format!("{a} by zero"));
        }
        self.fault(FaultKind::OverflowError, format!("{op:?} of {a} and {b} does not fit in 64 bits"))
    }

    #[cold]
    fn no_ints(&mut self, op: Op, left: Ref<'h>, right: Ref<'h>) -> Outcome<Ref<'h>> {
        if op != Op::Add || !left.is(Kind::List) || !right.is(Kind::List) {
            let (left, right) = (left.kind().name(), right.kind().name());
            return Err(self.fault(FaultKind::TypeError, format!("{op:?} of {left} and {right}")));
        }
        let mut items = self.section(left, |thread, section| thread.copied(left, section));
        items.extend(self.section(right, |thread, section| thread.copied(right, section)));
        self.list(items)
    }

    /// A list's items, with a reference to each.
    fn copied(&mut self, list: Ref<'h>, section: &Section) -> Vec<Ref<'h>> {
        let items = list.payload.with(section, |payload| match payload {
            Payload::List(items) => items.clone(),
            _ => Vec::new(),
        });
        items.iter().for_each(|item| self.incref_item(item));
        items
    }

    /// What is no int is equal if it is the same, or holds the same.
    fn compare_others(&mut self, comparison: Comparison, left: Ref<'h>, right: Ref<'h>) -> Option<bool> {
        let alike = |thread: &mut Self| same(left, right) || thread.plain(left) == thread.plain(right);
        match comparison {
            Comparison::Equal => Some(alike(self)),
            Comparison::NotEqual => Some(!alike(self)),
            _ => None,
        }
    }

    /// What counts as true.
    #[inline(always)]
    pub(super) fn truth(&mut self, value: Ref<'h>) -> bool {
        match value.kind() {
            Kind::Bool | Kind::Int => value.value() != 0,
            Kind::None => false,
            Kind::List | Kind::Dict => self.length(value) > 0,
            Kind::Str => !self.world.strings[value.value() as usize].is_empty(),
            _ => true,
        }
    }

    /// A container's length.
    pub(super) fn length(&mut self, container: Ref<'h>) -> usize {
        self.section(container, |_, section| {
            container.payload.with(section, |payload| match payload {
                Payload::List(items) => items.len(),
                Payload::Dict(entries) => entries.len(),
                Payload::Queue(items) => items.len(),
                _ => 0,
            })
        })
    }

    /// The next item of an iterator over a list.
    fn next_item(&mut self, iterator: Ref<'h>) -> Outcome<Option<Ref<'h>>> {
        let list = self.section(iterator, |_, section| {
            iterator.payload.with(section, |payload| match payload {
                Payload::ListIterator(list) => Some(*list),
                _ => None,
            })
        });
        let Some(list) = list else {
            return Err(self.type_error("for_iter", iterator));
        };
        // The iterator keeps the list alive, and this thread's stack the iterator.
        let at = iterator.value();
        let item = self.section(list, |thread, section| {
            let item = list.payload.with(section, |payload| match payload {
                Payload::List(items) => items.get(at as usize).copied(),
                _ => None,
            });
            item.inspect(|item| thread.incref_item(item))
        });
        if item.is_some() {
            iterator.set_value(at + 1);
        }
        Ok(item)
    }

    #[cold]
    pub(super) fn type_error(&self, what: &str, value: Ref<'h>) -> Box<Fault> {
        self.fault(FaultKind::TypeError, format!("{what} of a {}", value.kind().name()))
    }

    pub(super) fn list(&mut self, items: Vec<Ref<'h>>) -> Outcome<Ref<'h>> {
        self.items += items.len() as i64;
        self.filled(Kind::List, 0, Payload::List(items))
    }

    pub(super) fn dict(&mut self) -> Outcome<Ref<'h>> {
        self.filled(Kind::Dict, 0, Payload::Dict(Box::new(Dict::default())))
    }

    /// A new object that has a payload.
    pub(super) fn filled(&mut self, kind: Kind, extra: i64, payload: Payload<'h>) -> Outcome<Ref<'h>> {
        let object = self.make(kind, 0, extra)?;
        // Alone with it: nobody else knows it yet.
        object.payload.with(&Section::entered(), |empty| *empty = payload);
        Ok(object)
    }

    /// Whether it can be a key: what never changes.
    pub(super) fn key(&self, value: Ref<'h>) -> Outcome<Key<'h>> {
        match value.kind() {
            Kind::List | Kind::Dict => Err(self.type_error("a key", value)),
            _ => Ok(Key(value)),
        }
    }
}

fn arithmetic(op: Op, a: i64, b: i64) -> Option<i64> {
    match op {
        Op::Add => a.checked_add(b),
        Op::Subtract => a.checked_sub(b),
        Op::Multiply => a.checked_mul(b),
        Op::FloorDivide => a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }),
        _ => a.checked_rem(b).map(|r| if r != 0 && (r < 0) != (b < 0) { r + b } else { r }),
    }
}

fn compared(comparison: Comparison, a: i64, b: i64) -> bool {
    match comparison {
        Comparison::Less => a < b,
        Comparison::LessOrEqual => a <= b,
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::Greater => a > b,
        Comparison::GreaterOrEqual => a >= b,
    }
}
