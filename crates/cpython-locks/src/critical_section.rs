//! Critical sections: the locks of objects, held so that no nesting can deadlock. A thread that must wait first unlocks
//! all that it holds, and locks the innermost again when it goes on; so an outer section is not atomic across such a wait.
//!
//! Only the second lock of a pair is waited for with the first held: pairs are locked in the order of their addresses.

use std::ops::Deref;

use crate::byte_lock::{ByteLock, Spins, Waited};
use crate::parking_lot::{Around, ParkingLot};

/// One thread's sections, innermost last. `L` is what it holds an object's lock by: a reference, an `Arc`, ..
#[derive(Debug)]
pub struct Sections<'l, L: Deref<Target = ByteLock>> {
    lot: &'l ParkingLot,
    spins: Spins,
    stack: Vec<Section<L>>,
}

/// One of them. While it waits for its locks, none is written here.
#[derive(Debug)]
struct Section<L> {
    low: Option<L>,
    high: Option<L>,
    /// Not suspended.
    active: bool,
}

impl<'l, L: Deref<Target = ByteLock>> Sections<'l, L> {
    /// None, of a thread that waits in this lot and so long.
    #[must_use]
    pub fn new(lot: &'l ParkingLot, spins: Spins) -> Self {
        Self { lot, spins, stack: Vec::new() }
    }

    /// Begins a section that holds `lock`. If it must sleep for it, it suspends the outer ones, and calls `around`.
    pub fn begin(&mut self, lock: L, around: &mut impl Around) -> Waited {
        self.enter(lock, None, around)
    }

    /// Begins a section that holds both locks, which may be the same.
    pub fn begin_two(&mut self, one: L, other: L, around: &mut impl Around) -> Waited {
        match one.address().cmp(&other.address()) {
            std::cmp::Ordering::Less => self.enter(one, Some(other), around),
            std::cmp::Ordering::Equal => self.enter(one, None, around),
            std::cmp::Ordering::Greater => self.enter(other, Some(one), around),
        }
    }

    fn enter(&mut self, low: L, high: Option<L>, around: &mut impl Around) -> Waited {
        self.stack.push(Section { low: None, high: None, active: true });
        self.lock(low, high, around)
    }

    /// Locks for the innermost section, which has none yet.
    fn lock(&mut self, low: L, high: Option<L>, around: &mut impl Around) -> Waited {
        let Self { lot, spins, stack } = self;
        let mut asleep = Asleep { stack, lot, around };
        let mut waited = low.lock(lot, spins, &mut asleep);
        if let Some(high) = &high {
            waited += high.lock(lot, spins, &mut asleep);
        }
        if let Some(top) = stack.last_mut() {
            *top = Section { low: Some(low), high, active: true };
        }
        waited
    }

    /// Ends the innermost section, and resumes the one around it if that is suspended.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn end(&mut self, around: &mut impl Around) -> Waited {
        let section = self.stack.pop().expect("a critical section is ended that was not begun; begin it first");
        if section.active {
            section.unlock(self.lot);
        }
        self.resume(around)
    }

    /// Unlocks all that this thread holds. To be called before it waits for anything but an object's lock.
    pub fn suspend(&mut self) {
        suspend(&mut self.stack, self.lot);
    }

    /// Locks the innermost section again, if it is suspended. To be called after such a wait.
    pub fn resume(&mut self, around: &mut impl Around) -> Waited {
        match self.stack.last_mut() {
            Some(Section { low, high, active: false }) => match (low.take(), high.take()) {
                (Some(low), high) => self.lock(low, high, around),
                (None, _) => Waited::default(),
            },
            _ => Waited::default(),
        }
    }

    /// How many sections there are, suspended ones included.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.stack.len()
    }
}

/// Whoever is gone, by a panic perhaps, holds nothing.
impl<L: Deref<Target = ByteLock>> Drop for Sections<'_, L> {
    fn drop(&mut self) {
        self.suspend();
    }
}

impl<L: Deref<Target = ByteLock>> Section<L> {
    fn unlock(&self, lot: &ParkingLot) {
        // The lower last: who locks it next wants the higher at once.
        self.high.iter().chain(&self.low).for_each(|lock| lock.unlock(lot));
    }
}

/// Those outside a suspended one are suspended already.
fn suspend<L: Deref<Target = ByteLock>>(stack: &mut [Section<L>], lot: &ParkingLot) {
    for section in stack.iter_mut().rev().take_while(|section| section.active) {
        section.unlock(lot);
        section.active = false;
    }
}

/// A thread that sleeps for the locks of its innermost section.
struct Asleep<'s, L, A> {
    stack: &'s mut [Section<L>],
    lot: &'s ParkingLot,
    around: &'s mut A,
}

impl<L: Deref<Target = ByteLock>, A: Around> Around for Asleep<'_, L, A> {
    fn detach(&mut self) {
        suspend(self.stack, self.lot);
        self.around.detach();
    }

    /// It has no locks yet, so there is nothing to lock again.
    fn attach(&mut self) {
        self.around.attach();
    }
}
