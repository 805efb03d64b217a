//! Measure: the only crate that reports elapsed time.
//!
//! A *sample* is one fresh process that speaks [`protocol`] and times one cell; [`engine`] decides which sample comes
//! next; [`analysis`] turns the journal of a run into its results with [`statistics`], which knows no clock, and
//! [`crossovers`] and [`metg`] find where the answer turns along a swept knob. The engine runs on the [`Sampler`] trait, so that
//! scheduling is tested without a machine.

pub mod analysis;
mod cpu;
pub mod engine;
pub mod hazard;
pub mod journal;
pub mod launcher;
pub mod machine;
mod metrics;
mod observed;
mod pin;
mod pmu;
pub mod protocol;
pub mod sample;
mod sampler;
pub mod statistics;
mod sweeps;
mod system;
mod timing;
mod tree;

pub use sampler::{Ask, Load, ProcessSampler, Sampled, Sampler};
pub use sweeps::{crossovers, metg};
pub use system::environment;
pub use timing::{called, timed};
