//! The builds: what guards objects, and how their references are counted. Each is a type, so that none has the other's code.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::counts::{BiasedCounts, Counting, PlainCounts};

/// A build of the machine.
pub trait Build: Debug + Send + Sync + 'static {
    /// One lock round everything.
    const GIL: bool;
    /// A lock in each object.
    const LOCKS: bool;
    /// Small ints, none, strings, functions and constants are not counted.
    const IMMORTAL: bool;
    /// How references are counted.
    type Counts: Counting;
    /// Whether threads can be started: whether anything keeps them apart.
    const THREADS: bool = Self::GIL || Self::LOCKS && Self::Counts::SHARED;
}

/// CPython as it has been: a global lock, and plain counts.
#[derive(Debug)]
pub struct GilBuild;

impl Build for GilBuild {
    const GIL: bool = true;
    const LOCKS: bool = false;
    const IMMORTAL: bool = true;
    type Counts = PlainCounts;
}

/// The free-threaded build, or what is left of it when a mechanism is switched off: biased counts, the locks of objects,
/// immortality. Without the first two it has one thread.
///
/// The lock-free reads of dicts and lists are not built: every access takes the object's lock.
#[derive(Debug)]
pub struct FreeThreaded<C = BiasedCounts, const LOCKS: bool = true, const IMMORTAL: bool = true>(PhantomData<C>);

impl<C: Counting + Debug, const LOCKS: bool, const IMMORTAL: bool> Build for FreeThreaded<C, LOCKS, IMMORTAL> {
    const GIL: bool = false;
    const LOCKS: bool = LOCKS;
    const IMMORTAL: bool = IMMORTAL;
    type Counts = C;
}
