//! What is computed: one file a workload, with its knobs, seeded input, kernel and oracle. No workload knows a model.
//!
//! Inputs come from [`seeded`], whose generator is specified there, so that a contender in another language can make
//! the same ones.

mod bulk_map;
mod counter;
mod grain;
mod histogram;
mod kv_mix;
mod mandelbrot;
mod primes;
pub mod seeded;
mod sum_of_squares;
mod word_count;

pub use bulk_map::BulkMap;
pub use counter::Counter;
pub use grain::Grain;
pub use histogram::Histogram;
pub use kv_mix::{KvMix, Mix};
pub use mandelbrot::Mandelbrot;
pub use primes::Primes;
pub use sum_of_squares::SumOfSquares;
pub use word_count::WordCount;
