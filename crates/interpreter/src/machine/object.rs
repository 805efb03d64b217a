//! Objects: a slot of one cache line each, so that no two threads share a line because of what lies beside.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use cpython_locks::ByteLock;
use indexmap::IndexMap;

use super::counts::Counts;
use super::guarded::Guarded;
use crate::Fault;

/// A reference that is counted by hand. Slots live as long as the heap, so it is good for memory, if not for its object.
pub(super) type Ref<'h> = &'h Slot<'h>;

/// A dict, in the order of insertion.
pub(super) type Dict<'h> = IndexMap<Key<'h>, Ref<'h>, foldhash::fast::FixedState>;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Free,
    None,
    Bool,
    Int,
    Str,
    Function,
    List,
    Dict,
    Range,
    RangeIterator,
    ListIterator,
    Lock,
    Queue,
    Barrier,
    Thread,
}

impl Kind {
    const ALL: [Self; 15] = [
        Self::Free,
        Self::None,
        Self::Bool,
        Self::Int,
        Self::Str,
        Self::Function,
        Self::List,
        Self::Dict,
        Self::Range,
        Self::RangeIterator,
        Self::ListIterator,
        Self::Lock,
        Self::Queue,
        Self::Barrier,
        Self::Thread,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Free => "nothing",
            Self::None => "none",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Str => "string",
            Self::Function => "function",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Range => "range",
            Self::RangeIterator | Self::ListIterator => "iterator",
            Self::Lock => "lock",
            Self::Queue => "queue",
            Self::Barrier => "barrier",
            Self::Thread => "thread",
        }
    }

    /// Whether it has a payload that must be dropped.
    pub(super) fn is_plain(self) -> bool {
        matches!(
            self,
            Self::None | Self::Bool | Self::Int | Self::Str | Self::Function | Self::Range | Self::RangeIterator
        )
    }
}

/// A place for an object. The numbers are atomic so that this is safe code; they are written plainly (relaxed).
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot<'h> {
    pub(super) counts: Counts,
    /// An int, a truth, a string's or a function's index, where a range or an iterator is, whether a lock is held (1), how
    /// long a queue is, the round of a barrier, whether a thread is over (1).
    value: AtomicI64,
    /// Where a range ends, how many meet at a barrier.
    extra: AtomicI64,
    /// The lock of the object in critical sections; the lock itself, of a lock.
    pub(super) lock: ByteLock,
    kind: AtomicU8,
    /// Its place in the heap.
    pub(super) number: u32,
    pub(super) payload: Guarded<Payload<'h>>,
}

/// What does not fit into numbers.
#[derive(Debug, Default)]
pub(super) enum Payload<'h> {
    #[default]
    Nothing,
    List(Vec<Ref<'h>>),
    Dict(Box<Dict<'h>>),
    #[allow(clippy::box_collection, reason = "a slot is one cache line, and a queue's own header would make it two")]
    Queue(Box<VecDeque<Ref<'h>>>),
    /// What it goes through.
    ListIterator(Ref<'h>),
    /// How many have come.
    Barrier(i64),
    /// Nothing while it runs.
    Thread(Option<Result<Ref<'h>, Box<Fault>>>),
}

#[cfg(not(debug_assertions))]
const _: () = assert!(size_of::<Slot<'static>>() == 64);

impl<'h> Slot<'h> {
    /// A free one.
    pub(super) fn new(number: u32) -> Self {
        Self {
            counts: Counts::default(),
            value: AtomicI64::new(0),
            extra: AtomicI64::new(0),
            lock: ByteLock::new(),
            kind: AtomicU8::new(Kind::Free as u8),
            number,
            payload: Guarded::default(),
        }
    }

    /// Begins an object here.
    #[inline(always)]
    pub(super) fn begin(&self, me: u32, kind: Kind, value: i64, extra: i64) {
        self.kind.store(kind as u8, Ordering::Relaxed);
        self.value.store(value, Ordering::Relaxed);
        self.extra.store(extra, Ordering::Relaxed);
        self.counts.begin(me);
    }

    /// Ends it.
    #[inline(always)]
    pub(super) fn end(&self) {
        self.kind.store(Kind::Free as u8, Ordering::Relaxed);
        self.counts.end();
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> Kind {
        Kind::ALL[usize::from(self.kind.load(Ordering::Relaxed)).min(Kind::ALL.len() - 1)]
    }

    #[inline(always)]
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kind.load(Ordering::Relaxed) == kind as u8
    }

    #[inline(always)]
    pub(super) fn value(&self) -> i64 {
        self.value.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(super) fn set_value(&self, value: i64) {
        self.value.store(value, Ordering::Relaxed);
    }

    /// As [`Slot::value`], of what another thread changes while this one waits for it.
    pub(super) fn value_now(&self) -> i64 {
        self.value.load(Ordering::SeqCst)
    }

    /// Sets it, and says what it was.
    pub(super) fn swap_value(&self, value: i64) -> i64 {
        self.value.swap(value, Ordering::AcqRel)
    }

    #[inline(always)]
    pub(super) fn extra(&self) -> i64 {
        self.extra.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(super) fn int(&self) -> Option<i64> {
        if self.is(Kind::Int) { Some(self.value()) } else { None }
    }
}

/// Whether both are the same object.
#[inline(always)]
pub(super) fn same(one: Ref<'_>, other: Ref<'_>) -> bool {
    std::ptr::eq(std::ptr::from_ref(one).cast::<()>(), std::ptr::from_ref(other).cast::<()>())
}

/// A key: an int by its value, all else by its identity. Strings, truths and none are one object each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'h>(pub(super) Ref<'h>);

impl PartialEq for Key<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0) || matches!((self.0.int(), other.0.int()), (Some(one), Some(other)) if one == other)
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0.int() {
            Some(int) => state.write_u64(int as u64),
            None => state.write_usize(std::ptr::from_ref(self.0).addr()),
        }
    }
}
