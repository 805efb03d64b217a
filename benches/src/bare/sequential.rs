//! No library: one loop on the calling thread.

use anyhow::Result;
use patterns::SharedState as _;
use results::Units;
use workloads::{Counter, Grain};

use super::counter::{Map, add};
use super::{Entries, Rounds, Scripts, Sum, map_index, tasks};

pub(super) fn grain(grain: &Grain, _workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    rounds.run(|timer| {
        let sum = timer.time(|| {
            let mut sum = Sum::default();
            for index in 0..tasks(grain) {
                map_index(grain, index, &mut sum);
            }
            sum
        });
        Ok((sum, Units { threads: 1, ..Units::default() }))
    })
}

pub(super) fn counter(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    rounds.run(|timer| {
        let mut map: Map = counter.initial(scripts).into_iter().collect();
        timer.time(|| {
            for op in scripts.iter().flatten() {
                counter.prepare(op);
                add(counter, op, &mut map);
            }
        });
        Ok((map.into_iter().collect(), Units { threads: 1, ..Units::default() }))
    })
}
