//! Bytecodes and built-ins on dicts and lists: each look or change is one section of the container.

use super::build::Build;
use super::guarded::Section;
use super::object::{Kind, Payload, Ref};
use super::thread::{Outcome, Thread};
use crate::fault::FaultKind;
use crate::{Builtin, Op};

impl<'h, 'e, B: Build> Thread<'_, 'e, 'h, B>
where
    'h: 'e,
{
    /// The bytecodes that are not in the loop itself.
    pub(super) fn container(&mut self, op: Op) -> Outcome<()> {
        match op {
            Op::Negate => {
                let value = self.pop();
                let negated = match value.int() {
                    Some(int) => int.checked_neg().map(|int| self.int(int)).unwrap_or_else(|| {
                        Err(self.fault(FaultKind::OverflowError, format!("-({int}) does not fit in 64 bits")))
                    }),
                    None => Err(self.type_error("negate", value)),
                };
                self.decref(value);
                self.stack.push(negated?);
            }
            Op::Not => {
                let value = self.pop();
                let truth = self.truth(value);
                self.decref(value);
                self.push_truth(!truth);
            }
            Op::BuildDict => {
                let dict = self.dict()?;
                self.stack.push(dict);
            }
            Op::BuildList(n) => {
                let items = self.stack.split_off(self.stack.len() - usize::from(n));
                let list = self.list(items)?;
                self.stack.push(list);
            }
            Op::GetIter => {
                let value = self.pop();
                let iterator = match value.kind() {
                    Kind::Range => self.make(Kind::RangeIterator, value.value(), value.extra()),
                    Kind::List => {
                        self.incref(value);
                        self.items += 1;
                        self.filled(Kind::ListIterator, 0, Payload::ListIterator(value))
                    }
                    _ => Err(self.type_error("get_iter", value)),
                };
                self.decref(value);
                self.stack.push(iterator?);
            }
            Op::Subscript => {
                let (key, container) = (self.pop(), self.pop());
                let item = self.item(container, key);
                self.decref(key);
                self.decref(container);
                self.stack.push(item?);
            }
            Op::StoreSubscript => {
                let (key, container, value) = (self.pop(), self.pop(), self.pop());
                let stored = self.store(container, key, value);
                self.decref(key);
                self.decref(container);
                stored?;
            }
            Op::DeleteSubscript => {
                let (key, container) = (self.pop(), self.pop());
                let gone = self.take_out(container, key);
                let why = self.key_error(key);
                self.decref(key);
                self.decref(container);
                match gone? {
                    Some(value) => self.decref(value),
                    None => return Err(why()),
                }
            }
            _ => {
                let (container, key) = (self.pop(), self.pop());
                let there = self.contains(container, key);
                self.decref(key);
                self.decref(container);
                let there = there?;
                self.push_truth(there);
            }
        }
        Ok(())
    }

    /// The error of a key that is not there, to be made later: when the key may be gone.
    fn key_error(&mut self, key: Ref<'h>) -> impl Fn() -> Box<crate::Fault> + use<'h, 'e, B> {
        let fault = self.fault(FaultKind::KeyError, self.plain(key).to_string());
        move || fault.clone()
    }

    fn place(&self, length: usize, index: i64) -> Outcome<usize> {
        let at = if index < 0 { index + length as i64 } else { index };
        match usize::try_from(at) {
            Ok(at) if at < length => Ok(at),
            _ => Err(self.fault(FaultKind::IndexError, format!("index {index} of a list of {length}"))),
        }
    }

    /// `container[key]`, with a reference to it.
    fn item(&mut self, container: Ref<'h>, key: Ref<'h>) -> Outcome<Ref<'h>> {
        match (container.kind(), key.int()) {
            (Kind::Dict, _) => match self.get(container, key)? {
                Some(value) => Ok(value),
                None => Err(self.key_error(key)()),
            },
            (Kind::List, Some(index)) => self.section(container, |thread, section| {
                container.payload.with(section, |payload| match payload {
                    Payload::List(items) => thread.place(items.len(), index).map(|at| {
                        thread.incref_item(items[at]);
                        items[at]
                    }),
                    _ => Err(thread.type_error("subscript", container)),
                })
            }),
            (Kind::List, None) => Err(self.type_error("an index", key)),
            _ => Err(self.type_error("subscript", container)),
        }
    }

    /// What a dict has at a key, with a reference to it.
    fn get(&mut self, dict: Ref<'h>, key: Ref<'h>) -> Outcome<Option<Ref<'h>>> {
        let key = self.key(key)?;
        self.section(dict, |thread, section| {
            dict.payload.with(section, |payload| match payload {
                Payload::Dict(entries) => Ok(entries.get(&key).map(|value| {
                    thread.incref_item(value);
                    *value
                })),
                _ => Err(thread.type_error("a look-up", dict)),
            })
        })
    }

    /// `container[key] = value`; the reference to the value goes with it, those to the others stay.
    fn store(&mut self, container: Ref<'h>, key: Ref<'h>, value: Ref<'h>) -> Outcome<()> {
        let before = match (container.kind(), key.int()) {
            (Kind::Dict, _) => self.insert(container, key, value),
            (Kind::List, Some(index)) => self.section(container, |thread, section| {
                container.payload.with(section, |payload| match payload {
                    Payload::List(items) => {
                        thread.place(items.len(), index).map(|at| Some(std::mem::replace(&mut items[at], value)))
                    }
                    _ => Err(thread.type_error("store_subscript", container)),
                })
            }),
            (Kind::List, None) => Err(self.type_error("an index", key)),
            _ => Err(self.type_error("store_subscript", container)),
        };
        match before {
            Ok(before) => before.into_iter().for_each(|before| self.decref(before)),
            Err(fault) => {
                self.decref(value);
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Puts a value at a key of a dict; what was there before, if anything was.
    fn insert(&mut self, dict: Ref<'h>, key: Ref<'h>, value: Ref<'h>) -> Outcome<Option<Ref<'h>>> {
        let key = self.key(key)?;
        self.room()?;
        // Of the entry, if it is a new one: an int that this thread made, or an object that it holds.
        let before = self.section(dict, |thread, section| {
            dict.payload.with(section, |payload| match payload {
                Payload::Dict(entries) => match entries.get_mut(&key) {
                    Some(there) => Ok(Some(std::mem::replace(there, value))),
                    None => {
                        thread.incref(key.0);
                        entries.insert(key, value);
                        Ok(None)
                    }
                },
                _ => Err(thread.type_error("store_subscript", dict)),
            })
        })?;
        if before.is_none() {
            self.items += 2;
        }
        Ok(before)
    }

    /// Whether another item fits.
    pub(super) fn room(&self) -> Outcome<()> {
        let most = self.world.options.objects;
        if self.items < most as i64 {
            return Ok(());
        }
        Err(self.fault(FaultKind::MemoryError, format!("a thread put more than {most} items into containers")))
    }

    /// Takes a key out of a dict; its value, with the reference.
    fn take_out(&mut self, dict: Ref<'h>, key: Ref<'h>) -> Outcome<Option<Ref<'h>>> {
        let key = self.key(key)?;
        let gone = self.section(dict, |thread, section| {
            dict.payload.with(section, |payload| match payload {
                Payload::Dict(entries) => Ok(entries.shift_remove_entry(&key)),
                _ => Err(thread.type_error("a key is taken out", dict)),
            })
        })?;
        Ok(gone.map(|(key, value)| {
            self.items -= 2;
            self.decref(key.0);
            value
        }))
    }

    fn contains(&mut self, container: Ref<'h>, key: Ref<'h>) -> Outcome<bool> {
        match container.kind() {
            Kind::Dict => {
                let key = self.key(key)?;
                Ok(self.section(container, |_, section| {
                    container.payload.with(section, |payload| match payload {
                        Payload::Dict(entries) => entries.contains_key(&key),
                        _ => false,
                    })
                }))
            }
            Kind::List => {
                let key = self.key(key)?;
                Ok(self.section(container, |_, section| {
                    container.payload.with(section, |payload| match payload {
                        Payload::List(items) => items.iter().any(|item| super::object::Key(item) == key),
                        _ => false,
                    })
                }))
            }
            _ => Err(self.type_error("contains", container)),
        }
    }

    /// Built-ins on containers; the arguments stay the caller's to drop.
    pub(super) fn on_containers(&mut self, builtin: Builtin, arguments: &[Ref<'h>]) -> Outcome<Ref<'h>> {
        match (builtin, arguments) {
            (Builtin::Len, [container]) => match container.kind() {
                Kind::List | Kind::Dict | Kind::Queue => {
                    let length = self.length(container);
                    self.int(length as i64)
                }
                Kind::Range => self.int((container.extra() - container.value()).max(0)),
                _ => Err(self.type_error("len", container)),
            },
            (Builtin::Append, [list, value]) => self.append(list, value),
            (Builtin::PopItem, [list]) => self.pop_last(list),
            (Builtin::PopItem, [dict, key]) => match self.take_out(dict, key)? {
                Some(value) => Ok(value),
                None => Err(self.key_error(key)()),
            },
            (Builtin::PopItem, [dict, key, default]) => {
                let there = self.take_out(dict, key)?;
                Ok(self.or(there, default))
            }
            (Builtin::Get, [dict, key, default]) => {
                let there = self.get(dict, key)?;
                Ok(self.or(there, default))
            }
            (Builtin::SetDefault, [dict, key, value]) => self.set_default(dict, key, value),
            (Builtin::Keys, [dict]) => {
                let keys = self.section(dict, |thread, section| {
                    dict.payload.with(section, |payload| match payload {
                        Payload::Dict(entries) => {
                            Ok(entries.keys().map(|key| key.0).inspect(|key| thread.incref_item(key)).collect())
                        }
                        _ => Err(thread.type_error("keys", dict)),
                    })
                })?;
                self.list(keys)
            }
            (Builtin::Sort, [list]) => self.sort(list),
            _ => {
                let kinds: Vec<&str> = arguments.iter().map(|value| value.kind().name()).collect();
                Err(self.fault(FaultKind::TypeError, format!("{} of {}", builtin.name(), kinds.join(", "))))
            }
        }
    }

    fn or(&self, there: Option<Ref<'h>>, default: Ref<'h>) -> Ref<'h> {
        there.unwrap_or_else(|| {
            self.incref(default);
            default
        })
    }

    pub(super) fn none(&self) -> Ref<'h> {
        self.incref(self.world.none);
        self.world.none
    }

    fn append(&mut self, list: Ref<'h>, value: Ref<'h>) -> Outcome<Ref<'h>> {
        self.room()?;
        self.section(list, |thread, section| {
            list.payload.with(section, |payload| match payload {
                Payload::List(items) => {
                    thread.incref(value);
                    items.push(value);
                    Ok(())
                }
                _ => Err(thread.type_error("append", list)),
            })
        })?;
        self.items += 1;
        Ok(self.none())
    }

    fn pop_last(&mut self, list: Ref<'h>) -> Outcome<Ref<'h>> {
        let last = self.section(list, |thread, section| {
            list.payload.with(section, |payload| match payload {
                Payload::List(items) => Ok(items.pop()),
                _ => Err(thread.type_error("pop", list)),
            })
        })?;
        self.items -= i64::from(last.is_some());
        last.ok_or_else(|| self.fault(FaultKind::IndexError, String::from("pop from an empty list")))
    }

    fn set_default(&mut self, dict: Ref<'h>, key: Ref<'h>, value: Ref<'h>) -> Outcome<Ref<'h>> {
        let key = self.key(key)?;
        self.room()?;
        let (there, new) = self.section(dict, |thread, section| {
            dict.payload.with(section, |payload| match payload {
                Payload::Dict(entries) => {
                    if let Some(there) = entries.get(&key) {
                        thread.incref_item(there);
                        return Ok((*there, false));
                    }
                    // One for the dict, one for the caller.
                    thread.incref(key.0);
                    thread.incref(value);
                    thread.incref(value);
                    entries.insert(key, value);
                    Ok((value, true))
                }
                _ => Err(thread.type_error("set_default", dict)),
            })
        })?;
        self.items += 2 * i64::from(new);
        Ok(there)
    }

    fn sort(&mut self, list: Ref<'h>) -> Outcome<Ref<'h>> {
        let no_int = self.section(list, |thread, section: &Section| {
            list.payload.with(section, |payload| match payload {
                Payload::List(items) => match items.iter().find(|item| !item.is(Kind::Int)) {
                    Some(item) => Err(thread.type_error("sort: an item", item)),
                    None => {
                        items.sort_by_key(|item| item.value());
                        Ok(())
                    }
                },
                _ => Err(thread.type_error("sort", list)),
            })
        });
        no_int.map(|()| self.none())
    }
}
