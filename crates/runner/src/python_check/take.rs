//! Taking the samples: everything once a round, in random order, the model and real interpreters side by side.

use std::collections::BTreeMap;

use harness::launcher::Launcher;
use harness::protocol::Config;
use harness::{Ask, Sampled, Sampler};
use results::journal::Outcome;

/// Who is asked: the model, or a real interpreter by its place in the list.
pub(super) type Who = Option<usize>;

/// Something to run.
pub(super) struct Task {
    pub(super) who: Who,
    pub(super) experiment: String,
    pub(super) launcher: Launcher,
    pub(super) config: Config,
}

/// The metrics of each round in which it was measured, and why there are no more.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) rounds: BTreeMap<u32, BTreeMap<String, f64>>,
    pub(super) trouble: Option<String>,
}

/// By who and what.
pub(super) type All = BTreeMap<(Who, String), Taken>;

/// What is going on, for whoever waits.
pub(super) struct Now<'n> {
    pub(super) round: u32,
    pub(super) done: usize,
    pub(super) of: usize,
    pub(super) experiment: &'n str,
}

/// Rounds that were finished, and the CPUs that others kept busy in each.
pub(super) fn take<S: Sampler>(
    tasks: &[Task],
    (rounds, seed): (u32, u64),
    sampler: &mut S,
    tell: &mut dyn FnMut(Now<'_>),
    stop: &dyn Fn() -> bool,
) -> (All, u32, Vec<f64>) {
    let mut all = All::new();
    let mut foreign = Vec::new();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    for round in 1..=rounds {
        random.shuffle(&mut order);
        let before = sampler.load().zip(Some(sampler.now()));
        for (done, index) in order.iter().enumerate() {
            if stop() {
                // What was begun is no round.
                all.values_mut().for_each(|taken| drop(taken.rounds.remove(&round)));
                return (all, round - 1, foreign);
            }
            let task = &tasks[*index];
            tell(Now { round, done, of: tasks.len(), experiment: &task.experiment });
            let taken = all.entry((task.who, task.experiment.clone())).or_default();
            if taken.trouble.is_none() {
                match sample(task, sampler) {
                    Ok(metrics) => drop(taken.rounds.insert(round, metrics)),
                    Err(why) => taken.trouble = Some(why),
                }
            }
        }
        if let (Some((before, began)), Some(after)) = (before, sampler.load()) {
            let others = (after.busy - before.busy).saturating_sub(after.own - before.own);
            foreign.push(others.as_secs_f64() / (sampler.now() - began).as_secs_f64().max(1e-9));
        }
    }
    (all, rounds, foreign)
}

/// One sample; its time is a metric like the others, and so is the share of updates that were lost.
pub(super) fn sample<S: Sampler>(task: &Task, sampler: &mut S) -> Result<BTreeMap<String, f64>, String> {
    let ask = Ask { launcher: &task.launcher, config: &task.config, wrong: true, guest: false };
    let Sampled { outcome, .. } = sampler.sample(ask);
    match outcome {
        Outcome::Measured { elapsed_ns, mut metrics, .. } => {
            let elapsed = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
            metrics.insert(String::from("elapsed_ns"), elapsed);
            // Cells count them; programs say the share.
            if let (Some(lost), Some(expected)) = (metrics.get("lost_updates"), metrics.get("expected_updates")) {
                let share = lost / expected;
                metrics.insert(String::from("lost_share"), share);
            }
            Ok(metrics)
        }
        Outcome::Failed { reason } | Outcome::TimedOut { reason } => Err(reason),
    }
}
