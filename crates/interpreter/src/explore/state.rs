//! A moment of a program: everything that decides what can happen next, in a form in which equal moments are equal.

use std::sync::Arc;

use crate::fault::FaultKind;
use crate::{Constant, Plain};

/// A value. Objects are places in the heap; what cannot change has no identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Str(Arc<str>),
    Function(u16),
    Object(u32),
}

/// What can change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Object {
    /// In the order of insertion.
    Dict(Vec<(Value, Value)>),
    List(Vec<Value>),
    Range(i64, i64),
    /// The next, and the end.
    RangeIterator(i64, i64),
    ListIterator(Value, usize),
    Lock(bool),
    Queue(Vec<Value>),
    /// How many meet, and who has come.
    Barrier(i64, Vec<usize>),
    Thread(usize),
}

/// A call that has not returned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub(super) function: usize,
    pub(super) at: usize,
    pub(super) stack: Vec<Value>,
    pub(super) locals: Vec<Option<Value>>,
    /// Where an error goes, and how deep the stack is then.
    pub(super) tries: Vec<(u32, usize)>,
}

/// How far a thread is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Progress {
    /// It runs, or could.
    Runs,
    /// It has come to a barrier, and others have not.
    Meets,
    /// Everybody has come; it goes on.
    Met,
    Returned(Value),
    Failed(Failure),
}

/// An error that nothing caught.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Failure {
    pub(super) kind: FaultKind,
    pub(super) message: String,
    pub(super) line: u32,
}

/// A thread; the first is `main`'s.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) frames: Vec<Frame>,
    pub(super) progress: Progress,
}

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) heap: Vec<Object>,
    pub(super) globals: Vec<Option<Value>>,
    pub(super) threads: Vec<Thread>,
}

impl Value {
    pub(super) fn of(constant: &Constant) -> Self {
        match constant {
            Constant::None => Self::None,
            Constant::Bool(truth) => Self::Bool(*truth),
            Constant::Int(int) => Self::Int(*int),
            Constant::Str(text) => Self::Str(text.clone()),
        }
    }
}

impl Thread {
    pub(super) fn is_over(&self) -> bool {
        matches!(self.progress, Progress::Returned(_) | Progress::Failed(_))
    }
}

impl State {
    /// The value without identity.
    pub(super) fn plain(&self, value: &Value) -> Plain {
        match value {
            Value::None => Plain::None,
            Value::Bool(truth) => Plain::Bool(*truth),
            Value::Int(int) => Plain::Int(*int),
            Value::Str(text) => Plain::Str(text.clone()),
            Value::Function(_) => Plain::Other("function"),
            Value::Object(at) => match &self.heap[*at as usize] {
                Object::Dict(entries) => {
                    Plain::Dict(entries.iter().map(|(key, value)| (self.plain(key), self.plain(value))).collect())
                }
                Object::List(items) => Plain::List(items.iter().map(|item| self.plain(item)).collect()),
                Object::Range(..) => Plain::Other("range"),
                Object::RangeIterator(..) | Object::ListIterator(..) => Plain::Other("iterator"),
                Object::Lock(_) => Plain::Other("lock"),
                Object::Queue(_) => Plain::Other("queue"),
                Object::Barrier(..) => Plain::Other("barrier"),
                Object::Thread(_) => Plain::Other("thread"),
            },
        }
    }

    /// Renumbers objects in the order in which they are reached from globals and threads, and forgets those that are not:
    /// moments that differ in nothing else are one.
    pub(super) fn canonical(mut self) -> Self {
        let mut places = Reached { heap: std::mem::take(&mut self.heap), to: Vec::new(), kept: Vec::new() };
        places.to.resize(places.heap.len(), None);
        self.globals.iter_mut().flatten().for_each(|value| places.reach(value));
        for thread in &mut self.threads {
            if let Progress::Returned(value) = &mut thread.progress {
                places.reach(value);
            }
            for frame in &mut thread.frames {
                frame.stack.iter_mut().for_each(|value| places.reach(value));
                frame.locals.iter_mut().flatten().for_each(|value| places.reach(value));
            }
        }
        let mut next = 0;
        while next < places.kept.len() {
            let mut object = std::mem::replace(&mut places.kept[next], Object::Lock(false));
            each_value(&mut object, &mut |value| places.reach(value));
            places.kept[next] = object;
            next += 1;
        }
        self.heap = places.kept;
        self
    }

    /// Whether nobody but this thread can get at an object: neither through globals nor from another thread.
    pub(super) fn is_private(&self, thread: usize, object: u32) -> bool {
        let mut seen = vec![false; self.heap.len()];
        let mut ahead: Vec<u32> = Vec::new();
        let mut see = |value: &Value, ahead: &mut Vec<u32>| {
            if let Value::Object(at) = value
                && !std::mem::replace(&mut seen[*at as usize], true)
            {
                ahead.push(*at);
            }
        };
        self.globals.iter().flatten().for_each(|value| see(value, &mut ahead));
        for (_, other) in self.threads.iter().enumerate().filter(|(index, _)| *index != thread) {
            if let Progress::Returned(value) = &other.progress {
                see(value, &mut ahead);
            }
            for frame in &other.frames {
                frame.stack.iter().chain(frame.locals.iter().flatten()).for_each(|value| see(value, &mut ahead));
            }
        }
        while let Some(at) = ahead.pop() {
            if at == object {
                return false;
            }
            each_value(&mut self.heap[at as usize].clone(), &mut |value| see(value, &mut ahead));
        }
        true
    }
}

struct Reached {
    heap: Vec<Object>,
    to: Vec<Option<u32>>,
    kept: Vec<Object>,
}

impl Reached {
    fn reach(&mut self, value: &mut Value) {
        if let Value::Object(at) = value {
            let from = *at as usize;
            *at = *self.to[from].get_or_insert_with(|| {
                self.kept.push(std::mem::replace(&mut self.heap[from], Object::Lock(false)));
                self.kept.len() as u32 - 1
            });
        }
    }
}

/// Calls for each value in an object, in its order.
fn each_value(object: &mut Object, call: &mut dyn FnMut(&mut Value)) {
    match object {
        Object::Dict(entries) => entries.iter_mut().for_each(|(key, value)| {
            call(key);
            call(value);
        }),
        Object::List(items) | Object::Queue(items) => items.iter_mut().for_each(call),
        Object::ListIterator(list, _) => call(list),
        Object::Range(..) | Object::RangeIterator(..) | Object::Lock(_) | Object::Barrier(..) | Object::Thread(_) => {}
    }
}
