//! What is computed: one file a workload, with its knobs, seeded input, kernel and oracle. No workload knows a model.
//!
//! Inputs come from [`seeded`], whose generator is specified there, so that a contender in another language can make
//! the same ones.

mod bank;
mod bulk_map;
mod check_then_act;
mod counter;
mod foreign_code;
mod grain;
mod histogram;
mod kv_mix;
mod log_pipeline;
mod mandelbrot;
mod n_queens;
mod primes;
mod reference_count;
mod release;
mod ring;
pub mod seeded;
mod sort;
mod sum_of_squares;
mod task_graph;
mod text;
mod touch;
mod tree_sum;
mod uts;
mod word_count;
mod words;

pub use bank::Bank;
pub use bulk_map::BulkMap;
pub use check_then_act::CheckThenAct;
pub use counter::{Counter, Padding};
pub use foreign_code::ForeignCode;
pub use grain::Grain;
pub use histogram::Histogram;
pub use kv_mix::{KvMix, Mix};
pub use log_pipeline::LogPipeline;
pub use mandelbrot::Mandelbrot;
pub use n_queens::NQueens;
pub use primes::Primes;
pub use reference_count::ReferenceCount;
pub use ring::{Arrived, Ring};
pub use sort::{Distribution, Sort};
pub use sum_of_squares::SumOfSquares;
pub use task_graph::{Dependence, Grid, Kernel};
pub use touch::Touch;
pub use tree_sum::{Arena, TreeSum};
pub use uts::{Tree, Uts};
pub use word_count::WordCount;
