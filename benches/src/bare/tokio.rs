//! tokio: a task a task, spawned from a root task and joined in order.

use std::sync::Arc;

use anyhow::Result;
use patterns::MapReduce as _;
use results::Units;
use tokio::runtime::Builder;
use tokio::task::JoinError;
use workloads::Grain;

use super::{Rounds, Sum, map_index, tasks};

pub(super) fn spawn(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(workers).build()?;
    // A spawned future owns what it touches.
    let grain = Arc::new(grain.clone());
    rounds.run(|timer| {
        let root = every_task(grain.clone());
        // The root is spawned too: a spawn from the thread that blocks goes through the slower global queue.
        let sum = timer.time(|| runtime.block_on(runtime.spawn(root)))??;
        Ok((sum, Units { threads: workers as u64, tasks: tasks(&grain) as u64, ..Units::default() }))
    })
}

async fn every_task(grain: Arc<Grain>) -> Result<Sum, JoinError> {
    let one = |index| {
        let grain = grain.clone();
        async move {
            let mut sum = Sum::default();
            map_index(&grain, index, &mut sum);
            sum
        }
    };
    let handles: Vec<_> = (0..tasks(&grain)).map(|index| tokio::spawn(one(index))).collect();
    let mut all = Sum::default();
    for handle in handles {
        grain.merge(&mut all, handle.await?);
    }
    Ok(all)
}
