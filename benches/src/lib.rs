//! The bare libraries, written by hand: [`bare`] is the program of that name. The Criterion benches are in `benches/`.

pub mod bare;
