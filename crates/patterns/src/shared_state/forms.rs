//! What only some workloads of shared state have, and what strategies need it for: see the constants of [`SharedState`].

use std::collections::HashMap;

use super::{Entry, SharedState};

/// Replies to an operation that met this at its key.
pub type Explain<W> = fn(&W, &<W as SharedState>::Op, Met<&<W as SharedState>::Value>) -> <W as SharedState>::Reply;

/// Makes of what was seen what is to be put in place.
pub type Make<W> =
    fn(&W, &<W as SharedState>::Op, Option<&<W as SharedState>::Value>) -> Option<<W as SharedState>::Value>;

/// Acts upon what was seen (whether anything was) and made of it.
pub type Act<W> = fn(
    &W,
    &<W as SharedState>::Op,
    bool,
    Option<<W as SharedState>::Value>,
    &mut dyn Entry<<W as SharedState>::Value>,
) -> <W as SharedState>::Reply;

/// Merges the value of an entry in another partial state into the value here.
pub type Merge<W> = fn(&W, &mut <W as SharedState>::Value, <W as SharedState>::Value);

/// An entry.
pub type KeyValue<W> = (<W as SharedState>::Key, <W as SharedState>::Value);

/// Entries as counters in slots `0..slots`: an operation adds to one.
#[derive(Debug)]
pub struct Counters<W: SharedState> {
    /// Number of slots.
    pub slots: fn(&W) -> usize,
    /// Which slot an operation adds to, and how much.
    pub add: fn(&W, &W::Op) -> (usize, u64),
    /// The work between reading and writing: inside the lock of a correct version, in the window of a racy one.
    pub work: fn(&W, &W::Op),
    /// The reply to an operation that found `before`.
    pub reply: fn(&W, &W::Op, u64) -> W::Reply,
    /// The entry of a slot.
    pub entry: fn(&W, usize, u64) -> KeyValue<W>,
    /// The slot's value at the start.
    pub initial: fn(&W, &W::Value) -> u64,
    /// Words from one slot to the next: 1 packs them, [`LINE`] gives each a cache line of its own.
    pub stride: fn(&W) -> usize,
}

/// Words of a cache line, and of the one that is fetched with it: as far apart as two counters must lie for clients on two
/// CPUs not to hinder each other.
pub const LINE: usize = 16;

/// Operations on several entries, in parts that owners of single keys carry out. A pair is told, not asked: its halves
/// have no reply.
#[derive(Debug)]
pub struct Split<W: SharedState> {
    /// Half of a pair: what it does to its first key (0) or its second (1), whose reply is the pair's. The halves may come in
    /// any order, and other operations between them; only an audit may not.
    pub half: fn(&W, &W::Op, usize, &mut W::Value) -> W::Reply,
    /// Adds the reply to an audit of another part of the entries.
    pub join: fn(&W, &mut W::Reply, W::Reply),
}

/// Values that are computed from their keys, each time that one is missing.
#[derive(Debug)]
pub struct Once<W: SharedState> {
    /// Whether an operation wants a value; else it removes one.
    pub wants: fn(&W, &W::Op) -> bool,
    /// The value that an operation wants.
    pub compute: fn(&W, &W::Op) -> W::Value,
    /// The reply to an operation that found, computed or removed what is given.
    pub reply: Explain<W>,
}

/// What an operation met at its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met<V> {
    /// The value was there.
    Found(V),
    /// It was not, and this operation computed it.
    Computed(V),
    /// It was there, and this operation removed it.
    Removed,
    /// There was nothing to remove.
    Nothing,
}

/// An operation as those write it who forget that others run: a look at the entry, something made of what was seen, an
/// act upon it. The whole operation ([`SharedState::write`]) is the same without a gap.
#[derive(Debug)]
pub struct Apart<W: SharedState> {
    /// What is made of what was seen, for the act to put in place.
    pub make: Make<W>,
    /// The act: what was seen, what was made of it, and the entry as it is by now.
    pub act: Act<W>,
}

/// Entries in slots `0..slots`, each one word, present or not.
#[derive(Debug)]
pub struct Fixed<W: SharedState> {
    /// Number of slots.
    pub slots: fn(&W) -> usize,
    /// The slot of a key, below [`Fixed::slots`].
    pub slot: fn(&W, W::Key) -> usize,
    /// The key of a slot.
    pub key: fn(&W, usize) -> W::Key,
    /// A value as a word.
    pub pack: fn(&W::Value) -> u64,
    /// A word as a value.
    pub unpack: fn(u64) -> W::Value,
}

impl<W: SharedState> Counters<W> {
    /// Words that the slots take.
    #[must_use]
    pub fn words(&self, workload: &W) -> usize {
        (self.slots)(workload) * (self.stride)(workload)
    }

    /// The word that an operation adds to, and how much.
    #[inline]
    #[must_use]
    pub fn place(&self, workload: &W, op: &W::Op) -> (usize, u64) {
        let (slot, amount) = (self.add)(workload, op);
        (slot * (self.stride)(workload), amount)
    }

    /// What each word holds at the start.
    #[must_use]
    pub fn filled(&self, workload: &W, entries: Vec<KeyValue<W>>) -> Vec<u64> {
        let given: HashMap<W::Key, W::Value> = entries.into_iter().collect();
        let stride = (self.stride)(workload);
        let word = |word| {
            let (key, _) = (self.entry)(workload, word / stride, 0);
            given.get(&key).filter(|_| word % stride == 0).map_or(0, |value| (self.initial)(workload, value))
        };
        (0..self.words(workload)).map(word).collect()
    }

    /// The entries that words with these values are.
    #[must_use]
    pub fn entries(&self, workload: &W, values: impl IntoIterator<Item = u64>) -> Vec<KeyValue<W>> {
        let slots = values.into_iter().step_by((self.stride)(workload)).enumerate();
        slots.map(|(slot, value)| (self.entry)(workload, slot, value)).collect()
    }
}
