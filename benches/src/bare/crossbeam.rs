//! crossbeam-channel: warm threads that take indices from one unbounded queue.

use std::thread;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, unbounded};
use patterns::MapReduce as _;
use results::Units;
use workloads::Grain;

use super::{Rounds, Sum, map_index, tasks};

/// A queue a round: that it is closed tells the workers that the round is over.
pub(super) fn queue(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    thread::scope(|scope| {
        let (report, reports) = unbounded();
        let start = |_| {
            let (gate, queues) = unbounded::<Receiver<usize>>();
            let report = report.clone();
            scope.spawn(move || queues.iter().try_for_each(|queue| report.send(drain(grain, &queue))));
            gate
        };
        let gates: Vec<Sender<Receiver<usize>>> = (0..workers).map(start).collect();
        rounds.run(|timer| {
            let (fill, queue) = unbounded();
            let sum = timer.time(|| {
                gates.iter().try_for_each(|gate| gate.send(queue.clone()))?;
                (0..tasks(grain)).try_for_each(|index| fill.send(index))?;
                drop(fill);
                let mut all = Sum::default();
                for _ in &gates {
                    grain.merge(&mut all, reports.recv()?);
                }
                anyhow::Ok(all)
            });
            let units = Units { threads: workers as u64, messages: tasks(grain) as u64, ..Units::default() };
            Ok((sum.context("a thread is gone")?, units))
        })
    })
}

fn drain(grain: &Grain, queue: &Receiver<usize>) -> Sum {
    let mut sum = Sum::default();
    for index in queue {
        map_index(grain, index, &mut sum);
    }
    sum
}
