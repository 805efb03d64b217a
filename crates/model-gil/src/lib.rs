//! Two models of threads, as the two builds of CPython 3.13 have them: [`Gil`] and [`FreeThreaded`]. Their threads run
//! compiled kernels, so that what is left of CPython is its locks, and when a thread lets go of them.
//!
//! Each model is a folder that is laid out as the crate of any other is.

mod free_threaded;
mod gil;
#[cfg(test)]
mod sum;

pub use free_threaded::FreeThreaded;
pub use gil::Gil;
