//! One bytecode of one thread.

use super::state::{Failure, Frame, Object, Progress, State, Thread, Value};
use crate::fault::FaultKind;
use crate::{Builtin, Comparison, Op, Program};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stepped {
    /// It was done; whether CPython may switch threads after it.
    Done { check_point: bool },
    /// It must wait for another thread; nothing has changed.
    Waits,
}

/// Nested calls, as many as CPython allows by default.
const DEEPEST: usize = 1000;

type Outcome<T> = Result<T, (FaultKind, String)>;

fn fail<T>(kind: FaultKind, message: impl Into<String>) -> Outcome<T> {
    Err((kind, message.into()))
}

/// Where a thread is.
pub(super) fn next_op(program: &Program, state: &State, thread: usize) -> Option<(Op, u32, usize)> {
    let frame = state.threads[thread].frames.last()?;
    let function = &program.functions[frame.function];
    Some((function.code[frame.at], function.lines[frame.at], frame.function))
}

/// Whether a thread could take a step.
pub(super) fn can_run(program: &Program, state: &State, thread: usize) -> bool {
    let running = &state.threads[thread];
    if running.is_over() || running.progress == Progress::Meets {
        return false;
    }
    let Some((op, ..)) = next_op(program, state, thread) else { return false };
    !waits(state, thread, op)
}

/// Whether an op waits for another thread.
fn waits(state: &State, thread: usize, op: Op) -> bool {
    let top = || state.threads[thread].frames.last().and_then(|frame| frame.stack.last());
    let object = |value: Option<&Value>| match value {
        Some(Value::Object(at)) => state.heap.get(*at as usize),
        _ => None,
    };
    match op {
        Op::CallBuiltin(Builtin::Acquire, _) => object(top()) == Some(&Object::Lock(true)),
        Op::CallBuiltin(Builtin::Take, _) => matches!(object(top()), Some(Object::Queue(items)) if items.is_empty()),
        Op::CallBuiltin(Builtin::Join, _) => {
            matches!(object(top()), Some(Object::Thread(other)) if !state.threads[*other].is_over())
        }
        _ => false,
    }
}

/// Takes one step. An error goes to the `try` it is in, or ends the thread.
pub(super) fn step(program: &Program, state: &mut State, thread: usize) -> Stepped {
    let Some((op, line, _)) = next_op(program, state, thread) else { return Stepped::Waits };
    if state.threads[thread].progress == Progress::Meets || waits(state, thread, op) {
        return Stepped::Waits;
    }
    let check_point = match op {
        Op::JumpBackward(_) | Op::Call(_) => true,
        Op::CallBuiltin(builtin, _) => builtin.has_check_point(),
        _ => false,
    };
    let mut machine = Machine { program, state, thread };
    if let Err((kind, message)) = machine.run(op) {
        machine.raise(Failure { kind, message, line });
    }
    Stepped::Done { check_point }
}

/// Whether an op touches what another thread can get at. The end of a thread is seen by whoever joins it.
pub(super) fn touches_shared(state: &State, thread: usize, op: Op) -> bool {
    let Some(frame) = state.threads[thread].frames.last() else { return false };
    let nth = |n: usize| frame.stack.len().checked_sub(n).map(|at| &frame.stack[at]);
    let shared = |value: Option<&Value>| match value {
        Some(Value::Object(at)) => !state.is_private(thread, *at),
        _ => false,
    };
    match op {
        Op::LoadGlobal(_) | Op::StoreGlobal(_) => true,
        Op::Return => state.threads[thread].frames.len() == 1,
        Op::Subscript | Op::DeleteSubscript | Op::StoreSubscript => shared(nth(2)),
        Op::Contains | Op::GetIter => shared(nth(1)),
        Op::ForIter(_) => shared(nth(1)) || iterates_over_shared(state, thread, nth(1)),
        Op::CallBuiltin(Builtin::Range | Builtin::Lock | Builtin::Queue | Builtin::Barrier, _) => false,
        Op::CallBuiltin(Builtin::Len | Builtin::Keys | Builtin::Sort, _) => shared(nth(1)),
        Op::CallBuiltin(Builtin::Append, _) => shared(nth(2)),
        Op::CallBuiltin(Builtin::PopItem, n) => shared(nth(usize::from(n))),
        Op::CallBuiltin(Builtin::Get | Builtin::SetDefault, _) => shared(nth(3)),
        Op::CallBuiltin(..) => true,
        _ => false,
    }
}

/// Whether a private iterator goes through a list that is not.
fn iterates_over_shared(state: &State, thread: usize, iterator: Option<&Value>) -> bool {
    let Some(Value::Object(at)) = iterator else { return false };
    match &state.heap[*at as usize] {
        Object::ListIterator(Value::Object(list), _) => !state.is_private(thread, *list),
        _ => false,
    }
}

struct Machine<'a> {
    program: &'a Program,
    state: &'a mut State,
    thread: usize,
}

impl Machine<'_> {
    fn frame(&mut self) -> &mut Frame {
        let frames = &mut self.state.threads[self.thread].frames;
        frames.last_mut().expect("a thread that runs has a frame")
    }

    fn push(&mut self, value: Value) {
        self.frame().stack.push(value);
    }

    fn pop(&mut self) -> Value {
        self.frame().stack.pop().expect("the assembler followed the stack")
    }

    fn make(&mut self, object: Object) {
        self.state.heap.push(object);
        let at = self.state.heap.len() as u32 - 1;
        self.push(Value::Object(at));
    }

    fn raise(&mut self, failure: Failure) {
        while let Some(frame) = self.state.threads[self.thread].frames.last_mut() {
            if let Some((to, depth)) = frame.tries.pop() {
                frame.stack.truncate(depth);
                frame.stack.push(Value::Str(failure.kind.name().into()));
                frame.at = to as usize;
                return;
            }
            self.state.threads[self.thread].frames.pop();
        }
        self.state.threads[self.thread].progress = Progress::Failed(failure);
    }

    fn run(&mut self, op: Op) -> Outcome<()> {
        let thread = self.thread;
        if self.state.threads[thread].progress == Progress::Met {
            self.state.threads[thread].progress = Progress::Runs;
        }
        self.frame().at += 1;
        match op {
            Op::Push(index) => self.push(Value::of(&self.program.constants[index as usize])),
            Op::Load(index) => match self.frame().locals[usize::from(index)].clone() {
                Some(value) => self.push(value),
                None => return fail(FaultKind::RuntimeError, "a local is read before anything is stored in it"),
            },
            Op::Store(index) => {
                let value = self.pop();
                self.frame().locals[usize::from(index)] = Some(value);
            }
            Op::LoadGlobal(index) => match self.state.globals[usize::from(index)].clone() {
                Some(value) => self.push(value),
                None => {
                    let name = &self.program.globals[usize::from(index)];
                    return fail(FaultKind::RuntimeError, format!("nothing was stored in the global {name}"));
                }
            },
            Op::StoreGlobal(index) => {
                let value = self.pop();
                self.state.globals[usize::from(index)] = Some(value);
            }
            Op::Pop => drop(self.pop()),
            Op::Copy(n) => {
                let stack = &mut self.frame().stack;
                let value = stack[stack.len() - usize::from(n)].clone();
                stack.push(value);
            }
            Op::Swap(n) => {
                let stack = &mut self.frame().stack;
                let top = stack.len() - 1;
                stack.swap(top, top + 1 - usize::from(n));
            }
            Op::Add | Op::Subtract | Op::Multiply | Op::FloorDivide | Op::Modulo => self.arithmetic(op)?,
            Op::Negate => match self.pop() {
                Value::Int(int) => self.push(Value::Int(checked(int.checked_neg())?)),
                other => return self.type_error("negate", &other),
            },
            Op::Not => {
                let value = self.pop();
                let truth = self.truth(&value);
                self.push(Value::Bool(!truth));
            }
            Op::Compare(comparison) => self.compare(comparison)?,
            Op::BuildDict => self.make(Object::Dict(Vec::new())),
            Op::BuildList(n) => {
                let stack = &mut self.frame().stack;
                let items = stack.split_off(stack.len() - usize::from(n));
                self.make(Object::List(items));
            }
            Op::Subscript => {
                let (key, container) = (self.pop(), self.pop());
                let value = self.look(&container, &key)?;
                self.push(value);
            }
            Op::StoreSubscript => {
                let (key, container, value) = (self.pop(), self.pop(), self.pop());
                self.store(&container, key, value)?;
            }
            Op::DeleteSubscript => {
                let (key, container) = (self.pop(), self.pop());
                if self.take_out(&container, &key)?.is_none() {
                    return self.key_error(&key);
                }
            }
            Op::Contains => {
                let (container, key) = (self.pop(), self.pop());
                let there = match self.object(&container, "contains")? {
                    Object::Dict(entries) => entries.iter().any(|(known, _)| *known == key),
                    Object::List(items) => items.contains(&key),
                    _ => return self.type_error("contains", &container),
                };
                self.push(Value::Bool(there));
            }
            Op::Jump(to) | Op::JumpBackward(to) => self.frame().at = to as usize,
            Op::PopJumpIfFalse(to) | Op::PopJumpIfTrue(to) => {
                let value = self.pop();
                if self.truth(&value) == matches!(op, Op::PopJumpIfTrue(_)) {
                    self.frame().at = to as usize;
                }
            }
            Op::GetIter => {
                let value = self.pop();
                let iterator = match self.object(&value, "get_iter")? {
                    Object::Range(from, to) => Object::RangeIterator(*from, *to),
                    Object::List(_) => Object::ListIterator(value.clone(), 0),
                    _ => return self.type_error("get_iter", &value),
                };
                self.make(iterator);
            }
            Op::ForIter(to) => self.advance(to)?,
            Op::PushFunction(index) => self.push(Value::Function(index)),
            Op::Call(n) => {
                let stack = &mut self.frame().stack;
                let arguments = stack.split_off(stack.len() - usize::from(n));
                let function = self.pop();
                if self.state.threads[thread].frames.len() >= DEEPEST {
                    return fail(FaultKind::RecursionError, format!("more than {DEEPEST} calls are nested"));
                }
                let frame = self.entered(&function, arguments)?;
                self.state.threads[thread].frames.push(frame);
            }
            Op::CallBuiltin(builtin, n) => self.builtin(builtin, usize::from(n))?,
            Op::Return => {
                let value = self.pop();
                self.state.threads[thread].frames.pop();
                if self.state.threads[thread].frames.is_empty() {
                    self.state.threads[thread].progress = Progress::Returned(value);
                } else {
                    self.push(value);
                }
            }
            Op::Try(to) => {
                let depth = self.frame().stack.len();
                self.frame().tries.push((to, depth));
            }
            Op::EndTry => drop(self.frame().tries.pop()),
        }
        Ok(())
    }

    fn entered(&self, function: &Value, arguments: Vec<Value>) -> Outcome<Frame> {
        let Value::Function(index) = function else { return self.type_error("call", function) };
        let called = &self.program.functions[usize::from(*index)];
        if arguments.len() != usize::from(called.arguments) {
            let (name, takes, given) = (&called.name, called.arguments, arguments.len());
            return fail(FaultKind::TypeError, format!("{name} takes {takes} arguments, not {given}"));
        }
        let mut locals: Vec<Option<Value>> = arguments.into_iter().map(Some).collect();
        locals.resize(called.locals.len(), None);
        Ok(Frame { function: usize::from(*index), at: 0, stack: Vec::new(), locals, tries: Vec::new() })
    }

    fn truth(&self, value: &Value) -> bool {
        match value {
            Value::None => false,
            Value::Bool(truth) => *truth,
            Value::Int(int) => *int != 0,
            Value::Str(text) => !text.is_empty(),
            Value::Function(_) => true,
            Value::Object(at) => match &self.state.heap[*at as usize] {
                Object::Dict(entries) => !entries.is_empty(),
                Object::List(items) => !items.is_empty(),
                _ => true,
            },
        }
    }

    fn arithmetic(&mut self, op: Op) -> Outcome<()> {
        let (right, left) = (self.pop(), self.pop());
        let (Value::Int(a), Value::Int(b)) = (&left, &right) else {
            if op == Op::Add
                && let (Ok(Object::List(a)), Ok(Object::List(b))) = (self.object(&left, ""), self.object(&right, ""))
            {
                let both = [a.clone(), b.clone()].concat();
                self.make(Object::List(both));
                return Ok(());
            }
            let (left, right) = (self.state.plain(&left), self.state.plain(&right));
            return fail(FaultKind::TypeError, format!("{op:?} of {left} and {right}"));
        };
        let (a, b) = (*a, *b);
        if b == 0 && matches!(op, Op::FloorDivide | Op::Modulo) {
            return fail(FaultKind::ZeroDivisionError, format!("{a} by zero"));
        }
        let result = match op {
            Op::Add => a.checked_add(b),
            Op::Subtract => a.checked_sub(b),
            Op::Multiply => a.checked_mul(b),
            Op::FloorDivide => a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }),
            _ => a.checked_rem(b).map(|r| if r != 0 && (r < 0) != (b < 0) { r + b } else { r }),
        };
        self.push(Value::Int(checked(result)?));
        Ok(())
    }

    fn compare(&mut self, comparison: Comparison) -> Outcome<()> {
        let (right, left) = (self.pop(), self.pop());
        let truth = match (comparison, &left, &right) {
            (Comparison::Equal, ..) => self.state.plain(&left) == self.state.plain(&right),
            (Comparison::NotEqual, ..) => self.state.plain(&left) != self.state.plain(&right),
            (Comparison::Less, Value::Int(a), Value::Int(b)) => a < b,
            (Comparison::LessOrEqual, Value::Int(a), Value::Int(b)) => a <= b,
            (Comparison::Greater, Value::Int(a), Value::Int(b)) => a > b,
            (Comparison::GreaterOrEqual, Value::Int(a), Value::Int(b)) => a >= b,
            _ => {
                let (left, right) = (self.state.plain(&left), self.state.plain(&right));
                return fail(FaultKind::TypeError, format!("{left} and {right} have no order; ints have"));
            }
        };
        self.push(Value::Bool(truth));
        Ok(())
    }

    fn object(&self, value: &Value, what: &str) -> Outcome<&Object> {
        match value {
            Value::Object(at) => Ok(&self.state.heap[*at as usize]),
            other => self.type_error(what, other),
        }
    }

    fn object_mut(&mut self, value: &Value, what: &str) -> Outcome<&mut Object> {
        match value {
            Value::Object(at) => Ok(&mut self.state.heap[*at as usize]),
            other => self.type_error(what, other),
        }
    }

    fn type_error<T>(&self, what: &str, value: &Value) -> Outcome<T> {
        fail(FaultKind::TypeError, format!("{what} of {}", self.state.plain(value)))
    }

    fn key_error<T>(&self, key: &Value) -> Outcome<T> {
        fail(FaultKind::KeyError, self.state.plain(key).to_string())
    }

    fn look(&self, container: &Value, key: &Value) -> Outcome<Value> {
        match (self.object(container, "subscript")?, key) {
            (Object::Dict(entries), _) => match entries.iter().find(|(known, _)| known == key) {
                Some((_, value)) => Ok(value.clone()),
                None => self.key_error(key),
            },
            (Object::List(items), Value::Int(index)) => Ok(items[place(items.len(), *index)?].clone()),
            (Object::List(_), _) => self.type_error("an index", key),
            _ => self.type_error("subscript", container),
        }
    }

    fn store(&mut self, container: &Value, key: Value, value: Value) -> Outcome<()> {
        if matches!(&key, Value::Object(at) if matches!(self.state.heap[*at as usize], Object::Dict(_) | Object::List(_)))
        {
            return self.type_error("a key", &key);
        }
        match (self.object_mut(container, "store_subscript")?, key) {
            (Object::Dict(entries), key) => match entries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = value,
                None => entries.push((key, value)),
            },
            (Object::List(items), Value::Int(index)) => {
                let at = place(items.len(), index)?;
                items[at] = value;
            }
            (Object::List(_), key) => return self.type_error("an index", &key),
            _ => return self.type_error("store_subscript", container),
        }
        Ok(())
    }

    fn take_out(&mut self, container: &Value, key: &Value) -> Outcome<Option<Value>> {
        let Object::Dict(entries) = self.object_mut(container, "a key is taken out")? else {
            return self.type_error("a key is taken out", container);
        };
        let at = entries.iter().position(|(known, _)| known == key);
        Ok(at.map(|at| entries.remove(at).1))
    }

    fn advance(&mut self, to: u32) -> Outcome<()> {
        let iterator = self.pop();
        let next = match self.object(&iterator, "for_iter")?.clone() {
            Object::RangeIterator(next, end) if next < end => Some(Value::Int(next)),
            Object::ListIterator(list, at) => match self.object(&list, "for_iter")? {
                Object::List(items) => items.get(at).cloned(),
                _ => None,
            },
            Object::RangeIterator(..) => None,
            _ => return self.type_error("for_iter", &iterator),
        };
        let Some(item) = next else {
            self.frame().at = to as usize;
            return Ok(());
        };
        match self.object_mut(&iterator, "for_iter")? {
            Object::RangeIterator(next, _) => *next += 1,
            Object::ListIterator(_, at) => *at += 1,
            _ => {}
        }
        self.push(iterator);
        self.push(item);
        Ok(())
    }
}

mod builtins;

fn checked(result: Option<i64>) -> Outcome<i64> {
    result.map_or_else(|| fail(FaultKind::OverflowError, "an int that does not fit in 64 bits"), Ok)
}

/// Where an index points; from the end, where it is negative.
fn place(length: usize, index: i64) -> Outcome<usize> {
    let at = if index < 0 { index + length as i64 } else { index };
    match usize::try_from(at) {
        Ok(at) if at < length => Ok(at),
        _ => fail(FaultKind::IndexError, format!("index {index} of a list of {length}")),
    }
}

/// A thread that begins with a frame.
pub(super) fn thread(frame: Frame) -> Thread {
    Thread { frames: vec![frame], progress: Progress::Runs }
}
