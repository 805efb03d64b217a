//! What only one thread at a time may look into: the payload of an object.
//!
//! A [`Guarded`] is opened by [`Section`], which a thread has while it is in a section of the object: it holds the object's
//! lock, or, in the build with a global lock, that. An object that is being made or freed is known to one thread alone.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicBool, Ordering};

/// The right to look into objects: made by whoever has entered a section of one, or is alone with it.
pub(super) struct Section(());

impl Section {
    /// To be called with the lock of the object that is looked into, and kept no longer than that.
    pub(super) fn entered() -> Self {
        Self(())
    }
}

/// A payload.
#[derive(Debug, Default)]
pub(super) struct Guarded<T> {
    /// Two at once would be a mistake of the machine: tests find it.
    #[cfg(debug_assertions)]
    busy: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `with` is the only way to the value, and its callers keep each other out, as `Section` says. `T` itself may move
// between threads.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    /// Looks into it. `look` must not get at the same payload again.
    #[inline(always)]
    pub(super) fn with<R>(&self, _: &Section, look: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(debug_assertions)]
        assert!(!self.busy.swap(true, Ordering::Acquire), "two threads are in one object");
        // SAFETY: who has a section of this object has its lock (or the global one), or is the only one who knows it; so
        // nobody else is in here. No caller nests two sections of one object: `look` touches other payloads only.
        let result = look(unsafe { &mut *self.value.get() });
        #[cfg(debug_assertions)]
        self.busy.store(false, Ordering::Release);
        result
    }
}
