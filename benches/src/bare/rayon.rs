//! rayon: the two words of every tutorial, and the two that merge less.

use anyhow::Result;
use patterns::MapReduce as _;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use results::Units;
use workloads::Grain;

use super::{Rounds, Sum, map_index, tasks};

/// `map`, `reduce`: a partial a task.
pub(super) fn map(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    let pool = warm_pool(workers)?;
    rounds.run(|timer| {
        let every_task = || {
            (0..tasks(grain))
                .into_par_iter()
                .map(|index| with(grain, Sum::default(), index))
                .reduce(Sum::default, |left, right| both(grain, left, right))
        };
        Ok((timer.time(|| pool.install(every_task)), units(workers)))
    })
}

/// `fold`, `reduce`: a partial a split.
pub(super) fn fold(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    let pool = warm_pool(workers)?;
    rounds.run(|timer| {
        let every_task = || {
            (0..tasks(grain))
                .into_par_iter()
                .fold(Sum::default, |sum, index| with(grain, sum, index))
                .reduce(Sum::default, |left, right| both(grain, left, right))
        };
        Ok((timer.time(|| pool.install(every_task)), units(workers)))
    })
}

fn warm_pool(workers: usize) -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(workers).build()?;
    pool.broadcast(|_| ());
    Ok(pool)
}

fn with(grain: &Grain, mut sum: Sum, index: usize) -> Sum {
    map_index(grain, index, &mut sum);
    sum
}

fn both(grain: &Grain, mut left: Sum, right: Sum) -> Sum {
    grain.merge(&mut left, right);
    left
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}
