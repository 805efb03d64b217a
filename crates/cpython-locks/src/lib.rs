//! The locks of CPython 3.13, modelled: the global interpreter lock of the one build; byte locks over a parking lot, and
//! the critical sections made of them, of the other.
//!
//! They do what CPython's do, in the same steps: who may barge, who is handed a lock, who is asked to drop one, when a
//! waiter spins, yields or sleeps. What they are made of is std's, behind `sync`, so that the tests put loom's in its place.

mod breaker;
mod byte_lock;
mod critical_section;
mod gil;
mod parking_lot;
mod raw;
mod sync;

pub use breaker::Breaker;
pub use byte_lock::{ByteLock, Spins, Wait, Waited};
pub use critical_section::Sections;
pub use gil::{Gil, Taken};
pub use parking_lot::{Around, Parked, ParkingLot};
pub use raw::{RawByteLock, global_lot};
