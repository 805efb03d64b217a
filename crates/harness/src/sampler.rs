//! Taking a sample: the one place where scheduling meets a machine.

use std::collections::BTreeMap;
use std::time::Duration;

use results::journal::Outcome;

use crate::launcher::{Conversation, Launcher, Trouble};
use crate::protocol::{Config, Done};
use crate::system;
use crate::timing::Moment;

/// One sample to take.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// How the contender is started.
    pub launcher: &'a Launcher,
    /// What it is asked.
    pub config: &'a Config,
    /// A counterexample: its digest is not compared.
    pub wrong: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Measured, failed, or timed out.
    pub outcome: Outcome,
    /// Digest of its answer.
    pub digest: Option<String>,
}

/// What the machine did up to now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// CPU time of everybody.
    pub busy: Duration,
    /// CPU time of this run.
    pub own: Duration,
    /// CPU time taken by the hypervisor.
    pub steal: Duration,
    /// CPUs online.
    pub cpus: u32,
}

/// Takes samples. The engine sees no more of a machine than this, so a simulated one can stand in.
pub trait Sampler {
    /// Takes samples at the same time: all are ready before the first goes.
    fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled>;

    /// Takes one sample.
    fn sample(&mut self, ask: Ask<'_>) -> Sampled {
        self.together(&[ask]).pop().unwrap_or_else(|| failed(Trouble::Failed(String::from("no sample was taken"))))
    }

    /// Since the sampler was made.
    fn now(&self) -> Duration;

    /// The machine's load; `None` where it cannot be read.
    fn load(&mut self) -> Option<Load>;
}

/// Takes samples in fresh processes.
#[derive(Debug)]
pub struct ProcessSampler {
    limit: Duration,
    began: Moment,
}

impl ProcessSampler {
    /// With a limit on each sample.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, began: Moment::now() }
    }
}

impl Sampler for ProcessSampler {
    fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
        let cpu_before = system::cpu_of_children();
        let mut all: Vec<Result<Running, Trouble>> = asks.iter().map(|ask| Running::ready(ask, self.limit)).collect();
        all.iter_mut().flatten().for_each(|running| running.conversation.go());
        let taken: Vec<_> = all.into_iter().zip(asks).map(|(running, ask)| running?.done(ask)).collect();
        let cpu = system::cpu_of_children();
        let share = |after: Duration, before: Duration| (after - before).as_nanos() as f64 / asks.len() as f64;
        let (user, sys) = (share(cpu.0, cpu_before.0), share(cpu.1, cpu_before.1));
        let finish = |taken: Result<(Done, Metrics), Trouble>| match taken {
            Err(trouble) => failed(trouble),
            Ok((done, mut metrics)) => {
                metrics.extend([(String::from("cpu_user_ns"), user), (String::from("cpu_sys_ns"), sys)]);
                metrics.extend(done.metrics);
                let outcome = Outcome::Measured { elapsed_ns: done.elapsed_ns, metrics, units: done.units };
                Sampled { outcome, digest: done.digest }
            }
        };
        taken.into_iter().map(finish).collect()
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn load(&mut self) -> Option<Load> {
        let machine = system::machine()?;
        let (user, sys) = system::cpu_of_children();
        let own = system::cpu_of_self() + user + sys;
        Some(Load { busy: machine.busy, own, steal: machine.steal, cpus: machine.cpus })
    }
}

type Metrics = BTreeMap<String, f64>;

/// A sample whose workers are warm.
struct Running {
    conversation: Conversation,
    metrics: Metrics,
    before: Option<system::Tree>,
}

impl Running {
    fn ready(ask: &Ask<'_>, limit: Duration) -> Result<Self, Trouble> {
        let mut conversation = Conversation::start(ask.launcher, limit)?;
        let ready = conversation.ready(ask.config)?;
        let mut metrics = Metrics::new();
        metrics.insert(String::from("cold_start_ns"), ready.cold_start_ns as f64);
        metrics.insert(String::from("spawn_to_ready_ns"), conversation.since_start().as_nanos() as f64);
        let before = system::tree(conversation.pid());
        Ok(Self { conversation, metrics, before })
    }

    fn done(mut self, ask: &Ask<'_>) -> Result<(Done, Metrics), Trouble> {
        let done = self.conversation.done()?;
        check(&done, ask).map_err(Trouble::Failed)?;
        if let (Some(before), Some(after)) = (self.before, system::tree(self.conversation.pid())) {
            let mut add = |id: &str, value: u64| self.metrics.insert(id.to_owned(), value as f64);
            add("peak_rss_bytes", after.peak_rss_bytes);
            add("switches_voluntary", after.switches_voluntary.saturating_sub(before.switches_voluntary));
            add("switches_involuntary", after.switches_involuntary.saturating_sub(before.switches_involuntary));
        }
        let answered = Moment::now();
        self.conversation.bye()?;
        self.metrics.insert(String::from("tear_down_ns"), answered.elapsed().as_nanos() as f64);
        Ok((done, self.metrics))
    }
}

fn check(done: &Done, ask: &Ask<'_>) -> Result<(), String> {
    let asked = ask.config.iterations as usize;
    if done.elapsed_ns.len() != asked {
        return Err(format!("timed {} iterations, was asked for {asked}", done.elapsed_ns.len()));
    }
    if done.elapsed_ns.contains(&0) {
        return Err(String::from("an iteration took 0 ns: nothing was timed"));
    }
    match (&ask.config.digest, &done.digest) {
        (Some(expected), found) if !ask.wrong && Some(expected) != found.as_ref() => Err(format!(
            "wrong answer: its digest is {}, the reference's is {}",
            found.as_deref().map_or("missing", |digest| digest.get(..12).unwrap_or(digest)),
            expected.get(..12).unwrap_or(expected)
        )),
        _ => Ok(()),
    }
}

fn failed(trouble: Trouble) -> Sampled {
    let outcome = match trouble {
        Trouble::Failed(reason) => Outcome::Failed { reason },
        Trouble::TimedOut(reason) => Outcome::TimedOut { reason },
    };
    Sampled { outcome, digest: None }
}
