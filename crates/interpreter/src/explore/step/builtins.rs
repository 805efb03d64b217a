//! The built-in calls of the explorer: each is one step.

use super::{Machine, Outcome, fail, thread};
use crate::Builtin;
use crate::explore::state::{Failure, Object, Progress, Value};
use crate::fault::FaultKind;

impl Machine<'_> {
    pub(super) fn builtin(&mut self, builtin: Builtin, n: usize) -> Outcome<()> {
        let stack = &mut self.frame().stack;
        let arguments = stack.split_off(stack.len() - n);
        let result = match (builtin, &arguments[..]) {
            (Builtin::Range, [Value::Int(to)]) => return self.made(Object::Range(0, *to)),
            (Builtin::Range, [Value::Int(from), Value::Int(to)]) => return self.made(Object::Range(*from, *to)),
            (Builtin::Lock, []) => return self.made(Object::Lock(false)),
            (Builtin::Queue, []) => return self.made(Object::Queue(Vec::new())),
            (Builtin::Barrier, [Value::Int(n)]) => return self.made(Object::Barrier(*n, Vec::new())),
            (Builtin::Keys, [dict]) => {
                let Object::Dict(entries) = self.object(dict, "keys")? else { return self.type_error("keys", dict) };
                let keys = entries.iter().map(|(key, _)| key.clone()).collect();
                return self.made(Object::List(keys));
            }
            (Builtin::Len, [container]) => Value::Int(match self.object(container, "len")? {
                Object::Dict(entries) => entries.len() as i64,
                Object::List(items) | Object::Queue(items) => items.len() as i64,
                Object::Range(from, to) => (to - from).max(0),
                _ => return self.type_error("len", container),
            }),
            (Builtin::Append, [list, value]) => match self.object_mut(list, "append")? {
                Object::List(items) => {
                    items.push(value.clone());
                    Value::None
                }
                _ => return self.type_error("append", list),
            },
            (Builtin::PopItem, [list]) => match self.object_mut(list, "pop")? {
                Object::List(items) => match items.pop() {
                    Some(value) => value,
                    None => return fail(FaultKind::IndexError, "pop from an empty list"),
                },
                _ => return self.type_error("pop", list),
            },
            (Builtin::PopItem, [dict, key]) => match self.take_out(dict, key)? {
                Some(value) => value,
                None => return self.key_error(key),
            },
            (Builtin::PopItem, [dict, key, default]) => self.take_out(dict, key)?.unwrap_or_else(|| default.clone()),
            (Builtin::Get, [dict, key, default]) => self.get(dict, key)?.unwrap_or_else(|| default.clone()),
            (Builtin::SetDefault, [dict, key, value]) => match self.get(dict, key)? {
                Some(there) => there,
                None => {
                    self.store(dict, key.clone(), value.clone())?;
                    value.clone()
                }
            },
            (Builtin::Sort, [list]) => self.sort(list)?,
            _ => self.between_threads(builtin, &arguments)?,
        };
        self.push(result);
        Ok(())
    }

    fn made(&mut self, object: Object) -> Outcome<()> {
        self.make(object);
        Ok(())
    }

    fn get(&self, dict: &Value, key: &Value) -> Outcome<Option<Value>> {
        match self.object(dict, "get")? {
            Object::Dict(entries) => Ok(entries.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())),
            _ => self.type_error("get", dict),
        }
    }

    fn sort(&mut self, list: &Value) -> Outcome<Value> {
        let Object::List(items) = self.object(list, "sort")? else { return self.type_error("sort", list) };
        let ints = items.iter().map(|item| match item {
            Value::Int(int) => Ok(*int),
            other => self.type_error("sort: an item", other),
        });
        let mut ints = ints.collect::<Outcome<Vec<i64>>>()?;
        ints.sort_unstable();
        if let Object::List(items) = self.object_mut(list, "sort")? {
            *items = ints.into_iter().map(Value::Int).collect();
        }
        Ok(Value::None)
    }

    fn between_threads(&mut self, builtin: Builtin, arguments: &[Value]) -> Outcome<Value> {
        match (builtin, arguments) {
            (Builtin::Acquire, [lock]) => match self.object_mut(lock, "acquire")? {
                Object::Lock(taken) => *taken = true,
                _ => return self.type_error("acquire", lock),
            },
            (Builtin::Release, [lock]) => match self.object_mut(lock, "release")? {
                Object::Lock(taken) if *taken => *taken = false,
                Object::Lock(_) => return fail(FaultKind::RuntimeError, "release of a lock that nobody holds"),
                _ => return self.type_error("release", lock),
            },
            (Builtin::Put, [queue, value]) => match self.object_mut(queue, "put")? {
                Object::Queue(items) => items.push(value.clone()),
                _ => return self.type_error("put", queue),
            },
            (Builtin::Take, [queue]) => match self.object_mut(queue, "take")? {
                Object::Queue(items) => return Ok(items.remove(0)),
                _ => return self.type_error("take", queue),
            },
            (Builtin::Wait, [barrier]) => self.meet(barrier)?,
            (Builtin::Spawn, [function, arguments @ ..]) => {
                let frame = self.entered(function, arguments.to_vec())?;
                self.state.threads.push(thread(frame));
                self.state.heap.push(Object::Thread(self.state.threads.len() - 1));
                return Ok(Value::Object(self.state.heap.len() as u32 - 1));
            }
            (Builtin::Join, [handle]) => {
                let Object::Thread(other) = self.object(handle, "join")? else {
                    return self.type_error("join", handle);
                };
                return match &self.state.threads[*other].progress {
                    Progress::Returned(value) => Ok(value.clone()),
                    Progress::Failed(Failure { kind, message, line }) => {
                        fail(*kind, format!("{message} (in thread {other}, line {line})"))
                    }
                    _ => fail(FaultKind::RuntimeError, "a thread that still runs was joined"),
                };
            }
            (Builtin::Sleep, [Value::Int(0..)]) => {}
            (Builtin::Sleep, [Value::Int(time)]) => return fail(FaultKind::ValueError, format!("sleep of {time} ms")),
            (_, arguments) => {
                let given: Vec<String> = arguments.iter().map(|value| self.state.plain(value).to_string()).collect();
                return fail(FaultKind::TypeError, format!("{} of {}", builtin.name(), given.join(", ")));
            }
        }
        Ok(Value::None)
    }

    /// Comes to a barrier: the last lets all others go.
    fn meet(&mut self, barrier: &Value) -> Outcome<()> {
        let me = self.thread;
        let Object::Barrier(n, come) = self.object_mut(barrier, "wait")? else {
            return self.type_error("wait", barrier);
        };
        come.push(me);
        if (come.len() as i64) < *n {
            self.state.threads[me].progress = Progress::Meets;
            return Ok(());
        }
        for other in std::mem::take(come) {
            if other != me {
                self.state.threads[other].progress = Progress::Met;
            }
        }
        Ok(())
    }
}
