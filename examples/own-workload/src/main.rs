//! A workload of one's own in every model of Crossover: what an Asian option is worth. It pays what the average price of a
//! year exceeds the strike by, which has no closed form, so the price is simulated again and again.
//!
//! ```text
//! cargo run --release -p own-workload -- compare --quick asian-option
//! ```

use std::ops::Range;

use patterns::{Domain, Knob, MapReduce, Workload, Wrong};
use serde::{Deserialize, Serialize};

/// The knobs: simulated years in each of 64 tasks.
#[derive(Clone, Serialize, Deserialize)]
struct AsianOption {
    paths: u64,
}

impl Default for AsianOption {
    fn default() -> Self {
        Self { paths: 64 }
    }
}

impl Workload for AsianOption {
    const ID: &'static str = "asian-option";
    const KNOBS: &'static [Knob] = &[Knob { id: "paths", domain: Domain::Integer { min: 1, max: 1 << 24 }, about: "" }];
    type Input = u64;
    fn input(&self, seed: u64, _clients: usize) -> u64 {
        seed
    }
}

impl MapReduce for AsianOption {
    type Task<'i> = u64; // the seed of its first path
    type Partial = [u64; 3]; // paths, their payoffs, their last prices; in cents, so that the order of adding is all one
    fn tasks(&self, _: &u64) -> usize {
        64
    }
    fn empty(&self) -> [u64; 3] {
        [0; 3]
    }
    fn task(&self, seed: &u64, index: usize) -> u64 {
        seed + index as u64 * self.paths
    }
    fn items(&self, _: &u64) -> usize {
        self.paths as usize
    }
    fn map(&self, first: &u64, items: Range<usize>, into: &mut [u64; 3]) {
        items.for_each(|item| self.merge(into, simulate(first + item as u64)));
    }
    fn merge(&self, into: &mut [u64; 3], other: [u64; 3]) {
        into.iter_mut().zip(other).for_each(|(sum, more)| *sum += more);
    }
    fn verify(&self, _: &u64, &[paths, _, last]: &[u64; 3]) -> Result<(), Wrong> {
        // Whatever the option is worth, the mean of the last prices is known: the start with a year's interest.
        let (mean, right) = (last as f64 / 100.0 / paths as f64, START * RATE.exp());
        let errors = (mean / right - 1.0) * (paths as f64 / (VOLATILITY.powi(2).exp() - 1.0)).sqrt();
        let good = paths == 64 * self.paths && errors.abs() < 6.0;
        if good { Ok(()) } else { Err(format!("{paths} paths end at {mean}, not {right}").into()) }
    }
}

fn main() -> std::process::ExitCode {
    runner::main_with(suite::standard().map_reduce::<AsianOption>())
}

// The kernel, as one has it already.

const START: f64 = 100.0;
const STRIKE: f64 = 105.0;
const RATE: f64 = 0.03;
const VOLATILITY: f64 = 0.2;
const DAYS: u32 = 250;

/// A year in steps of a day (geometric Brownian motion): one path, its payoff and its last price, in cents.
fn simulate(seed: u64) -> [u64; 3] {
    let day = 1.0 / f64::from(DAYS);
    let (drift, scatter) = ((RATE - VOLATILITY * VOLATILITY / 2.0) * day, VOLATILITY * day.sqrt());
    let (mut random, mut logarithm, mut sum) = (mix(seed), START.ln(), 0.0);
    for _ in 0..DAYS {
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        logarithm += drift + scatter * normal(mix(random));
        sum += logarithm.exp();
    }
    let cents = |price: f64| (price * 100.0).round() as u64;
    [1, cents((sum * day - STRIKE).max(0.0)), cents(logarithm.exp())]
}

/// A normal number from the two halves of a random one (Box and Muller, 1958).
fn normal(random: u64) -> f64 {
    let unit = |bits: u64| (bits as f64 + 0.5) / 4_294_967_296.0;
    (-2.0 * unit(random >> 32).ln()).sqrt() * (std::f64::consts::TAU * unit(random & 0xFFFF_FFFF)).cos()
}

/// Scatters the bits of a number (SplitMix64).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
