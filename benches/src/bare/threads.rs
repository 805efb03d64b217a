//! The standard library's threads: started every round, and kept warm behind gates.

use std::ops::Range;
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Context as _, Result};
use patterns::MapReduce as _;
use results::Units;
use workloads::Grain;

use super::{Rounds, Sum, map_index, tasks};

/// `thread::scope` every round, one block of tasks a thread.
pub(super) fn scope(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    rounds.run(|timer| {
        let sum = timer.time(|| {
            thread::scope(|scope| {
                let start = |worker| scope.spawn(move || block(grain, worker, workers));
                let threads: Vec<_> = (0..workers).map(start).collect();
                let mut all = Sum::default();
                for thread in threads {
                    grain.merge(&mut all, thread.join().expect("a panic ends the process"));
                }
                all
            })
        });
        Ok((sum, units(workers)))
    })
}

/// Warm threads, one block of tasks each; a channel each is the gate they wait at.
pub(super) fn static_blocks(grain: &Grain, workers: usize, rounds: Rounds<'_, Sum>) -> Result<()> {
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let start = |worker| {
            let (gate, opened) = mpsc::channel::<()>();
            let report = report.clone();
            scope.spawn(move || opened.iter().try_for_each(|()| report.send(block(grain, worker, workers))));
            gate
        };
        let gates: Vec<Sender<()>> = (0..workers).map(start).collect();
        rounds.run(|timer| {
            let sum = timer.time(|| {
                gates.iter().try_for_each(|gate| gate.send(()))?;
                let mut all = Sum::default();
                for _ in &gates {
                    grain.merge(&mut all, reports.recv()?);
                }
                anyhow::Ok(all)
            });
            Ok((sum.context("a thread is gone")?, units(workers)))
        })
    })
}

fn block(grain: &Grain, worker: usize, workers: usize) -> Sum {
    let edge = |worker: usize| tasks(grain) * worker / workers;
    let indices: Range<usize> = edge(worker)..edge(worker + 1);
    let mut sum = Sum::default();
    for index in indices {
        map_index(grain, index, &mut sum);
    }
    sum
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}
