//! From objects to values without identity.

use super::build::Build;
use super::object::{Kind, Payload, Ref};
use super::thread::Thread;
use crate::Plain;

/// Deeper lists are not looked into: a list may hold itself.
const DEEPEST: usize = 64;

impl<'h, 'e, B: Build> Thread<'_, 'e, 'h, B>
where
    'h: 'e,
{
    /// The value of an object, at a moment: others may change what it holds meanwhile.
    pub(super) fn plain(&self, object: Ref<'h>) -> Plain {
        self.plain_at(object, 0)
    }

    fn plain_at(&self, object: Ref<'h>, depth: usize) -> Plain {
        match object.kind() {
            Kind::None => Plain::None,
            Kind::Bool => Plain::Bool(object.value() != 0),
            Kind::Int => Plain::Int(object.value()),
            Kind::Str => Plain::Str(self.world.strings[object.value() as usize].clone()),
            Kind::List | Kind::Dict if depth < DEEPEST => self.held(object, depth),
            kind => Plain::Other(kind.name()),
        }
    }

    fn held(&self, container: Ref<'h>, depth: usize) -> Plain {
        match self.entries(container) {
            Entries::List(items) => Plain::List(items.iter().map(|item| self.plain_at(item, depth + 1)).collect()),
            Entries::Dict(items) => {
                let entry = |(key, value): &(Ref<'h>, Ref<'h>)| {
                    (self.plain_at(key, depth + 1), self.plain_at(value, depth + 1))
                };
                Plain::Dict(items.iter().map(entry).collect())
            }
        }
    }

    /// What a container holds, one section long. They are looked at by whoever has a reference to the container, and shown
    /// only: one that is gone by then shows as what is in its place.
    fn entries(&self, container: Ref<'h>) -> Entries<'h> {
        self.look(container, |payload| match payload {
            Payload::List(items) => Entries::List(items.clone()),
            Payload::Dict(entries) => Entries::Dict(entries.iter().map(|(key, value)| (key.0, *value)).collect()),
            _ => Entries::List(Vec::new()),
        })
    }
}

enum Entries<'h> {
    List(Vec<Ref<'h>>),
    Dict(Vec<(Ref<'h>, Ref<'h>)>),
}
