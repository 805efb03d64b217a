//! Measure: the only crate that reports elapsed time.
//!
//! A *sample* is one fresh process that speaks [`protocol`] and times one cell; [`engine`] decides which sample comes
//! next; [`analysis`] turns the journal of a run into its results with [`statistics`], which knows no clock, and
//! [`crossovers`] finds where the answer turns along a swept knob. The engine runs on the [`Sampler`] trait, so that
//! scheduling is tested without a machine.

pub mod analysis;
mod calibration;
mod cpu;
pub mod crossovers;
pub mod engine;
pub mod journal;
pub mod launcher;
#[cfg_attr(not(test), expect(dead_code, reason = "the analysis does not call it yet"))]
mod metrics;
mod observed;
mod order;
mod pmu;
pub mod protocol;
pub mod sample;
mod sampler;
pub mod statistics;
mod system;
mod timing;
mod tree;

pub use sampler::{Ask, Load, ProcessSampler, Sampled, Sampler};
pub use system::environment;
pub use timing::timed;
